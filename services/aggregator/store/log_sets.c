/* SPDX-License-Identifier: Apache-2.0 */
/* The same merge as a batch of the daemon's, into tables of the same shape. What is aside is at a
 * place that the stored sets were at as well, or they could not be compared: so nothing is read
 * beyond the aggregators' positions, and the last stretch is read in the transaction that compares.
 */
#include "aggregator/store/log_sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/case_now_sql.h"
#include "aggregator/store/set_rows.h"
#include "aggregator/store/upsert.h"
#include "base/memory.h"
#include "postgres/transaction.h"

static const char session[] = "SET jit = off; SET enable_seqscan = off; SET lock_timeout = '10s'; "
                              "SET client_min_messages = warning";

static const char tables[] =
    "BEGIN; SET LOCAL ROLE owner;\n"
    "CREATE SCHEMA IF NOT EXISTS anew;\n"
    "CREATE TABLE IF NOT EXISTS anew.state (one boolean PRIMARY KEY DEFAULT true, topic text NOT "
    "NULL, made_by text NOT NULL DEFAULT '');\n"
    "ALTER TABLE anew.state ADD COLUMN IF NOT EXISTS made_by text NOT NULL DEFAULT '';\n"
    "CREATE TABLE IF NOT EXISTS anew.place (part integer PRIMARY KEY, next_offset bigint NOT "
    "NULL);\n"
    "CREATE TABLE IF NOT EXISTS anew.case_set (LIKE core.case_set INCLUDING DEFAULTS INCLUDING "
    "COMPRESSION, PRIMARY KEY (case_id)) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = "
    "0.02);\n"
    "CREATE TABLE IF NOT EXISTS anew.case_now (LIKE core.case_now INCLUDING DEFAULTS, PRIMARY KEY "
    "(case_id)) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);\n"
    "CREATE TABLE IF NOT EXISTS anew.placed (case_id text PRIMARY KEY, part integer NOT NULL, "
    "nth bigint NOT NULL);\n"
    "COMMIT";

/* A fill that was begun over the old sets is of no use, and cannot read what is unreadable. */
static const char forget_fill[] = "DROP SCHEMA IF EXISTS fill CASCADE;\n";

static const char apply[] =
    "SET LOCAL enable_seqscan = on; SET LOCAL work_mem = '64MB';\n"
    "DELETE FROM core.case_set AS c WHERE NOT EXISTS (SELECT FROM anew.case_set AS a WHERE "
    "a.case_id = c.case_id);\n"
    "DELETE FROM core.case_now AS n WHERE NOT EXISTS (SELECT FROM anew.case_now AS a WHERE "
    "a.case_id = n.case_id);\n"
    "INSERT INTO core.case_set (case_id, kind, lines, unit) SELECT a.case_id, a.kind, a.lines, "
    "a.unit FROM anew.case_set AS a LEFT JOIN core.case_set AS c USING (case_id) WHERE (c.kind, "
    "c.lines, c.unit) IS DISTINCT FROM (a.kind, a.lines, a.unit) ON CONFLICT (case_id) DO UPDATE "
    "SET kind = excluded.kind, lines = excluded.lines, unit = excluded.unit;\n";

static const char differ[] =
    "SELECT count(*) FILTER (WHERE a.case_id IS NOT NULL), count(*) FILTER (WHERE (c.kind, "
    "c.lines, c.unit) IS DISTINCT FROM (a.kind, a.lines, a.unit) AND c.case_id IS NOT NULL AND "
    "a.case_id IS NOT NULL), count(*) FILTER (WHERE c.case_id IS NULL), count(*) FILTER (WHERE "
    "a.case_id IS NULL), coalesce((array_agg(coalesce(c.case_id, a.case_id)) FILTER (WHERE "
    "(c.kind, c.lines, c.unit) IS DISTINCT FROM (a.kind, a.lines, a.unit)))[1:5]::text, '') FROM "
    "core.case_set AS c FULL JOIN anew.case_set AS a USING (case_id)";

struct log_sets {
    const char *topic, *contributions;
    struct log_sets_status status;
    bool held;
    struct postgres_connection *connection;
    struct postgres_transaction *transaction;
    struct set_rows *sets; /* owned */
    struct upsert places;
};

struct log_sets *log_sets_new(const char *conninfo, const char *topic, const char *contributions)
{
    struct log_sets *sets = xcalloc(1, sizeof *sets);
    sets->topic = topic;
    sets->contributions = contributions;
    sets->connection = postgres_connection_new(conninfo, "citybrain-from-log", session);
    sets->transaction = postgres_transaction_new(sets->connection);
    sets->sets = set_rows_new("anew", "fix: citybrain rebuild --drop, and begin anew");
    upsert_init(&sets->places, "anew", "places", "ni");
    strbuf_add(&sets->places.sql,
               SPAN("INSERT INTO anew.place (part, next_offset) SELECT * FROM "
                    "unnest($1::integer[], $2::bigint[]) ON CONFLICT (part) DO UPDATE SET "
                    "next_offset = excluded.next_offset"));
    return sets;
}

