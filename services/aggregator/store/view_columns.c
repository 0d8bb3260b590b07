/* SPDX-License-Identifier: Apache-2.0 */
/* Columns are stable and typed: counts bigint, rates numeric or NULL (no data), durations in
 * seconds. view_row.c says the same in integers. */
#include "aggregator/store/view_columns.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/core/view_shape.h"

/* Fewer are shown to nobody outside the handling unit (docs/domain.md §2.7). */
#define SMALL_CELL 5

void view_columns_groups(struct strbuf *out, const struct view *view, const char *before,
                         const char *after)
{
    for (size_t i = 0; i < view->group_count; i++)
        strbuf_addf(out, "%s%s%s", before, view->group_names[i], after);
}

void view_columns_each(struct strbuf *out, const struct view *view, const char *format)
{
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct view_measure *measure = &view->measures[i];
        char name[64];
        for (int part = 0; part < 2; part++) {
            if (measure->type == VIEW_RATIO || measure->type == VIEW_FORMULA ||
                (part == 1 && measure->type != VIEW_DURATION))
                break;
            snprintf(name, sizeof name, "%s_%s", measure->name, part ? "ms" : "n");
            for (const char *at = format; *at; at++) {
                if (*at == '@')
                    strbuf_add(out, span_of(name));
                else
                    strbuf_add_char(out, *at);
            }
        }
    }
}

static bool is_rate(const struct view_measure *measure)
{
    return measure->type == VIEW_RATIO || measure->type == VIEW_FORMULA;
}

static void add_rate(struct strbuf *out, const struct view_columns *columns,
                     const struct view_measure *measure);

static void add_terms(struct strbuf *out, const struct view_columns *columns,
                      const struct view_measure *measure, const struct view_version *version)
{
    const struct view *view = columns->view;
    strbuf_add(out, SPAN("(("));
    for (size_t i = 0; i < version->term_count; i++) {
        const struct view_term *term = &version->terms[i];
        const struct view_measure *of = &view->measures[term->measure];
        strbuf_addf(out, "%s%d * ", i ? " + " : "", term->weight);
        if (of->type == VIEW_COUNT)
            strbuf_addf(out, "c.%s_n", of->name);
        else
            add_rate(out, columns, of);
    }
    strbuf_addf(out, ")::numeric / ");
    if (measure->has_whole)
        strbuf_addf(out, "nullif(%d * c.%s_n, 0))", VIEW_WEIGHT_ONE,
                    view->measures[measure->whole].name);
    else
        strbuf_addf(out, "%d)", VIEW_WEIGHT_ONE);
}

/* Where two versions meet in a row there is no number. */
static void add_versions(struct strbuf *out, const struct view_columns *columns,
                         const struct view_measure *measure)
{
    bool of_day = strcmp(columns->first_day, columns->last_day) == 0;
    strbuf_add(out, SPAN("CASE"));
    for (size_t i = measure->version_count; i-- > 0;) {
        const struct view_version *version = &measure->versions[i];
        strbuf_addf(out, " WHEN %s >= date '%s' THEN ", columns->last_day, version->name);
        if (!of_day)
            strbuf_addf(out, "CASE WHEN %s >= date '%s' THEN ", columns->first_day, version->name);
        add_terms(out, columns, measure, version);
        if (!of_day)
            strbuf_add(out, SPAN(" END"));
    }
    strbuf_add(out, SPAN(" END"));
}

static void add_rate(struct strbuf *out, const struct view_columns *columns,
                     const struct view_measure *measure)
{
    const struct view_measure *measures = columns->view->measures;
    if (measure->type == VIEW_FORMULA)
        add_versions(out, columns, measure);
    else
        strbuf_addf(out, "(c.%s_n::numeric / nullif(c.%s_n, 0))", measures[measure->part].name,
                    measures[measure->whole].name);
}

