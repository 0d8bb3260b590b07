/* SPDX-License-Identifier: Apache-2.0 */
/* The writer on a PostgreSQL of its own: effects and position move together or not at all, and of
 * two who believe that they own a partition only one writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/ledger_sql.h"
#include "aggregator/store/stations_sql.h"
#include "aggregator/store/view_query.h"
#include "base/base.h"
#include "daemon/log.h"

#include "aggregator_store.h"

#define BASE_MS 1767225600000LL /* 2026-01-01T00:00Z */

static struct {
    struct aggregator_store store;
    struct writer *first, *second;
} here;

static int open_all(void **state)
{
    (void)state;
    if (!aggregator_store_open(&here.store))
        return 1;
    here.first = aggregator_store_writer(&here.store, "first", 1);
    here.second = aggregator_store_writer(&here.store, "second", 2);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    writer_free(here.first);
    writer_free(here.second);
    return aggregator_store_close(&here.store) ? 0 : 1;
}

/* Cases `from` … `to`-1 of a partition, each opened by one event. */
static struct batch *batch_of(int partition, int from, int to)
{
    struct batch *batch = batch_new(&here.store.rules, 1 << 20);
    for (int n = from; n < to; n++) {
        char case_id[48], id[24];
        snprintf(case_id, sizeof case_id, "request:test:%d-%d", partition, n);
        snprintf(id, sizeof id, "id-%d-%d", partition, n);
        struct case_line line = {
            .id = span_of(id),
            .revision = SPAN("0.a.1.0000000000000001"),
            .stage = codes_number(here.store.rules.codes, CODE_STAGE, SPAN("opened")),
            .party = codes_number(here.store.rules.codes, CODE_PARTY, SPAN("source")),
            .time_ms = BASE_MS + n,
            .recorded_ms = BASE_MS + n,
            .live = true};
        assert_true(batch_add(batch, span_of(case_id), &line));
    }
    return batch;
}

static struct writer_position take_over(struct writer *writer, int partition)
{
    struct writer_position position = {.partition = partition, .stored = -1, .next = -1};
    struct error error = {0};
    assert_true(writer_take_over(writer, &position, 1, &error));
    return position;
}

/* Cases `from` … `next`-1 in one transaction that moves the position there. */
static enum writer_result commit(struct writer *writer, struct writer_position *position, int from,
                                 int64_t next)
{
    struct error error = {0};
    struct batch *batch = batch_of(position->partition, from, (int)next);
    position->next = next;
    enum writer_result result = writer_commit(writer, batch, position, 1, &error);
    if (result == WRITER_DONE)
        position->stored = next;
    batch_free(batch);
    return result;
}

static void ask(const char *sql, char *answer, size_t size)
{
    aggregator_store_ask(&here.store, sql, answer, size);
}

static int64_t number(const char *sql)
{
    return aggregator_store_number(&here.store, sql);
}

static int64_t opened(void)
{
    return number("SELECT coalesce(sum(opened), 0) FROM api.closure_rate");
}

/* Everything the writer may touch, as one value. */
static void look(char *digest, size_t size)
{
    ask("SELECT md5(coalesce(string_agg(t, E'\\n' ORDER BY t), '')) FROM ("
        "SELECT o::text FROM core.kafka_offset AS o UNION ALL "
        "SELECT s::text FROM core.case_set AS s UNION ALL "
        "SELECT s::text FROM core.station_seen AS s UNION ALL "
        "SELECT c::text FROM core.cell_closure_rate AS c UNION ALL "
        "SELECT c::text FROM core.cell_response_time AS c UNION ALL "
        "SELECT h::text FROM core.hist_response_time AS h) AS u(t)",
        digest, size);
}

static void a_batch_is_counted_once_and_moves_its_position(void **state)
{
    (void)state;
    int64_t before = opened();
    struct writer_position position = take_over(here.first, 0);
    assert_int_equal(position.stored, -1);
    assert_int_equal(commit(here.first, &position, 0, 5), WRITER_DONE);
    assert_int_equal(opened() - before, 5);
    position = take_over(here.first, 0);
    assert_int_equal(position.stored, 5);
    /* The same records again behind it: repeats change no cell. */
    assert_int_equal(commit(here.first, &position, 0, 6), WRITER_DONE);
    assert_int_equal(opened() - before, 6);
}

