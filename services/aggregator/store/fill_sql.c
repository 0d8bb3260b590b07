/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/fill_sql.h"

#include "aggregator/store/schema.h"
#include "aggregator/store/view_sql.h"

const char fill_sql_look[] =
    "SELECT greatest(coalesce((SELECT reltuples::bigint FROM pg_class WHERE oid = "
    "to_regclass('core.case_set')), 0), 0), to_regclass('fill.state') IS NOT NULL";

const char fill_sql_place[] = "SELECT contributions, last_id, all_read, cases, noted, every FROM "
                              "fill.state";

/* A server that was promoted may not have come to it yet. */
const char fill_sql_swapped[] =
    "SELECT CASE WHEN $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) THEN "
    "pg_xact_status($1::xid8) IS NOT DISTINCT FROM 'committed' ELSE false END";

const char fill_sql_sets[] = "SELECT case_id, lines FROM core.case_set WHERE case_id > $1 ORDER BY "
                             "case_id LIMIT $2::bigint";

const char fill_sql_forget[] = "DELETE FROM fill.note WHERE case_id > $1 AND ($3::boolean OR "
                               "case_id <= $2)";

const char fill_sql_notes[] =
    "WITH taken AS (DELETE FROM fill.note WHERE number IN (SELECT number FROM fill.note ORDER BY "
    "number LIMIT $1::bigint) RETURNING number, case_id, before, after) SELECT case_id, before, "
    "after FROM taken ORDER BY number";

const char fill_sql_moments[] =
    "INSERT INTO fill.moment SELECT DISTINCT ON (u.id) u.id, string_to_array(u.reopened, "
    "',')::bigint[], string_to_array(u.upheld, ',')::bigint[] FROM unnest($1::text[], $2::text[], "
    "$3::text[]) WITH ORDINALITY AS u(id, reopened, upheld, n) ORDER BY u.id, u.n DESC ON CONFLICT "
    "(case_id) DO UPDATE SET reopened_at = excluded.reopened_at, upheld_at = excluded.upheld_at";

const char fill_sql_keep[] = "UPDATE fill.state SET last_id = $1, all_read = $2::boolean, cases = "
                             "$3::bigint, noted = $4::bigint";

const char fill_sql_drop[] =
    "BEGIN; SET LOCAL ROLE owner; DROP SCHEMA IF EXISTS fill CASCADE; COMMIT";

/* The trigger acts as owner: the aggregators need no right here. An upsert fires both. Rows that
 * have moments are read behind it: it waits for who writes, and nobody commits between the two. */
static const char tables[] =
    "CREATE SCHEMA fill;\n"
    "CREATE TABLE fill.moment (case_id text PRIMARY KEY, reopened_at bigint[], upheld_at "
    "bigint[]);\n"
    "CREATE TABLE fill.state (contributions text NOT NULL, every boolean NOT NULL, last_id text "
    "NOT "
    "NULL DEFAULT '', all_read boolean NOT NULL DEFAULT false, cases bigint NOT NULL DEFAULT 0, "
    "noted bigint NOT NULL DEFAULT 0, began timestamptz NOT NULL DEFAULT now());\n"
    "CREATE TABLE fill.note (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, case_id text "
    "NOT NULL, before text COMPRESSION lz4, after text COMPRESSION lz4 NOT NULL);\n"
    "CREATE INDEX ON fill.note (case_id);\n"
    "CREATE FUNCTION fill.note_new() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET "
    "search_path = pg_catalog AS $$ BEGIN INSERT INTO fill.note (case_id, after) SELECT case_id, "
    "lines FROM new_sets; RETURN NULL; END $$;\n"
    "CREATE FUNCTION fill.note_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET "
    "search_path = pg_catalog AS $$ BEGIN INSERT INTO fill.note (case_id, before, after) SELECT "
    "n.case_id, o.lines, n.lines FROM new_sets AS n JOIN old_sets AS o USING (case_id); RETURN "
    "NULL; "
    "END $$;\n"
    "CREATE TRIGGER fill_new AFTER INSERT ON core.case_set REFERENCING NEW TABLE AS new_sets FOR "
    "EACH STATEMENT EXECUTE FUNCTION fill.note_new();\n"
    "CREATE TRIGGER fill_changed AFTER UPDATE ON core.case_set REFERENCING OLD TABLE AS old_sets "
    "NEW "
    "TABLE AS new_sets FOR EACH STATEMENT EXECUTE FUNCTION fill.note_changed();\n"
    "SET LOCAL ROLE NONE;\n" /* the owner sees no rows */
    "INSERT INTO fill.moment (case_id) SELECT case_id FROM core.case_now WHERE reopened_at IS NOT "
    "NULL OR upheld_at IS NOT NULL;\n"
    "SET LOCAL ROLE owner;\n";

