/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void gives_memory_for_zero_bytes_too(void **state)
{
    (void)state;
    void *taken[] = {xmalloc(0), xcalloc(0, 8), xrealloc(NULL, 0)};
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        assert_non_null(taken[i]);
        free(taken[i]);
    }
}

static void zeroes_what_calloc_gives(void **state)
{
    (void)state;
    unsigned char *taken = xcalloc(100, 3);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(taken[i], 0);
    free(taken);
}

static void keeps_content_when_growing(void **state)
{
    (void)state;
    char *text = xstrdup("kept");
    text = xrealloc(text, 100000);
    assert_string_equal(text, "kept");
    free(text);
}

static void duplicates_spans_with_a_nul(void **state)
{
    (void)state;
    char *copy = xspandup(span_from("abcdef", 3));
    assert_string_equal(copy, "abc");
    free(copy);
    copy = xspandup(SPAN_NONE);
    assert_string_equal(copy, "");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_memory_for_zero_bytes_too),
        cmocka_unit_test(zeroes_what_calloc_gives),
        cmocka_unit_test(keeps_content_when_growing),
        cmocka_unit_test(duplicates_spans_with_a_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