/* A stand's notes hang on it (docs/decisions/0250), whatever the database has by default. */
static void a_writer_reads_what_is_committed(void **state)
{
    struct error error = {0};
    (void)state;
    assert_true(postgres_connection_run(
        here.store.reader,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = "
        "''serializable''', current_database()); END $$; "
        "CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF current_setting('transaction_isolation') <> 'read committed' THEN RAISE EXCEPTION "
        "'one snapshot'; END IF; RETURN NEW; END $$; "
        "CREATE TRIGGER seen BEFORE UPDATE ON core.kafka_offset FOR EACH ROW EXECUTE FUNCTION "
        "seen()",
        &error));
    struct writer *anew = aggregator_store_writer(&here.store, "anew", 3);
    struct writer_position position = take_over(anew, 7);
    assert_int_equal(commit(anew, &position, 0, 1), WRITER_DONE);
    writer_free(anew);
    assert_true(postgres_connection_run(
        here.store.reader,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET default_transaction_isolation', "
        "current_database()); END $$; DROP TRIGGER seen ON core.kafka_offset; DROP FUNCTION seen",
        &error));
}

/* It slept while another took its partition over, and wakes with a batch in its hands. */
static void the_frozen_owner_is_fenced_and_writes_nothing(void **state)
{
    char before[40], after[40];
    (void)state;
    struct writer_position frozen = take_over(here.first, 1);
    assert_int_equal(commit(here.first, &frozen, 0, 2), WRITER_DONE);
    struct writer_position owner = take_over(here.second, 1);
    assert_int_equal(owner.stored, 2);
    assert_true(owner.epoch > frozen.epoch);
    /* Where the position stands still, the epoch alone says no. */
    look(before, sizeof before);
    assert_int_equal(commit(here.first, &frozen, 2, 9), WRITER_FENCED);
    look(after, sizeof after);
    assert_string_equal(before, after);
    assert_int_equal(commit(here.second, &owner, 2, 4), WRITER_DONE);
    look(before, sizeof before);
    assert_int_equal(commit(here.first, &frozen, 2, 9), WRITER_FENCED);
    look(after, sizeof after);
    assert_string_equal(before, after);
    assert_int_equal(commit(here.second, &owner, 4, 9), WRITER_DONE);
}

/* Its predecessor was not written: to move on would lose it for ever. */
static void a_batch_behind_a_gap_is_refused(void **state)
{
    (void)state;
    struct writer_position position = take_over(here.first, 2);
    assert_int_equal(commit(here.first, &position, 0, 3), WRITER_DONE);
    int64_t before = opened();
    position.stored = 6;
    assert_int_equal(commit(here.first, &position, 6, 8), WRITER_FENCED);
    assert_int_equal(opened(), before);
    assert_int_equal(take_over(here.first, 2).stored, 3);
}

struct racer {
    struct writer *writer;
    struct writer_position position;
    struct batch *batch;
    pthread_barrier_t *start;
    enum writer_result result;
};

static void *race(void *context)
{
    struct racer *racer = context;
    struct error error = {0};
    pthread_barrier_wait(racer->start);
    racer->result = writer_commit(racer->writer, racer->batch, &racer->position, 1, &error);
    return NULL;
}

static void of_two_at_once_the_owner_alone_writes(void **state)
{
    pthread_barrier_t start;
    (void)state;
    int64_t before = opened();
    pthread_barrier_init(&start, NULL, 2);
    for (int round = 0; round < 20; round++) {
        pthread_t threads[2];
        struct racer racers[] = {{.writer = here.first, .start = &start},
                                 {.writer = here.second, .start = &start}};
        for (size_t i = 0; i < ARRAY_LENGTH(racers); i++) { /* the second is the owner */
            racers[i].position = take_over(racers[i].writer, 3);
            racers[i].position.next = round + 1;
            racers[i].batch = batch_of(3, round, round + 1);
        }
        for (size_t i = 0; i < ARRAY_LENGTH(racers); i++)
            pthread_create(&threads[i], NULL, race, &racers[i]);
        for (size_t i = 0; i < ARRAY_LENGTH(racers); i++) {
            pthread_join(threads[i], NULL);
            batch_free(racers[i].batch);
        }
        assert_int_equal(racers[0].result, WRITER_FENCED);
        assert_int_equal(racers[1].result, WRITER_DONE);
    }
    assert_int_equal(opened() - before, 20);
    pthread_barrier_destroy(&start);
}

