/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/timestamp.h"

static void counts_days_as_the_c_library_does(void **state)
{
    (void)state;
    for (int64_t day = -800000; day < 3000000; day += 7) {
        struct civil civil;
        struct tm tm;
        time_t seconds = day * 86400;
        assert_non_null(gmtime_r(&seconds, &tm));
        timestamp_civil_of_days(day, &civil);
        assert_int_equal(civil.year, tm.tm_year + 1900);
        assert_int_equal(civil.month, tm.tm_mon + 1);
        assert_int_equal(civil.day, tm.tm_mday);
        assert_int_equal(timestamp_days(civil.year, civil.month, civil.day), day);
    }
}

static void every_day_of_two_eras_follows_the_one_before(void **state)
{
    (void)state;
    int64_t first = timestamp_days(1600, 1, 1), last = timestamp_days(2401, 1, 1);
    for (int64_t day = first; day <= last; day++) {
        struct civil civil;
        timestamp_civil_of_days(day, &civil);
        assert_int_equal(timestamp_days(civil.year, civil.month, civil.day), day);
    }
    assert_int_equal(last - first, 801 * 365 + 195); /* 25 + 24 + 24 + 24 + 97 leap days and 2400 */
}

static void splits_and_joins_points_in_time(void **state)
{
    (void)state;
    static const int64_t points[] = {
        0, -1, 1, 951782399999, 951782400000, -62167219200000, 253402300799999};
    static const int offsets[] = {0, 480, -330, 845, -720};
    for (size_t i = 0; i < ARRAY_LENGTH(points); i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(offsets); j++) {
            struct civil civil;
            int64_t ms = 0;
            timestamp_to_civil(points[i], offsets[j], &civil);
            if (civil.year < 0 || civil.year > 9999)
                continue;
            assert_true(timestamp_from_civil(&civil, offsets[j], &ms));
            assert_true(ms == points[i]);
        }
    }
}

static void refuses_dates_that_do_not_exist(void **state)
{
    (void)state;
    static const struct civil bad[] = {
        {2026, 13, 1, 0, 0, 0, 0},   {2026, 0, 1, 0, 0, 0, 0},  {2026, 4, 31, 0, 0, 0, 0},
        {2026, 2, 29, 0, 0, 0, 0},   {1900, 2, 29, 0, 0, 0, 0}, {2026, 1, 0, 0, 0, 0, 0},
        {2026, 1, 1, 24, 0, 0, 0},   {2026, 1, 1, 0, 60, 0, 0}, {2026, 1, 1, 0, 0, 60, 0},
        {2026, 1, 1, 0, 0, 0, 1000}, {-1, 1, 1, 0, 0, 0, 0},    {10000, 1, 1, 0, 0, 0, 0},
        {2026, 1, 1, -1, 0, 0, 0}};
    int64_t ms;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(timestamp_from_civil(&bad[i], 0, &ms));
    assert_true(timestamp_from_civil(&(struct civil){2000, 2, 29, 0, 0, 0, 0}, 0, &ms));
    assert_true(timestamp_from_civil(&(struct civil){2024, 2, 29, 23, 59, 59, 999}, 0, &ms));
}

static void takes_the_day_in_the_zone(void **state)
{
    (void)state;
    int64_t day = timestamp_days(2026, 3, 1);
    int64_t midnight_in_beijing = day * 86400000 - 480 * 60000;
    assert_int_equal(timestamp_day(midnight_in_beijing, 480), day);
    assert_int_equal(timestamp_day(midnight_in_beijing - 1, 480), day - 1);
    assert_int_equal(timestamp_day(-1, 0), -1);
    assert_int_equal(timestamp_day(0, 0), 0);
    assert_int_equal(timestamp_day(INT64_MIN, -1020), -106751991168 - 1);
    assert_int_equal(timestamp_day(INT64_MAX, 480), 106751991167);
}

static void reads_rfc3339(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {{"1970-01-01T00:00:00Z", 0},
                {"2026-03-01T08:30:15Z", 1772353815000},
                {"2026-03-01T16:30:15+08:00", 1772353815000},
                {"2026-03-01T03:00:15.25-05:30", 1772353815250},
                {"2026-03-01t08:30:15.1239999z", 1772353815123},
                {"0001-01-01T00:00:00Z", -62135596800000},
                {"9999-12-31T23:59:59.999Z", 253402300799999}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        int64_t ms = 0;
        assert_true(timestamp_parse_rfc3339(span_of(rows[i].text), &ms));
        assert_true(ms == rows[i].ms);
    }
}

static void refuses_what_is_not_rfc3339(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2026-03-01",
                                      "2026-03-01T08:30:15",
                                      "2026-03-01 08:30:15Z",
                                      "2026-3-1T08:30:15Z",
                                      "2026-03-01T8:30:15Z",
                                      "2026-03-01T08:30Z",
                                      "2026-03-01T08:30:15.Z",
                                      "2026-03-01T08:30:15+0800",
                                      "2026-03-01T08:30:15+24:00",
                                      "2026-03-01T08:30:15+08:60",
                                      "2026-03-01T08:30:15Z ",
                                      "2026-02-30T08:30:15Z",
                                      "12026-03-01T08:30:15Z",
                                      "2026-03-01T08:30:60Z"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        int64_t ms;
        assert_false(timestamp_parse_rfc3339(span_of(bad[i]), &ms));
    }
}

