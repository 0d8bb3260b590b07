/* SPDX-License-Identifier: Apache-2.0 */
/* When somebody is due, by the shipped calendar: nights, weekends, 国庆 and its working Saturday.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "model/cadence.h"

#define BEIJING    480
#define OFFICE     "1-5 09:00-17:30"
#define TWO_SHIFTS "1-5 08:30-11:30 13:30-17:30"
#define SATURDAYS  "1-5 09:00-18:00;6 09:00-12:00"
#define EVERY_DAY  "1-7,h 09:00-17:00"
#define NIGHTS     "1-7 20:00-08:00"
#define ALWAYS     "1-7,h 00:00-24:00"

static struct calendar *calendar;

static int64_t at(const char *text)
{
    int64_t ms = 0;
    if (!timestamp_parse(span_of(text), "%Y-%m-%d %H:%M", BEIJING, &ms))
        fail_msg("%s", text);
    return ms;
}

static struct cadence cadence_of(const char *every, const char *hours)
{
    struct cadence cadence = {0};
    if (!cadence_parse_every(&cadence, span_of(every)) ||
        !cadence_parse_hours(&cadence, span_of(hours)))
        fail_msg("%s, %s", every, hours);
    return cadence;
}

static void is_due_by_open_time_days_and_weeks(void **state)
{
    (void)state;
    static const struct {
        const char *every, *hours, *since;
        int64_t times;
        const char *due;
    } cases[] = {
        {"1h", OFFICE, "2026-11-25 10:00", 1, "2026-11-25 11:00"},
        {"1h", OFFICE, "2026-11-25 16:30", 1, "2026-11-25 17:30"}, /* the last moment it is open */
        {"1h", OFFICE, "2026-11-25 17:00", 1, "2026-11-26 09:30"}, /* over night */
        {"1h", OFFICE, "2026-11-25 03:00", 1, "2026-11-25 10:00"}, /* heard while it was closed */
        {"1h", OFFICE, "2026-11-27 17:00", 1, "2026-11-30 09:30"}, /* over a weekend */
        {"4h", TWO_SHIFTS, "2026-11-25 10:30", 1, "2026-11-25 16:30"}, /* over noon */
        {"4h", SATURDAYS, "2026-11-28 11:00", 1, "2026-11-30 12:00"},  /* one hour of Saturday */
        {"4h", OFFICE, "2026-11-25 10:00", 3, "2026-11-26 13:30"},     /* three of them */
        {"1h", OFFICE, "2026-09-30 17:00", 1, "2026-10-08 09:30"},     /* over 国庆 */
        {"8h", OFFICE, "2026-10-09 10:00", 1, "2026-10-10 09:30"},     /* a 调休 Saturday */
        {"4h", SATURDAYS, "2026-10-10 11:00", 1, "2026-10-10 15:00"},  /* with Monday's hours */
        {"4h", EVERY_DAY, "2026-10-03 15:00", 1, "2026-10-04 11:00"},  /* open on holidays */
        {"2h", "1-5 09:00-17:00;h 10:00-12:00", "2026-09-30 16:00", 1, "2026-10-01 11:00"},
        {"2h", NIGHTS, "2026-11-25 23:00", 1, "2026-11-26 01:00"},
        {"2h", NIGHTS, "2026-11-26 07:00", 1, "2026-11-26 21:00"}, /* of the night before, then */
        {"2h", NIGHTS, "2026-10-01 00:30", 1, "2026-10-01 02:30"}, /* begun before the holiday */
        {"2h", NIGHTS, "2026-10-01 07:00", 1, "2026-10-08 21:00"}, /* no night in 国庆 */
        {"30m", ALWAYS, "2026-10-01 23:50", 1, "2026-10-02 00:20"},
        {"2h", "1-5 09:00-12:00;1-5 11:00-14:00", "2026-11-25 10:30", 1, "2026-11-25 12:30"},
        {"1d", OFFICE, "2026-11-25 08:00", 1, "2026-11-27 00:00"}, /* until tomorrow ends */
        {"1d", OFFICE, "2026-11-25 23:00", 1, "2026-11-27 00:00"},
        {"1d", OFFICE, "2026-11-27 10:00", 1, "2026-12-01 00:00"}, /* Friday: until Monday ends */
        {"1d", OFFICE, "2026-09-30 10:00", 1, "2026-10-09 00:00"},
        {"1d", OFFICE, "2026-10-09 10:00", 1, "2026-10-11 00:00"},
        {"2d", OFFICE, "2026-11-25 10:00", 3, "2026-12-04 00:00"},
        {"1w", OFFICE, "2026-11-18 10:00", 1, "2026-11-26 00:00"}, /* the same weekday */
        {"1w", OFFICE, "2026-09-26 10:00", 1, "2026-10-09 00:00"}, /* that is a holiday: after */
        {"1w", OFFICE, "2026-10-03 10:00", 1, "2026-10-11 00:00"}, /* that is worked */
        /* The example of docs/stations.md. */
        {"4h", OFFICE, "2026-09-30 16:00", 1, "2026-10-08 11:30"},
        {"1d", OFFICE, "2026-09-30 16:00", 1, "2026-10-09 00:00"},
        {"1w", OFFICE, "2026-09-30 16:00", 1, "2026-10-09 00:00"},
        {"2w", OFFICE, "2026-11-02 10:00", 1, "2026-11-17 00:00"},
        {"1h", OFFICE, "2027-09-30 17:00", 1, "2027-10-01 09:30"}, /* not announced yet */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct cadence cadence = cadence_of(cases[i].every, cases[i].hours);
        int64_t due = cadence_due(&cadence, calendar, BEIJING, at(cases[i].since), cases[i].times);
        if (due != at(cases[i].due))
            fail_msg("%zu: %s of %s since %s: %lld minutes off", i, cases[i].every, cases[i].hours,
                     cases[i].since, (long long)((due - at(cases[i].due)) / 60000));
    }
}

