/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets on a clock of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ingest/core/quota.h"

static const struct quota_limits limits = {.rate = 10, .burst = 50};

static void an_upload_may_owe_and_the_wait_is_what_it_owes(void **state)
{
    struct quota quota;
    (void)state;
    quota_init(&quota, &limits, 0);
    struct quota_station *a = quota_station(&quota, SPAN("a"), 0);
    assert_int_equal(quota_wait_s(&quota, a, 0), 0);
    quota_take(&quota, a, 49);
    assert_int_equal(quota_wait_s(&quota, a, 0), 0); /* one is left */
    quota_take(&quota, a, 101);
    assert_int_equal(quota_wait_s(&quota, a, 0), 11); /* 100 owed, and one more */
    assert_int_equal(quota_wait_s(&quota, a, 10000), 1);
    assert_int_equal(quota_wait_s(&quota, a, 10099), 1);
    assert_int_equal(quota_wait_s(&quota, a, 10100), 0);
    quota_fini(&quota);
}

static void a_bucket_fills_to_its_burst_and_no_further(void **state)
{
    struct quota quota;
    (void)state;
    quota_init(&quota, &limits, 0);
    struct quota_station *a = quota_station(&quota, SPAN("a"), 0);
    assert_int_equal(quota_wait_s(&quota, a, INT64_C(1) << 50), 0);
    quota_take(&quota, a, 50);
    assert_int_equal(quota_wait_s(&quota, a, INT64_C(1) << 50), 1);
    assert_int_equal(quota_wait_s(&quota, a, 0), 1); /* a clock that goes back gives nothing */
    quota_fini(&quota);
}

static void one_stations_debt_is_nobody_elses(void **state)
{
    struct quota quota;
    (void)state;
    quota_init(&quota, &limits, 0);
    struct quota_station *a = quota_station(&quota, SPAN("a"), 0);
    struct quota_station *b = quota_station(&quota, SPAN("b"), 0);
    quota_take(&quota, a, 5000);
    assert_int_equal(quota_wait_s(&quota, a, 0), 496);
    assert_int_equal(quota_wait_s(&quota, b, 0), 0);
    assert_int_equal(quota_wait_s(&quota, NULL, 0), 0);
    assert_ptr_equal(quota_station(&quota, SPAN("a"), 9), a);
    assert_ptr_equal(quota_station(&quota, SPAN("b"), 9), b);
    quota_fini(&quota);
}

/* Offered a hundred times as much for a minute, what is taken is the rate and one burst. */
static void the_rate_holds_whatever_is_offered(void **state)
{
    struct quota_limits both = {.rate = 100, .burst = 100, .total_rate = 150, .total_burst = 150};
    struct quota quota;
    int64_t taken[2] = {0};
    (void)state;
    quota_init(&quota, &both, 0);
    struct quota_station *stations[2] = {quota_station(&quota, SPAN("a"), 0),
                                         quota_station(&quota, SPAN("b"), 0)};
    for (int64_t now = 0; now < 60000; now++) {
        struct quota_station *one = stations[now % 2];
        if (quota_wait_s(&quota, one, now) > 0 || quota_wait_s(&quota, NULL, now) > 0)
            continue;
        quota_take(&quota, one, 10);
        taken[now % 2] += 10;
    }
    assert_in_range(taken[0] + taken[1], 8900, 9170);
    assert_in_range(taken[0], 0, 6110);
    assert_in_range(taken[1], 0, 6110);
    quota_fini(&quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_may_owe_and_the_wait_is_what_it_owes),
        cmocka_unit_test(a_bucket_fills_to_its_burst_and_no_further),
        cmocka_unit_test(one_stations_debt_is_nobody_elses),
        cmocka_unit_test(the_rate_holds_whatever_is_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
