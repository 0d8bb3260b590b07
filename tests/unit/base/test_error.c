/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/span.h"
#include "base/utf8.h"

static void sets_and_returns_false(void **state)
{
    (void)state;
    struct error error = {0};
    assert_false(error_set(&error, ERROR_RETRY, 111, "connect %s: %d", "here", 7));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_int_equal(error.code, 111);
    assert_string_equal(error.text, "connect here: 7");
}

static void wraps_context_in_front_and_keeps_the_kind(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, ERROR_FATAL, 5, "denied");
    error_wrap(&error, "topic %s", "cb.raw");
    assert_string_equal(error.text, "topic cb.raw: denied");
    assert_int_equal(error.kind, ERROR_FATAL);
    assert_int_equal(error.code, 5);
}

static void cuts_long_texts_and_stays_terminated(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int len = 470; len < 485; len++) { /* around the edge, where off-by-one lives */
        struct error error = {0};
        error_set(&error, ERROR_FATAL, 0, "%s", text);
        assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
        error_wrap(&error, "%.*s", len, text);
        assert_true(strlen(error.text) < sizeof(error.text));
    }
    struct error error = {0};
    error_set(&error, ERROR_FATAL, 0, "%s", text);
    error_wrap(&error, "ab");
    assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
    assert_memory_equal(error.text, "ab: xxx", 7);
}

/* Whoever reads it sees that there was more, and no half of a character. */
static void what_is_cut_ends_with_a_character_and_dots(void **state)
{
    (void)state;
    char text[1200] = "";
    for (size_t i = 0; i < 390; i++)
        memcpy(text + 3 * i, "热", 3);
    for (int shift = 0; shift < 3; shift++) {
        struct error error = {0};
        error_set(&error, ERROR_FATAL, 0, "%.*s%s", shift, "ab", text);
        assert_true(utf8_is_valid(span_of(error.text)));
        assert_true(span_ends(span_of(error.text), SPAN("热…")));
        error_wrap(&error, "feed");
        assert_true(utf8_is_valid(span_of(error.text)));
        assert_true(span_starts(span_of(error.text), SPAN("feed: ")));
        assert_true(span_ends(span_of(error.text), SPAN("热…")));
    }
    struct error error = {0};
    error_set(&error, ERROR_FATAL, 0, "%.*s", 475, text);
    error_wrap(&error, "ab");
    assert_null(strstr(error.text, "…")); /* 479 bytes: all of it */
}

static void maps_kinds_to_exit_statuses(void **state)
{
    (void)state;
    static const struct {
        enum error_kind kind;
        int status;
    } rows[] = {{ERROR_NONE, 0},
                {ERROR_RETRY, 69},
                {ERROR_REFUSED, 69},
                {ERROR_FATAL, 70},
                {ERROR_CONFIG, 78}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct error error = {.kind = rows[i].kind};
        assert_int_equal(error_exit_status(&error), rows[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_and_returns_false),
        cmocka_unit_test(wraps_context_in_front_and_keeps_the_kind),
        cmocka_unit_test(cuts_long_texts_and_stays_terminated),
        cmocka_unit_test(what_is_cut_ends_with_a_character_and_dots),
        cmocka_unit_test(maps_kinds_to_exit_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