static struct event page(struct json_reader *reader, struct arena *arena, const char *id,
                         const char *counts)
{
    char *text = arena_take(arena, 512); /* the event borrows from it */
    struct event event;
    snprintf(text, 512,
             "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/ingest\",\"type\":"
             "\"cn.citybrain.observation.ledger.v1\",\"subject\":\"ledger:cb.raw:3\",\"time\":"
             "\"2026-01-01T00:00:00Z\",\"data\":{\"f\":{\"2026-01-01T00:00:00.000Z\":[%s]}}}",
             id, counts);
    assert_int_equal(event_read(reader, span_of(text), arena, &event), REJECT_NONE);
    return event;
}

/* A page and two events of which one came before, in one transaction. */
static void commit_page(struct writer_position *position, int64_t next, const struct event *event,
                        int from, int to)
{
    struct error error = {0};
    struct batch *batch = batch_new(&here.store.rules, 1 << 20);
    assert_int_equal(batch_add_ledger(batch, event), REJECT_NONE);
    for (int n = from; n < to; n++) {
        char id[24];
        snprintf(id, sizeof id, "ledger-%d", n);
        struct case_line line = {
            .id = span_of(id),
            .revision = SPAN("0.a.1.0000000000000001"),
            .stage = codes_number(here.store.rules.codes, CODE_STAGE, SPAN("opened")),
            .party = codes_number(here.store.rules.codes, CODE_PARTY, SPAN("source")),
            .time_ms = BASE_MS,
            .recorded_ms = BASE_MS + 1,
            .live = true};
        assert_true(batch_add_counted(batch, SPAN("request:test:ledger"), &line, SPAN("f")));
    }
    position->next = next;
    assert_int_equal(writer_commit(here.first, batch, position, 1, &error), WRITER_DONE);
    position->stored = next;
    batch_free(batch);
}

static void a_page_counts_once_and_open_hours_show(void **state)
{
    (void)state;
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    struct writer_position position = take_over(here.first, 4);
    static const char row[] = "SELECT concat_ws(' ', read, normalised, dead, dropped, filtered, "
                              "events, distinct_events, repeated_events, refused_events, closes) "
                              "FROM api.ledger WHERE feed = 'f'";
    char answer[128];
    arena_init(&arena, 1 << 16);
    assert_int_equal(position.counted, -1);
    struct event first = page(reader, &arena, "p1", "4,2,1,0,1,2");
    commit_page(&position, 5, &first, 0, 2);
    ask(row, answer, sizeof answer);
    assert_string_equal(answer, "4 2 1 0 1 2 2 0 0 t");
    commit_page(&position, 6, &first, 0, 0); /* the same page: nothing */
    struct event second = page(reader, &arena, "p2", "3,3,0,0,0,3");
    commit_page(&position, 9, &second, 1, 3);
    ask(row, answer, sizeof answer);
    assert_string_equal(answer, "7 5 1 0 1 5 3 1 0 f"); /* one is still under way */

    /* 2026-01-01T02:00Z: its hour is over, but only just; an hour later it should have closed. */
    number("UPDATE core.kafka_offset SET tick_ms = 1767232800000 WHERE part = 4 RETURNING 1");
    assert_int_equal(number(ledger_sql_open), 0);
    number("UPDATE core.kafka_offset SET tick_ms = 1767232800001 WHERE part = 4 RETURNING 1");
    assert_int_equal(number(ledger_sql_open), 1);
    commit_page(&position, 10, &second, 2, 3);
    assert_int_equal(number(ledger_sql_open), 0);
    number("UPDATE core.kafka_offset SET tick_ms = 0 WHERE part = 4 RETURNING 1");

    /* Put back by hand: the position goes back, what was counted does not. */
    number("UPDATE core.kafka_offset SET next_offset = 2 WHERE part = 4 RETURNING 1");
    position = take_over(here.first, 4);
    assert_int_equal(position.stored, 2);
    assert_int_equal(position.counted, 10);
    commit_page(&position, 7, &first, 0, 0);
    assert_int_equal(take_over(here.first, 4).counted, 10);
    json_reader_free(reader);
    arena_fini(&arena);
}