void fill_sql_begin(struct strbuf *out, const struct views *views, const bool *wanted,
                    const char *contributions, bool all)
{
    strbuf_addf(out, "BEGIN; SET LOCAL ROLE owner; DROP SCHEMA IF EXISTS fill CASCADE;\n%s",
                tables);
    for (size_t i = 0; i < views_count(views); i++)
        if (wanted[i])
            view_sql_tables(out, "fill", views_at(views, i));
    strbuf_addf(out,
                "INSERT INTO fill.state (contributions, every) VALUES ('%s', %s);\nGRANT USAGE ON "
                "SCHEMA fill TO agg_writer;\nCOMMIT",
                contributions, all ? "true" : "false");
}

static void swap_view(struct strbuf *out, const struct batch_rules *rules, const struct view *view)
{
    char hash[DIGEST_ID_LEN + 1], sql[DIGEST_ID_LEN + 1];
    view_sql_drop(out, "core", view->name);
    strbuf_addf(out, "ALTER TABLE fill.cell_%s SET SCHEMA core;\n", view->name);
    if (view->has_durations)
        strbuf_addf(out, "ALTER VIEW fill.hist_%s SET SCHEMA core;\n", view->name);
    if (view->is_stock)
        strbuf_addf(out, "ALTER TABLE fill.stand_%s SET SCHEMA core;\n", view->name);
    size_t from = out->len;
    view_sql_views(out, view);
    digest_bytes(sql, span_from(out->at + from, out->len - from));
    view_plan_hash(hash, rules, view);
    strbuf_addf(
        out, "INSERT INTO core.view (name, hash, sql, is_stock, shape) SELECT '%s', '%s', '%s', ",
        view->name, hash, sql);
    view_sql_shape(out, view);
    strbuf_add(out, SPAN(" ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, sql = "
                         "excluded.sql, is_stock = excluded.is_stock, shape = excluded.shape;\n"));
}

/* The rows of cases stay as they are, but for what is listed by days beside a day's number: an
 * older program may not have written it, or another of it. Of a kind that was taken out of the
 * files nobody knows its moments any more: what its rows say stays. */
static void swap_moments(struct strbuf *out, const struct kinds *kinds)
{
    const struct case_kind *kind;
    strbuf_add(out, SPAN("UPDATE core.case_now AS n SET reopened_at = m.reopened_at, upheld_at = "
                         "m.upheld_at FROM fill.moment AS m WHERE m.case_id = n.case_id AND "
                         "n.kind IN ("));
    for (size_t i = 0; (kind = kinds_at(kinds, i)); i++)
        strbuf_addf(out, "%s'%s'", i ? ", " : "", kind->code);
    strbuf_add(out, SPAN(") AND ROW(n.reopened_at, n.upheld_at) IS DISTINCT FROM "
                         "ROW(m.reopened_at, m.upheld_at);\n"));
}

void fill_sql_swap(struct strbuf *out, const struct batch_rules *rules,
                   const struct view_plan *plan, const bool *wanted)
{
    char contributions[DIGEST_ID_LEN + 1];
    bool any = false; /* else no set was read */
    schema_contribution_hash(rules, contributions);
    for (size_t i = 0; i < views_count(rules->views); i++)
        any = any || wanted[i];
    if (any)
        swap_moments(out, rules->kinds);
    strbuf_add(out, SPAN("SET LOCAL ROLE owner;\n"));
    for (size_t i = 0; i < plan->gone_count; i++) {
        view_sql_drop(out, "core", plan->gone[i]);
        strbuf_addf(out, "DELETE FROM core.view WHERE name = '%s';\n", plan->gone[i]);
    }
    for (size_t i = 0; i < views_count(rules->views); i++)
        if (wanted[i])
            swap_view(out, rules, views_at(rules->views, i));
    strbuf_addf(
        out,
        "DROP SCHEMA fill CASCADE;\nINSERT INTO core.meta VALUES ('contributions', '%s') ON "
        "CONFLICT (key) DO UPDATE SET value = excluded.value;\nUPDATE core.kafka_offset SET "
        "epoch = epoch + 1;\n",
        contributions);
}
