/* SPDX-License-Identifier: Apache-2.0 */
/* How long a transaction stays open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "kafka/transaction.h"

/* docs/decisions/0150: five times as long, never more than half of what the broker waits for it,
 * and never less than without a backlog. */
static void in_a_backlog_it_is_longer_as_far_as_the_broker_waits(void **state)
{
    (void)state;
    static const struct {
        int64_t every_ms, timeout_ms, behind_ms;
    } rows[] = {
        {100, 12000, 500},   {1000, 12000, 5000}, {1199, 12000, 5995}, {1200, 12000, 6000},
        {1201, 12000, 6000}, {3000, 12000, 6000}, {6000, 12000, 6000}, {9000, 12000, 9000},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct kafka_settings settings = {.commit_every_ms = rows[i].every_ms,
                                          .transaction_timeout_ms = rows[i].timeout_ms};
        assert_int_equal(transaction_longest_ms(&settings, false), rows[i].every_ms);
        assert_int_equal(transaction_longest_ms(&settings, true), rows[i].behind_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_a_backlog_it_is_longer_as_far_as_the_broker_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
