/* SPDX-License-Identifier: Apache-2.0 */
/* The tree, what is refused and where, and that the reader survives every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "model/json.h"

static enum reject read_sized(const char *text, size_t len, size_t arena_size, size_t *bad_at)
{
    struct arena arena;
    const struct json_value *value;
    struct json_reader *reader = json_reader_new();
    arena_init(&arena, arena_size);
    enum reject reject = json_read(reader, span_from(text, len), &arena, &value, bad_at);
    assert_true((reject == REJECT_NONE) == (value != NULL));
    arena_reset(&arena);
    size_t ignored;
    if (arena_size > 1000) /* the reader is good for the next document whatever happened */
        assert_int_equal(json_read(reader, SPAN("{\"a\":\"\\u4e2d\"}"), &arena, &value, &ignored),
                         REJECT_NONE);
    json_reader_free(reader);
    arena_fini(&arena);
    return reject;
}

static enum reject read_text(const char *text)
{
    size_t bad_at;
    return read_sized(text, strlen(text), 65536, &bad_at);
}

static void keeps_order_text_and_types(void **state)
{
    (void)state;
    struct arena arena;
    const struct json_value *value;
    size_t bad_at;
    int64_t number = 0;
    struct json_reader *reader = json_reader_new();
    arena_init(&arena, 65536);
    struct span in = SPAN("{\"s\":\"a\\n\\u4e2d\",\"n\":1.50e2,\"i\":-7,\"l\":[true,null,{}]}");
    assert_int_equal(json_read(reader, in, &arena, &value, &bad_at), REJECT_NONE);
    assert_int_equal(value->count, 4);
    assert_true(span_is(json_text(value, "s"), "a\n\xe4\xb8\xad"));
    assert_true(span_is(json_text(value, "n"), "1.50e2"));
    assert_true(json_int(value, "i", &number));
    assert_int_equal(number, -7);
    assert_false(json_int(value, "s", &number));
    const struct json_value *list = json_get(value, SPAN("l"));
    assert_int_equal(list->count, 3);
    assert_true(list->first->type == JSON_BOOL && list->first->truth);
    assert_int_equal(list->first->next->type, JSON_NULL);
    assert_int_equal(list->first->next->next->type, JSON_OBJECT);
    assert_null(json_get(value, SPAN("x")));
    assert_null(json_get(list, SPAN("s")));
    json_reader_free(reader);
    arena_fini(&arena);
}

static void refuses_what_is_not_one_document(void **state)
{
    (void)state;
    const char *const bad[] = {"",
                               " ",
                               "{",
                               "{}{}",
                               "{} x",
                               "{\"a\":1}\"half",
                               "3\"half",
                               "1 2",
                               "{}]",
                               "{},",
                               "[1,]",
                               "nul",
                               "{\"a\" 1}",
                               "[\"\\u0000\"]",
                               "{\"\\u0000\":1}",
                               "[\"\\udc00\"]",
                               "{\"\\udc00\":1}"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        if (read_text(bad[i]) != REJECT_JSON)
            fail_msg("taken: %s", bad[i]);
    assert_int_equal(read_text(" 12"), REJECT_NONE);
}

static void refuses_a_key_named_twice_in_one_object_only(void **state)
{
    (void)state;
    assert_int_equal(read_text("{\"a\":1,\"b\":2,\"\\u0061\":3}"), REJECT_JSON_DUPLICATE);
    assert_int_equal(read_text("{\"a\":{\"a\":1},\"b\":{\"a\":2}}"), REJECT_NONE);
}

static void takes_32_levels_and_refuses_33(void **state)
{
    (void)state;
    char text[80];
    for (size_t depth = 32; depth <= 33; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        assert_int_equal(read_text(text), depth == 32 ? REJECT_NONE : REJECT_JSON_DEPTH);
    }
}

static void says_where_the_bytes_are_no_utf8(void **state)
{
    (void)state;
    size_t bad_at = 0;
    assert_int_equal(read_sized("[\"ab\xff\"]", 7, 65536, &bad_at), REJECT_CHARSET);
    assert_int_equal(bad_at, 4);
}

static void answers_too_large_when_the_arena_is_full(void **state)
{
    (void)state;
    size_t bad_at;
    assert_int_equal(read_sized("[1,2,3,4,5,6,7,8]", 17, 256, &bad_at), REJECT_TOO_LARGE);
}

/* Each key is compared with those before it: without a limit a small text takes minutes. */
static void takes_1024_members_and_refuses_one_more(void **state)
{
    (void)state;
    static char text[16 * 1026];
    size_t bad_at;
    for (int members = 1024; members <= 1025; members++) {
        size_t len = 0;
        for (int i = 0; i < members; i++)
            len += (size_t)snprintf(text + len, sizeof text - len, "%c\"k%d\":1", i ? ',' : '{', i);
        text[len++] = '}';
        assert_int_equal(read_sized(text, len, 1 << 20, &bad_at),
                         members == 1024 ? REJECT_NONE : REJECT_TOO_LARGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_text_and_types),
        cmocka_unit_test(refuses_what_is_not_one_document),
        cmocka_unit_test(refuses_a_key_named_twice_in_one_object_only),
        cmocka_unit_test(takes_32_levels_and_refuses_33),
        cmocka_unit_test(says_where_the_bytes_are_no_utf8),
        cmocka_unit_test(answers_too_large_when_the_arena_is_full),
        cmocka_unit_test(takes_1024_members_and_refuses_one_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
