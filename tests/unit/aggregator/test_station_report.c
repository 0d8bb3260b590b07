/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the shipped registry beside what was heard, at moments of 国庆; and what a batch keeps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/seen_rows.h"
#include "aggregator/core/station_report.h"
#include "base/base.h"
#include "base/timestamp.h"

static struct station_report_rules rules;

static int64_t at(const char *text)
{
    int64_t ms = 0;
    if (!timestamp_parse(span_of(text), "%Y-%m-%d %H:%M", 480, &ms))
        fail_msg("%s", text);
    return ms;
}

static void hear(struct station_report *report, const char *station, const char *via,
                 const char *seen)
{
    station_report_hear(report, &(struct sighting){span_of(station), span_of(via), at(seen)});
}

static const struct station_report_row *row_of(struct station_report *report, const char *code)
{
    const struct station_report_row *row;
    for (size_t i = 0; (row = station_report_at(report, i)); i++)
        if (span_is(row->station ? row->station->code : row->heard.station, code))
            return row;
    return NULL;
}

/* st001: platform, 4h, 1-5 09:00-17:30. st002: platform_csv, 1d, weekdays. */
static void judges_every_station_by_its_own_cadence(void **state)
{
    (void)state;
    static const struct {
        const char *now;
        enum station_report_state first, second;
    } cases[] = {
        {"2026-09-30 14:00", STATION_ALIVE, STATION_ALIVE},
        {"2026-09-30 14:01", STATION_LATE, STATION_ALIVE},
        {"2026-10-07 23:59", STATION_LATE, STATION_ALIVE}, /* eight days, seven of them holidays */
        {"2026-10-08 13:31", STATION_SILENT, STATION_ALIVE},
        {"2026-10-09 00:01", STATION_SILENT, STATION_LATE},
        {"2026-10-10 23:59", STATION_SILENT, STATION_LATE}, /* the third day is a Saturday's work */
        {"2026-10-11 00:01", STATION_SILENT, STATION_SILENT},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct station_report *report = station_report_new(&rules, at(cases[i].now));
        hear(report, "st001", "platform", "2026-09-30 10:00");
        hear(report, "st002", "platform_csv", "2026-09-30 10:00");
        if (row_of(report, "st001")->state != cases[i].first ||
            row_of(report, "st002")->state != cases[i].second)
            fail_msg("%s", cases[i].now);
        assert_int_equal(row_of(report, "st003")->state, STATION_NEVER);
        station_report_free(report);
    }
}

/* Not when it was heard last, and not before its hours: twelve of them, seven of holidays between.
 */
