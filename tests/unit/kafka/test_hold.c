/* SPDX-License-Identifier: Apache-2.0 */
/* What is held is a copy, comes out in its order, and is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kafka/hold.h"

static struct hold hold;

static void what_is_held_is_a_copy_and_absent_stays_absent(void **state)
{
    (void)state;
    char key[] = "key", value[] = "value", header[] = "header";
    uint32_t opened = 0;
    struct held held = {.opened = &opened,
                        .partition = 3,
                        .output = {.key = span_of(key),
                                   .value = span_of(value),
                                   .headers = {{SPAN("name"), span_of(header)}},
                                   .header_count = 1}};
    assert_true(hold_add(&hold, &held));
    memset(key, 'x', 3);
    memset(value, 'x', 5);
    memset(header, 'x', 6);
    held.output = (struct output){.key = SPAN("second"), .value = SPAN_NONE}; /* a tombstone */
    assert_true(hold_add(&hold, &held));
    assert_int_equal(hold.count, 2);
    assert_true(span_is(hold.at[0].output.key, "key"));
    assert_true(span_is(hold.at[0].output.value, "value"));
    assert_true(span_is(hold.at[0].output.headers[0].name, "name"));
    assert_true(span_is(hold.at[0].output.headers[0].value, "header"));
    assert_int_equal(hold.at[0].partition, 3);
    assert_true(span_is(hold.at[1].output.key, "second"));
    assert_null(hold.at[1].output.value.at);
    hold_clear(&hold);
    assert_int_equal(hold.count, 0);
}

static void what_has_no_room_is_not_held_in_part(void **state)
{
    (void)state;
    static char large[HOLD_BYTES];
    struct held held = {.output = {.key = SPAN("key"), .value = span_from(large, sizeof large)}};
    assert_false(hold_add(&hold, &held));
    assert_int_equal(hold.count, 0);
    assert_int_equal(hold.arena.used, 0);
    held.output.value = span_from(large, sizeof large / 2);
    assert_true(hold_add(&hold, &held));
    assert_false(hold_add(&hold, &held));
    assert_int_equal(hold.count, 1);
    hold_clear(&hold);
    held.output.value = SPAN("");
    for (size_t i = 0; i < HOLD_OUTPUTS; i++)
        assert_true(hold_add(&hold, &held));
    assert_false(hold_add(&hold, &held));
    assert_non_null(hold.at[HOLD_OUTPUTS - 1].output.value.at); /* empty, not absent */
    hold_clear(&hold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_held_is_a_copy_and_absent_stays_absent),
        cmocka_unit_test(what_has_no_room_is_not_held_in_part),
    };
    hold_init(&hold);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
