/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

static void equal_bytes_hash_equal_and_others_do_not(void **state)
{
    (void)state;
    char copy[] = "request:12345";
    assert_true(hash_span(span_of(copy)) == hash_span(SPAN("request:12345")));
    assert_true(hash_span(SPAN("request:12345")) != hash_span(SPAN("request:12346")));
    assert_true(hash_span(SPAN("a")) != hash_span(SPAN("")));
}

static void absent_and_empty_hash_alike(void **state)
{
    (void)state;
    assert_true(hash_span(SPAN_NONE) == hash_span(SPAN("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_bytes_hash_equal_and_others_do_not),
        cmocka_unit_test(absent_and_empty_hash_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
