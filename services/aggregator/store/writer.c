/* SPDX-License-Identifier: Apache-2.0 */
/* One transaction a batch, two round trips:
 *   1  BEGIN; a compare-and-set per moved partition; the touched cases' old sets
 *   -  fold in C
 *   2  case sets, cells, histograms, ledger, stations, clock (always in this order, sorted); COMMIT
 * The compare-and-set comes first: a rival waits at the row, finds it moved, and leaves before it
 * has done anything. What was in doubt is never repeated, only asked for by taking over anew. */
#include "aggregator/store/writer.h"

#include <stdio.h>
#include <stdlib.h>

#include "aggregator/store/array_text.h"
#include "aggregator/store/ledger_sql.h"
#include "aggregator/store/stations_sql.h"
#include "aggregator/store/view_sql.h"
#include "base/memory.h"
#include "postgres/transaction.h"

#define MAX_ARRAYS    (2 + VIEW_MAX_GROUPS + VIEW_MAX_COLUMNS)
#define MAX_PARAMETER (512U << 20)

static const char session[] =
    "SET jit = off; SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; "
    "SET lock_timeout = '5s'; SET statement_timeout = '60s'; "
    "SET idle_in_transaction_session_timeout = '15s'";

/* A statement and its arrays; the arrays stay warm between batches. */
struct upsert {
    char name[64];
    struct strbuf sql;
    struct array_text arrays[MAX_ARRAYS];
    const char *values[MAX_ARRAYS];
    size_t count;
};

struct number {
    char text[24];
};

struct move {
    struct number part, next, tick, stored, epoch;
    const char *values[6];
};

struct writer {
    struct writer_options options;
    struct postgres_connection *connection;
    struct postgres_transaction *transaction;
    struct upsert sets, asked, said, came, seen, *cells, *bins; /* cells, bins: one a view, owned */
    struct move moves[WRITER_MAX_PARTITIONS];
    struct batch *batch; /* during a commit */
    bool fenced;
};

static void upsert_init(struct upsert *upsert, const char *prefix, const char *name, size_t arrays)
{
    snprintf(upsert->name, sizeof upsert->name, "%s_%s", prefix, name);
    strbuf_init(&upsert->sql, 1024, 1 << 20);
    upsert->count = arrays;
    for (size_t i = 0; i < arrays; i++)
        array_text_init(&upsert->arrays[i], MAX_PARAMETER);
}

static void upsert_fini(struct upsert *upsert)
{
    strbuf_fini(&upsert->sql);
    for (size_t i = 0; i < upsert->count; i++)
        array_text_fini(&upsert->arrays[i]);
}

static void upsert_reset(struct upsert *upsert)
{
    for (size_t i = 0; i < upsert->count; i++)
        array_text_reset(&upsert->arrays[i]);
}

static void upsert_queue(struct upsert *upsert, struct postgres_transaction *transaction,
                         postgres_result_fn *result, void *context)
{
    if (upsert->arrays[0].count == 0)
        return;
    for (size_t i = 0; i < upsert->count; i++)
        upsert->values[i] = array_text_finish(&upsert->arrays[i]);
    postgres_transaction_add(transaction, &(struct postgres_statement){.name = upsert->name,
                                                                       .sql = upsert->sql.at,
                                                                       .values = upsert->values,
                                                                       .count = (int)upsert->count,
                                                                       .result = result,
                                                                       .context = context});
}

