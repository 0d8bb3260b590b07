/* SPDX-License-Identifier: Apache-2.0 */
/* The read side's arithmetic in integers: a ratio in millionths, times in ms, halves away from zero
 * as PostgreSQL's numeric rounds. Column names are those of the api views. */
#include "aggregator/core/view_row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/core/view_shape.h"
#include "base/timestamp.h"

const char *view_by_name(const struct view *view, int column)
{
    return column < 0 ? view_bucket_names[-1 - column] : view->group_names[column];
}

/* "type" is as good as "type_code". */
static bool names(struct span word, const char *column)
{
    struct span whole = span_of(column), end = SPAN("_code");
    if (span_equal(word, whole))
        return true;
    return span_ends(whole, end) && span_equal(word, span_from(column, whole.len - end.len));
}

static bool find_column(const struct view *view, struct span word, int *column)
{
    for (int bucket = 0; bucket < VIEW_BUCKETS; bucket++) {
        *column = VIEW_BY(bucket);
        if (names(word, view_bucket_names[bucket]))
            return bucket == BUCKET_DAY || view_has_bucket(view, (enum view_bucket)bucket);
    }
    for (*column = 0; *column < (int)view->group_count; ++*column)
        if (names(word, view_by_name(view, *column)))
            return true;
    return false;
}

bool view_by_read(struct view_by *by, const struct view *view, struct span text)
{
    *by = (struct view_by){.bucket = -1};
    struct span rest = text.len > 0 ? text : SPAN_NONE;
    while (rest.at) {
        int column;
        if (!find_column(view, span_cut(&rest, ','), &column))
            return false;
        for (size_t i = 0; i < by->count; i++)
            if (by->columns[i] == column)
                return false;
        if (column < 0 && column != VIEW_BY_HOUR && by->bucket >= 0)
            return false;
        if (column < 0 && column != VIEW_BY_HOUR)
            by->bucket = -1 - column;
        by->columns[by->count++] = column;
    }
    return true;
}

/* round(part * scale / whole), whole > 0, halves away from zero. */
static int64_t divide(int64_t part, int64_t scale, int64_t whole)
{
    __extension__ typedef __int128 wide;
    wide doubled = (wide)part * scale * 2;
    wide half = doubled < 0 ? -(wide)whole : (wide)whole;
    return (int64_t)((doubled + half) / ((wide)whole * 2));
}

static void add_name(struct strbuf *out, const char *name)
{
    strbuf_addf(out, "%s\"%s\":", out->at[out->len - 1] == '{' ? "" : ",", name);
}

static void add_fraction(struct strbuf *out, int64_t value, int64_t scale, int digits)
{
    strbuf_addf(out, "%s%lld.%0*lld", value < 0 ? "-" : "", llabs((long long)value) / scale, digits,
                llabs((long long)value) % scale);
}

static void add_ratio(struct strbuf *out, const struct view *view,
                      const struct view_measure *measure, const int64_t *value)
{
    int64_t part = value[view->measures[measure->part].column];
    int64_t whole = value[view->measures[measure->whole].column];
    if (whole == 0)
        strbuf_add(out, SPAN("null"));
    else
        add_fraction(out, divide(part, 1000000, whole), 1000000, 6);
}

/* Unrounded; NAN where there is no data, or no version of a formula yet. */
static long double rate_of(const struct view *view, const struct view_measure *measure,
                           const struct view_row *row)
{
    const struct view_version *version;
    long double sum = 0;
    int64_t whole = measure->type == VIEW_RATIO || measure->has_whole
                        ? row->value[view->measures[measure->whole].column]
                        : 1;
    if (whole == 0)
        return NAN;
    if (measure->type == VIEW_RATIO)
        return (long double)row->value[view->measures[measure->part].column] / (long double)whole;
    version = view_version_at(measure, row->last_day);
    if (!version || version != view_version_at(measure, row->first_day))
        return NAN;
    for (size_t i = 0; i < version->term_count; i++) {
        const struct view_measure *term = &view->measures[version->terms[i].measure];
        long double value = term->type == VIEW_COUNT ? (long double)row->value[term->column]
                                                     : rate_of(view, term, row); /* above it */
        sum += value * version->terms[i].weight;
    }
    return sum / VIEW_WEIGHT_ONE / (long double)whole;
}

