/* SPDX-License-Identifier: Apache-2.0 */
/* Which day a bucket is known by (docs/domain.md §2.6): noon to noon, months, periods from the
 * 19th. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregator/core/view_bucket.h"
#include "base/base.h"
#include "base/timestamp.h"

static int64_t day(int year, int month, int of_month)
{
    return timestamp_days(year, month, of_month);
}

static void a_moment_has_its_part_of_the_day(void **state)
{
    (void)state;
    int64_t today = day(2026, 3, 1), noon = today * 86400000 + 12 * 3600000 - 480 * 60000;
    assert_int_equal(view_bucket_part(GRAIN_DAY, noon, today, 480), VIEW_WHOLE_DAY);
    assert_int_equal(view_bucket_part(GRAIN_HALF, noon - 1, today, 480), 0);
    assert_int_equal(view_bucket_part(GRAIN_HALF, noon, today, 480), 1);
    assert_int_equal(view_bucket_part(GRAIN_HOUR, noon - 1, today, 480), 11);
    assert_int_equal(view_bucket_part(GRAIN_MINUTE, noon - 1, today, 480), 719);
}

static void cells_are_named_by_their_part(void **state)
{
    char text[8];
    (void)state;
    assert_true(span_is(view_bucket_text(GRAIN_DAY, VIEW_WHOLE_DAY, text), "day"));
    assert_true(span_is(view_bucket_text(GRAIN_HALF, 1, text), "pm"));
    assert_true(span_is(view_bucket_text(GRAIN_HOUR, 7, text), "07"));
    assert_true(span_is(view_bucket_text(GRAIN_MINUTE, 719, text), "11:59"));
}

static void a_noon_day_is_the_one_at_whose_noon_it_ends(void **state)
{
    (void)state;
    int64_t today = day(2026, 3, 1);
    assert_int_equal(view_bucket_day(BUCKET_NOON_DAY, GRAIN_HALF, today, 0), today);
    assert_int_equal(view_bucket_day(BUCKET_NOON_DAY, GRAIN_HALF, today, 1), today + 1);
    assert_int_equal(view_bucket_day(BUCKET_NOON_DAY, GRAIN_HOUR, today, 11), today);
    assert_int_equal(view_bucket_day(BUCKET_NOON_DAY, GRAIN_HOUR, today, 12), today + 1);
    assert_int_equal(view_bucket_day(BUCKET_NOON_DAY, GRAIN_MINUTE, today, 720), today + 1);
}

static void months_and_periods_have_a_first_day(void **state)
{
    static const struct {
        int year, month, of_month, period_year, period_month;
    } rows[] = {
        {2026, 3, 18, 2026, 2},   {2026, 3, 19, 2026, 3}, {2026, 1, 18, 2025, 12},
        {2025, 12, 31, 2025, 12}, {2024, 2, 29, 2024, 2}, {1, 1, 1, 0, 12},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        int64_t at = day(rows[i].year, rows[i].month, rows[i].of_month);
        assert_int_equal(view_bucket_day(BUCKET_MONTH, GRAIN_DAY, at, -1),
                         day(rows[i].year, rows[i].month, 1));
        assert_int_equal(view_bucket_day(BUCKET_PERIOD_19, GRAIN_DAY, at, -1),
                         day(rows[i].period_year, rows[i].period_month, 19));
    }
    assert_int_equal(view_bucket_next(BUCKET_MONTH, day(2025, 12, 1)), day(2026, 1, 1));
    assert_int_equal(view_bucket_next(BUCKET_PERIOD_19, day(2026, 1, 19)), day(2026, 2, 19));
    assert_int_equal(view_bucket_next(BUCKET_NOON_DAY, day(2026, 2, 28)), day(2026, 3, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_has_its_part_of_the_day),
        cmocka_unit_test(cells_are_named_by_their_part),
        cmocka_unit_test(a_noon_day_is_the_one_at_whose_noon_it_ends),
        cmocka_unit_test(months_and_periods_have_a_first_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