struct writer *writer_new(const struct writer_options *options)
{
    struct writer *writer = xcalloc(1, sizeof *writer);
    writer->options = *options;
    writer->connection =
        postgres_connection_new(options->conninfo, "citybrain-aggregator", session);
    writer->transaction = postgres_transaction_new(writer->connection);
    upsert_init(&writer->asked, "core", "ask", 1);
    strbuf_add(&writer->asked.sql,
               SPAN("SELECT s.case_id, s.lines FROM unnest($1::text[]) AS u(id) "
                    "JOIN core.case_set AS s ON s.case_id = u.id"));
    upsert_init(&writer->sets, "core", "sets", 3);
    strbuf_add(&writer->sets.sql,
               SPAN("INSERT INTO core.case_set (case_id, kind, lines) SELECT * FROM "
                    "unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT (case_id) DO UPDATE "
                    "SET lines = excluded.lines"));
    upsert_init(&writer->said, "core", "said", LEDGER_SQL_SAID);
    strbuf_add(&writer->said.sql, span_of(ledger_sql_said));
    upsert_init(&writer->came, "core", "came", LEDGER_SQL_CAME);
    strbuf_add(&writer->came.sql, span_of(ledger_sql_came));
    upsert_init(&writer->seen, "core", "seen", STATIONS_SQL_SEEN);
    strbuf_add(&writer->seen.sql, span_of(stations_sql_seen));
    const struct views *views = options->schema.rules->views;
    writer->cells = xcalloc(views_count(views), sizeof *writer->cells);
    writer->bins = xcalloc(views_count(views), sizeof *writer->bins);
    for (size_t i = 0; i < views_count(views); i++) {
        const struct view *view = views_at(views, i);
        upsert_init(&writer->cells[i], "cell", view->name,
                    1 + view->hourly + view->group_count + view->column_count);
        view_sql_upsert_cells(&writer->cells[i].sql, view);
        upsert_init(&writer->bins[i], "hist", view->name, 4 + view->hourly + view->group_count);
        view_sql_upsert_bins(&writer->bins[i].sql, view);
    }
    return writer;
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    for (size_t i = 0; i < views_count(writer->options.schema.rules->views); i++) {
        upsert_fini(&writer->cells[i]);
        upsert_fini(&writer->bins[i]);
    }
    free(writer->cells);
    free(writer->bins);
    upsert_fini(&writer->sets);
    upsert_fini(&writer->asked);
    upsert_fini(&writer->said);
    upsert_fini(&writer->came);
    upsert_fini(&writer->seen);
    postgres_transaction_free(writer->transaction);
    postgres_connection_free(writer->connection);
    free(writer);
}

bool writer_apply_schema(struct writer *writer, struct error *error)
{
    return schema_apply(writer->connection, &writer->options.schema, error);
}

static const char *number(struct number *number, int64_t value)
{
    snprintf(number->text, sizeof number->text, "%lld", (long long)value);
    return number->text;
}

static bool on_taken(void *context, const PGresult *result, struct error *error)
{
    struct writer_position *position = context;
    if (PQntuples(result) != 1)
        return error_set(error, ERROR_RETRY, 0, "takeover answered %d rows", PQntuples(result));
    position->stored = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    position->epoch = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    position->counted = strtoll(PQgetvalue(result, 0, 2), NULL, 10);
    position->next = position->stored;
    return true;
}

bool writer_take_over(struct writer *writer, struct writer_position *positions, size_t count,
                      struct error *error)
{
    if (!postgres_connection_open(writer->connection, error))
        return false;
    postgres_transaction_begin(writer->transaction);
    for (size_t i = 0; i < count; i++) {
        struct move *move = &writer->moves[i];
        move->values[0] = writer->options.topic;
        move->values[1] = number(&move->part, positions[i].partition);
        move->values[2] = writer->options.owner;
        postgres_transaction_add(
            writer->transaction,
            &(struct postgres_statement){
                .name = "core_take_over",
                .sql =
                    "INSERT INTO core.kafka_offset AS o (topic, part, next_offset, epoch, owner) "
                    "VALUES ($1, $2::integer, -1, 1, $3) ON CONFLICT (topic, part) DO UPDATE SET "
                    "epoch = o.epoch + 1, owner = excluded.owner RETURNING next_offset, epoch, "
                    "counted",
                .values = move->values,
                .count = 3,
                .result = on_taken,
                .context = &positions[i]});
    }
    return postgres_transaction_commit(writer->transaction, error);
}

