/* SPDX-License-Identifier: Apache-2.0 */
/* One transaction a batch, two round trips, and one more a further portion of many cases (another
 * where observations are of days nobody asked for yet):
 *   1  BEGIN; a compare-and-set per moved partition; the touched cases' old sets
 *   -  fold in C
 *   2  case sets, what they are now, cells, bins, ledger, stations, feeds, firings, observations;
 *      always in this order, sorted; COMMIT
 * The compare-and-set comes first: a rival waits at the row, finds it moved, and leaves before it
 * has done anything. What was in doubt is never repeated, only asked for by taking over anew. What
 * several writers add to (cells, ledger, stations, feeds) each adds to in a shard of its own. */
#include "aggregator/store/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/cell_rows.h"
#include "aggregator/store/feeds_sql.h"
#include "aggregator/store/firing_sql.h"
#include "aggregator/store/ledger_sql.h"
#include "aggregator/store/observations_sql.h"
#include "aggregator/store/set_rows.h"
#include "aggregator/store/stations_sql.h"
#include "aggregator/store/upsert.h"
#include "base/memory.h"
#include "daemon/failpoint.h"
#include "postgres/transaction.h"

/* Whatever database or login have by default: a stand holds in every snapshot only where each of a
 * writer's statements sees what is committed (docs/decisions/0250). */
static const char session[] =
    "SET default_transaction_isolation = 'read committed'; SET jit = off; SET enable_seqscan = "
    "off; SET plan_cache_mode = force_generic_plan; "
    "SET lock_timeout = '5s'; SET statement_timeout = '60s'; "
    "SET idle_in_transaction_session_timeout = '15s'; SET ROLE agg_writer";

struct number {
    char text[24];
};

struct move {
    struct number part, next, tick, stored, epoch, last;
    char mark[LOG_PLACE_MARK];
    const char *values[8];
};

struct writer {
    struct writer_options options;
    char session[sizeof session + 40], contributions[DIGEST_ID_LEN + 1];
    struct postgres_connection *connection, *maker; /* maker: as who may make what is missing */
    struct postgres_transaction *transaction;
    struct upsert said, came, seen, heard, refused, firings;
    struct set_rows *sets;                 /* owned */
    struct cell_rows *cells;               /* owned */
    struct delta *delta;                   /* owned: of the batch that is written */
    struct observations_sql *observations; /* owned */
    struct move moves[WRITER_MAX_PARTITIONS];
    const struct batch *batch; /* during a commit */
    bool fenced;
};

struct writer *writer_new(const struct writer_options *options)
{
    struct writer *writer = xcalloc(1, sizeof *writer);
    writer->options = *options;
    snprintf(writer->session, sizeof writer->session, "%s; SET citybrain.shard = '%d'", session,
             options->shard);
    schema_contribution_hash(options->schema.rules, writer->contributions);
    writer->connection =
        postgres_connection_new(options->conninfo, "citybrain-aggregator", writer->session);
    writer->maker = postgres_connection_new(options->conninfo, "citybrain-schema", NULL);
    writer->transaction = postgres_transaction_new(writer->connection);
    writer->sets = set_rows_new("core", "docs/runbooks/set-unreadable.md");
    upsert_init(&writer->said, "core", "said", ledger_sql_said_types);
    strbuf_add(&writer->said.sql, span_of(ledger_sql_said));
    upsert_init(&writer->came, "core", "came", ledger_sql_came_types);
    strbuf_add(&writer->came.sql, span_of(ledger_sql_came));
    upsert_init(&writer->seen, "core", "seen", stations_sql_seen_types);
    strbuf_add(&writer->seen.sql, span_of(stations_sql_seen));
    upsert_init(&writer->heard, "core", "heard", feeds_sql_heard_types);
    strbuf_add(&writer->heard.sql, span_of(feeds_sql_heard));
    upsert_init(&writer->refused, "core", "refused", feeds_sql_add_refused_types);
    strbuf_add(&writer->refused.sql, span_of(feeds_sql_add_refused));
    upsert_init(&writer->firings, "core", "firings", firing_sql_types);
    strbuf_add(&writer->firings.sql, span_of(firing_sql_upsert));
    writer->observations = observations_sql_new();
    writer->delta = delta_new();
    writer->cells = cell_rows_new(options->schema.rules->views, "core");
    return writer;
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    cell_rows_free(writer->cells);
    delta_free(writer->delta);
    observations_sql_free(writer->observations);
    set_rows_free(writer->sets);
    upsert_fini(&writer->said);
    upsert_fini(&writer->came);
    upsert_fini(&writer->seen);
    upsert_fini(&writer->heard);
    upsert_fini(&writer->refused);
    upsert_fini(&writer->firings);
    postgres_transaction_free(writer->transaction);
    postgres_connection_free(writer->connection);
    postgres_connection_free(writer->maker);
    free(writer);
}