static void reads_by_pattern(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pattern;
        int offset_minutes;
        int64_t ms;
    } rows[] = {{"2026-03-01 16:30:15", "%Y-%m-%d %H:%M:%S", 480, 1772353815000},
                {"2026/3/1 16:30:15", "%Y/%m/%d %H:%M:%S", 480, 1772353815000},
                {"20260301163015", "%Y%m%d%H%M%S", 480, 1772353815000},
                {"2026年3月1日 8时", "%Y年%m月%d日 %H时", 0, 1772352000000},
                {"08:30:15.5 1.3.2026", "%H:%M:%S.%f %d.%m.%Y", 0, 1772353815500},
                {"2026-03-01T16:30:15+0800", "%Y-%m-%dT%H:%M:%S%z", 0, 1772353815000},
                {"2026-03-01T08:30:15Z", "%Y-%m-%dT%H:%M:%S%z", 480, 1772353815000},
                {"2026%", "%Y%%", 0, 1767225600000},
                {"", "", 0, 0}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        int64_t ms = -1;
        assert_true(
            timestamp_parse(span_of(rows[i].text), rows[i].pattern, rows[i].offset_minutes, &ms));
        assert_true(ms == rows[i].ms);
    }
}

static void refuses_what_the_pattern_does_not_say(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pattern;
    } rows[] = {{"26-03-01", "%Y-%m-%d"},
                {"02026-03-01", "%Y-%m-%d"},
                {"2026-03-01 ", "%Y-%m-%d"},
                {"2026-03", "%Y-%m-%d"},
                {"2026-003-01", "%Y-%m-%d"},
                {"2026-13-01", "%Y-%m-%d"},
                {"2026-02-29", "%Y-%m-%d"},
                {"2026-03-01", "%Y/%m/%d"},
                {"2026-03-01 24:00", "%Y-%m-%d %H:%M"},
                {"2026", "%Y%"},
                {"2026", "%Q"},
                {"-026", "%Y"},
                {"2026-+3-01", "%Y-%m-%d"},
                {"", "%Y"}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        int64_t ms;
        assert_false(timestamp_parse(span_of(rows[i].text), rows[i].pattern, 0, &ms));
    }
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    struct strbuf buf;
    strbuf_init(&buf, 64, 1000);
    for (int64_t ms = -62167219200000; ms < 253402300800000; ms += 9876543210) {
        int64_t again = 0;
        strbuf_reset(&buf);
        timestamp_add_rfc3339(&buf, ms);
        assert_int_equal(buf.len, 24);
        assert_true(timestamp_parse_rfc3339(strbuf_span(&buf), &again));
        assert_true(again == ms);
    }
    strbuf_reset(&buf);
    timestamp_add_rfc3339(&buf, 1772353815007);
    strbuf_add_char(&buf, ' ');
    timestamp_add_date(&buf, timestamp_days(2026, 3, 1));
    assert_string_equal(buf.at, "2026-03-01T08:30:15.007Z 2026-03-01");
    strbuf_reset(&buf);
    timestamp_add_rfc3339(&buf, TIMESTAMP_NONE); /* no such time, but no harm either */
    timestamp_add_rfc3339(&buf, INT64_MAX);
    assert_false(strbuf_is_full(&buf));
    strbuf_fini(&buf);
}

static void knows_zones(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int minutes;
    } rows[] = {{"UTC", true, 0},
                {"Z", true, 0},
                {"Asia/Shanghai", true, 480},
                {"+08:00", true, 480},
                {"-05:30", true, -330},
                {"+0800", false, 99},
                {"+8", false, 99},
                {"Europe/Berlin", false, 99},
                {"", false, 99},
                {"z", false, 99},
                {"+08:00x", false, 99},
                {"CST", false, 99}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        int minutes = 99;
        assert_int_equal(timestamp_parse_zone(span_of(rows[i].text), &minutes), rows[i].ok);
        assert_int_equal(minutes, rows[i].minutes);
    }
}

static void reads_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"250ms", 250},    {"30s", 30000},     {"15m", 900000}, {"24h", 86400000},
                {"7d", 604800000}, {"2w", 1209600000}, {"0s", 0}};
    static const char *const bad[] = {"",
                                      "s",
                                      "30",
                                      "30 s",
                                      "-1s",
                                      "+1s",
                                      "1.5h",
                                      "2wd",
                                      "1h30m",
                                      "1H",
                                      "ms",
                                      "1sec",
                                      "9223372036854775807s"};
    int64_t ms;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        assert_true(timestamp_parse_duration(span_of(good[i].text), &ms));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(timestamp_parse_duration(span_of(bad[i]), &ms));
    assert_false(timestamp_parse_duration(SPAN_NONE, &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_days_as_the_c_library_does),
        cmocka_unit_test(every_day_of_two_eras_follows_the_one_before),
        cmocka_unit_test(splits_and_joins_points_in_time),
        cmocka_unit_test(refuses_dates_that_do_not_exist),
        cmocka_unit_test(takes_the_day_in_the_zone),
        cmocka_unit_test(reads_rfc3339),
        cmocka_unit_test(refuses_what_is_not_rfc3339),
        cmocka_unit_test(reads_by_pattern),
        cmocka_unit_test(refuses_what_the_pattern_does_not_say),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(knows_zones),
        cmocka_unit_test(reads_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
