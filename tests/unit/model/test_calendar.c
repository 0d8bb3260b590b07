/* SPDX-License-Identifier: Apache-2.0 */
/* Working days by weekday, holiday and 调休; what is wrong with a calendar is named by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "model/calendar.h"

#include "../../support/text_file.h"

static struct calendar *load(const char *text)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct calendar *loaded = calendar_load(text_file(text), diagnostics);
    text_file_end(diagnostics);
    return loaded;
}

static int64_t day(const char *text)
{
    int64_t ms = 0;
    assert_true(timestamp_parse(span_of(text), "%Y-%m-%d", 0, &ms));
    return timestamp_day(ms, 0);
}

static void weekdays_begin_with_monday(void **state)
{
    (void)state;
    assert_int_equal(calendar_weekday(day("2026-11-23")), 1);
    assert_int_equal(calendar_weekday(day("2026-11-29")), 7);
    assert_int_equal(calendar_weekday(day("1970-01-01")), 4);
    assert_int_equal(calendar_weekday(day("1969-12-31")), 3);
    assert_int_equal(calendar_weekday(day("1969-12-29")), 1);
}

static void the_shipped_calendar_has_golden_week_and_its_working_weekends(void **state)
{
    (void)state;
    static const struct {
        const char *day;
        enum calendar_kind kind;
        bool working;
    } cases[] = {
        {"2026-09-20", CALENDAR_WORKDAY, true},   /* Sunday, worked for 国庆 */
        {"2026-09-30", CALENDAR_ORDINARY, true},  /* Wednesday */
        {"2026-10-01", CALENDAR_HOLIDAY, false},  /* 国庆, a Thursday */
        {"2026-10-07", CALENDAR_HOLIDAY, false},  /* its last day */
        {"2026-10-08", CALENDAR_ORDINARY, true},  /* Thursday */
        {"2026-10-10", CALENDAR_WORKDAY, true},   /* Saturday, 调休 */
        {"2026-10-11", CALENDAR_ORDINARY, false}, /* Sunday */
        {"2025-10-08", CALENDAR_HOLIDAY, false},  /* 国庆 and 中秋: one day more */
        {"2026-02-15", CALENDAR_HOLIDAY, false},  /* 春节, a Sunday */
        {"2024-02-09", CALENDAR_ORDINARY, true},  /* 除夕 of 2024 was no holiday */
        {"2027-10-01", CALENDAR_ORDINARY, true},  /* not announced: by its weekday */
        {"2023-10-01", CALENDAR_ORDINARY, false}, /* before it begins; a Sunday */
    };
    struct diagnostics *diagnostics = diagnostics_new();
    struct calendar *calendar = calendar_load("config/registries/calendar.csv", diagnostics);
    assert_non_null(calendar);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (calendar_day(calendar, day(cases[i].day)) != cases[i].kind ||
            calendar_is_working(calendar, day(cases[i].day)) != cases[i].working)
            fail_msg("%s", cases[i].day);
    }
    assert_true(calendar_knows(calendar, day("2026-12-31")));
    calendar_free(calendar);
    diagnostics_free(diagnostics);
}

static void warns_sixty_days_before_it_ends(void **state)
{
    (void)state;
    static const struct {
        const char *today;
        const char *says; /* NULL = nothing */
    } cases[] = {{"2026-11-01", NULL},
                 {"2026-11-02", "tells nothing of 2027, which begins soon"},
                 {"2026-12-31", "which begins soon"},
                 {"2027-01-01", "which has begun"}};
    struct calendar *calendar = load("code,kind,name\n2026,year,\n");
    assert_non_null(calendar);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diagnostics *diagnostics = diagnostics_new();
        calendar_check_end(calendar, day(cases[i].today), diagnostics);
        shown[0] = '\0';
        diagnostics_each(diagnostics, text_file_show, NULL);
        assert_int_equal(diagnostics_errors(diagnostics), 0);
        if (cases[i].says ? !strstr(shown, cases[i].says) : shown[0] != '\0')
            fail_msg("%s: %s", cases[i].today, shown);
        diagnostics_free(diagnostics);
    }
    calendar_free(calendar);
}

static void refuses_what_no_year_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;
        const char *says;
    } cases[] = {
        {"code,kind,name\n2026-10-01,holiday,\n", 0, "of which years"},
        {"code,kind,name\n2026,year,\n2027-01-01,holiday,\n", 3, "of a year that"},
        {"code,kind,name\n2026,year,\n2028,year,\n", 3, "2027 is expected"},
        {"code,kind,name\n2026,year,\n2026-02-30,holiday,\n", 3, "is no date"},
        {"code,kind,name\n2026,year,\n2026-10-01,holyday,\n", 3, "kind cannot be \"holyday\""},
        {"code,kind,name\n2026,year,\n2026-10-09,workday,\n", 3, "no day of a weekend"},
        {"code,kind,name\n2026,year,\n2026-10-01,holiday,\n2026-10-01,holiday,\n", 4, "same day"},
        {"code,kind,name\nsoon,year,\n", 2, "is no year"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char place[80];
        assert_null(load(cases[i].text));
        snprintf(place, sizeof place, "%s:%d:", text_file_path, cases[i].line);
        if ((cases[i].line && strncmp(shown, place, strlen(place)) != 0) ||
            !strstr(shown, cases[i].says))
            fail_msg("%zu: %s", i, shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weekdays_begin_with_monday),
        cmocka_unit_test(the_shipped_calendar_has_golden_week_and_its_working_weekends),
        cmocka_unit_test(warns_sixty_days_before_it_ends),
        cmocka_unit_test(refuses_what_no_year_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
