/* SPDX-License-Identifier: Apache-2.0 */
/* Walks files and records side by side, both sorted by number. Promises to look at everything
 * before the first file is applied, and to guess nothing: whatever does not fit stops with the
 * number, the reason and docs/runbooks/schema-version.md. */
#include "aggregator/store/migration.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/sql_file.h"
#include "base/base.h"
#include "base/digest.h"
#include "base/memory.h"

#define RUNBOOK "docs/runbooks/schema-version.md"

struct file {
    char *name; /* owned: NNNN_name.sql */
    char *sql;  /* owned */
    int number;
    char hash[DIGEST_ID_LEN + 1];
};

struct files {
    const char *folder; /* borrowed */
    struct file *at;    /* owned, by number */
    int count;
};

static int is_migration(const struct dirent *entry)
{
    size_t digits = strspn(entry->d_name, "0123456789"), len = strlen(entry->d_name);
    return digits == 4 && len > 8 && strcmp(entry->d_name + len - 4, ".sql") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool take_file(struct files *files, const char *name, struct error *error)
{
    struct strbuf text;
    struct file *file = &files->at[files->count];
    strbuf_init(&text, 16384, SQL_FILE_MAX_BYTES);
    bool good = sql_file_read(&text, files->folder, name, error);
    if (good) {
        *file = (struct file){.name = xstrdup(name),
                              .sql = xspandup(strbuf_span(&text)),
                              .number = (int)strtol(name, NULL, 10)};
        digest_bytes(file->hash, strbuf_span(&text));
        files->count++;
    }
    strbuf_fini(&text);
    if (good && files->count > 1 && file[-1].number == file->number)
        return error_set(error, ERROR_CONFIG, 0,
                         "%s: %s and %s have one number; give the newer the next free one",
                         files->folder, file[-1].name, name);
    return good;
}

static bool files_load(struct files *files, const char *folder, struct error *error)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_migration, by_name);
    bool good = n > 0;
    *files = (struct files){.folder = folder};
    if (!good)
        error_set(error, ERROR_CONFIG, 0, "%s: no migrations there; set aggregator.sql_dir",
                  folder);
    else
        files->at = xcalloc((size_t)n, sizeof *files->at);
    for (int i = 0; i < n; i++) {
        good = good && take_file(files, entries[i]->d_name, error);
        free(entries[i]);
    }
    free(entries);
    return good;
}

static void files_fini(struct files *files)
{
    for (int i = 0; i < files->count; i++) {
        free(files->at[i].name);
        free(files->at[i].sql);
    }
    free(files->at);
}

/* Rows of core.migration, or NULL with *error. */
static PGresult *ask(struct postgres_connection *connection, struct error *error)
{
    PGresult *result =
        PQexec(postgres_connection_handle(connection),
               "SELECT number, coalesce(name, ''), coalesce(hash, ''), "
               "coalesce(to_char(applied, 'YYYY-MM-DD'), '?') FROM core.migration ORDER BY number");
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    postgres_connection_fail(connection, result, error);
    PQclear(result);
    return NULL;
}

static bool refuse_row(const struct files *files, const PGresult *rows, int row,
                       struct error *error)
{
    int number = (int)strtol(PQgetvalue(rows, row, 0), NULL, 10);
    const char *name = PQgetvalue(rows, row, 1), *applied = PQgetvalue(rows, row, 3);
    const struct file *last = &files->at[files->count - 1];
    if (number > last->number)
        return error_set(error, ERROR_CONFIG, 0,
                         "the database is of a newer program: migration %04d %s was applied on %s, "
                         "and this program knows up to %04d; start the newer program, or restore "
                         "the backup made before it; " RUNBOOK,
                         number, name, applied, last->number);
    return error_set(error, ERROR_CONFIG, 0,
                     "migration %04d %s was applied to the database on %s and is not in %s; put "
                     "the file back; " RUNBOOK,
                     number, name, applied, files->folder);
}

