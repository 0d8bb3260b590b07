/* SPDX-License-Identifier: Apache-2.0 */
/* The columns are those of the relations in schema api, and view_row.c writes the same rows without
 * a database. */
#include "aggregator/store/view_query.h"

#include <string.h>

#include "aggregator/store/view_columns.h"
#include "aggregator/store/view_source.h"

static void add_by(struct strbuf *out, const struct view *view, const struct view_by *by,
                   const char *before)
{
    for (size_t i = 0; i < by->count; i++)
        strbuf_addf(out, "%s%s", before, view_by_name(view, by->columns[i]));
}

/* ", c.day AS month, c.unit" */
static void add_named(struct strbuf *out, const struct view *view, const struct view_by *by)
{
    for (size_t i = 0; i < by->count; i++) {
        bool of_day = by->columns[i] < 0 && by->columns[i] != VIEW_BY_HOUR;
        strbuf_addf(out, "%sc.%s AS %s", i ? ", " : "",
                    of_day ? "day" : view_by_name(view, by->columns[i]),
                    view_by_name(view, by->columns[i]));
    }
}

static struct view_source source_of(const struct view *view, const struct view_by *by, bool net,
                                    const struct view_question *question)
{
    struct view_source source = {.view = view, .bucket = by->bucket, .net = net, .ranged = true};
    memcpy(source.filtered, question->filtered, sizeof source.filtered);
    for (size_t i = 0; i < by->count; i++) {
        source.hours = source.hours || by->columns[i] == VIEW_BY_HOUR;
        if (by->columns[i] >= 0)
            source.groups[by->columns[i]] = true;
    }
    return source;
}

static void add_rows(struct strbuf *out, const struct view *view, const struct view_by *by,
                     bool net, const struct view_question *question)
{
    const struct view_source source = source_of(view, by, net, question);
    bool of_day = by->bucket >= 0;
    const struct view_columns columns = {view, of_day ? "c.day" : "r.first_day",
                                         of_day ? "c.day" : "r.last_day", net};
    strbuf_add(out, SPAN("SELECT "));
    add_named(out, view, by);
    size_t start = out->len;
    view_columns_measures(out, &columns);
    if (by->count == 0 && out->len > start)
        out->at[start] = ' '; /* the first comma */
    strbuf_add(out, SPAN(" FROM "));
    view_source_add(out, &source);
    view_source_add_quantiles(out, &source);
    if (!of_day)
        view_source_add_days(out, &source);
    strbuf_add(out, SPAN(" WHERE "));
    view_columns_nonzero(out, view, "c.");
}

/* Of the units' own rates, as they are published. */
static void add_means(struct strbuf *out, const struct view *view, const struct view_by *by,
                      bool net, const struct view_question *question)
{
    struct view_by units = *by;
    units.columns[units.count++] = view_group_index(view, FACT_UNIT);
    strbuf_add(out, SPAN("SELECT "));
    size_t start = out->len;
    add_by(out, view, by, ", t.");
    view_columns_means(out, view, question->open);
    out->at[start] = ' '; /* the first comma */
    view_columns_mean_rest(out, view);
    strbuf_add(out, SPAN(" FROM ("));
    add_rows(out, view, &units, net, question);
    strbuf_add(out, SPAN(") AS t WHERE t.unit <> '' GROUP BY t.scope, t.formula"));
    add_by(out, view, by, ", t.");
}

/* True when the word is the second; false and not good when it is neither. */
static bool is_second(struct span word, const char *first, const char *second, bool *good)
{
    bool is = word.len > 0 && span_is(word, second);
    *good = *good && (is || word.len == 0 || span_is(word, first));
    return is;
}

static bool may_mean(const struct view *view, const struct view_by *by)
{
    int unit = view_group_index(view, FACT_UNIT);
    bool may = unit >= 0 && view->has_rates;
    for (size_t i = 0; i < by->count; i++)
        may = may && by->columns[i] != unit;
    return may;
}

bool view_query_rows(struct strbuf *out, const struct view *view,
                     const struct view_question *question)
{
    struct view_by by;
    bool good = view_by_read(&by, view, question->by);
    bool net = is_second(question->scope, "all", "net", &good);
    bool mean = is_second(question->method, "pooled", "mean", &good);
    if (!good || (mean && !may_mean(view, &by)))
        return false;
    strbuf_add(out, SPAN("SELECT "));
    if (question->open && !mean) {
        size_t start = out->len;
        add_by(out, view, &by, ", t.");
        view_columns_open(out, view);
        out->at[start] = ' '; /* the first comma */
    } else {
        strbuf_add(out, SPAN("t.*"));
    }
    strbuf_add(out, SPAN(" FROM ("));
    if (mean)
        add_means(out, view, &by, net, question);
    else
        add_rows(out, view, &by, net, question);
    strbuf_add(out, SPAN(") AS t ORDER BY t.scope"));
    add_by(out, view, &by, ", t.");
    return true;
}

bool view_query_write(struct strbuf *out, const struct view *view,
                      const struct view_question *question)
{
    strbuf_addf(out, VIEW_QUERY_ANSWER("%s") " FROM (", VIEW_QUERY_MOST_ROWS, view->name);
    if (!view_query_rows(out, view, question))
        return false;
    strbuf_addf(out, " LIMIT %d + 1) AS t", VIEW_QUERY_MOST_ROWS);
    return true;
}
