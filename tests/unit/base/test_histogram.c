/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/histogram.h"

static void keeps_every_value_within_two_percent(void **state)
{
    (void)state;
    for (int64_t value = 1; value > 0 && value < INT64_MAX / 2; value += value / 97 + 1) {
        double shown = histogram_value(histogram_bucket(value));
        assert_true(fabs(shown - (double)value) <= 0.02 * (double)value);
    }
}

static void never_goes_down_as_values_grow(void **state)
{
    (void)state;
    int before = 0;
    for (int64_t value = -3; value < 3000000; value++) {
        int bucket = histogram_bucket(value);
        assert_true(bucket >= before);
        before = bucket;
    }
}

static void keeps_zero_apart_from_one(void **state)
{
    (void)state;
    assert_int_equal(histogram_bucket(INT64_MIN), 0);
    assert_int_equal(histogram_bucket(0), 0);
    assert_int_equal(histogram_bucket(1), 1);
    assert_int_equal(histogram_bucket(2), 18);
    assert_int_equal(histogram_bucket(86400000), 466);
    assert_int_equal(histogram_bucket(INT64_MAX), 1114);
    assert_true(histogram_value(0) == 0);
}

static void finds_the_value_at_a_rank(void **state)
{
    (void)state;
    static const struct histogram_bin bins[] = {{0, 1}, {10, 2}, {20, 0}, {30, 7}};
    assert_true(histogram_percentile(NULL, 0, 50) < 0);
    assert_true(histogram_percentile(bins, 4, 0) == 0);
    assert_true(histogram_percentile(bins, 4, 10) == 0);
    assert_true(histogram_percentile(bins, 4, 11) == histogram_value(10));
    assert_true(histogram_percentile(bins, 4, 30) == histogram_value(10));
    assert_true(histogram_percentile(bins, 4, 31) == histogram_value(30));
    assert_true(histogram_percentile(bins, 4, 100) == histogram_value(30));
}

/* In doubles 0.07 * 100 and nine others come to more than the whole number they are. */
static void a_rank_is_a_whole_number(void **state)
{
    (void)state;
    for (int percent = 1; percent < 100; percent++) {
        const struct histogram_bin bins[] = {{0, percent}, {10, 100 - percent}},
                                   more[] = {{0, percent - 1}, {10, 101 - percent}};
        assert_true(histogram_percentile(bins, 2, percent) == 0);
        assert_true(histogram_percentile(more, 2, percent) == histogram_value(10));
    }
    const struct histogram_bin many[] = {{0, 0x37FFFFFFFFFFFF}, {10, 1}};
    assert_true(histogram_percentile(many, 2, 100) == histogram_value(10));
    assert_true(histogram_percentile(many, 2, 99) == 0);
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Against the sorted values themselves. */
static void quantiles_are_within_two_percent_of_the_exact_ones(void **state)
{
    (void)state;
    enum { COUNT = 5000, BUCKETS = 1115 };
    static int64_t values[COUNT];
    static struct histogram_bin bins[BUCKETS];
    for (int i = 0; i < BUCKETS; i++)
        bins[i].bucket = i;
    uint64_t seed = 12345;
    for (int i = 0; i < COUNT; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        values[i] = (int64_t)(seed >> (33 + seed % 24)) + 1;
        bins[histogram_bucket(values[i])].n++;
    }
    qsort(values, COUNT, sizeof(values[0]), by_value);
    for (int percent = 1; percent <= 100; percent++) {
        double exact = (double)values[(percent * COUNT + 99) / 100 - 1];
        double shown = histogram_percentile(bins, BUCKETS, percent);
        assert_true(fabs(shown - exact) <= 0.02 * exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_every_value_within_two_percent),
        cmocka_unit_test(never_goes_down_as_values_grow),
        cmocka_unit_test(keeps_zero_apart_from_one),
        cmocka_unit_test(finds_the_value_at_a_rank),
        cmocka_unit_test(a_rank_is_a_whole_number),
        cmocka_unit_test(quantiles_are_within_two_percent_of_the_exact_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