static bool check_hash(struct postgres_connection *connection, const struct files *files,
                       const struct file *file, const char *recorded, struct error *error)
{
    char sql[512];
    if (strcmp(recorded, file->hash) == 0)
        return true;
    if (recorded[0])
        return error_set(error, ERROR_CONFIG, 0,
                         "%s/%s was changed after it was applied (%s, the database has %s); put "
                         "the file back and write the change into a new number; " RUNBOOK,
                         files->folder, file->name, file->hash, recorded);
    /* Recorded before hashes were: what is there now is what was applied. */
    char *name =
        PQescapeLiteral(postgres_connection_handle(connection), file->name, strlen(file->name));
    snprintf(sql, sizeof sql,
             "UPDATE core.migration SET name = %s, hash = '%s', applied = now() WHERE number = %d",
             name ? name : "NULL", file->hash, file->number);
    PQfreemem(name);
    return postgres_connection_run(connection, sql, error);
}

/* Sets *applied to the number of files that are there already. */
static bool compare(struct postgres_connection *connection, const struct files *files, int *applied,
                    struct error *error)
{
    PGresult *rows = ask(connection, error);
    bool good = rows != NULL;
    int row = 0, count = rows ? PQntuples(rows) : 0;
    for (int i = 0; i < files->count && good && row < count; i++, row++) {
        int number = (int)strtol(PQgetvalue(rows, row, 0), NULL, 10);
        if (number < files->at[i].number)
            good = refuse_row(files, rows, row, error);
        else if (number > files->at[i].number)
            good = error_set(error, ERROR_CONFIG, 0,
                             "%s/%s was never applied, and %04d behind it was; give it the next "
                             "free number; " RUNBOOK,
                             files->folder, files->at[i].name, number);
        else
            good = check_hash(connection, files, &files->at[i], PQgetvalue(rows, row, 2), error);
    }
    if (good && row < count)
        good = refuse_row(files, rows, row, error);
    *applied = row;
    if (rows)
        PQclear(rows);
    return good;
}

static bool apply_file(struct postgres_connection *connection, const struct files *files,
                       const struct file *file, struct error *error)
{
    char sql[512];
    if (!postgres_connection_run(connection, file->sql, error)) {
        error_wrap(error, "%s/%s", files->folder, file->name);
        return false;
    }
    char *name =
        PQescapeLiteral(postgres_connection_handle(connection), file->name, strlen(file->name));
    snprintf(
        sql, sizeof sql,
        "INSERT INTO core.migration (number, name, hash, applied) VALUES (%d, %s, '%s', now())",
        file->number, name ? name : "NULL", file->hash);
    PQfreemem(name);
    return postgres_connection_run(connection, sql, error);
}

/* A table of an older program has no hashes yet. */
static bool make_table(struct postgres_connection *connection, struct error *error)
{
    PGresult *result = PQexec(postgres_connection_handle(connection),
                              "SELECT FROM pg_attribute WHERE attrelid = "
                              "to_regclass('core.migration') AND attname = 'applied'");
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK, there = PQntuples(result) > 0;
    if (!good)
        postgres_connection_fail(connection, result, error);
    PQclear(result);
    if (!good || there)
        return good;
    return postgres_connection_run(connection,
                                   "CREATE SCHEMA IF NOT EXISTS core; CREATE TABLE IF NOT EXISTS "
                                   "core.migration (number integer "
                                   "PRIMARY KEY); ALTER TABLE core.migration ADD COLUMN IF NOT "
                                   "EXISTS name text, ADD COLUMN IF "
                                   "NOT EXISTS hash text, ADD COLUMN applied timestamptz",
                                   error);
}

bool migration_apply(struct postgres_connection *connection, const char *folder, int *applied,
                     struct error *error)
{
    struct files files;
    int there = 0;
    bool good = files_load(&files, folder, error) && make_table(connection, error) &&
                compare(connection, &files, &there, error);
    if (applied)
        *applied = good ? files.count - there : 0;
    /* With what those who write from the log take first: none of them then holds what we shall wait
     * for. Who reads does not wait. */
    if (good && there > 0 && there < files.count)
        good = postgres_connection_run(
            connection, "LOCK TABLE core.kafka_offset IN SHARE ROW EXCLUSIVE MODE", error);
    for (int i = there; i < files.count && good; i++)
        good = apply_file(connection, &files, &files.at[i], error);
    files_fini(&files);
    return good;
}
