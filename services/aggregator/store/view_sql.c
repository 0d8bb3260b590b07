/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a view and what is written to them, from names that view.c held to a strict
 * alphabet. What is read is in view_relation.c and view_query.c. Keys are compared as bytes: most
 * of a cell's cost is finding it. They begin with the day: what is written and what is asked for is
 * mostly of the last ones. */
#include "aggregator/store/view_sql.h"

#include <string.h>

#include "aggregator/store/view_columns.h"

static void add_key(struct strbuf *out, const struct view *view)
{
    strbuf_add(out, SPAN("day, bucket"));
    view_columns_groups(out, view, ", ", "");
    strbuf_add(out, SPAN(", is_excluded"));
}

static const char cell_options[] = ") WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, "
                                   "autovacuum_vacuum_threshold = 5000);\n";

/* A cell is the sum of its shards (sql/0004), and is guarded (sql/0005). Writers name their shard:
 * a default would be asked for at each row. */
static void end_table(struct strbuf *out, const char *schema, const struct view *view)
{
    strbuf_add(out, SPAN(", shard smallint NOT NULL DEFAULT core.shard(), PRIMARY KEY ("));
    add_key(out, view);
    strbuf_addf(out, ", shard)%sSELECT core.guard('%s.cell_%s', %s);\n", cell_options, schema,
                view->name, view_group_index(view, FACT_UNIT) >= 0 ? "'unit'" : "NULL");
}

static void add_bins_relation(struct strbuf *out, const char *schema, const struct view *view)
{
    strbuf_addf(out, "CREATE VIEW %s.hist_%s AS SELECT c.bucket, c.day", schema, view->name);
    view_columns_groups(out, view, ", c.", "");
    strbuf_addf(out,
                ", c.is_excluded, c.shard, b.measure, b.bin, b.n FROM %s.cell_%s AS c CROSS JOIN "
                "LATERAL core.bins_of(c.bins) AS b;\nSELECT core.show('%s.hist_%s');\n",
                schema, view->name, schema, view->name);
}

void view_sql_tables(struct strbuf *out, const char *schema, const struct view *view)
{
    strbuf_addf(out,
                "CREATE TABLE %s.cell_%s (bucket text COLLATE \"C\" NOT NULL, day date NOT NULL",
                schema, view->name);
    view_columns_groups(out, view, ", ", " text COLLATE \"C\" NOT NULL");
    strbuf_add(out, SPAN(", is_excluded boolean NOT NULL"));
    view_columns_each(out, view, ", @ bigint NOT NULL");
    if (view->has_durations)
        strbuf_add(out, SPAN(", bins bigint[] COMPRESSION lz4"));
    end_table(out, schema, view);
    if (view->has_durations)
        add_bins_relation(out, schema, view);
    if (view->is_stock)
        strbuf_addf(out, "SELECT core.make_stand('%s', '%s');\n", schema, view->name);
}

void view_sql_shape(struct strbuf *out, const struct view *view)
{
    static const char *const grains[] = {[GRAIN_DAY] = "day",
                                         [GRAIN_HALF] = "half",
                                         [GRAIN_HOUR] = "hour",
                                         [GRAIN_MINUTE] = "minute"};
    strbuf_addf(out, "%s, '{\"grain\": \"%s\", \"measures\": [", view->is_stock ? "true" : "false",
                grains[view->grain]);
    for (size_t i = 0; i < view->measure_count; i++)
        strbuf_addf(out, "%s\"%s\"", i ? ", " : "", view->measures[i].name);
    strbuf_add(out, SPAN("]}'::jsonb"));
}

void view_sql_drop(struct strbuf *out, const char *schema, const char *name)
{
    view_sql_drop_views(out, name);
    strbuf_addf(out,
                "DROP VIEW IF EXISTS %s.hist_%s;\nDROP TABLE IF EXISTS %s.cell_%s, %s.stand_%s;\n"
                "DELETE FROM core.standing WHERE view = '%s';\n",
                schema, name, schema, name, schema, name, name);
}

void view_sql_cell_types(const struct view *view, char *types)
{
    if (view->grain != GRAIN_DAY)
        *types++ = 't';
    *types++ = 'd';
    for (size_t i = 0; i < view->group_count; i++)
        *types++ = 't';
    *types++ = 'b';
    for (size_t i = 0; i < view->column_count; i++)
        *types++ = 'i';
    if (view->has_durations)
        *types++ = 't';
    *types = '\0';
}

