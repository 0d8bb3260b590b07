/* SPDX-License-Identifier: Apache-2.0 */
/* How a cell comes to be what all sets say, although they change meanwhile:
 *
 *   begin   from its commit on a trigger notes each change of a set, before and after
 *   step    in one snapshot: the next sets by id, added to the cells aside; the notes about them
 *           that the snapshot sees are in what was read, and are deleted. Notes of later changes
 *           stay. Then the notes: after − before; sums do not care about their order
 *   swap    no aggregator commits; the last notes; the tables change places; what cases' rows say
 *           of days is put right; epochs go up
 *
 * Each step is one transaction with the place it came to. */
#include "aggregator/store/fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/core/refold.h"
#include "aggregator/store/cell_rows.h"
#include "aggregator/store/fill_sql.h"
#include "aggregator/store/migration.h"
#include "aggregator/store/roles.h"
#include "aggregator/store/upsert.h"
#include "base/memory.h"
#include "daemon/failpoint.h"

#define CASES_A_STEP 2000
#define FEW_NOTES    200 /* left for the swap, in which nobody else can commit */

static const char session[] =
    "SET default_transaction_isolation = 'read committed'; SET jit = off; "
    "SET enable_seqscan = off; SET lock_timeout = '10s'; "
    "SET client_min_messages = warning; SET citybrain.shard = '0'";

struct fill {
    const struct schema_rules *schema;
    bool all, asked_all, wanted[VIEW_PLAN_MOST];
    bool there;     /* the schema of a fill, ours or another */
    bool was_alone; /* a connection of ours held the lock, and may not have ended yet */
    char swap[24];  /* transaction of the swap that was begun last; "" = none was */
    struct fill_status status;
    struct postgres_connection *connection;
    struct postgres_transaction *transaction;
    struct refold *refold;
    struct cell_rows *cells;
    struct upsert moments;
    char contributions[DIGEST_ID_LEN + 1];
    char *last;    /* owned: the greatest id that was read */
    bool all_read; /* the sets; the notes remain */
    size_t rows;   /* of the last question */
};

struct fill *fill_new(const char *conninfo, const struct schema_rules *schema, bool all)
{
    struct fill *fill = xcalloc(1, sizeof *fill);
    fill->schema = schema;
    fill->all = fill->asked_all = all;
    fill->connection = postgres_connection_new(conninfo, "citybrain-fill", session);
    fill->transaction = postgres_transaction_new(fill->connection);
    fill->refold = refold_new(schema->rules, fill->wanted);
    fill->cells = cell_rows_new(schema->rules->views, "fill");
    upsert_init(&fill->moments, "fill", "moments", "ttt");
    strbuf_add(&fill->moments.sql, span_of(fill_sql_moments));
    fill->last = xstrdup("");
    schema_contribution_hash(schema->rules, fill->contributions);
    return fill;
}

/* The next one may ask for the lock before the server has noticed that a connection ended. */
void fill_close(struct fill *fill)
{
    if (postgres_connection_is_open(fill->connection))
        PQclear(PQexec(postgres_connection_handle(fill->connection),
                       "SELECT pg_advisory_unlock(20120346)"));
    postgres_connection_close(fill->connection);
}

void fill_free(struct fill *fill)
{
    if (!fill)
        return;
    fill_close(fill);
    upsert_fini(&fill->moments);
    cell_rows_free(fill->cells);
    refold_free(fill->refold);
    postgres_transaction_free(fill->transaction);
    postgres_connection_free(fill->connection);
    free(fill->last);
    free(fill);
}

const struct fill_status *fill_look(const struct fill *fill)
{
    return &fill->status;
}

static bool run(struct fill *fill, const char *sql, struct error *error)
{
    return postgres_connection_run(fill->connection, sql, error);
}

/* Who had it may wait for the connection that was lost to end: the server may be slow to notice. */
static bool refuse_second(const struct fill *fill, struct error *error)
{
    if (fill->was_alone)
        return error_set(error, ERROR_RETRY, 0, "the connection that was lost has not ended yet");
    return error_set(error, ERROR_REFUSED, 0, "another process fills views already");
}

/* Held until the connection ends. */
static bool be_alone(struct fill *fill, struct error *error)
{
    PGresult *result = PQexec(postgres_connection_handle(fill->connection),
                              "SELECT pg_try_advisory_lock(20120346)");
    bool asked = PQresultStatus(result) == PGRES_TUPLES_OK;
    bool good = asked && PQgetvalue(result, 0, 0)[0] == 't';
    if (!asked)
        postgres_connection_fail(fill->connection, result, error);
    else if (!good)
        refuse_second(fill, error);
    PQclear(result);
    if (!good)
        postgres_connection_close(fill->connection);
    fill->was_alone = fill->was_alone || good;
    return good;
}

