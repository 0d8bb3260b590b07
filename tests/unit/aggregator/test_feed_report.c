/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch keeps of feeds' words, and by when the next one is due, over 国庆. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/feed_report.h"
#include "aggregator/core/feed_rows.h"
#include "aggregator/core/refused_rows.h"
#include "base/timestamp.h"

static struct station_report_rules rules;

static int64_t at(const char *text)
{
    int64_t ms = 0;
    if (!timestamp_parse(span_of(text), "%Y-%m-%d %H:%M", 480, &ms))
        fail_msg("%s", text);
    return ms;
}

static void assert_told(const char *feed, const char *seen, const char *now, const char *wanted)
{
    struct strbuf out;
    struct station_report *alive = station_report_new(&rules, at(now));
    strbuf_init(&out, 256, 4096);
    feed_report_write(&rules, alive, span_of(feed), at(seen), &out);
    assert_string_equal(out.at, wanted);
    strbuf_fini(&out);
    station_report_free(alive);
}

static void beat(struct station_report *alive, struct span station, const char *when)
{
    station_report_hear(alive, &(struct sighting){station, SPAN("heartbeat"), at(when)});
}

/* platform: the shortest cadence of its stations is 1h, in open hours. */
static void it_is_due_when_the_first_of_its_stations_is(void **state)
{
    (void)state;
    assert_told("platform", "2026-09-30 18:00", "2026-09-30 23:20",
                "{\"feed\":\"platform\",\"newest\":\"2026-09-30T18:00:00+08:00\",\"due\":"
                "\"2026-10-01T10:00:00+08:00\",\"late\":false}");
    assert_told("platform", "2026-11-25 10:00", "2026-11-25 11:01",
                "{\"feed\":\"platform\",\"newest\":\"2026-11-25T10:00:00+08:00\",\"due\":"
                "\"2026-11-25T11:00:00+08:00\",\"late\":true}");
}

/* A station that has nothing to send says so by a heartbeat: the wall has it alive, and its feed is
 * not late for its sake. */
static void a_station_that_was_heard_by_heartbeat_does_not_make_its_feed_late(void **state)
{
    (void)state;
    const char *now = "2026-11-25 11:01";
    struct station_report *alive = station_report_new(&rules, at(now));
    const struct station_report_row *row;
    for (size_t i = 0; (row = station_report_at(alive, i)); i++)
        if (!span_is(row->station->code, "st007"))
            beat(alive, row->station->code, "2026-11-25 10:30");
    beat(alive, SPAN("st999"), now); /* nobody's */
    assert_int_equal(feed_report_due(&rules, alive, SPAN("platform"), at("2026-11-25 10:00")),
                     at("2026-11-25 11:00")); /* st007 is late, and so is its feed */
    beat(alive, SPAN("st007"), "2026-11-25 10:20");
    assert_int_equal(feed_report_due(&rules, alive, SPAN("platform"), at("2026-11-25 10:00")),
                     at("2026-11-25 11:20"));
    assert_int_equal(feed_report_due(&rules, alive, SPAN("hotline"), at("2026-11-25 10:00")),
                     CADENCE_NEVER);
    station_report_free(alive);
}

static void a_feed_without_stations_is_never_late(void **state)
{
    (void)state;
    assert_told("hotline", "2025-01-01 00:00", "2026-11-25 11:01",
                "{\"feed\":\"hotline\",\"newest\":\"2025-01-01T00:00:00+08:00\",\"due\":null,"
                "\"late\":false}");
}

static struct event heard(const char *feed, int64_t recorded_ms)
{
    return (struct event){.family = EVENT_CASE, .feed = span_of(feed), .recorded_ms = recorded_ms};
}

static void the_newest_word_of_each_feed_is_kept_in_their_order(void **state)
{
    (void)state;
    static const struct {
        const char *feed;
        int64_t ms;
    } words[] = {{"hotline", 5}, {"hotline", 9}, {"hotline", 7}, {"visits", 2},
                 {"boston", 3},  {"hotline", 8}, {"visits", 1},  {"boston", 4}};
    struct arena arena;
    struct feed_rows rows = {0};
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        struct event event = heard(words[i].feed, words[i].ms);
        assert_true(feed_rows_take(&rows, &arena, &event));
    }
    const struct feed_row *row = rows.first;
    assert_true(span_is(row->feed, "boston") && row->seen_ms == 4);
    row = row->next;
    assert_true(span_is(row->feed, "hotline") && row->seen_ms == 9);
    row = row->next;
    assert_true(span_is(row->feed, "visits") && row->seen_ms == 2 && !row->next);
    arena_fini(&arena);
}

static void a_batch_that_is_full_takes_no_more(void **state)
{
    (void)state;
    struct arena arena;
    struct feed_rows rows = {0};
    struct event event = heard("hotline", 1);
    arena_init(&arena, 16);
    assert_false(feed_rows_take(&rows, &arena, &event));
    assert_null(rows.first);
    assert_int_equal(arena.used, 0);
    arena_fini(&arena);
}

static void replays_and_decisions_tell_nothing_of_today(void **state)
{
    (void)state;
    struct event event = heard("hotline", 1);
    assert_true(feed_rows_is_heard(&event));
    event.replayof = SPAN("r1");
    assert_false(feed_rows_is_heard(&event));
    event = heard("hotline", 1);
    event.causationid = SPAN("c");
    assert_false(feed_rows_is_heard(&event));
    event = heard("hotline", TIMESTAMP_NONE);
    assert_false(feed_rows_is_heard(&event));
    event = heard(NULL, 1);
    assert_false(feed_rows_is_heard(&event));
}

