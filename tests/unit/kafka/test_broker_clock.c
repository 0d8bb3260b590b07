/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "kafka/broker_clock.h"

/* Decision 0170: between sending and report lies the truth, so no difference is told too large. */
static void a_difference_is_what_the_way_does_not_explain(void **state)
{
    static const struct {
        int64_t sent, appended, reported, ahead;
    } cases[] = {
        {1000, 1000, 1000, 0},       {1000, 1004, 1010, 0},       {1000, 1010, 1010, 0},
        {1000, 900, 1010, 100},      {1000, 999, 1500, 1},        {1000, 1600, 1500, -100},
        {1000, 70000, 1500, -68500}, {90000, 1000, 90100, 89000},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_true(broker_clock_ahead_ms(cases[i].sent, cases[i].appended, cases[i].reported) ==
                    cases[i].ahead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_is_what_the_way_does_not_explain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