bool writer_apply_schema(struct writer *writer, struct error *error)
{
    bool good = schema_apply(writer->maker, &writer->options.schema, error);
    postgres_connection_close(writer->maker);
    return good;
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
    position->last = strtoll(PQgetvalue(result, 0, 3), NULL, 10);
    snprintf(position->mark, sizeof position->mark, "%s", PQgetvalue(result, 0, 4));
    position->base = strtoll(PQgetvalue(result, 0, 5), NULL, 10);
    position->next = position->stored;
    return true;
}

/* The views may have been filled anew and swapped since we began. Behind the takeover: a swap waits
 * for us, or we for it. */
static bool on_contributions(void *context, const PGresult *result, struct error *error)
{
    struct writer *writer = context;
    if (PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), writer->contributions) == 0)
        return true;
    return error_set(error, ERROR_FATAL, 0,
                     "the views were filled anew by other files than ours; starting anew");
}

static void queue_contributions(struct writer *writer)
{
    postgres_transaction_add(
        writer->transaction,
        &(struct postgres_statement){.name = "core_contributions",
                                     .sql = "SELECT value FROM core.meta WHERE key = "
                                            "'contributions'",
                                     .result = on_contributions,
                                     .context = writer});
}

bool writer_take_over(struct writer *writer, struct writer_position *positions, size_t count,
                      struct error *error)
{
    if (!postgres_connection_open(writer->connection, error))
        return false;
    observations_sql_forget(writer->observations);
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
                    "counted, last_offset, last_mark, base",
                .values = move->values,
                .count = 3,
                .result = on_taken,
                .context = &positions[i]});
    }
    queue_contributions(writer);
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

/* What was stored stays where no record was read since. */
static const char *mark_of(struct move *move, const struct writer_position *position)
{
    if (!position->has_seen)
        return position->mark;
    log_mark_write(move->mark, &position->seen);
    return move->mark;
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
        move->values[6] = number(&move->last, positions[i].last);
        move->values[7] = mark_of(move, &positions[i]);
        postgres_transaction_add(
            writer->transaction,
            &(struct postgres_statement){
                .name = "core_move",
                .sql = "UPDATE core.kafka_offset SET next_offset = $3::bigint, counted = "
                       "greatest(counted, $3::bigint), tick_ms = greatest(tick_ms, $4::bigint), "
                       "last_offset = $7::bigint, last_mark = $8 WHERE topic = $1 AND "
                       "part = $2::integer AND next_offset = $5::bigint AND epoch = $6::bigint",
                .values = move->values,
                .count = 8,
                .result = on_moved,
                .context = writer});
    }
}

static void fill_ledger(struct writer *writer)
{
    const struct ledger_rows *rows = batch_ledger(writer->batch);
    struct array_binary *at = writer->said.arrays;
    upsert_reset(&writer->said);
    for (const struct ledger_said *said = rows->said; said; said = said->next) {
        array_binary_add_int(&at[0], said->hour_ms);
        array_binary_add(&at[1], said->feed);
        array_binary_add(&at[2], said->id);
        array_binary_add(&at[3], said->input);
        for (size_t i = 0; i < LEDGER_ROWS_COUNTS; i++)
            array_binary_add_int(&at[4 + i], said->count[i]);
    }
    at = writer->came.arrays;
    upsert_reset(&writer->came);
    for (const struct ledger_came *came = rows->came; came; came = came->next) {
        if (came->distinct + came->repeated + came->refused == 0)
            continue;
        array_binary_add_int(&at[0], came->hour_ms);
        array_binary_add(&at[1], came->feed);
        array_binary_add_int(&at[2], came->distinct);
        array_binary_add_int(&at[3], came->repeated);
        array_binary_add_int(&at[4], came->refused);
    }
}

