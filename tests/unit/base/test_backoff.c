/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/backoff.h"

static void doubles_up_to_the_ceiling_and_begins_again(void **state)
{
    (void)state;
    static const uint32_t expected[] = {500, 1000, 2000, 4000, 8000, 8000, 8000};
    struct backoff backoff;
    backoff_init(&backoff, 500, 8000);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(backoff_next(&backoff), expected[i]);
    backoff_reset(&backoff);
    assert_int_equal(backoff_next(&backoff), 500);
}

static void never_overflows_or_passes_the_ceiling(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, 3, UINT32_MAX);
    uint32_t before = 0;
    for (int i = 0; i < 100; i++) {
        uint32_t wait_ms = backoff_next(&backoff);
        assert_true(wait_ms >= before);
        before = wait_ms;
    }
    assert_int_equal(before, UINT32_MAX);
    backoff_init(&backoff, 900, 700);
    assert_int_equal(backoff_next(&backoff), 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_up_to_the_ceiling_and_begins_again),
        cmocka_unit_test(never_overflows_or_passes_the_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