/* 2026-01-01 is more than 35 days before the clock: its pages are one row, and say the same. */
static void old_pages_are_added_up(void **state)
{
    static const char row[] = "SELECT concat_ws(' ', read, normalised, dead, dropped, filtered, "
                              "events, closes) FROM api.ledger WHERE feed = 'f'",
                      pages[] = "SELECT count(*) FROM core.ledger_said WHERE feed = 'f'",
                      add_up[] = "SELECT core.add_up_ledger(35)";
    char before[128], after[128];
    (void)state;
    ask(row, before, sizeof before);
    assert_int_equal(number(pages), 2);
    assert_int_equal(number(add_up), 0); /* no tick yet */
    number("UPDATE core.kafka_offset SET tick_ms = 1770336000000 WHERE part = 4 RETURNING 1");
    assert_int_equal(number(add_up), 2);
    assert_int_equal(number(pages), 1);
    ask(row, after, sizeof after);
    assert_string_equal(before, after);
    number("WITH late AS (INSERT INTO core.ledger_said SELECT hour, feed, 'late', 'cb.raw:3', 1, "
           "1, 0, "
           "0, 0, 1 FROM core.ledger_said WHERE feed = 'f' RETURNING 1) SELECT count(*) FROM late");
    assert_int_equal(number(add_up), 1);
    assert_int_equal(number(add_up), 0);
    assert_int_equal(number(pages), 1);
    assert_int_equal(number("SELECT read FROM api.ledger WHERE feed = 'f'"), 8);
    number("UPDATE core.kafka_offset SET tick_ms = 0 WHERE part = 4 RETURNING 1");
}

static size_t answer_length(const struct strbuf *sql, const char *from, const char *to)
{
    const char *const range[] = {from, to};
    PGresult *result = PQexecParams(postgres_connection_handle(here.store.reader), sql->at, 2, NULL,
                                    range, NULL, NULL, 0);
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    size_t length = (size_t)PQgetlength(result, 0, 0);
    PQclear(result);
    return length;
}

static void an_answer_is_whole_or_none(void **state)
{
    struct strbuf view, ledger;
    (void)state;
    number("WITH made AS (INSERT INTO core.cell_closure_rate SELECT 'am', date '1900-01-01' + n, "
           "'', '', '', false, 1, 1, 1 FROM generate_series(0, 19999) AS n RETURNING 1) SELECT "
           "count(*) FROM made");
    number("WITH made AS (INSERT INTO core.ledger_came SELECT timestamptz '1900-01-01' + n * "
           "interval '1 hour', 'f', 1, 0, 0 FROM generate_series(0, 20000) AS n RETURNING 1) "
           "SELECT count(*) FROM made");
    strbuf_init(&view, 4096, 1 << 20);
    strbuf_init(&ledger, 4096, 1 << 20);
    assert_true(view_query_write(&view, views_find(here.store.rules.views, SPAN("closure_rate")),
                                 &(struct view_question){.by = SPAN("day")}));
    assert_true(ledger_sql_query(&ledger, SPAN("hour"), 0));
    assert_int_equal(answer_length(&view, NULL, NULL), 0); /* the cases' own day is one more */
    assert_true(answer_length(&view, "1900-01-01", "2000-01-01") > VIEW_QUERY_MOST_ROWS);
    assert_int_equal(answer_length(&ledger, NULL, NULL), 0);
    assert_true(answer_length(&ledger, "1900-02-01", "1900-02-02") > 0);
    strbuf_fini(&view);
    strbuf_fini(&ledger);
}

/* What an event may say is counted, never an obstacle: PostgreSQL's years have no 0. */
static void days_before_the_first_year_are_counted(void **state)
{
    struct writer_position position = take_over(here.first, 5);
    struct batch *batch = batch_new(&here.store.rules, 1 << 20);
    struct error error = {0};
    (void)state;
    struct case_line line = {
        .id = SPAN("id-old"),
        .revision = SPAN("0.a.1.0000000000000001"),
        .stage = codes_number(here.store.rules.codes, CODE_STAGE, SPAN("opened")),
        .party = codes_number(here.store.rules.codes, CODE_PARTY, SPAN("source")),
        .time_ms = -62167219200000, /* 0000-01-01 */
        .recorded_ms = BASE_MS,
        .live = true};
    assert_true(batch_add(batch, SPAN("request:test:old"), &line));
    position.next = 1;
    if (writer_commit(here.first, batch, &position, 1, &error) != WRITER_DONE)
        fail_msg("%s", error.text);
    assert_int_equal(number("SELECT sum(opened) FROM api.closure_rate WHERE day < '0001-01-01'"),
                     1);
    batch_free(batch);
}

