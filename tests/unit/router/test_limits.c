/* SPDX-License-Identifier: Apache-2.0 */
/* Working time over the real calendar of 2026: 国庆 is 1–7 October, the Saturday 10 October is
 * worked for it, 20 September is a Sunday that is worked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "config/yaml.h"
#include "router/core/limits.h"

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

static struct working_time working = {.zone_minutes = 480};
static struct calendar *calendar;

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    calendar = calendar_load("config/registries/calendar.csv", diagnostics);
    diagnostics_free(diagnostics);
    working.calendar = calendar;
    return calendar && limits_parse_hours(&working, SPAN("09:00-12:00 13:00-18:00")) ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    calendar_free(calendar);
    return 0;
}

/* "2026-10-08 10:00" in Beijing */
static int64_t at(const char *text)
{
    int64_t ms;
    assert_true(timestamp_parse(span_of(text), "%Y-%m-%d %H:%M:%S", 480, &ms) ||
                timestamp_parse(span_of(text), "%Y-%m-%d %H:%M", 480, &ms));
    return ms;
}

static struct limit limit_of(const char *text)
{
    struct limit limit;
    assert_true(limits_parse(&limit, span_of(text)));
    return limit;
}

/* 民法典 201: the first day is not counted; 203: the last ends when the offices close, and a
 * holiday is no last day. */
static void a_limit_ends_when_the_calendar_says(void **state)
{
    (void)state;
    static const struct {
        const char *limit, *from, *end;
    } rows[] = {
        {"2h", "2026-09-30 23:30", "2026-10-01 01:30"}, /* natural time knows no holiday */
        {"24h", "2026-09-30 10:00", "2026-10-01 10:00"},
        {"48h", "2026-10-09 10:00", "2026-10-11 10:00"},
        {"7d", "2026-09-30 10:00", "2026-10-07 10:00"},
        {"15d", "2026-09-24 10:00", "2026-10-09 10:00"},
        {"1wd", "2026-09-29 08:00", "2026-09-30 18:00"},
        {"1wd", "2026-09-29 23:59:59", "2026-09-30 18:00"},
        {"1wd", "2026-09-30 00:00", "2026-10-08 18:00"},
        {"2wd", "2026-09-30 10:00", "2026-10-09 18:00"},
        {"2wd", "2026-10-03 10:00", "2026-10-09 18:00"}, /* told on a holiday */
        {"2wd", "2026-10-08 17:59", "2026-10-10 18:00"}, /* the Saturday counts */
        {"2wd", "2026-10-09 10:00", "2026-10-12 18:00"}, /* the Sunday does not */
        {"2wd", "2026-10-10 10:00", "2026-10-13 18:00"},
        {"1wd", "2026-09-18 10:00", "2026-09-20 18:00"},  /* the Sunday that is worked */
        {"20wd", "2026-09-24 10:00", "2026-10-29 18:00"}, /* 信息公开 */
        {"4wh", "2026-09-30 10:00", "2026-09-30 15:00"},  /* over noon */
        {"2wh", "2026-09-30 12:30", "2026-09-30 15:00"},
        {"2wh", "2026-09-30 10:00", "2026-09-30 12:00"},
        {"8wh", "2026-10-10 09:00", "2026-10-10 18:00"},
        {"3wh", "2026-09-30 16:00", "2026-10-08 10:00"},
        {"1wh", "2026-10-10 17:30", "2026-10-12 09:30"},
        {"1wh", "2026-10-04 03:00", "2026-10-08 10:00"},
        {"1wh", "2026-09-30 18:00", "2026-10-08 10:00"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct limit limit = limit_of(rows[i].limit);
        int64_t end_ms = limits_end(&limit, &working, at(rows[i].from));
        if (end_ms != at(rows[i].end))
            fail_msg("%s from %s ends %lld minutes beside %s", rows[i].limit, rows[i].from,
                     (long long)(end_ms - at(rows[i].end)) / 60000, rows[i].end);
    }
}

static void what_comes_before_an_end(void **state)
{
    (void)state;
    static const struct {
        const char *limit, *end, *begin;
    } rows[] = {
        {"4h", "2026-10-08 02:00", "2026-10-07 22:00"},
        {"3wh", "2026-10-08 10:00", "2026-09-30 16:00"},
        {"1wh", "2026-10-08 09:00", "2026-09-30 17:00"},
        {"2wh", "2026-10-08 13:30", "2026-10-08 10:30"},
        {"1wd", "2026-10-09 18:00", "2026-10-08 18:00"},
        {"2wd", "2026-10-10 18:00", "2026-10-08 18:00"},
        {"1wd", "2026-10-08 12:00", "2026-09-30 12:00"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct limit limit = limit_of(rows[i].limit);
        if (limits_before(&limit, &working, at(rows[i].end)) != at(rows[i].begin))
            fail_msg("%s before %s", rows[i].limit, rows[i].end);
    }
    assert_int_equal(limits_open_between(&working, at("2026-09-30 16:00"), at("2026-10-08 10:00")),
                     3 * HOUR);
    assert_int_equal(limits_open_between(&working, at("2026-10-08 10:00"), at("2026-09-30 16:00")),
                     0);
}

/* Whatever the moment: so much open time lies between begin and end. */
static void as_much_time_passes_as_was_given(void **state)
{
    (void)state;
    uint64_t draw = 1;
    for (int i = 0; i < 20000; i++) {
        draw = draw * 6364136223846793005u + 1442695040888963407u;
        int64_t from_ms = at("2026-01-01 00:00") + (int64_t)((draw >> 20) % (uint64_t)(330 * DAY));
        struct limit limit = {.clock = LIMIT_WORKING,
                              .ms = 1 + (int64_t)((draw >> 7) % 90) * HOUR / 2};
        int64_t end_ms = limits_end(&limit, &working, from_ms);
        assert_int_equal(limits_open_between(&working, from_ms, end_ms), limit.ms);
        int64_t begin_ms = limits_before(&limit, &working, end_ms);
        assert_true(begin_ms >= from_ms);
        assert_int_equal(limits_open_between(&working, begin_ms, end_ms), limit.ms);
    }
}

static void only_amounts_are_read(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",    "2",     "wd",     "0wd", "-1wd",
                                        "2wx", "1.5wh", "1001wd", "0h"};
    static const char *const no_hours[] = {"",
                                           "9:00-12:00",
                                           "09:00",
                                           "12:00-09:00",
                                           "09:00-12:00 11:00-18:00",
                                           "09:00-24:01",
                                           "01:00-02:00 03:00-04:00 05:00-06:00 07:00-08:00 "
                                           "09:00-10:00"};
    struct limit limit;
    struct working_time hours = working;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        if (limits_parse(&limit, span_of(wrong[i])))
            fail_msg("\"%s\" was read", wrong[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(no_hours); i++)
        if (limits_parse_hours(&hours, span_of(no_hours[i])))
            fail_msg("\"%s\" was read", no_hours[i]);
    assert_true(limits_parse_hours(&hours, SPAN("00:00-24:00")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_ends_when_the_calendar_says),
        cmocka_unit_test(what_comes_before_an_end),
        cmocka_unit_test(as_much_time_passes_as_was_given),
        cmocka_unit_test(only_amounts_are_read),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