static void it_says_since_when_somebody_is_late_or_silent(void **state)
{
    (void)state;
    static const struct {
        const char *now, *since;
    } cases[] = {{"2026-09-30 14:00", NULL},
                 {"2026-10-08 09:00", "2026-09-30 14:00"},
                 {"2026-10-08 13:31", "2026-10-08 13:30"},
                 {"2026-11-25 17:00", "2026-10-08 13:30"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct station_report *report = station_report_new(&rules, at(cases[i].now));
        hear(report, "st001", "platform", "2026-09-30 10:00");
        assert_int_equal(row_of(report, "st001")->since_ms,
                         cases[i].since ? at(cases[i].since) : TIMESTAMP_NONE);
        assert_int_equal(row_of(report, "st003")->since_ms, TIMESTAMP_NONE);
        station_report_free(report);
    }
}

static void the_newest_word_of_the_family_or_a_heartbeat_holds(void **state)
{
    (void)state;
    struct station_report *report = station_report_new(&rules, at("2026-11-25 17:00"));
    hear(report, "st001", "heartbeat", "2026-11-25 09:00");
    hear(report, "st001", "platform", "2026-11-25 12:00");
    hear(report, "st001", "heartbeat", "2026-11-25 11:00");
    hear(report, "st001", "single_window", "2026-11-25 16:59"); /* others say that it exists */
    hear(report, "st002", "single_window", "2026-11-25 16:59");
    const struct station_report_row *row = row_of(report, "st001");
    assert_int_equal(row->heard.seen_ms, at("2026-11-25 12:00"));
    assert_true(span_is(row->heard.via, "platform"));
    assert_int_equal(row->due_ms, at("2026-11-25 16:00"));
    assert_int_equal(row->state, STATION_LATE);
    assert_int_equal(row_of(report, "st002")->state, STATION_NEVER);
    station_report_free(report);
}

static void a_code_of_no_registry_is_unknown(void **state)
{
    (void)state;
    unsigned states;
    struct strbuf out;
    struct station_report *report = station_report_new(&rules, at("2026-11-25 17:00"));
    hear(report, "st999", "platform", "2026-11-25 12:00");
    hear(report, "st999", "heartbeat", "2026-11-25 13:00");
    assert_int_equal(row_of(report, "st999")->state, STATION_UNKNOWN);
    assert_null(station_report_at(report, 270));
    strbuf_init(&out, 1 << 12, 1 << 20);
    assert_true(station_report_read_states(SPAN("late,unknown"), &states));
    station_report_write(report, states, STATION_ANY_HOURS, &out);
    assert_string_equal(
        out.at,
        "{\"now_ms\":1795597200000,\"now\":\"2026-11-25T17:00:00+08:00\",\"counts\":{\"alive\":0,"
        "\"late\":0,\"silent\":0,\"never\":269,\"unknown\":1},\"closed\":48,\"rows\":[{\"station\":"
        "\"st999\","
        "\"state\":\"unknown\",\"seen\":\"2026-11-25T13:00:00+08:00\",\"via\":\"heartbeat\","
        "\"due\":"
        "null,\"since\":null,\"refused\":0,\"open\":null,\"cadence\":null,\"hours\":null,"
        "\"family\":null,"
        "\"street_code\":null,"
        "\"name\":null}]"
        "}");
    strbuf_fini(&out);
    station_report_free(report);
    assert_true(station_report_read_states(SPAN(""), &states));
    assert_int_equal(states, 31);
    assert_false(station_report_read_states(SPAN("late,dead"), &states));
}

/* No day is known whose registry holds, no hour, and nobody is silent by 1970. */
static void before_the_first_tick_nothing_is_known(void **state)
{
    (void)state;
    unsigned states;
    struct strbuf out;
    struct station_report *report = station_report_new(&rules, 0);
    hear(report, "st001", "platform", "2026-11-25 12:00");
    hear(report, "st999", "platform", "2026-11-25 12:00");
    assert_null(station_report_at(report, 0));
    strbuf_init(&out, 1 << 12, 1 << 20);
    assert_true(station_report_read_states(SPAN(""), &states));
    station_report_write(report, states, STATION_ANY_HOURS, &out);
    assert_string_equal(out.at, "{\"now_ms\":0,\"now\":null,\"counts\":{\"alive\":null,\"late\":"
                                "null,\"silent\":null,\"never\":null,\"unknown\":null},"
                                "\"closed\":null,\"rows\":[]}");
    strbuf_fini(&out);
    station_report_free(report);
}

static size_t rows_of(const char *now, enum station_report_hours hours)
{
    struct station_report *report = station_report_new(&rules, at(now));
    struct strbuf out;
    size_t count = 0;
    hear(report, "st999", "platform", "2026-09-30 10:00");
    strbuf_init(&out, 1 << 12, 1 << 20);
    station_report_write(report, (1U << STATION_STATES) - 1, hours, &out);
    for (const char *row = out.at; (row = strstr(row, "{\"station\":")); row++)
        count++;
    strbuf_fini(&out);
    station_report_free(report);
    return count;
}

/* Heard or not; of who is in no registry nobody knows. */
static void who_is_outside_his_hours_is_said_and_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *now;
        bool open;
    } cases[] = {{"2026-09-30 09:00", true},
                 {"2026-09-30 17:29", true},
                 {"2026-09-30 17:30", false},
                 {"2026-10-01 10:00", false},
                 {"2026-10-10 10:00", true}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct station_report *report = station_report_new(&rules, at(cases[i].now));
        if (row_of(report, "st001")->is_open != cases[i].open)
            fail_msg("%s", cases[i].now);
        hear(report, "st001", "platform", "2026-09-30 10:00");
        assert_int_equal(row_of(report, "st001")->is_open, cases[i].open);
        station_report_free(report);
        size_t in = rows_of(cases[i].now, STATION_IN_HOURS),
               out = rows_of(cases[i].now, STATION_OUT_OF_HOURS);
        assert_int_equal(in + out, 269);
        assert_true((cases[i].open ? in : out) > 0);
        assert_int_equal(rows_of(cases[i].now, STATION_ANY_HOURS), 270);
    }
}