static void add_column(struct strbuf *out, const struct view_columns *columns,
                       const struct view_column *column)
{
    const struct view_measure *measure = &columns->view->measures[column->measure];
    const char *name = measure->name;
    if (column->stat == VIEW_STAT_PERCENTILE) {
        strbuf_addf(out, ", h.%s", column->name);
    } else if (column->stat == VIEW_STAT_MEAN) {
        strbuf_addf(out, ", round(c.%s_ms::numeric / 1000 / nullif(c.%s_n, 0), 3) AS %s", name,
                    name, column->name);
    } else if (is_rate(measure)) {
        strbuf_addf(out, ", round(%d * ", measure->scale);
        add_rate(out, columns, measure);
        strbuf_addf(out, ", %d) AS %s", measure->scale == 1 ? 6 : 2, column->name);
    } else {
        strbuf_addf(out, ", coalesce(c.%s_n, 0)::bigint AS %s", name, column->name);
    }
}

/* The newest of all formulas' days that is not after the day. */
static void add_version_name(struct strbuf *out, const struct view *view, const char *day)
{
    int64_t below = INT64_MAX;
    strbuf_add(out, SPAN("CASE"));
    for (;;) {
        const struct view_version *next = NULL;
        for (size_t m = 0; m < view->measure_count; m++)
            for (size_t i = 0; i < view->measures[m].version_count; i++) {
                const struct view_version *version = &view->measures[m].versions[i];
                if (version->valid_from < below &&
                    (!next || version->valid_from > next->valid_from))
                    next = version;
            }
        if (!next)
            break;
        strbuf_addf(out, " WHEN %s >= date '%s' THEN '%s'", day, next->name, next->name);
        below = next->valid_from;
    }
    strbuf_add(out, SPAN(" ELSE 'none' END"));
}

static void add_formula(struct strbuf *out, const struct view_columns *columns)
{
    const struct view *view = columns->view;
    if (!view_has_formula(view)) {
        strbuf_add(out, SPAN("'always'"));
        return;
    }
    if (strcmp(columns->first_day, columns->last_day) == 0) {
        add_version_name(out, view, columns->last_day);
        return;
    }
    strbuf_add(out, SPAN("CASE WHEN "));
    add_version_name(out, view, columns->first_day);
    strbuf_add(out, SPAN(" = "));
    add_version_name(out, view, columns->last_day);
    strbuf_add(out, SPAN(" THEN "));
    add_version_name(out, view, columns->last_day);
    strbuf_add(out, SPAN(" ELSE 'mixed' END"));
}

void view_columns_measures(struct strbuf *out, const struct view_columns *columns)
{
    const struct view *view = columns->view;
    struct view_column column[VIEW_MAX_ROW_COLUMNS];
    size_t count = view_shape_columns(view, column);
    for (size_t i = 0; i < count; i++)
        add_column(out, columns, &column[i]);
    strbuf_addf(out, ", '%s'::text AS scope, 'pooled'::text AS method, (",
                columns->net ? "net" : "all");
    add_formula(out, columns);
    strbuf_addf(out, ")::text AS formula, coalesce(c.%s_n, 0)::bigint AS n",
                view->measures[view_row_size_measure(view)].name);
}

void view_columns_quantiles(struct strbuf *out, const struct view *view)
{
    struct view_column column[VIEW_MAX_ROW_COLUMNS];
    size_t count = view_shape_columns(view, column);
    for (size_t i = 0; i < count; i++)
        if (column[i].stat == VIEW_STAT_PERCENTILE)
            strbuf_addf(out,
                        ", round((api.histogram_value(min(bin) FILTER (WHERE measure = %zu AND "
                        "\"Upto\" * 100 >= %d * \"Total\")) / 1000)::numeric, 3) AS %s",
                        column[i].measure, column[i].percentile, column[i].name);
}

void view_columns_nonzero(struct strbuf *out, const struct view *view, const char *alias)
{
    char format[32];
    snprintf(format, sizeof format, " OR %s@ <> 0", alias);
    strbuf_add(out, SPAN("(false"));
    view_columns_each(out, view, format);
    strbuf_add_char(out, ')');
}

static void add_small(struct strbuf *out, const char *count)
{
    strbuf_addf(out, "t.%s BETWEEN 1 AND %d", count, SMALL_CELL - 1);
}

static void add_too_few(struct strbuf *out, const struct view *view,
                        const struct view_measure *measure);

