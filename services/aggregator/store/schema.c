/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the database to what this program writes. Promises all or nothing, and one process at a
 * time. Never rebuilds cells under other rules: it refuses. */
#include "aggregator/store/schema.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/view_sql.h"
#include "base/memory.h"

#define MAX_SQL_BYTES (4 << 20)
#define MAX_CODES     8192

void schema_contribution_hash(const struct batch_rules *rules, char hash[DIGEST_ID_LEN + 1])
{
    struct strbuf text;
    strbuf_init(&text, 256, 4096);
    strbuf_addf(&text, "%d|%d|%d|%.*s|%.*s", CASE_FOLD_VERSION, CONTRIBUTION_VERSION,
                rules->zone_minutes, SPAN_ARG(kinds_hash(rules->kinds)),
                SPAN_ARG(views_hash(rules->views)));
    digest_bytes(hash, strbuf_span(&text));
    strbuf_fini(&text);
}

static bool read_file(const char *path, struct strbuf *out, struct error *error)
{
    char bytes[8192];
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(error, ERROR_CONFIG, 0, "%s: cannot be read; set aggregator.sql_dir",
                         path);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
        strbuf_add(out, span_from(bytes, n));
    fclose(file);
    return true;
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

static int is_migration(const struct dirent *entry)
{
    size_t digits = strspn(entry->d_name, "0123456789"), len = strlen(entry->d_name);
    return digits == 4 && len > 8 && strcmp(entry->d_name + len - 4, ".sql") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool apply_migration(struct postgres_connection *connection, const char *folder,
                            const char *name, struct error *error)
{
    char path[4096], sql[256];
    struct strbuf text;
    strbuf_init(&text, 16384, MAX_SQL_BYTES);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(sql, sizeof sql, "INSERT INTO core.migration (number) VALUES (%.4s)", name);
    bool good =
        read_file(path, &text, error) && postgres_connection_run(connection, text.at, error);
    if (!good)
        error_wrap(error, "%s", path);
    good = good && postgres_connection_run(connection, sql, error);
    strbuf_fini(&text);
    return good;
}

static bool apply_migrations(struct postgres_connection *connection, const char *folder,
                             struct error *error)
{
    char at[32];
    struct dirent **entries = NULL;
    if (!postgres_connection_run(connection,
                                 "CREATE SCHEMA IF NOT EXISTS core; CREATE TABLE IF NOT EXISTS "
                                 "core.migration (number integer PRIMARY KEY)",
                                 error) ||
        !ask(connection, "SELECT coalesce(max(number), 0) FROM core.migration", at, sizeof at,
             error))
        return false;
    int n = scandir(folder, &entries, is_migration, by_name);
    bool good = n > 0;
    if (!good)
        error_set(error, ERROR_CONFIG, 0, "%s: no migrations there; set aggregator.sql_dir",
                  folder);
    for (int i = 0; i < n; i++) {
        if (good && strtol(entries[i]->d_name, NULL, 10) > strtol(at, NULL, 10))
            good = apply_migration(connection, folder, entries[i]->d_name, error);
        free(entries[i]);
    }
    free(entries);
    return good;
}

static bool check_hash(struct postgres_connection *connection, const struct batch_rules *rules,
                       struct error *error)
{
    char ours[DIGEST_ID_LEN + 1], theirs[64], sql[256];
    schema_contribution_hash(rules, ours);
    if (!ask(connection, "SELECT value FROM core.meta WHERE key = 'contributions'", theirs,
             sizeof theirs, error))
        return false;
    if (strcmp(ours, theirs) == 0)
        return true;
    if (theirs[0])
        return error_set(error, ERROR_CONFIG, 0,
                         "the cells in PostgreSQL were made under other kinds or views (%s, ours "
                         "%s); put the old kinds/ and views/ back, or begin an empty database "
                         "and let it be filled from the log",
                         theirs, ours);
    snprintf(sql, sizeof sql, "INSERT INTO core.meta VALUES ('contributions', '%s')", ours);
    return postgres_connection_run(connection, sql, error);
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

static bool apply_views(struct postgres_connection *connection, const struct batch_rules *rules,
                        struct error *error)
{
    struct strbuf sql;
    strbuf_init(&sql, 65536, MAX_SQL_BYTES);
    for (size_t i = 0; i < views_count(rules->views); i++) {
        view_sql_tables(&sql, views_at(rules->views, i));
        view_sql_views(&sql, views_at(rules->views, i));
    }
    add_codes(&sql, rules->codes, postgres_connection_handle(connection));
    bool good = strbuf_is_full(&sql)
                    ? error_set(error, ERROR_FATAL, 0, "the views' SQL is too long")
                    : postgres_connection_run(connection, sql.at, error);
    strbuf_fini(&sql);
    return good;
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
                apply_migrations(connection, schema->sql_dir, error) &&
                check_hash(connection, schema->rules, error) &&
                apply_views(connection, schema->rules, error) &&
                postgres_connection_run(connection, "COMMIT", error);
    if (!good)
        postgres_connection_close(connection);
    return good;
}