static void what_was_refused_is_added_up_for_stations_that_there_are(void **state)
{
    (void)state;
    struct station_report *report = station_report_new(&rules, at("2026-11-25 17:00"));
    hear(report, "st999", "platform", "2026-11-25 12:00");
    station_report_refuse(report, SPAN("st002"), 3);
    station_report_refuse(report, SPAN("st002"), 2);
    station_report_refuse(report, SPAN("st999"), 7);
    station_report_refuse(report, SPAN("nobody"), 9);
    assert_int_equal(row_of(report, "st002")->refused, 5);
    assert_int_equal(row_of(report, "st002")->state, STATION_NEVER); /* nobody is heard by it */
    assert_int_equal(row_of(report, "st001")->refused, 0);
    assert_int_equal(row_of(report, "st999")->refused, 0);
    assert_null(row_of(report, "nobody"));
    station_report_free(report);
}

static void the_unknown_are_bounded(void **state)
{
    (void)state;
    static char codes[3000][16];
    struct station_report *report = station_report_new(&rules, at("2026-11-25 17:00"));
    size_t count = 0;
    for (int i = 0; i < 3000; i++) {
        snprintf(codes[i], sizeof codes[i], "x%d", i);
        hear(report, codes[i], "platform", "2026-11-25 12:00");
    }
    while (station_report_at(report, count))
        count++;
    assert_int_equal(count, 1269);
    station_report_free(report);
}

static void a_batch_keeps_the_newest_word_in_any_order(void **state)
{
    (void)state;
    static const struct sighting words[] = {
        {{"a", 1}, {"platform", 8}, 5}, {{"a", 1}, {"platform", 8}, 7},
        {{"a", 1}, {"platform", 8}, 6}, {{"a", 1}, {"heartbeat", 9}, 3},
        {{"b", 1}, {"platform", 8}, 4}, {{"b", 1}, {"platform", 8}, 4},
    };
    struct seen_rows rows = {0};
    struct arena arena;
    size_t count = 0;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        assert_true(seen_rows_take(&rows, &arena, &words[i]));
    for (const struct seen_row *row = rows.first; row; row = row->next, count++)
        if (span_is(row->sighting.station, "a") && span_is(row->sighting.via, "platform"))
            assert_int_equal(row->sighting.seen_ms, 7);
    assert_int_equal(count, 3);
    char code[24];
    for (int i = 0; i < 1000; i++) {
        snprintf(code, sizeof code, "station%d", i);
        size_t used = arena.used;
        if (seen_rows_take(&rows, &arena, &(struct sighting){span_of(code), SPAN("platform"), 1}))
            continue;
        assert_int_equal(arena.used, used); /* full: nothing was taken */
        assert_true(seen_rows_take(&rows, &arena, &words[0]));
        arena_fini(&arena);
        return;
    }
    fail();
}

static int set_up(void **state)
{
    struct diagnostics *diagnostics = diagnostics_new();
    (void)state;
    rules.stations = stations_load("config/registries/stations.csv", diagnostics);
    rules.calendar = calendar_load("config/registries/calendar.csv", diagnostics);
    rules.zone_minutes = 480;
    diagnostics_free(diagnostics);
    return rules.stations && rules.calendar ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    stations_free((struct stations *)(uintptr_t)rules.stations);
    calendar_free((struct calendar *)(uintptr_t)rules.calendar);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_every_station_by_its_own_cadence),
        cmocka_unit_test(it_says_since_when_somebody_is_late_or_silent),
        cmocka_unit_test(the_newest_word_of_the_family_or_a_heartbeat_holds),
        cmocka_unit_test(a_code_of_no_registry_is_unknown),
        cmocka_unit_test(before_the_first_tick_nothing_is_known),
        cmocka_unit_test(who_is_outside_his_hours_is_said_and_asked_for),
        cmocka_unit_test(what_was_refused_is_added_up_for_stations_that_there_are),
        cmocka_unit_test(the_unknown_are_bounded),
        cmocka_unit_test(a_batch_keeps_the_newest_word_in_any_order),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