static bool on_moved(void *context, const PGresult *result, struct error *error)
{
    struct writer *writer = context;
    if (strtol(PQcmdTuples((PGresult *)(uintptr_t)result), NULL, 10) == 1)
        return true;
    writer->fenced = true;
    return error_set(error, ERROR_RETRY, 0, "another process owns the partition");
}

static bool on_old_sets(void *context, const PGresult *result, struct error *error)
{
    struct writer *writer = context;
    for (int i = 0; i < PQntuples(result); i++) {
        struct span id = span_from(PQgetvalue(result, i, 0), (size_t)PQgetlength(result, i, 0));
        struct span lines = span_from(PQgetvalue(result, i, 1), (size_t)PQgetlength(result, i, 1));
        if (!batch_take_old(writer->batch, id, lines))
            return error_set(error, ERROR_FATAL, 0, "a case was answered that was not asked for");
    }
    return true;
}

static void queue_moves(struct writer *writer, const struct writer_position *positions,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct move *move = &writer->moves[i];
        if (positions[i].next == positions[i].stored)
            continue;
        move->values[0] = writer->options.topic;
        move->values[1] = number(&move->part, positions[i].partition);
        move->values[2] = number(&move->next, positions[i].next);
        move->values[3] = number(&move->tick, positions[i].tick_ms);
        move->values[4] = number(&move->stored, positions[i].stored);
        move->values[5] = number(&move->epoch, positions[i].epoch);
        postgres_transaction_add(
            writer->transaction,
            &(struct postgres_statement){
                .name = "core_move",
                .sql = "UPDATE core.kafka_offset SET next_offset = $3::bigint, counted = "
                       "greatest(counted, $3::bigint), tick_ms = greatest(tick_ms, $4::bigint) "
                       "WHERE topic = $1 AND "
                       "part = $2::integer AND next_offset = $5::bigint AND epoch = $6::bigint",
                .values = move->values,
                .count = 6,
                .result = on_moved,
                .context = writer});
    }
}

static bool read_old_sets(struct writer *writer, const struct writer_position *positions,
                          size_t count, struct error *error)
{
    postgres_transaction_begin(writer->transaction);
    queue_moves(writer, positions, count);
    upsert_reset(&writer->asked);
    for (size_t i = 0; i < batch_case_count(writer->batch); i++)
        array_text_add(&writer->asked.arrays[0], batch_case_at(writer->batch, i)->id);
    upsert_queue(&writer->asked, writer->transaction, on_old_sets, writer);
    return postgres_transaction_flush(writer->transaction, error);
}

static void fill_sets(struct writer *writer)
{
    upsert_reset(&writer->sets);
    for (size_t i = 0; i < batch_case_count(writer->batch); i++) {
        const struct batch_case *changed = batch_case_at(writer->batch, i);
        if (!changed->lines.at)
            continue;
        array_text_add(&writer->sets.arrays[0], changed->id);
        array_text_add(&writer->sets.arrays[1], changed->kind);
        array_text_add(&writer->sets.arrays[2], changed->lines);
    }
}

static void fill_row(struct upsert *upsert, const struct view *view, const struct delta_row *row)
{
    size_t at = 0;
    if (view->hourly) {
        char hour[8];
        int len = snprintf(hour, sizeof hour, "%02d", row->hour);
        array_text_add(&upsert->arrays[at++], span_from(hour, (size_t)len));
    }
    array_text_add_date(&upsert->arrays[at++], row->day);
    for (size_t i = 0; i < view->group_count; i++)
        array_text_add(&upsert->arrays[at++], row->group[i]);
    if (row->bin >= 0) {
        array_text_add_int(&upsert->arrays[at++], (int64_t)row->measure);
        array_text_add_int(&upsert->arrays[at++], row->bin);
        array_text_add_int(&upsert->arrays[at++], row->value[0]);
        return;
    }
    for (size_t i = 0; i < view->column_count; i++)
        array_text_add_int(&upsert->arrays[at++], row->value[i]);
}