static void is_late_after_one_cadence_and_silent_after_three(void **state)
{
    (void)state;
    static const struct {
        const char *now;
        enum cadence_state state;
    } cases[] = {
        {"2026-09-30 16:30", CADENCE_ALIVE},  {"2026-09-30 17:00", CADENCE_ALIVE},
        {"2026-09-30 17:01", CADENCE_LATE},   {"2026-10-01 12:00", CADENCE_LATE},
        {"2026-10-07 23:00", CADENCE_LATE}, /* a week of holidays tells nothing new */
        {"2026-10-08 10:30", CADENCE_LATE},   {"2026-10-08 10:31", CADENCE_SILENT},
        {"2027-03-01 00:00", CADENCE_SILENT},
    };
    struct cadence cadence = cadence_of("1h", OFFICE);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        if (cadence_state(&cadence, calendar, BEIJING, at("2026-09-30 16:00"), at(cases[i].now)) !=
            cases[i].state)
            fail_msg("%s", cases[i].now);
    assert_string_equal(cadence_state_name(CADENCE_LATE), "late");
}

static void later_words_are_never_due_earlier(void **state)
{
    (void)state;
    static const char *const every[] = {"30m", "4h", "1d", "3d", "1w"};
    static const char *const hours[] = {OFFICE, TWO_SHIFTS, SATURDAYS, EVERY_DAY, NIGHTS, ALWAYS};
    for (size_t e = 0; e < ARRAY_LENGTH(every); e++)
        for (size_t h = 0; h < ARRAY_LENGTH(hours); h++) {
            struct cadence cadence = cadence_of(every[e], hours[h]);
            int64_t last[4] = {0};
            for (int64_t ms = at("2026-09-15 00:00"); ms < at("2026-10-20 00:00"); ms += 17 * 60000)
                for (int64_t times = 1; times <= 3; times++) {
                    int64_t due = cadence_due(&cadence, calendar, BEIJING, ms, times);
                    assert_true(due >= last[times] && due > ms && due >= last[times - 1]);
                    assert_true(due < CADENCE_NEVER);
                    last[times] = due;
                    last[0] = 0;
                }
        }
}

