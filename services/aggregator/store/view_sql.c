/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the database knows of a view is written here, from names that view.c held to a strict
 * alphabet. Columns of api views are stable and typed: counts bigint, ratios numeric or NULL (no
 * data), durations in seconds. */
#include "aggregator/store/view_sql.h"

#include <stdio.h>

#include "aggregator/core/view_row.h"

static void add_groups(struct strbuf *out, const struct view *view, const char *before,
                       const char *after)
{
    for (size_t i = 0; i < view->group_count; i++)
        strbuf_addf(out, "%s%s%s", before, view_group_name(view->groups[i]), after);
}

static void each_column(struct strbuf *out, const struct view *view, const char *format)
{
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct view_measure *measure = &view->measures[i];
        char name[64];
        for (int part = 0; part < 2 && measure->type != VIEW_RATIO; part++) {
            if (part == 1 && measure->type == VIEW_COUNT)
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

static bool has_unit(const struct view *view)
{
    bool found = false;
    for (size_t i = 0; i < view->group_count; i++)
        found = found || view->groups[i] == VIEW_UNIT;
    return found;
}

/* A cell or bin is the sum of its shards (sql/0004), and is guarded (sql/0005). */
static void end_table(struct strbuf *out, const char *schema, const char *table,
                      const struct view *view, const char *more)
{
    strbuf_addf(out, ", shard smallint NOT NULL DEFAULT core.shard(), PRIMARY KEY (bucket, day");
    add_groups(out, view, ", ", "");
    strbuf_addf(out,
                "%s, shard)) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, "
                "autovacuum_vacuum_threshold = 5000);\n"
                "SELECT core.guard('%s.%s_%s', %s);\n",
                more, schema, table, view->name, has_unit(view) ? "'unit'" : "NULL");
}

void view_sql_tables(struct strbuf *out, const char *schema, const struct view *view)
{
    strbuf_addf(out, "CREATE TABLE %s.cell_%s (bucket text NOT NULL, day date NOT NULL", schema,
                view->name);
    add_groups(out, view, ", ", " text NOT NULL");
    each_column(out, view, ", @ bigint NOT NULL");
    end_table(out, schema, "cell", view, "");
    if (!view->has_durations)
        return;
    strbuf_addf(out, "CREATE TABLE %s.hist_%s (bucket text NOT NULL, day date NOT NULL", schema,
                view->name);
    add_groups(out, view, ", ", " text NOT NULL");
    strbuf_addf(out, ", measure smallint NOT NULL, bin smallint NOT NULL, n bigint NOT NULL");
    end_table(out, schema, "hist", view, ", measure, bin");
}

void view_sql_drop(struct strbuf *out, const char *schema, const char *name)
{
    strbuf_addf(out,
                "DROP VIEW IF EXISTS api.%s_bins, api.%s;\n"
                "DROP TABLE IF EXISTS %s.cell_%s, %s.hist_%s;\n",
                name, name, schema, name, schema, name);
}

/* One measure's output columns over columns written as `open`NAME`close`: c.NAME, or sum(NAME). */
static void add_measure(struct strbuf *out, const struct view *view, size_t index, const char *open,
                        const char *close)
{
    const struct view_measure *measure = &view->measures[index];
    const char *name = measure->name;
    switch (measure->type) {
    case VIEW_COUNT:
        strbuf_addf(out, ", coalesce(%s%s_n%s, 0)::bigint AS %s", open, name, close, name);
        return;
    case VIEW_RATIO:
        strbuf_addf(out, ", round(%s%s_n%s::numeric / nullif(%s%s_n%s, 0), 6) AS %s", open,
                    view->measures[measure->part].name, close, open,
                    view->measures[measure->whole].name, close, name);
        return;
    case VIEW_DURATION:
        strbuf_addf(out,
                    ", coalesce(%s%s_n%s, 0)::bigint AS %s_n"
                    ", round(%s%s_ms%s::numeric / 1000 / nullif(%s%s_n%s, 0), 3) AS "
                    "%s_avg_seconds, h.%s_p50_seconds, h.%s_p90_seconds",
                    open, name, close, name, open, name, close, open, name, close, name, name,
                    name);
        return;
    }
}

static void add_quantiles(struct strbuf *out, const struct view *view)
{
    for (size_t i = 0; i < view->measure_count; i++) {
        const char *name = view->measures[i].name;
        for (int q = 50; q <= 90 && view->measures[i].type == VIEW_DURATION; q += 40)
            strbuf_addf(out,
                        ", round((api.histogram_quantile(array_agg(bin::integer) FILTER (WHERE "
                        "measure = %zu), array_agg(n) FILTER (WHERE measure = %zu), 0.%d) / "
                        "1000)::numeric, 3) AS %s_p%d_seconds",
                        i, i, q, name, q);
    }
}

static void add_bins_view(struct strbuf *out, const struct view *view)
{
    strbuf_addf(out, "CREATE VIEW api.%s_bins AS SELECT h.day%s", view->name,
                view->hourly ? ", h.bucket::integer AS hour" : "");
    add_groups(out, view, ", h.", "");
    strbuf_addf(out,
                ", m.name AS measure, h.bin::integer AS bin, sum(h.n)::bigint AS n FROM "
                "core.hist_%s AS h JOIN (VALUES ",
                view->name);
    const char *comma = "";
    for (size_t i = 0; i < view->measure_count; i++) {
        if (view->measures[i].type != VIEW_DURATION)
            continue;
        strbuf_addf(out, "%s(%zu, '%s'::text)", comma, i, view->measures[i].name);
        comma = ", ";
    }
    strbuf_addf(out, ") AS m(number, name) ON m.number = h.measure GROUP BY h.bucket, h.day");
    add_groups(out, view, ", h.", "");
    strbuf_addf(out, ", m.name, h.bin HAVING sum(h.n) <> 0;\nSELECT core.show('api.%s_bins');\n",
                view->name);
}

void view_sql_views(struct strbuf *out, const struct view *view)
{
    strbuf_addf(out, "CREATE VIEW api.%s AS SELECT c.day%s", view->name,
                view->hourly ? ", c.bucket::integer AS hour" : "");
    add_groups(out, view, ", c.", "");
    for (size_t i = 0; i < view->measure_count; i++)
        add_measure(out, view, i, "c.", "");
    strbuf_addf(out, " FROM (SELECT bucket, day");
    add_groups(out, view, ", ", "");
    each_column(out, view, ", sum(@)::bigint AS @");
    strbuf_addf(out, " FROM core.cell_%s GROUP BY bucket, day", view->name);
    add_groups(out, view, ", ", "");
    strbuf_addf(out, ") AS c");
    if (view->has_durations) {
        strbuf_addf(out, " LEFT JOIN (SELECT bucket, day");
        add_groups(out, view, ", ", "");
        add_quantiles(out, view);
        strbuf_addf(out, " FROM core.hist_%s GROUP BY bucket, day", view->name);
        add_groups(out, view, ", ", "");
        strbuf_addf(out, ") AS h USING (bucket, day");
        add_groups(out, view, ", ", "");
        strbuf_addf(out, ")");
    }
    /* Cells are never deleted: one whose cases all moved away holds zeros and is no row. */
    strbuf_addf(out, " WHERE (false");
    each_column(out, view, " OR c.@ <> 0");
    strbuf_addf(out, ");\nSELECT core.show('api.%s');\n", view->name);
    if (view->has_durations)
        add_bins_view(out, view);
}

static void add_unnest(struct strbuf *out, const struct view *view, size_t more)
{
    int at = 1;
    if (view->hourly)
        strbuf_addf(out, " SELECT u.* FROM unnest($%d::text[], ", at++);
    else
        strbuf_add(out, SPAN(" SELECT 'day', u.* FROM unnest("));
    strbuf_addf(out, "$%d::date[]", at++);
    for (size_t i = 0; i < view->group_count; i++)
        strbuf_addf(out, ", $%d::text[]", at++);
    for (size_t i = 0; i < more; i++)
        strbuf_addf(out, ", $%d::bigint[]", at++);
    strbuf_addf(out, ") AS u ON CONFLICT (bucket, day");
    add_groups(out, view, ", ", "");
}

void view_sql_upsert_cells(struct strbuf *out, const char *schema, const struct view *view)
{
    strbuf_addf(out, "INSERT INTO %s.cell_%s AS c (bucket, day", schema, view->name);
    add_groups(out, view, ", ", "");
    each_column(out, view, ", @");
    strbuf_addf(out, ")");
    add_unnest(out, view, view->column_count);
    strbuf_addf(out, ", shard) DO UPDATE SET bucket = c.bucket");
    each_column(out, view, ", @ = c.@ + excluded.@");
}

void view_sql_upsert_bins(struct strbuf *out, const char *schema, const struct view *view)
{
    strbuf_addf(out, "INSERT INTO %s.hist_%s AS c (bucket, day", schema, view->name);
    add_groups(out, view, ", ", "");
    strbuf_addf(out, ", measure, bin, n)");
    add_unnest(out, view, 3);
    strbuf_addf(out, ", measure, bin, shard) DO UPDATE SET n = c.n + excluded.n");
}

static void add_range(struct strbuf *out)
{
    strbuf_addf(out, " WHERE ($1::date IS NULL OR day >= $1::date) AND "
                     "($2::date IS NULL OR day <= $2::date)");
}

/* Cells as they are asked for: an hourly view keeps its hour, two digits, as its bucket. */
static void add_source(struct strbuf *out, const struct view *view, const char *table)
{
    strbuf_addf(out,
                view->hourly ? " FROM (SELECT *, bucket::integer AS hour FROM core.%s_%s) AS s"
                             : " FROM core.%s_%s",
                table, view->name);
    add_range(out);
}

static void add_sums(struct strbuf *out, const struct view *view, struct span columns)
{
    strbuf_addf(out, "(SELECT true AS one%.*s", SPAN_ARG(columns));
    each_column(out, view, ", sum(@) AS @");
    add_source(out, view, "cell");
    strbuf_addf(out, " GROUP BY 1%.*s) AS c", SPAN_ARG(columns));
}

bool view_sql_query(struct strbuf *out, const struct view *view, struct span by)
{
    struct strbuf columns;
    struct view_by chosen;
    if (!view_by_read(&chosen, view, by))
        return false;
    strbuf_init(&columns, 128, 512);
    for (size_t i = 0; i < chosen.count; i++)
        strbuf_addf(&columns, ", %s", view_by_name(view, chosen.columns[i]));
    struct span list = strbuf_span(&columns);
    /* `one` makes a total a grouping like any other. */
    strbuf_addf(out, VIEW_SQL_ANSWER("%s") " FROM (SELECT ", VIEW_SQL_MOST_ROWS, view->name);
    size_t start = out->len;
    strbuf_addf(out, "%.*s", SPAN_ARG(list));
    for (size_t i = 0; i < view->measure_count; i++)
        add_measure(out, view, i, "c.", "");
    if (out->len > start + 1)
        out->at[start] = ' '; /* the first comma */
    strbuf_addf(out, " FROM ");
    add_sums(out, view, list);
    if (view->has_durations) {
        strbuf_addf(out, " LEFT JOIN (SELECT true AS one%.*s", SPAN_ARG(list));
        add_quantiles(out, view);
        add_source(out, view, "hist");
        strbuf_addf(out, " GROUP BY 1%.*s) AS h USING (one%.*s)", SPAN_ARG(list), SPAN_ARG(list));
    }
    strbuf_addf(out, " WHERE (false");
    each_column(out, view, " OR c.@ <> 0");
    strbuf_addf(out, ") ORDER BY one%.*s LIMIT %d + 1) AS t", SPAN_ARG(list), VIEW_SQL_MOST_ROWS);
    strbuf_fini(&columns);
    return true;
}