void log_sets_free(struct log_sets *sets)
{
    if (!sets)
        return;
    set_rows_free(sets->sets);
    upsert_fini(&sets->places);
    postgres_transaction_free(sets->transaction);
    if (postgres_connection_is_open(sets->connection)) /* or it is let go when the server notices */
        PQclear(PQexec(postgres_connection_handle(sets->connection),
                       "SELECT pg_advisory_unlock(20120346)"));
    postgres_connection_free(sets->connection);
    free(sets);
}

struct log_sets_status *log_sets_look(struct log_sets *sets)
{
    return &sets->status;
}

static bool run(struct log_sets *sets, const char *sql, struct error *error)
{
    return postgres_connection_run(sets->connection, sql, error);
}

/* Rows of a question about the topic, $1, or who folds, $2; NULL with *error. The caller clears
 * them.
 */
static PGresult *ask(struct log_sets *sets, const char *sql, struct error *error)
{
    const char *const values[] = {sets->topic, sets->contributions};
    PGconn *pg = postgres_connection_handle(sets->connection);
    int count = strstr(sql, "$2") ? 2 : strstr(sql, "$1") ? 1 : 0;
    PGresult *rows = PQexecParams(pg, sql, count, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(rows) == PGRES_TUPLES_OK)
        return rows;
    postgres_connection_fail(sets->connection, rows, error);
    PQclear(rows);
    return NULL;
}

/* The lock that `views apply` and `rebuild` have: sets and cells are made anew by one at a time. */
static bool be_alone(struct log_sets *sets, struct error *error)
{
    PGresult *rows = ask(sets, "SELECT pg_try_advisory_lock(20120346)", error);
    bool good = rows && (PQgetvalue(rows, 0, 0)[0] == 't' ||
                         error_set(error, ERROR_REFUSED, 0, "another process fills views already"));
    PQclear(rows);
    return good;
}

/* What folds: the files' meaning, the fold's own number, and the columns that there are. */
#define MADE_BY "$2 || '/' || (SELECT max(number) FROM core.migration)"

static bool read_state(struct log_sets *sets, struct error *error)
{
    PGresult *rows = ask(sets, "SELECT topic = $1, made_by = " MADE_BY " FROM anew.state", error);
    bool good = rows != NULL;
    if (good && PQntuples(rows) == 1) {
        sets->status.begun = true;
        good = PQgetvalue(rows, 0, 0)[0] == 't' ||
               error_set(error, ERROR_REFUSED, 0,
                         "what lies aside is of another topic; fix: citybrain rebuild --drop");
        good = good && (PQgetvalue(rows, 0, 1)[0] == 't' ||
                        error_set(error, ERROR_REFUSED, 0,
                                  "what lies aside was made by another program or by other files; "
                                  "fix: citybrain rebuild --drop, and begin anew"));
    }
    PQclear(rows);
    return good;
}

bool log_sets_open(struct log_sets *sets, struct error *error)
{
    sets->held = false;
    if (!postgres_connection_open(sets->connection, error) || !be_alone(sets, error) ||
        !run(sets, tables, error) || !read_state(sets, error))
        return false;
    if (sets->status.begun)
        return true;
    PGresult *rows = ask(
        sets, "INSERT INTO anew.state (topic, made_by) VALUES ($1, " MADE_BY ") RETURNING topic",
        error);
    PQclear(rows);
    return rows != NULL;
}

/* A partition that nobody has read yet has nothing that could be made anew. */
bool log_sets_ask(struct log_sets *sets, struct error *error)
{
    struct log_sets_status *status = &sets->status;
    PGresult *rows =
        ask(sets,
            "SELECT o.part, coalesce(p.next_offset, 0), o.next_offset, o.last_offset, o.last_mark "
            "FROM core.kafka_offset AS o LEFT JOIN anew.place AS p USING (part) WHERE o.topic = $1 "
            "AND o.next_offset >= 0 ORDER BY o.part",
            error);
    bool good = rows != NULL;
    status->count = 0;
    for (int i = 0; good && i < PQntuples(rows); i++) {
        if (status->count == LOG_SETS_PARTITIONS) {
            good = error_set(error, ERROR_CONFIG, 0, "%s has too many partitions", sets->topic);
            break;
        }
        struct log_sets_place *place = &status->places[status->count++];
        place->partition = (int32_t)strtol(PQgetvalue(rows, i, 0), NULL, 10);
        place->done = strtoll(PQgetvalue(rows, i, 1), NULL, 10);
        place->next = strtoll(PQgetvalue(rows, i, 2), NULL, 10);
        place->last = strtoll(PQgetvalue(rows, i, 3), NULL, 10);
        snprintf(place->mark, sizeof place->mark, "%s", PQgetvalue(rows, i, 4));
        if (place->done > place->next)
            good = error_set(error, ERROR_REFUSED, 0,
                             "%s/%d: the position went back behind what lies aside; fix: citybrain "
                             "rebuild --drop, and begin anew",
                             sets->topic, place->partition);
    }
    PQclear(rows);
    return good;
}