static void knows_when_it_is_open(void **state)
{
    (void)state;
    static const struct {
        const char *hours, *at;
        bool open;
    } cases[] = {
        {OFFICE, "2026-11-25 09:00", true},    {OFFICE, "2026-11-25 08:59", false},
        {OFFICE, "2026-11-25 17:30", false},   {OFFICE, "2026-11-28 10:00", false},
        {OFFICE, "2026-10-01 10:00", false},   {OFFICE, "2026-10-10 10:00", true},
        {EVERY_DAY, "2026-10-01 10:00", true}, {NIGHTS, "2026-11-25 23:00", true},
        {NIGHTS, "2026-11-25 07:59", true},    {NIGHTS, "2026-11-25 08:00", false},
        {NIGHTS, "2026-10-01 21:00", false},   {ALWAYS, "2026-10-01 00:00", true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct cadence cadence = cadence_of("1h", cases[i].hours);
        if (cadence_is_open(&cadence, calendar, BEIJING, at(cases[i].at)) != cases[i].open)
            fail_msg("%s at %s", cases[i].hours, cases[i].at);
    }
}

static void who_never_opens_is_never_due(void **state)
{
    (void)state;
    struct cadence cadence = cadence_of("1d", "h 09:00-17:00");
    assert_int_equal(cadence_due(&cadence, calendar, BEIJING, at("2026-12-31 12:00"), 1),
                     CADENCE_NEVER);
    cadence = cadence_of("1h", "h 09:00-17:00");
    assert_int_equal(cadence_due(&cadence, calendar, BEIJING, at("2026-12-31 12:00"), 1),
                     CADENCE_NEVER);
    assert_int_equal(cadence_due(&cadence, calendar, BEIJING, at("2026-11-25 12:00"), 1),
                     CADENCE_NEVER);
}

static void refuses_what_cannot_be_read(void **state)
{
    (void)state;
    static const char *const hours[] = {
        "",
        "1-5",
        "1-5 ",
        "0 09:00-17:00",
        "8 09:00-17:00",
        "5-1 09:00-17:00",
        "x 09:00-17:00",
        "1- 09:00-17:00",
        "1-5 9:00-17:00",
        "1-5 09:00",
        "1-5 09:60-17:00",
        "1-5 09:00-24:01",
        "1-5 24:00-25:00",
        "1-5 09:00-17:30;",
        "1-5,, 09:00-17:00",
        "1-5 09:00--7:00",
        "1-5 +9:00-17:00",
    };
    static const char *const every[] = {"", "h", "0h", "-1h", "1", "1s", "1x", "h1", "10001h"};
    struct cadence cadence;
    for (size_t i = 0; i < ARRAY_LENGTH(hours); i++)
        if (cadence_parse_hours(&cadence, span_of(hours[i])))
            fail_msg("\"%s\"", hours[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(every); i++)
        if (cadence_parse_every(&cadence, span_of(every[i])))
            fail_msg("\"%s\"", every[i]);
}

static int set_up(void **state)
{
    struct diagnostics *diagnostics = diagnostics_new();
    (void)state;
    calendar = calendar_load("config/registries/calendar.csv", diagnostics);
    diagnostics_free(diagnostics);
    return calendar ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    calendar_free(calendar);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_due_by_open_time_days_and_weeks),
        cmocka_unit_test(is_late_after_one_cadence_and_silent_after_three),
        cmocka_unit_test(later_words_are_never_due_earlier),
        cmocka_unit_test(knows_when_it_is_open),
        cmocka_unit_test(who_never_opens_is_never_due),
        cmocka_unit_test(refuses_what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