static void fill_ledger(struct writer *writer)
{
    const struct ledger_rows *rows = batch_ledger(writer->batch);
    struct array_text *at = writer->said.arrays;
    upsert_reset(&writer->said);
    for (const struct ledger_said *said = rows->said; said; said = said->next) {
        array_text_add_int(&at[0], said->hour_ms);
        array_text_add(&at[1], said->feed);
        array_text_add(&at[2], said->id);
        array_text_add(&at[3], said->input);
        for (size_t i = 0; i < LEDGER_ROWS_COUNTS; i++)
            array_text_add_int(&at[4 + i], said->count[i]);
    }
    at = writer->came.arrays;
    upsert_reset(&writer->came);
    for (const struct ledger_came *came = rows->came; came; came = came->next) {
        if (came->distinct + came->repeated + came->refused == 0)
            continue;
        array_text_add_int(&at[0], came->hour_ms);
        array_text_add(&at[1], came->feed);
        array_text_add_int(&at[2], came->distinct);
        array_text_add_int(&at[3], came->repeated);
        array_text_add_int(&at[4], came->refused);
    }
}

static void fill_seen(struct writer *writer)
{
    struct array_text *at = writer->seen.arrays;
    upsert_reset(&writer->seen);
    for (const struct seen_row *row = batch_seen(writer->batch)->first; row; row = row->next) {
        array_text_add(&at[0], row->sighting.station);
        array_text_add(&at[1], row->sighting.via);
        array_text_add_int(&at[2], row->sighting.seen_ms);
    }
}

static bool write_changes(struct writer *writer, int64_t tick_ms, struct error *error)
{
    struct number tick = {0};
    const char *tick_values[] = {number(&tick, tick_ms)};
    const struct views *views = writer->options.schema.rules->views;
    const struct delta *delta = batch_delta(writer->batch);
    fill_sets(writer);
    fill_ledger(writer);
    fill_seen(writer);
    for (size_t i = 0; i < views_count(views); i++) {
        upsert_reset(&writer->cells[i]);
        upsert_reset(&writer->bins[i]);
    }
    for (size_t i = 0; i < delta_count(delta); i++) {
        const struct delta_row *row = delta_at(delta, i);
        fill_row(row->bin >= 0 ? &writer->bins[row->view] : &writer->cells[row->view],
                 views_at(views, row->view), row);
    }
    upsert_queue(&writer->sets, writer->transaction, NULL, NULL);
    for (size_t i = 0; i < views_count(views); i++) {
        upsert_queue(&writer->cells[i], writer->transaction, NULL, NULL);
        upsert_queue(&writer->bins[i], writer->transaction, NULL, NULL);
    }
    upsert_queue(&writer->said, writer->transaction, NULL, NULL);
    upsert_queue(&writer->came, writer->transaction, NULL, NULL);
    upsert_queue(&writer->seen, writer->transaction, NULL, NULL);
    if (tick_ms > 0)
        postgres_transaction_add(
            writer->transaction,
            &(struct postgres_statement){.name = "core_clock",
                                         .sql = "UPDATE core.clock SET t_ms = $1::bigint WHERE "
                                                "t_ms < $1::bigint",
                                         .values = tick_values,
                                         .count = 1});
    return postgres_transaction_commit(writer->transaction, error);
}

enum writer_result writer_commit(struct writer *writer, struct batch *batch,
                                 const struct writer_position *positions, size_t count,
                                 int64_t tick_ms, struct error *error)
{
    struct span bad;
    writer->batch = batch;
    writer->fenced = false;
    batch_seal(batch);
    if (!postgres_connection_open(writer->connection, error))
        return WRITER_FAILED;
    if (!read_old_sets(writer, positions, count, error))
        return writer->fenced ? WRITER_FENCED : WRITER_FAILED;
    if (!batch_fold(batch, &bad)) {
        postgres_connection_close(writer->connection);
        error_set(error, ERROR_FATAL, 0, "the stored set of case %.*s cannot be read",
                  SPAN_ARG(bad));
        return WRITER_FAILED;
    }
    return write_changes(writer, tick_ms, error) ? WRITER_DONE : WRITER_FAILED;
}