static bool read_state(struct fill *fill, struct error *error)
{
    PGresult *result = PQexec(postgres_connection_handle(fill->connection), fill_sql_look);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    if (good) {
        fill->status.total = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        fill->status.other = PQgetvalue(result, 0, 1)[0] == 't';
    } else {
        postgres_connection_fail(fill->connection, result, error);
    }
    PQclear(result);
    return good;
}

static void go_to(struct fill *fill, const char *last, bool all_read, bool all)
{
    free(fill->last);
    fill->last = xstrdup(last);
    fill->all_read = all_read;
    fill->all = all;
}

/* Where an earlier fill for the same files stopped. What we remember of it ourselves does not
 * count: a server that took over may know less. */
static bool read_place(struct fill *fill, struct error *error)
{
    go_to(fill, "", false, fill->asked_all);
    fill->there = fill->status.other;
    fill->status.unfinished = false;
    fill->status.cases = fill->status.noted = 0;
    if (!fill->status.other)
        return true;
    PGresult *result = PQexec(postgres_connection_handle(fill->connection), fill_sql_place);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!good)
        postgres_connection_fail(fill->connection, result, error);
    if (good && PQntuples(result) == 1 &&
        strcmp(PQgetvalue(result, 0, 0), fill->contributions) == 0) {
        fill->status.other = false;
        fill->status.unfinished = true;
        go_to(fill, PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 2)[0] == 't',
              PQgetvalue(result, 0, 5)[0] == 't');
        fill->status.cases = strtoll(PQgetvalue(result, 0, 3), NULL, 10);
        fill->status.noted = strtoll(PQgetvalue(result, 0, 4), NULL, 10);
    }
    PQclear(result);
    return good;
}

/* Of a COMMIT without an answer: the server knows, as far as it is the one that was asked. */
static bool ask_swap(struct fill *fill, struct error *error)
{
    const char *const values[] = {fill->swap};
    if (!fill->swap[0] || fill->status.other || fill->status.unfinished)
        return true;
    PGresult *result = PQexecParams(postgres_connection_handle(fill->connection), fill_sql_swapped,
                                    1, NULL, values, NULL, NULL, 0);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    if (good)
        fill->status.swapped = PQgetvalue(result, 0, 0)[0] == 't';
    else
        postgres_connection_fail(fill->connection, result, error);
    PQclear(result);
    return good;
}

static void choose(struct fill *fill)
{
    bool any = false;
    fill->status.all = fill->all;
    for (size_t i = 0; i < views_count(fill->schema->rules->views); i++) {
        fill->wanted[i] = fill->all || fill->status.plan.state[i] != VIEW_PLAN_SAME;
        any = any || fill->wanted[i];
    }
    fill->all_read = fill->all_read || !any; /* views that are gone need no set */
}

bool fill_open(struct fill *fill, bool keeps, struct error *error)
{
    const struct schema_rules *schema = fill->schema;
    bool good =
        postgres_connection_open(fill->connection, error) && be_alone(fill, error) &&
        run(fill, "BEGIN; SELECT pg_advisory_xact_lock(20120345)", error) &&
        roles_apply(fill->connection, schema->sql_dir, schema->units, error) &&
        migration_apply(fill->connection, schema->sql_dir, &fill->status.migrations, error) &&
        view_plan_read(&fill->status.plan, fill->connection, schema->rules, error) &&
        run(fill, keeps ? "COMMIT" : "ROLLBACK", error) && read_state(fill, error) &&
        read_place(fill, error) && ask_swap(fill, error);
    if (good)
        choose(fill);
    return good;
}

bool fill_begin(struct fill *fill, struct error *error)
{
    struct strbuf sql;
    if (fill->status.unfinished || fill->status.swapped)
        return true;
    strbuf_init(&sql, 65536, 4 << 20);
    fill_sql_begin(&sql, fill->schema->rules->views, fill->wanted, fill->contributions, fill->all);
    bool good = strbuf_is_full(&sql)
                    ? error_set(error, ERROR_FATAL, 0, "the views' SQL is too long")
                    : run(fill, sql.at, error);
    strbuf_fini(&sql);
    fill->status.other = false;
    fill->there = true;
    return good;
}

static bool refuse_set(struct span case_id, struct error *error)
{
    return error_set(error, ERROR_CONFIG, 0,
                     "the stored set of case %.*s cannot be read; docs/runbooks/set-unreadable.md",
                     SPAN_ARG(case_id));
}

