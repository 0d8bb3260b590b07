/* SPDX-License-Identifier: Apache-2.0 */
/* When feeds were heard and why rows were refused, by two writers on a PostgreSQL of the test's
 * own, and what the API asks of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/feeds_sql.h"
#include "base/base.h"
#include "daemon/log.h"

#include "aggregator_store.h"

#define BASE_MS INT64_C(1767196800000) /* 2026-01-01 here */

static struct {
    struct aggregator_store store;
    struct writer *writers[2]; /* each in its shard */
    struct station_report_rules report;
} here;

static int open_all(void **state)
{
    (void)state;
    if (!aggregator_store_open(&here.store))
        return 1;
    struct diagnostics *diagnostics = diagnostics_new();
    here.store.rules.stations = stations_load("config/registries/stations.csv", diagnostics);
    here.report = (struct station_report_rules){
        here.store.rules.stations, calendar_load("config/registries/calendar.csv", diagnostics),
        480};
    diagnostics_free(diagnostics);
    here.writers[0] = aggregator_store_writer(&here.store, "first", 1);
    here.writers[1] = aggregator_store_writer(&here.store, "second", 2);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    writer_free(here.writers[0]);
    writer_free(here.writers[1]);
    stations_free((struct stations *)(uintptr_t)here.report.stations);
    calendar_free((struct calendar *)(uintptr_t)here.report.calendar);
    return aggregator_store_close(&here.store) ? 0 : 1;
}

static void commit_at(int writer, int64_t next, struct batch *batch, int64_t tick_ms)
{
    struct error error = {0};
    struct writer_position position = {.partition = 0, .stored = -1, .next = -1};
    assert_true(writer_take_over(here.writers[writer], &position, 1, &error));
    position.next = next;
    position.tick_ms = tick_ms;
    assert_int_equal(writer_commit(here.writers[writer], batch, &position, 1, &error), WRITER_DONE);
    batch_clear(batch);
}

static void commit(int writer, int64_t next, struct batch *batch)
{
    commit_at(writer, next, batch, 0);
}

static void assert_says(const char *sql, const char *wanted)
{
    char answer[512];
    aggregator_store_ask(&here.store, sql, answer, sizeof answer);
    assert_string_equal(answer, wanted);
}

/* What comes again, or later and older, changes nothing. */
static void the_newest_word_of_a_feed_is_of_all_writers(void **state)
{
    (void)state;
    static const int64_t words[] = {5000, 9000, 9000, 7000};
    struct batch *batch = batch_new(&here.store.rules, 1 << 20);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        struct event event = {
            .family = EVENT_CASE, .feed = SPAN("heard"), .recorded_ms = BASE_MS + words[i]};
        assert_true(batch_add_heard(batch, &event));
        commit((int)i % 2, (int64_t)i + 1, batch);
    }
    batch_free(batch);
    assert_says(
        "SELECT count(*) || ' ' || max(extract(epoch FROM seen))::bigint FROM api.feed_seen "
        "WHERE feed = 'heard'",
        "1 1767196809");
}