/* ---- a batch ---- */

static void queue_places(struct log_sets *sets)
{
    upsert_reset(&sets->places);
    for (size_t i = 0; i < sets->status.count; i++) {
        array_binary_add_int(&sets->places.arrays[0], sets->status.places[i].partition);
        array_binary_add_int(&sets->places.arrays[1], sets->status.places[i].done);
    }
    upsert_queue(&sets->places, sets->transaction, NULL, NULL);
}

bool log_sets_add(struct log_sets *sets, struct batch *batch, struct error *error)
{
    batch_seal(batch);
    if (!sets->held)
        postgres_transaction_begin(sets->transaction);
    if (!set_rows_write(sets->sets, batch, NULL, sets->transaction, error))
        return false;
    queue_places(sets);
    return sets->held ? postgres_transaction_flush(sets->transaction, error)
                      : postgres_transaction_commit(sets->transaction, error);
}

/* ---- the end ---- */

bool log_sets_hold(struct log_sets *sets, bool alone, struct error *error)
{
    const char *begin = alone ? "BEGIN; SET LOCAL lock_timeout = '3s'; "
                                "LOCK TABLE core.kafka_offset IN SHARE ROW EXCLUSIVE MODE"
                              : "BEGIN ISOLATION LEVEL REPEATABLE READ";
    sets->held = run(sets, begin, error);
    return sets->held && log_sets_ask(sets, error);
}

bool log_sets_differ(struct log_sets *sets, struct log_sets_differences *differences,
                     struct error *error)
{
    if (!run(sets, "SET LOCAL enable_seqscan = on; SET LOCAL work_mem = '64MB'", error))
        return false;
    PGresult *rows = ask(sets, differ, error);
    if (!rows)
        return false;
    differences->cases = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
    differences->other = strtoll(PQgetvalue(rows, 0, 1), NULL, 10);
    differences->missing = strtoll(PQgetvalue(rows, 0, 2), NULL, 10);
    differences->unknown = strtoll(PQgetvalue(rows, 0, 3), NULL, 10);
    snprintf(differences->some, sizeof differences->some, "%s", PQgetvalue(rows, 0, 4));
    PQclear(rows);
    return true;
}

bool log_sets_apply(struct log_sets *sets, const struct log_sets_differences *differences,
                    const char *who, const char *reason, struct error *error)
{
    struct strbuf sql;
    PGconn *pg = postgres_connection_handle(sets->connection);
    char *name = PQescapeLiteral(pg, who, strlen(who)),
         *why = PQescapeLiteral(pg, reason, strlen(reason));
    strbuf_init(&sql, 8192, 65536);
    if (differences->other + differences->missing + differences->unknown > 0)
        strbuf_add(&sql, span_of(forget_fill));
    strbuf_add(&sql, span_of(apply));
    case_now_sql_replace(&sql, "anew");
    strbuf_addf(&sql,
                "UPDATE core.kafka_offset SET epoch = epoch + 1;\nINSERT INTO core.audit (who, "
                "verb, arguments, reason, counts) VALUES (%s, "
                "'rebuild', 'from-log', %s, jsonb_build_object('cases', %lld, 'other', %lld, "
                "'missing', %lld, 'unknown', %lld)); COMMIT",
                name ? name : "''", why ? why : "''", (long long)differences->cases,
                (long long)differences->other, (long long)differences->missing,
                (long long)differences->unknown);
    bool good = strbuf_is_full(&sql) ? error_set(error, ERROR_FATAL, 0, "the SQL is too long")
                                     : run(sets, sql.at, error);
    sets->held = false;
    PQfreemem(name);
    PQfreemem(why);
    strbuf_fini(&sql);
    return good;
}

bool log_sets_release(struct log_sets *sets, struct error *error)
{
    sets->held = false;
    return run(sets, "COMMIT", error);
}

bool log_sets_drop(struct log_sets *sets, struct error *error)
{
    sets->status = (struct log_sets_status){0};
    return postgres_connection_open(sets->connection, error) && be_alone(sets, error) &&
           run(sets, "BEGIN; SET LOCAL ROLE owner; DROP SCHEMA IF EXISTS anew CASCADE; COMMIT",
               error);
}