static void add_formula(struct strbuf *out, const struct view *view,
                        const struct view_measure *measure, const struct view_row *row)
{
    long double value = rate_of(view, measure, row);
    if (isnan(value))
        strbuf_add(out, SPAN("null"));
    else if (measure->scale == 1)
        add_fraction(out, llroundl(value * 1000000), 1000000, 6);
    else
        add_fraction(out, llroundl(value * measure->scale * 100), 100, 2);
}

static void add_percentile(struct strbuf *out, const struct view_row *row, size_t index,
                           int percent)
{
    double ms = histogram_percentile(row->spread[index].bins, row->spread[index].count, percent);
    if (ms < 0)
        strbuf_add(out, SPAN("null"));
    else
        add_fraction(out, llround(ms), 1000, 3);
}

static void add_mean(struct strbuf *out, const struct view_measure *measure, const int64_t *value)
{
    int64_t n = value[measure->column], sum_ms = value[measure->column + 1];
    if (n == 0)
        strbuf_add(out, SPAN("null"));
    else
        add_fraction(out, divide(sum_ms, 1, n), 1000, 3);
}

static void add_column(struct strbuf *out, const struct view *view, int column,
                       const struct view_row *row)
{
    add_name(out, view_by_name(view, column));
    if (column >= 0) {
        strbuf_add_json(out, row->group[column]);
    } else if (column == VIEW_BY_HOUR) {
        strbuf_add_int(out, row->hour);
    } else {
        strbuf_add_char(out, '"');
        timestamp_add_date(out, row->day);
        strbuf_add_char(out, '"');
    }
}

/* The newest day of which a version began, of all formulas; "none" before the first. */
static const char *version_name(const struct view *view, int64_t day)
{
    const struct view_version *newest = NULL;
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct view_version *version = view_version_at(&view->measures[i], day);
        if (version && (!newest || version->valid_from > newest->valid_from))
            newest = version;
    }
    return newest ? newest->name : "none";
}

static const char *formula_name(const struct view *view, const struct view_row *row)
{
    if (!view_has_formula(view))
        return "always";
    const char *last = version_name(view, row->last_day);
    return strcmp(last, version_name(view, row->first_day)) == 0 ? last : "mixed";
}

size_t view_row_size_measure(const struct view *view)
{
    size_t i = 0;
    while (i + 1 < view->measure_count &&
           (view->measures[i].type == VIEW_RATIO || view->measures[i].type == VIEW_FORMULA))
        i++;
    return i;
}

static void add_value(struct strbuf *out, const struct view *view, const struct view_column *column,
                      const struct view_row *row)
{
    const struct view_measure *measure = &view->measures[column->measure];
    add_name(out, column->name);
    if (column->stat == VIEW_STAT_MEAN)
        add_mean(out, measure, row->value);
    else if (column->stat == VIEW_STAT_PERCENTILE)
        add_percentile(out, row, column->measure, column->percentile);
    else if (measure->type == VIEW_RATIO)
        add_ratio(out, view, measure, row->value);
    else if (measure->type == VIEW_FORMULA)
        add_formula(out, view, measure, row);
    else
        strbuf_add_int(out, row->value[measure->column]);
}

void view_row_write(struct strbuf *out, const struct view *view, const struct view_by *by,
                    const struct view_row *row)
{
    struct view_column columns[VIEW_MAX_ROW_COLUMNS];
    size_t count = view_shape_columns(view, columns);
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < by->count; i++)
        add_column(out, view, by->columns[i], row);
    for (size_t i = 0; i < count; i++)
        add_value(out, view, &columns[i], row);
    strbuf_addf(out, ",\"scope\":\"all\",\"method\":\"pooled\",\"formula\":\"%s\",\"n\":%lld}",
                formula_name(view, row),
                (long long)row->value[view->measures[view_row_size_measure(view)].column]);
}
