/* SPDX-License-Identifier: Apache-2.0 */
/* The read side's arithmetic in integers: a ratio in millionths, times in ms, halves away from zero
 * as PostgreSQL's numeric rounds. Column names are those of the api views. */
#include "aggregator/core/view_row.h"

#include <math.h>
#include <stdlib.h>

#include "base/timestamp.h"

const char *view_by_name(const struct view *view, int column)
{
    if (column == VIEW_BY_DAY || column == VIEW_BY_HOUR)
        return column == VIEW_BY_DAY ? "day" : "hour";
    return view_group_name(view->groups[column]);
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
    for (*column = view->hourly ? VIEW_BY_HOUR : VIEW_BY_DAY; *column < (int)view->group_count;
         ++*column)
        if (names(word, view_by_name(view, *column)))
            return true;
    return false;
}

bool view_by_read(struct view_by *by, const struct view *view, struct span text)
{
    *by = (struct view_by){0};
    struct span rest = text.len > 0 ? text : SPAN_NONE;
    while (rest.at) {
        int column;
        if (!find_column(view, span_cut(&rest, ','), &column))
            return false;
        for (size_t i = 0; i < by->count; i++)
            if (by->columns[i] == column)
                return false;
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

static void add_name(struct strbuf *out, const char *name, const char *suffix)
{
    strbuf_addf(out, "%s\"%s%s\":", out->at[out->len - 1] == '{' ? "" : ",", name, suffix);
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
    add_name(out, measure->name, "");
    if (whole == 0)
        strbuf_add(out, SPAN("null"));
    else
        add_fraction(out, divide(part, 1000000, whole), 1000000, 6);
}

static void add_quantile(struct strbuf *out, const struct view_row *row, size_t index, double q)
{
    double ms = histogram_quantile(row->spread[index].bins, row->spread[index].count, q);
    if (ms < 0)
        strbuf_add(out, SPAN("null"));
    else
        add_fraction(out, llround(ms), 1000, 3);
}

static void add_duration(struct strbuf *out, const struct view *view, size_t index,
                         const struct view_row *row)
{
    const struct view_measure *measure = &view->measures[index];
    int64_t n = row->value[measure->column], sum_ms = row->value[measure->column + 1];
    add_name(out, measure->name, "_n");
    strbuf_add_int(out, n);
    add_name(out, measure->name, "_avg_seconds");
    if (n == 0)
        strbuf_add(out, SPAN("null"));
    else
        add_fraction(out, divide(sum_ms, 1, n), 1000, 3);
    add_name(out, measure->name, "_p50_seconds");
    add_quantile(out, row, index, 0.5);
    add_name(out, measure->name, "_p90_seconds");
    add_quantile(out, row, index, 0.9);
}

void view_row_write(struct strbuf *out, const struct view *view, const struct view_by *by,
                    const struct view_row *row)
{
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < by->count; i++) {
        add_name(out, view_by_name(view, by->columns[i]), "");
        if (by->columns[i] == VIEW_BY_DAY) {
            strbuf_add_char(out, '"');
            timestamp_add_date(out, row->day);
            strbuf_add_char(out, '"');
        } else if (by->columns[i] == VIEW_BY_HOUR) {
            strbuf_add_int(out, row->hour);
        } else {
            strbuf_add_json(out, row->group[by->columns[i]]);
        }
    }
    for (size_t i = 0; i < view->measure_count; i++) {
        switch (view->measures[i].type) {
        case VIEW_COUNT:
            add_name(out, view->measures[i].name, "");
            strbuf_add_int(out, row->value[view->measures[i].column]);
            break;
        case VIEW_RATIO: add_ratio(out, view, &view->measures[i], row->value); break;
        case VIEW_DURATION: add_duration(out, view, i, row); break;
        }
    }
    strbuf_add_char(out, '}');
}