/* " OR " of what a formula weighs, each once, in whichever version: who knows the others and the
 * number that is made of them knows that too. */
static void add_few_terms(struct strbuf *out, const struct view *view,
                          const struct view_measure *formula)
{
    bool told[VIEW_MAX_MEASURES] = {false};
    for (size_t v = 0; v < formula->version_count; v++)
        for (size_t i = 0; i < formula->versions[v].term_count; i++) {
            size_t term = formula->versions[v].terms[i].measure;
            if (told[term])
                continue;
            told[term] = true;
            strbuf_add(out, SPAN(" OR "));
            add_too_few(out, view, &view->measures[term]);
        }
}

/* What a column is made of, as a condition: too few of them. */
static void add_too_few(struct strbuf *out, const struct view *view,
                        const struct view_measure *measure)
{
    char name[48];
    const char *whole = view->measures[measure->whole].name;
    snprintf(name, sizeof name, "%s_n", measure->name);
    switch (measure->type) {
    case VIEW_COUNT:
    case VIEW_STOCK: add_small(out, measure->name); return;
    case VIEW_DURATION: add_small(out, name); return;
    case VIEW_RATIO:
        add_small(out, view->measures[measure->part].name);
        strbuf_add(out, SPAN(" OR "));
        add_small(out, whole);
        return;
    case VIEW_FORMULA:
        add_small(out, measure->has_whole ? whole : "n");
        add_few_terms(out, view, measure);
        return;
    }
}

/* " OR " of what makes a mean tell of few: `rate` alone, or any of them. */
static void add_mean_tells(struct strbuf *out, const struct view *view,
                           const struct view_measure *rate)
{
    strbuf_addf(out, "(count(t.%s) < %d AND bool_or(t.%s IS NOT NULL AND (", rate->name, SMALL_CELL,
                rate->name);
    add_too_few(out, view, rate);
    strbuf_add(out, SPAN(")))"));
}

void view_columns_means(struct strbuf *out, const struct view *view, bool open)
{
    const char *between = ", (";
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct view_measure *measure = &view->measures[i];
        if (!is_rate(measure))
            continue;
        strbuf_add(out, SPAN(", "));
        if (open) {
            strbuf_add(out, SPAN("CASE WHEN NOT "));
            add_mean_tells(out, view, measure);
            strbuf_add(out, SPAN(" THEN "));
        }
        strbuf_addf(out, "round(avg(t.%s), %d)%s AS %s", measure->name, measure->scale == 1 ? 6 : 2,
                    open ? " END" : "", measure->name);
    }
    for (size_t i = 0; open && i < view->measure_count; i++) {
        if (!is_rate(&view->measures[i]))
            continue;
        strbuf_add(out, span_of(between));
        add_mean_tells(out, view, &view->measures[i]);
        between = " OR ";
    }
    if (open)
        strbuf_add(out, SPAN(") AS suppressed"));
}

void view_columns_mean_rest(struct strbuf *out, const struct view *view)
{
    const char *rate = "";
    for (size_t i = view->measure_count; i-- > 0;)
        if (is_rate(&view->measures[i]))
            rate = view->measures[i].name;
    strbuf_addf(out, ", t.scope, 'mean'::text AS method, t.formula, count(t.%s) AS n", rate);
}

void view_columns_open(struct strbuf *out, const struct view *view)
{
    struct view_column column[VIEW_MAX_ROW_COLUMNS];
    size_t count = view_shape_columns(view, column);
    for (size_t i = 0; i < count; i++) {
        strbuf_add(out, SPAN(", CASE WHEN NOT ("));
        add_too_few(out, view, &view->measures[column[i].measure]);
        strbuf_addf(out, ") THEN t.%s END AS %s", column[i].name, column[i].name);
    }
    strbuf_add(out, SPAN(", t.scope, t.method, t.formula, CASE WHEN t.n NOT BETWEEN 1 AND 4 THEN "
                         "t.n END AS n, (false"));
    for (size_t i = 0; i < view->measure_count; i++) {
        strbuf_add(out, SPAN(" OR "));
        add_too_few(out, view, &view->measures[i]);
    }
    strbuf_add(out, SPAN(") AS suppressed"));
}