static enum writer_result hear(struct writer *writer, struct writer_position *position,
                               int64_t tick_ms, const struct sighting *words, size_t count)
{
    struct error error = {0};
    struct batch *batch = batch_new(&here.store.rules, 1 << 20);
    for (size_t i = 0; i < count; i++)
        assert_true(batch_add_sighting(batch, &words[i]));
    position->next = position->stored + 1;
    position->tick_ms = tick_ms;
    enum writer_result result = writer_commit(writer, batch, position, 1, &error);
    if (result == WRITER_DONE)
        position->stored = position->next;
    batch_free(batch);
    return result;
}

/* "now station:via:seen …" as the question of the API and the metrics answers it. */
static void ask_stations(char *answer, size_t size)
{
    const char *const topic = "cb.events";
    PGresult *result = PQexecParams(postgres_connection_handle(here.store.reader), stations_sql_ask,
                                    1, NULL, &topic, NULL, NULL, 0);
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    size_t used = (size_t)snprintf(answer, size, "%s", PQgetvalue(result, 0, 0));
    for (int i = 0; i < PQntuples(result) && !PQgetisnull(result, i, 1); i++)
        used += (size_t)snprintf(answer + used, size - used, " %s:%s:%s", PQgetvalue(result, i, 1),
                                 PQgetvalue(result, i, 2), PQgetvalue(result, i, 3));
    PQclear(result);
}

/* Stands first: the clock is the smallest of all partitions, and here there are two. */
static void last_words_are_a_maximum_and_their_clock_a_minimum(void **state)
{
    static const struct sighting early[] = {{{"st002", 5}, {"heartbeat", 9}, 50},
                                            {{"st001", 5}, {"platform", 8}, 40},
                                            {{"st001", 5}, {"heartbeat", 9}, 45}},
                                 late[] = {{{"st001", 5}, {"platform", 8}, 70},
                                           {{"st002", 5}, {"heartbeat", 9}, 30}};
    char answer[256];
    (void)state;
    ask_stations(answer, sizeof answer);
    assert_string_equal(answer, "0");
    struct writer_position one = take_over(here.first, 6), two = take_over(here.first, 7);
    assert_int_equal(hear(here.first, &one, 100, early, ARRAY_LENGTH(early)), WRITER_DONE);
    ask_stations(answer, sizeof answer); /* nobody knows what the other partition holds */
    assert_string_equal(answer, "0 st001:heartbeat:45 st001:platform:40 st002:heartbeat:50");
    assert_int_equal(hear(here.first, &two, 60, late, ARRAY_LENGTH(late)), WRITER_DONE);
    ask_stations(answer, sizeof answer);
    assert_string_equal(answer, "60 st001:heartbeat:45 st001:platform:70 st002:heartbeat:50");

    /* The log is read again from its beginning: nothing goes back. */
    number("UPDATE core.kafka_offset SET next_offset = -1 WHERE part IN (6, 7) RETURNING 1");
    one = take_over(here.second, 6);
    assert_int_equal(hear(here.second, &one, 20, early, ARRAY_LENGTH(early)), WRITER_DONE);
    ask_stations(answer, sizeof answer);
    assert_string_equal(answer, "60 st001:heartbeat:45 st001:platform:70 st002:heartbeat:50");
    assert_int_equal(hear(here.first, &two, 999, early, 1), WRITER_FENCED); /* is at -1 now */
    ask_stations(answer, sizeof answer);
    assert_string_equal(answer, "60 st001:heartbeat:45 st001:platform:70 st002:heartbeat:50");
    number("WITH gone AS (DELETE FROM core.kafka_offset RETURNING 1) SELECT count(*) FROM gone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_words_are_a_maximum_and_their_clock_a_minimum),
        cmocka_unit_test(a_batch_is_counted_once_and_moves_its_position),
        cmocka_unit_test(a_writer_reads_what_is_committed),
        cmocka_unit_test(the_frozen_owner_is_fenced_and_writes_nothing),
        cmocka_unit_test(a_batch_behind_a_gap_is_refused),
        cmocka_unit_test(of_two_at_once_the_owner_alone_writes),
        cmocka_unit_test(a_page_counts_once_and_open_hours_show),
        cmocka_unit_test(old_pages_are_added_up),
        cmocka_unit_test(days_before_the_first_year_are_counted),
        cmocka_unit_test(an_answer_is_whole_or_none),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