static struct span cell(const PGresult *result, int row, int column)
{
    return span_from(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static void forget(struct fill *fill)
{
    refold_clear(fill->refold);
    upsert_reset(&fill->moments);
}

/* Most cases have none, and rows that had some are there from the beginning (fill_sql.c). */
static void keep_moments(struct fill *fill, struct span case_id, bool has_none_too)
{
    struct case_moments moments = refold_moments(fill->refold);
    if (!moments.reopened_at.at && !moments.upheld_at.at && !has_none_too)
        return;
    array_binary_add(&fill->moments.arrays[0], case_id);
    array_binary_add(&fill->moments.arrays[1], moments.reopened_at);
    array_binary_add(&fill->moments.arrays[2], moments.upheld_at);
}

static bool on_sets(void *context, const PGresult *result, struct error *error)
{
    struct fill *fill = context;
    fill->rows = (size_t)PQntuples(result);
    for (int i = 0; i < PQntuples(result); i++) {
        if (!refold_add(fill->refold, cell(result, i, 0), cell(result, i, 1), +1))
            return refuse_set(cell(result, i, 0), error);
        keep_moments(fill, cell(result, i, 0), false);
    }
    if (fill->rows > 0) {
        free(fill->last);
        fill->last = xstrdup(PQgetvalue(result, (int)fill->rows - 1, 0));
    }
    return true;
}

static bool on_notes(void *context, const PGresult *result, struct error *error)
{
    struct fill *fill = context;
    fill->rows = (size_t)PQntuples(result);
    for (int i = 0; i < PQntuples(result); i++) {
        bool was = !PQgetisnull(result, i, 1);
        if ((was && !refold_add(fill->refold, cell(result, i, 0), cell(result, i, 1), -1)) ||
            !refold_add(fill->refold, cell(result, i, 0), cell(result, i, 2), +1))
            return refuse_set(cell(result, i, 0), error);
        keep_moments(fill, cell(result, i, 0), was);
    }
    return true;
}

static void queue(struct fill *fill, const char *name, const char *sql, const char *const *values,
                  int count, postgres_result_fn *result)
{
    postgres_transaction_add(fill->transaction, &(struct postgres_statement){.name = name,
                                                                             .sql = sql,
                                                                             .values = values,
                                                                             .count = count,
                                                                             .result = result,
                                                                             .context = fill});
}

/* The cells, and the place it came to. */
static bool write_step(struct fill *fill, bool ends, struct error *error)
{
    char cases[24], noted[24];
    const char *const place[] = {fill->last, fill->all_read ? "t" : "f", cases, noted};
    snprintf(cases, sizeof cases, "%lld", (long long)fill->status.cases);
    snprintf(noted, sizeof noted, "%lld", (long long)fill->status.noted);
    cell_rows_queue(fill->cells, refold_finish(fill->refold), fill->transaction);
    upsert_queue(&fill->moments, fill->transaction, NULL, NULL);
    queue(fill, "fill_keep", fill_sql_keep, place, 4, NULL);
    return ends ? postgres_transaction_commit(fill->transaction, error)
                : postgres_transaction_flush(fill->transaction, error);
}

static bool read_sets(struct fill *fill, struct error *error)
{
    char limit[24], *from = xstrdup(fill->last);
    snprintf(limit, sizeof limit, "%d", CASES_A_STEP);
    const char *const asked[] = {from, limit};
    postgres_transaction_begin(fill->transaction);
    queue(fill, NULL, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", NULL, 0, NULL);
    queue(fill, "fill_sets", fill_sql_sets, asked, 2, on_sets);
    forget(fill);
    bool good = postgres_transaction_flush(fill->transaction, error);
    if (good) {
        fill->all_read = fill->rows < CASES_A_STEP;
        fill->status.cases += (int64_t)fill->rows;
        const char *const range[] = {from, fill->last, fill->all_read ? "t" : "f"};
        queue(fill, "fill_forget", fill_sql_forget, range, 3, NULL);
        good = write_step(fill, true, error);
    }
    free(from);
    return good;
}

static bool take_notes(struct fill *fill, bool ends, struct error *error)
{
    char limit[24];
    snprintf(limit, sizeof limit, "%d", CASES_A_STEP);
    const char *const asked[] = {limit};
    queue(fill, "fill_notes", fill_sql_notes, asked, 1, on_notes);
    forget(fill);
    if (!postgres_transaction_flush(fill->transaction, error))
        return false;
    fill->status.noted += (int64_t)fill->rows;
    return write_step(fill, ends, error);
}

enum fill_result fill_step(struct fill *fill, struct error *error)
{
    if (!fill->all_read)
        return read_sets(fill, error) ? FILL_MORE : FILL_FAILED;
    postgres_transaction_begin(fill->transaction);
    if (!take_notes(fill, true, error))
        return FILL_FAILED;
    return fill->rows < FEW_NOTES ? FILL_DONE : FILL_MORE;
}

static bool swap_tables(struct fill *fill, const char *verb, const char *who, const char *reason,
                        struct error *error)
{
    struct strbuf sql;
    PGconn *pg = postgres_connection_handle(fill->connection);
    char *name = PQescapeLiteral(pg, who, strlen(who)),
         *why = PQescapeLiteral(pg, reason, strlen(reason));
    strbuf_init(&sql, 65536, 4 << 20);
    fill_sql_swap(&sql, fill->schema->rules, &fill->status.plan, fill->wanted);
    strbuf_addf(&sql,
                "INSERT INTO core.audit (who, verb, arguments, reason, counts) VALUES (%s, "
                "'%s', '%s', %s, jsonb_build_object('cases', %lld, 'noted', %lld)); COMMIT",
                name ? name : "''", verb, fill->all ? "all" : "", why ? why : "''",
                (long long)fill->status.cases, (long long)fill->status.noted);
    bool good = strbuf_is_full(&sql)
                    ? error_set(error, ERROR_FATAL, 0, "the views' SQL is too long")
                    : run(fill, sql.at, error);
    PQfreemem(name);
    PQfreemem(why);
    strbuf_fini(&sql);
    return good;
}

/* ---- comparing ---- */

static bool compare_table(struct fill *fill, struct fill_table *table, struct error *error)
{
    struct strbuf sql;
    const char *values[] = {table->name};
    PGconn *pg = postgres_connection_handle(fill->connection);
    PGresult *columns = PQexecParams(pg, fill_compare_columns, 1, NULL, values, NULL, NULL, 0);
    bool good = PQresultStatus(columns) == PGRES_TUPLES_OK && PQntuples(columns) == 1;
    if (!good)
        postgres_connection_fail(fill->connection, columns, error);
    strbuf_init(&sql, 4096, 1 << 20);
    if (good)
        fill_compare_sql(&sql, table->name, PQgetvalue(columns, 0, 0), PQgetvalue(columns, 0, 1),
                         PQgetvalue(columns, 0, 2));
    PGresult *result = good ? PQexec(pg, sql.at) : NULL;
    if (good && !(good = PQresultStatus(result) == PGRES_TUPLES_OK))
        postgres_connection_fail(fill->connection, result, error);
    if (good) {
        table->cells = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        table->differing = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    }
    strbuf_fini(&sql);
    PQclear(columns);
    PQclear(result);
    return good;
}

bool fill_differs(struct fill *fill, struct fill_compare *compare, struct error *error)
{
    fill_compare_init(compare, fill->schema->rules->views, fill->wanted);
    postgres_transaction_begin(fill->transaction);
    queue(fill, NULL, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", NULL, 0, NULL);
    do {
        if (!take_notes(fill, false, error))
            return false;
    } while (fill->rows > 0);
    bool good = run(fill, "SET LOCAL enable_seqscan = on; SET LOCAL work_mem = '64MB'", error);
    for (size_t i = 0; good && i < compare->count; i++)
        good = compare_table(fill, &compare->tables[i], error);
    return good && run(fill, "COMMIT", error);
}

static bool on_swap(void *context, const PGresult *result, struct error *error)
{
    struct fill *fill = context;
    (void)error;
    snprintf(fill->swap, sizeof fill->swap, "%s", PQgetvalue(result, 0, 0));
    return true;
}

/* Who freezes a period holds 20120348 from before his snapshot: tables that changed places under it
 * would look empty. It is waited for before the writers are kept waiting. */
bool fill_swap(struct fill *fill, const char *verb, const char *who, const char *reason,
               struct error *error)
{
    if (fill->status.swapped)
        return true;
    postgres_transaction_begin(fill->transaction);
    queue(fill, NULL, "SET LOCAL lock_timeout = '3s'", NULL, 0, NULL);
    queue(fill, NULL, "SELECT pg_advisory_xact_lock(20120348)", NULL, 0, NULL);
    queue(fill, NULL, "SELECT pg_current_xact_id()::text", NULL, 0, on_swap);
    queue(fill, NULL, "LOCK TABLE core.kafka_offset IN SHARE ROW EXCLUSIVE MODE", NULL, 0, NULL);
    do {
        if (!take_notes(fill, false, error))
            return false;
    } while (fill->rows > 0);
    if (!swap_tables(fill, verb, who, reason, error))
        return false;
    if (!failpoint("fill.after_swap"))
        return true;
    postgres_connection_close(fill->connection);
    return error_set(error, ERROR_RETRY, 0, "failpoint fill.after_swap: the answer is lost");
}

bool fill_drop(struct fill *fill, struct error *error)
{
    if (!fill->there)
        return true;
    fill->status.unfinished = fill->status.other = false;
    return run(fill, fill_sql_drop, error);
}
