/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the database to what this program writes. Promises all or nothing, and one process at a
 * time. Never fills cells under other rules: it refuses, and names the command that does. */
#include "aggregator/store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/core/contribution.h"
#include "aggregator/store/migration.h"
#include "aggregator/store/roles.h"
#include "aggregator/store/view_plan.h"
#include "aggregator/store/view_sql.h"
#include "base/memory.h"

#define MAX_SQL_BYTES (4 << 20)
#define MAX_CODES     8192

/* Of what writers write beside the cells: whoever writes less is fenced. */
#define WRITER_VERSION 1

void schema_contribution_hash(const struct batch_rules *rules, char hash[DIGEST_ID_LEN + 1])
{
    struct strbuf text;
    strbuf_init(&text, 256, 4096);
    strbuf_addf(&text, "%d|%d|%d|%.*s|%.*s|%d", CASE_FOLD_VERSION, CONTRIBUTION_VERSION,
                rules->zone_minutes, SPAN_ARG(kinds_hash(rules->kinds)),
                SPAN_ARG(views_hash(rules->views)), WRITER_VERSION);
    digest_bytes(hash, strbuf_span(&text));
    strbuf_fini(&text);
}

/* One value of the first row; "" where there is none. */
static bool ask(struct postgres_connection *connection, const char *sql, char *value, size_t size,
                struct error *error)
{
    PGresult *result = PQexec(postgres_connection_handle(connection), sql);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    value[0] = '\0';
    if (!good)
        postgres_connection_fail(connection, result, error);
    else if (PQntuples(result) > 0)
        snprintf(value, size, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return good;
}

static bool refuse(const struct view_plan *plan, const struct views *views, struct error *error)
{
    struct strbuf names;
    strbuf_init(&names, 256, 200); /* the error's text has room for so many */
    view_plan_say(&names, plan, views);
    error_set(
        error, ERROR_CONFIG, 0,
        "the cells in PostgreSQL were made by other files (%.*s); run: citybrain views apply "
        "--execute --as NAME --reason TEXT (fills them from the stored sets; without --execute "
        "it says what goes on meanwhile), or put "
        "the old kinds/ and views/ back; docs/runbooks/views-changed.md",
        SPAN_ARG(strbuf_span(&names)));
    strbuf_fini(&names);
    return false;
}

static void add_tables(struct strbuf *sql, const struct view_plan *plan,
                       const struct batch_rules *rules)
{
    char hash[DIGEST_ID_LEN + 1];
    for (size_t i = 0; i < plan->gone_count; i++) {
        view_sql_drop(sql, "core", plan->gone[i]);
        strbuf_addf(sql, "DELETE FROM core.view WHERE name = '%s';\n", plan->gone[i]);
    }
    for (size_t i = 0; i < views_count(rules->views); i++) {
        const struct view *view = views_at(rules->views, i);
        if (plan->state[i] == VIEW_PLAN_SAME)
            continue;
        view_sql_drop(sql, "core", view->name);
        view_sql_tables(sql, "core", view);
        view_plan_hash(hash, rules, view);
        strbuf_addf(sql,
                    "INSERT INTO core.view (name, hash, sql) VALUES ('%s', '%s', '') ON CONFLICT "
                    "(name) DO UPDATE SET hash = excluded.hash, sql = '';\n",
                    view->name, hash);
    }
}

/* Where nothing was read yet nothing has to be kept. Who runs there already is fenced; what he did
 * not note is in no stand. */
static bool make_tables(struct postgres_connection *connection, const struct view_plan *plan,
                        const struct batch_rules *rules, struct error *error)
{
    char ours[DIGEST_ID_LEN + 1];
    struct strbuf sql;
    strbuf_init(&sql, 65536, MAX_SQL_BYTES);
    add_tables(&sql, plan, rules);
    schema_contribution_hash(rules, ours);
    strbuf_addf(&sql,
                "INSERT INTO core.meta VALUES ('contributions', '%s') ON CONFLICT (key) DO UPDATE "
                "SET value = excluded.value; UPDATE core.kafka_offset SET epoch = epoch + 1; "
                "DELETE FROM core.standing;\n",
                ours);
    bool good = strbuf_is_full(&sql)
                    ? error_set(error, ERROR_FATAL, 0, "the views' SQL is too long")
                    : postgres_connection_run(connection, sql.at, error);
    strbuf_fini(&sql);
    return good;
}

static bool check_views(struct postgres_connection *connection, const struct batch_rules *rules,
                        struct error *error)
{
    struct view_plan plan;
    char is_used[8], ours[DIGEST_ID_LEN + 1], theirs[64];
    schema_contribution_hash(rules, ours);
    if (!view_plan_read(&plan, connection, rules, error) ||
        !ask(connection,
             "SELECT EXISTS (SELECT FROM core.kafka_offset WHERE next_offset > 0) OR "
             "pg_relation_size('core.case_set') > 0", /* the owner sees no rows */
             is_used, sizeof is_used, error) ||
        !ask(connection, "SELECT value FROM core.meta WHERE key = 'contributions'", theirs,
             sizeof theirs, error))
        return false;
    if (plan.differs == 0 && strcmp(ours, theirs) == 0)
        return true;
    if (plan.differs > 0 && is_used[0] == 't')
        return refuse(&plan, rules->views, error);
    return make_tables(connection, &plan, rules, error);
}

static void add_codes(struct strbuf *out, const struct codes *codes, PGconn *pg)
{
    static const char *const spaces[CODE_SPACES] = {"stage", "unit", "party", "kind", "field"};
    for (int space = 0; space < CODE_SPACES; space++) {
        for (int number = 1; number < MAX_CODES; number++) {
            struct span code = codes_text(codes, (enum code_space)space, number);
            char *quoted = code.at ? PQescapeLiteral(pg, code.at, code.len) : NULL;
            if (!quoted)
                continue;
            strbuf_addf(out,
                        "INSERT INTO core.code VALUES ('%s', %d, %s) ON CONFLICT (space, "
                        "number) DO UPDATE SET code = excluded.code;\n",
                        spaces[space], number, quoted);
            PQfreemem(quoted);
        }
    }
}

/* Made anew only where they would be others: whoever reads them just now is waited for. */
static bool apply_view(struct postgres_connection *connection, const struct view *view,
                       struct error *error)
{
    struct strbuf made, sql;
    char ours[DIGEST_ID_LEN + 1], theirs[64], question[128];
    strbuf_init(&made, 16384, MAX_SQL_BYTES);
    strbuf_init(&sql, 16384, MAX_SQL_BYTES);
    view_sql_views(&made, view);
    digest_bytes(ours, strbuf_span(&made));
    snprintf(question, sizeof question, "SELECT sql FROM core.view WHERE name = '%s'", view->name);
    bool good = !strbuf_is_full(&made) && ask(connection, question, theirs, sizeof theirs, error);
    if (good && strcmp(ours, theirs) != 0) {
        view_sql_drop_views(&sql, view->name);
        strbuf_addf(&sql, "%.*sUPDATE core.view SET sql = '%s' WHERE name = '%s'",
                    SPAN_ARG(strbuf_span(&made)), ours, view->name);
        good = postgres_connection_run(connection, sql.at, error);
    }
    strbuf_fini(&sql);
    strbuf_fini(&made);
    return good;
}

static bool apply_codes(struct postgres_connection *connection, const struct codes *codes,
                        struct error *error)
{
    struct strbuf sql;
    char ours[DIGEST_ID_LEN + 1], theirs[64];
    strbuf_init(&sql, 65536, MAX_SQL_BYTES);
    add_codes(&sql, codes, postgres_connection_handle(connection));
    digest_bytes(ours, strbuf_span(&sql));
    bool good = ask(connection, "SELECT value FROM core.meta WHERE key = 'codes'", theirs,
                    sizeof theirs, error);
    if (good && strcmp(ours, theirs) != 0) {
        strbuf_addf(&sql,
                    "INSERT INTO core.meta VALUES ('codes', '%s') ON CONFLICT (key) DO UPDATE SET "
                    "value = excluded.value",
                    ours);
        good = postgres_connection_run(connection, sql.at, error);
    }
    strbuf_fini(&sql);
    return good;
}

/* For core.civil_now(). */
static bool apply_zone(struct postgres_connection *connection, int zone_minutes,
                       struct error *error)
{
    char sql[192];
    snprintf(sql, sizeof sql,
             "INSERT INTO core.meta VALUES ('zone_minutes', '%d') ON CONFLICT (key) DO UPDATE SET "
             "value = excluded.value WHERE meta.value <> excluded.value",
             zone_minutes);
    return postgres_connection_run(connection, sql, error);
}

/* For core.cells_of() and core.shape_of(). */
static bool apply_shapes(struct postgres_connection *connection, const struct views *views,
                         struct error *error)
{
    struct strbuf sql;
    strbuf_init(&sql, 4096, MAX_SQL_BYTES);
    for (size_t i = 0; i < views_count(views); i++) {
        const struct view *view = views_at(views, i);
        strbuf_addf(&sql, "UPDATE core.view AS v SET is_stock = s.is_stock, shape = s.shape FROM "
                          "(SELECT ");
        view_sql_shape(&sql, view);
        strbuf_addf(&sql,
                    ") AS s(is_stock, shape) WHERE v.name = '%s' AND (v.is_stock, v.shape) <> "
                    "(s.is_stock, s.shape);\n",
                    view->name);
    }
    bool good = strbuf_is_full(&sql)
                    ? error_set(error, ERROR_FATAL, 0, "the views' SQL is too long")
                    : postgres_connection_run(connection, sql.at, error);
    strbuf_fini(&sql);
    return good;
}

static bool apply_views(struct postgres_connection *connection, const struct batch_rules *rules,
                        struct error *error)
{
    bool good = true;
    for (size_t i = 0; i < views_count(rules->views) && good; i++)
        good = apply_view(connection, views_at(rules->views, i), error);
    return good && apply_shapes(connection, rules->views, error) &&
           apply_zone(connection, rules->zone_minutes, error) &&
           apply_codes(connection, rules->codes, error);
}

bool schema_apply(struct postgres_connection *connection, const struct schema_rules *schema,
                  struct error *error)
{
    bool good = postgres_connection_open(connection, error) &&
                postgres_connection_run(connection,
                                        "BEGIN; SET LOCAL client_min_messages = warning; "
                                        "SET LOCAL lock_timeout = '30s'; "
                                        "SELECT pg_advisory_xact_lock(20120345)",
                                        error) &&
                roles_apply(connection, schema->sql_dir, schema->units, error) &&
                migration_apply(connection, schema->sql_dir, NULL, error) &&
                check_views(connection, schema->rules, error) &&
                apply_views(connection, schema->rules, error) &&
                postgres_connection_run(connection, "COMMIT", error);
    if (!good)
        postgres_connection_close(connection);
    return good;
}