static struct event told(struct json_reader *reader, struct arena *arena, const char *minute,
                         const char *data)
{
    struct event event;
    char *text = arena_take(arena, 512); /* the event borrows from it */
    snprintf(text, 512,
             "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"/ingest\",\"type\":"
             "\"cn.citybrain.observation.refused.v1\",\"subject\":\"refused:x\",\"time\":"
             "\"2026-03-02T15:%sZ\",\"recordedtime\":\"2026-03-02T15:59:59Z\",\"data\":%s}",
             minute, data);
    assert_int_equal(event_read(reader, span_of(text), arena, &event), REJECT_NONE);
    return event;
}

/* 16:00Z is midnight in the district. */
static void why_rows_were_refused_is_added_up(void **state)
{
    (void)state;
    static const struct {
        const char *minute, *data;
    } events[] = {
        {"50:00", "{\"feed\":\"f\",\"reason\":\"bad_date\",\"rows\":2}"},
        {"40:00", "{\"feed\":\"f\",\"reason\":\"bad_date\",\"rows\":3}"},
        {"45:00", "{\"feed\":\"f\",\"reason\":\"bad_date\",\"station\":\"st001\",\"rows\":7}"},
        {"45:00", "{\"feed\":\"f\",\"station\":\"st001\",\"rows\":1}"},
    };
    struct json_reader *reader = json_reader_new();
    struct arena arena, texts;
    struct refused_rows rows = {0};
    size_t count = 0;
    arena_init(&arena, 1 << 14);
    arena_init(&texts, 1 << 16);
    for (size_t i = 0; i < ARRAY_LENGTH(events); i++) {
        struct event event = told(reader, &texts, events[i].minute, events[i].data);
        assert_true(refused_rows_is_one(&event));
        assert_true(refused_rows_take(&rows, &arena, &event, rules.stations, 480));
    }
    for (const struct refused_row *row = rows.first; row; row = row->next, count++)
        if (!row->station.len) {
            assert_int_equal(row->rows, 5);
            assert_int_equal(row->day, timestamp_days(2026, 3, 2));
            assert_int_equal(row->last_ms - row->first_ms, 19 * 60000 + 59000);
        } else
            assert_int_equal(row->rows, row->reason.len ? 7 : 1);
    assert_int_equal(count, 3);
    arena_fini(&arena);
    arena_fini(&texts);
    json_reader_free(reader);
}

/* A header that drifted puts order numbers where stations stand, each another one. */
static void what_the_registry_does_not_know_is_of_its_feed_alone(void **state)
{
    (void)state;
    struct json_reader *reader = json_reader_new();
    struct arena arena, texts;
    struct refused_rows rows = {0}, nobodys = {0};
    char data[128];
    arena_init(&arena, 1 << 14);
    arena_init(&texts, 1 << 20);
    for (int i = 0; i < 100; i++) {
        snprintf(data, sizeof data,
                 "{\"feed\":\"f\",\"reason\":\"bad_date\",\"station\":\"%s%d\",\"rows\":1}",
                 i ? "WO2026" : "st10", i);
        struct event event = told(reader, &texts, "45:00", data);
        assert_true(refused_rows_take(&rows, &arena, &event, rules.stations, 480));
        assert_true(refused_rows_take(&nobodys, &arena, &event, NULL, 480));
    }
    assert_int_equal(rows.first->rows, 99);
    assert_int_equal(rows.first->station.len, 0);
    assert_true(span_is(rows.first->next->station, "st100"));
    assert_null(rows.first->next->next);
    assert_true(nobodys.first->rows == 100 && !nobodys.first->next);
    arena_fini(&arena);
    arena_fini(&texts);
    json_reader_free(reader);
}

static void what_a_feed_calls_so_is_none_of_ingests(void **state)
{
    (void)state;
    static const char *const others[] = {"{\"feed\":\"f\",\"rows\":\"many\"}",
                                         "{\"feed\":\"f\",\"rows\":0}",
                                         "{\"feed\":\"f\",\"rows\":1.5}", "{\"rows\":1}"};
    struct json_reader *reader = json_reader_new();
    struct arena texts;
    arena_init(&texts, 1 << 16);
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        struct event event = told(reader, &texts, "00:00", others[i]);
        assert_false(refused_rows_is_one(&event));
    }
    struct event event = told(reader, &texts, "00:00", "{\"feed\":\"f\",\"rows\":1}");
    event.feed = SPAN("visits");
    assert_false(refused_rows_is_one(&event));
    arena_fini(&texts);
    json_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_due_when_the_first_of_its_stations_is),
        cmocka_unit_test(a_station_that_was_heard_by_heartbeat_does_not_make_its_feed_late),
        cmocka_unit_test(a_feed_without_stations_is_never_late),
        cmocka_unit_test(the_newest_word_of_each_feed_is_kept_in_their_order),
        cmocka_unit_test(a_batch_that_is_full_takes_no_more),
        cmocka_unit_test(why_rows_were_refused_is_added_up),
        cmocka_unit_test(what_the_registry_does_not_know_is_of_its_feed_alone),
        cmocka_unit_test(what_a_feed_calls_so_is_none_of_ingests),
        cmocka_unit_test(replays_and_decisions_tell_nothing_of_today),
    };
    struct diagnostics *diagnostics = diagnostics_new();
    rules.stations = stations_load("config/registries/stations.csv", diagnostics);
    rules.calendar = calendar_load("config/registries/calendar.csv", diagnostics);
    rules.zone_minutes = 480;
    if (!rules.stations || !rules.calendar)
        return 1;
    int failed = cmocka_run_group_tests_name("feed_report", tests, NULL, NULL);
    stations_free((struct stations *)(uintptr_t)rules.stations);
    calendar_free((struct calendar *)(uintptr_t)rules.calendar);
    diagnostics_free(diagnostics);
    return failed;
}