static void fill_seen(struct writer *writer)
{
    struct array_binary *at = writer->seen.arrays;
    upsert_reset(&writer->seen);
    for (const struct seen_row *row = batch_seen(writer->batch)->first; row; row = row->next) {
        array_binary_add(&at[0], row->sighting.station);
        array_binary_add(&at[1], row->sighting.via);
        array_binary_add_int(&at[2], row->sighting.seen_ms);
    }
}

static void fill_heard(struct writer *writer)
{
    struct array_binary *at = writer->heard.arrays;
    upsert_reset(&writer->heard);
    for (const struct feed_row *row = batch_heard(writer->batch)->first; row; row = row->next) {
        array_binary_add(&at[0], row->feed);
        array_binary_add_int(&at[1], row->seen_ms);
    }
}

static void fill_refused(struct writer *writer)
{
    struct array_binary *at = writer->refused.arrays;
    upsert_reset(&writer->refused);
    for (const struct refused_row *row = batch_refused(writer->batch)->first; row;
         row = row->next) {
        array_binary_add_date(&at[0], row->day);
        array_binary_add(&at[1], row->feed);
        array_binary_add(&at[2], row->reason);
        array_binary_add(&at[3], row->station);
        array_binary_add_int(&at[4], row->rows);
        array_binary_add_int(&at[5], row->first_ms);
        array_binary_add_int(&at[6], row->last_ms);
    }
}

static void fill_firings(struct writer *writer)
{
    const struct firing_row *row = batch_firings(writer->batch)->first;
    upsert_reset(&writer->firings);
    for (; row; row = row->next)
        firing_sql_fill(writer->firings.arrays, row);
}

static bool write_changes(struct writer *writer, struct error *error)
{
    fill_ledger(writer);
    fill_seen(writer);
    fill_heard(writer);
    fill_refused(writer);
    fill_firings(writer);
    cell_rows_queue(writer->cells, writer->delta, writer->transaction);
    upsert_queue(&writer->said, writer->transaction, NULL, NULL);
    upsert_queue(&writer->came, writer->transaction, NULL, NULL);
    upsert_queue(&writer->seen, writer->transaction, NULL, NULL);
    upsert_queue(&writer->heard, writer->transaction, NULL, NULL);
    upsert_queue(&writer->refused, writer->transaction, NULL, NULL);
    upsert_queue(&writer->firings, writer->transaction, NULL, NULL);
    observations_sql_queue(writer->observations, batch_observations(writer->batch),
                           writer->transaction);
    (void)failpoint("writer.before_commit");
    bool good = postgres_transaction_commit(writer->transaction, error);
    if (!good && observations_sql_lacks_day(error))
        error->kind = ERROR_RETRY; /* retention took it: whoever takes over asks for it anew */
    if (!failpoint("writer.after_commit"))
        return good;
    postgres_connection_close(writer->connection);
    return error_set(error, ERROR_RETRY, 0, "failpoint writer.after_commit: the answer is lost");
}

enum writer_result writer_commit(struct writer *writer, struct batch *batch,
                                 const struct writer_position *positions, size_t count,
                                 struct error *error)
{
    writer->batch = batch;
    writer->fenced = false;
    batch_seal(batch);
    if (!postgres_connection_open(writer->connection, error) ||
        !observations_sql_make_days(writer->observations, batch_observations(batch),
                                    writer->transaction, error))
        return WRITER_FAILED;
    postgres_transaction_begin(writer->transaction);
    queue_moves(writer, positions, count);
    delta_clear(writer->delta);
    if (!set_rows_write(writer->sets, batch, writer->delta, writer->transaction, error))
        return writer->fenced ? WRITER_FENCED : WRITER_FAILED;
    delta_finish(writer->delta);
    return write_changes(writer, error) ? WRITER_DONE : WRITER_FAILED;
}