static void assert_feeds(const char *wanted)
{
    struct strbuf out;
    const char *topic = "cb.events";
    PGresult *result = PQexecParams(postgres_connection_handle(here.store.reader), feeds_sql_ask, 1,
                                    NULL, &topic, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s", PQresultErrorMessage(result));
    strbuf_init(&out, 1024, 1 << 16);
    feeds_sql_write(result, &here.report, &out);
    assert_non_null(strstr(out.at, wanted));
    strbuf_fini(&out);
    PQclear(result);
}

/* st004, st006, st011 and others of platform_csv: 1h of their open hours. All were heard by
 * heartbeat since, some of them by the other writer. */
static void a_feed_is_not_late_while_its_stations_are_heard_by_heartbeat(void **state)
{
    (void)state;
    static const int64_t ten_ms = INT64_C(1767578400000); /* Monday 2026-01-05 10:00 here */
    struct batch *batch = batch_new(&here.store.rules, 1 << 20);
    struct event event = {
        .family = EVENT_CASE, .feed = SPAN("platform_csv"), .recorded_ms = ten_ms};
    int64_t tick_ms = ten_ms + 61 * 60000;
    assert_true(batch_add_heard(batch, &event));
    commit_at(0, 5, batch, tick_ms);
    assert_feeds("\"due\":\"2026-01-05T11:00:00+08:00\",\"late\":true}");
    size_t count = stations_count(here.report.stations);
    for (size_t i = 0; i < count; i++) {
        const struct station *station = stations_at(here.report.stations, i, 20458);
        if (station)
            assert_true(batch_add_sighting(
                batch, &(struct sighting){station->code, SPAN("heartbeat"), ten_ms + 30 * 60000}));
        if (i == count / 2)
            commit_at(0, 6, batch, tick_ms);
    }
    commit_at(1, 7, batch, tick_ms);
    batch_free(batch);
    assert_feeds("\"due\":\"2026-01-05T11:30:00+08:00\",\"late\":false}");
}

static void add_refused(struct batch *batch, struct json_reader *reader, const char *data)
{
    char text[512];
    struct arena arena;
    struct event event;
    arena_init(&arena, 1 << 14);
    snprintf(text, sizeof text,
             "{\"specversion\":\"1.0\",\"id\":\"%p\",\"source\":\"/ingest\",\"type\":"
             "\"cn.citybrain.observation.refused.v1\",\"subject\":\"refused:x\",\"time\":"
             "\"2026-01-01T01:00:00Z\",\"recordedtime\":\"2026-01-01T02:00:00Z\",\"data\":%s}",
             (const void *)data, data);
    assert_int_equal(event_read(reader, span_of(text), &arena, &event), REJECT_NONE);
    assert_true(refused_rows_is_one(&event));
    assert_true(batch_add_refused(batch, &event));
    arena_fini(&arena);
}

static void assert_refused(const char *const values[4], const char *wanted)
{
    struct strbuf out;
    PGresult *result = PQexecParams(postgres_connection_handle(here.store.reader),
                                    feeds_sql_refused, 4, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s", PQresultErrorMessage(result));
    strbuf_init(&out, 1024, 1 << 16);
    feeds_sql_write_refused(result, &out);
    for (struct span rest = span_of(wanted); rest.len;) { /* parts, in their order */
        struct span part = span_cut(&rest, '|');
        if (!memmem(out.at, out.len, part.at, part.len))
            fail_msg("%.*s is not in %s", SPAN_ARG(part), out.at);
    }
    strbuf_fini(&out);
    PQclear(result);
}

static void why_rows_were_refused_is_of_all_writers_and_asked_by_feed_and_station(void **state)
{
    (void)state;
    static const char *const data[] = {
        "{\"feed\":\"f\",\"reason\":\"bad_date\",\"rows\":2}",
        "{\"feed\":\"f\",\"reason\":\"bad_date\",\"station\":\"st001\",\"rows\":3}",
        "{\"feed\":\"f\",\"reason\":\"bad_date\",\"rows\":4}",
        "{\"feed\":\"f\",\"station\":\"st001\",\"rows\":1}",
        "{\"feed\":\"g\",\"reason\":\"of_tomorrow\",\"station\":\"WO20260101\",\"rows\":2}",
        "{\"feed\":\"g\",\"reason\":\"of_tomorrow\",\"station\":\"WO20260102\",\"rows\":2}",
        "{\"feed\":\"g\",\"reason\":\"of_tomorrow\",\"rows\":4}"};
    struct json_reader *reader = json_reader_new();
    struct batch *batch = batch_new(&here.store.rules, 1 << 20);
    assert_refused((const char *const[]){NULL, NULL, NULL, NULL}, "\"total\":0,\"rows\":[]}");
    for (size_t i = 0; i < ARRAY_LENGTH(data); i++) {
        add_refused(batch, reader, data[i]);
        commit((int)i % 2, 10 + (int64_t)i, batch);
    }
    batch_free(batch);
    json_reader_free(reader);
    assert_refused((const char *const[]){NULL, NULL, NULL, NULL},
                   "\"total\":3,\"rows\":[\n{\"feed\":\"f\",\"reason\":\"bad_date\",\"zh\":\"日期"
                   "|\"rows\":9,\"first\":\"2026-01-01T|\n{\"feed\":\"g\",\"reason\":"
                   "\"of_tomorrow\",\"zh\":null,\"en\":null,\"rows\":8|\n{\"feed\":\"f\","
                   "\"reason\":null,\"zh\":null,\"en\":null,\"rows\":1");
    assert_refused((const char *const[]){"2026-01-01", "2026-01-01", "f", "st001"},
                   "\"total\":2|\"reason\":\"bad_date\"|\"rows\":3|\"reason\":null");
    assert_refused((const char *const[]){"2026-01-02", NULL, NULL, NULL}, "\"total\":0");
    /* Whatever is no station's code is of its feed alone. */
    assert_says("SELECT string_agg(DISTINCT station, ' ') FROM core.refused WHERE station <> ''",
                "st001");
    assert_refused((const char *const[]){NULL, "2025-12-31", NULL, NULL}, "\"total\":0");
}

static void run(const char *sql)
{
    struct error error = {0};
    if (!postgres_connection_run(here.store.reader, sql, &error))
        fail_msg("%s", error.text);
}

/* A database in which stations' refused rows were told, and no reasons: as its owner, whom guards
 * show nothing, makes the tables. */
static void what_was_told_before_is_added_up_by_the_migration(void **state)
{
    (void)state;
    static char file[1 << 14];
    FILE *stream = fopen("services/aggregator/sql/0020_feeds.sql", "r");
    assert_non_null(stream);
    assert_true(fread(file, 1, sizeof file - 1, stream) > 0);
    fclose(stream);
    run("BEGIN; SET LOCAL ROLE agg_writer; SELECT core.make_observation_days('{2026-01-01}'); "
        "INSERT INTO core.observation SELECT date '2026-01-01', 'old' || n, 'refused', '', '', '', "
        "n, n, true, '', json '{\"station\": \"st001\", \"feed\": \"p\", \"rows\": 3}' FROM "
        "generate_series(1, 4) AS n; INSERT INTO core.observation VALUES ('2026-01-01', 'other', "
        "'refused', 'visits', '', '', 1, 1, true, '', '{\"rows\": \"of its own\"}'), "
        "('2026-01-01', "
        "'odd1', 'refused', '', '', '', 1, 1, true, '', '{\"feed\": \"p\", \"rows\": \"many\"}'), "
        "('2026-01-01', 'odd2', 'refused', '', '', '', 1, 1, true, '', '{\"rows\": 1}'), "
        "('2026-01-01', 'odd3', 'refused', '', '', '', 1, 1, true, '', '[]'); SET LOCAL "
        "ROLE owner; DROP VIEW api.refused, api.feed_seen; DROP TABLE core.refused, "
        "core.feed_seen; CREATE INDEX observation_refused ON core.observation (day) WHERE kind = "
        "'refused'");
    run(file);
    run("COMMIT");
    /* Who runs with the files of before is fenced, and takes over nothing until they are ours. */
    struct error error = {0};
    struct writer_position position = {.partition = 0, .stored = -1, .next = -1};
    assert_false(writer_take_over(here.writers[0], &position, 1, &error));
    assert_int_equal(error.kind, ERROR_FATAL);
    struct writer *writer = aggregator_store_writer(&here.store, "new", 1);
    assert_true(writer_apply_schema(writer, &error));
    assert_true(writer_take_over(writer, &position, 1, &error));
    writer_free(writer);
    assert_says("SELECT concat_ws(' ', feed, coalesce(reason, '-'), station, \"rows\") FROM "
                "api.refused",
                "p - st001 12");
    assert_says("SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE oid IN "
                "('core.observation'::regclass, 'core.refused'::regclass)",
                "t");
}

/* Of a log that begins anew each event is a new one, for the ledger and for the sums too. */
static void what_the_runbook_says_of_a_new_log_counts_from_its_beginning(void **state)
{
    (void)state;
    static char page[1 << 14];
    struct error error = {0};
    struct writer_position position = {.partition = 0, .stored = -1, .next = -1};
    FILE *stream = fopen("docs/runbooks/log-and-database.md", "r");
    assert_non_null(stream);
    assert_true(fread(page, 1, sizeof page - 1, stream) > 0);
    fclose(stream);
    char *order = strstr(page, "update core.kafka_offset set base = base");
    assert_non_null(order);
    *strchr(order, '`') = '\0';
    assert_true(writer_take_over(here.writers[0], &position, 1, &error));
    assert_true(position.counted > 0);
    int64_t places = position.base + (position.stored > 0 ? position.stored : 0);
    run(order);
    assert_true(writer_take_over(here.writers[0], &position, 1, &error));
    assert_int_equal(position.stored, -1);
    assert_int_equal(position.counted, -1);
    assert_int_equal(position.last, -1);
    assert_int_equal(position.base, places); /* docs/decisions/0403 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_word_of_a_feed_is_of_all_writers),
        cmocka_unit_test(a_feed_is_not_late_while_its_stations_are_heard_by_heartbeat),
        cmocka_unit_test(why_rows_were_refused_is_of_all_writers_and_asked_by_feed_and_station),
        cmocka_unit_test(what_the_runbook_says_of_a_new_log_counts_from_its_beginning),
        cmocka_unit_test(what_was_told_before_is_added_up_by_the_migration),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
