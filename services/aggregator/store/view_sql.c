/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a view and what is written to them, from names that view.c held to a strict
 * alphabet. What is read is in view_relation.c and view_query.c. Keys are compared as bytes: most
 * of a cell's cost is finding it. */
#include "aggregator/store/view_sql.h"

#include "aggregator/store/view_columns.h"

static void begin_table(struct strbuf *out, const char *schema, const char *table,
                        const struct view *view)
{
    strbuf_addf(out, "CREATE TABLE %s.%s_%s (bucket text COLLATE \"C\" NOT NULL, day date NOT NULL",
                schema, table, view->name);
    view_columns_groups(out, view, ", ", " text COLLATE \"C\" NOT NULL");
    strbuf_add(out, SPAN(", is_excluded boolean NOT NULL"));
}

static void add_key(struct strbuf *out, const struct view *view)
{
    strbuf_add(out, SPAN("bucket, day"));
    view_columns_groups(out, view, ", ", "");
    strbuf_add(out, SPAN(", is_excluded"));
}

/* A cell or bin is the sum of its shards (sql/0004), and is guarded (sql/0005). Writers name their
 * shard: a default would be asked for at each row. */
static void end_table(struct strbuf *out, const char *schema, const char *table,
                      const struct view *view, const char *more)
{
    strbuf_add(out, SPAN(", shard smallint NOT NULL DEFAULT core.shard(), PRIMARY KEY ("));
    add_key(out, view);
    strbuf_addf(out,
                "%s, shard)) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, "
                "autovacuum_vacuum_threshold = 5000);\n"
                "SELECT core.guard('%s.%s_%s', %s);\n",
                more, schema, table, view->name,
                view_group_index(view, FACT_UNIT) >= 0 ? "'unit'" : "NULL");
}

void view_sql_tables(struct strbuf *out, const char *schema, const struct view *view)
{
    begin_table(out, schema, "cell", view);
    view_columns_each(out, view, ", @ bigint NOT NULL");
    end_table(out, schema, "cell", view, "");
    if (!view->has_durations)
        return;
    begin_table(out, schema, "hist", view);
    strbuf_add(out, SPAN(", measure smallint NOT NULL, bin smallint NOT NULL, n bigint NOT NULL"));
    end_table(out, schema, "hist", view, ", measure, bin");
}

void view_sql_drop(struct strbuf *out, const char *schema, const char *name)
{
    view_sql_drop_views(out, name);
    strbuf_addf(out, "DROP TABLE IF EXISTS %s.cell_%s, %s.hist_%s;\n", schema, name, schema, name);
}

static size_t key_arrays(const struct view *view)
{
    return (view->grain != GRAIN_DAY ? 3U : 2U) + view->group_count;
}

size_t view_sql_cell_arrays(const struct view *view)
{
    return key_arrays(view) + view->column_count;
}

size_t view_sql_bin_arrays(const struct view *view)
{
    return key_arrays(view) + 3;
}

static void add_unnest(struct strbuf *out, const struct view *view, size_t more)
{
    int at = 1;
    if (view->grain != GRAIN_DAY)
        strbuf_addf(out, " SELECT (SELECT core.shard()), u.* FROM unnest($%d::text[], ", at++);
    else
        strbuf_add(out, SPAN(" SELECT (SELECT core.shard()), 'day', u.* FROM unnest("));
    strbuf_addf(out, "$%d::date[]", at++);
    for (size_t i = 0; i < view->group_count; i++)
        strbuf_addf(out, ", $%d::text[]", at++);
    strbuf_addf(out, ", $%d::boolean[]", at++);
    for (size_t i = 0; i < more; i++)
        strbuf_addf(out, ", $%d::bigint[]", at++);
    strbuf_add(out, SPAN(") AS u ON CONFLICT ("));
    add_key(out, view);
}

void view_sql_upsert_cells(struct strbuf *out, const char *schema, const struct view *view)
{
    strbuf_addf(out, "INSERT INTO %s.cell_%s AS c (shard, ", schema, view->name);
    add_key(out, view);
    view_columns_each(out, view, ", @");
    strbuf_add_char(out, ')');
    add_unnest(out, view, view->column_count);
    strbuf_add(out, SPAN(", shard) DO UPDATE SET bucket = c.bucket"));
    view_columns_each(out, view, ", @ = c.@ + excluded.@");
}

void view_sql_upsert_bins(struct strbuf *out, const char *schema, const struct view *view)
{
    strbuf_addf(out, "INSERT INTO %s.hist_%s AS c (shard, ", schema, view->name);
    add_key(out, view);
    strbuf_add(out, SPAN(", measure, bin, n)"));
    add_unnest(out, view, 3);
    strbuf_add(out, SPAN(", measure, bin, shard) DO UPDATE SET n = c.n + excluded.n"));
}