static void add_names(struct strbuf *out, const struct view *view)
{
    strbuf_add(out, SPAN("bucket, day"));
    view_columns_groups(out, view, ", ", "");
    strbuf_add(out, SPAN(", is_excluded"));
    view_columns_each(out, view, ", @");
    strbuf_add(out, view->has_durations ? SPAN(", bins") : SPAN(""));
}

static void add_unnest(struct strbuf *out, const struct view *view)
{
    int at = 1;
    strbuf_add(out, SPAN(" FROM unnest("));
    if (view->grain != GRAIN_DAY)
        strbuf_addf(out, "$%d::text[], ", at++);
    strbuf_addf(out, "$%d::date[]", at++);
    for (size_t i = 0; i < view->group_count; i++)
        strbuf_addf(out, ", $%d::text[]", at++);
    strbuf_addf(out, ", $%d::boolean[]", at++);
    for (size_t i = 0; i < view->column_count; i++)
        strbuf_addf(out, ", $%d::bigint[]", at++);
    if (view->has_durations)
        strbuf_addf(out, ", $%d::text[]", at++);
    strbuf_addf(out, ") AS u(%sday", view->grain != GRAIN_DAY ? "bucket, " : "");
    view_columns_groups(out, view, ", ", "");
    strbuf_add(out, SPAN(", is_excluded"));
    view_columns_each(out, view, ", @");
    strbuf_add(out, view->has_durations ? SPAN(", bins)") : SPAN(")"));
}

/* Bins are put behind those that are there; once in a while they are added up. */
static const char more_bins[] =
    ", bins = CASE WHEN cardinality(c.bins) / 64 < (cardinality(c.bins) + "
    "cardinality(excluded.bins)) / 64 THEN core.sum_bins(c.bins || excluded.bins) ELSE c.bins || "
    "excluded.bins END";

static void add_values(struct strbuf *out, const struct view *view)
{
    strbuf_add(out, SPAN("u.day"));
    view_columns_groups(out, view, ", u.", "");
    strbuf_add(out, SPAN(", u.is_excluded"));
    view_columns_each(out, view, ", u.@");
}

/* Of old days the stand is told as well (sql/0019): in this statement, whose snapshot is younger
 * than the transaction's id. So it knows what whoever has a smaller one need not know. */
static void add_notes(struct strbuf *out, const struct view *view)
{
    strbuf_add(out, SPAN("WITH u AS MATERIALIZED (SELECT *"));
    add_unnest(out, view);
    strbuf_addf(out, "), noted AS (INSERT INTO core.stand_%s (day", view->name);
    view_columns_groups(out, view, ", ", "");
    strbuf_add(out, SPAN(", is_excluded"));
    view_columns_each(out, view, ", @");
    strbuf_add(out, SPAN(") SELECT "));
    add_values(out, view);
    strbuf_addf(out,
                " FROM u WHERE u.day < (SELECT s.wanted FROM core.standing AS s WHERE s.view = "
                "'%s')) ",
                view->name);
}

/* Nobody has a stand of what is filled aside. */
void view_sql_upsert_cells(struct strbuf *out, const char *schema, const struct view *view)
{
    bool notes = view->is_stock && strcmp(schema, "core") == 0;
    if (notes)
        add_notes(out, view);
    strbuf_addf(out, "INSERT INTO %s.cell_%s AS c (shard, ", schema, view->name);
    add_names(out, view);
    strbuf_addf(out, ") SELECT (SELECT core.shard()), %s, ",
                view->grain != GRAIN_DAY ? "u.bucket" : "'day'");
    add_values(out, view);
    strbuf_add(out, view->has_durations ? SPAN(", u.bins::bigint[]") : SPAN(""));
    if (notes)
        strbuf_add(out, SPAN(" FROM u"));
    else
        add_unnest(out, view);
    strbuf_add(out, SPAN(" ON CONFLICT ("));
    add_key(out, view);
    strbuf_add(out, SPAN(", shard) DO UPDATE SET bucket = c.bucket"));
    view_columns_each(out, view, ", @ = c.@ + excluded.@");
    strbuf_add(out, view->has_durations ? span_of(more_bins) : SPAN(""));
}

int64_t view_sql_bin(size_t measure, int bin, int64_t n)
{
    return ((int64_t)measure << 48) + ((int64_t)bin << 32) + n;
}
