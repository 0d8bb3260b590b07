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

#define SPAN_OF(text)                                                                              \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

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
    const char *const bad[] = {"",          " ",    "{",   "{}{}", "{} x", "{\"a\":1}\"half",
                               "3\"half",   "1 2",  "{}]", "{},",  "[1,]", "nul",
                               "{\"a\" 1}", "\v{}", "{\f}"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        if (read_text(bad[i]) != REJECT_JSON)
            fail_msg("taken: %s", bad[i]);
    assert_int_equal(read_text(" 12"), REJECT_NONE);
}

/* Each with the byte it is at; of a first half alone yajl would make a question mark. */
static void refuses_nul_and_half_characters(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        enum reject reject;
        size_t bad_at;
    } rows[] = {{SPAN_OF("[\"\\u0000\"]"), REJECT_NUL, 2},
                {SPAN_OF("{\"\\u0000\":1}"), REJECT_NUL, 2},
                {SPAN_OF("[\"a\0b\"]"), REJECT_NUL, 3},
                {SPAN_OF("[\0\"\0a\0"), REJECT_NUL, 1},
                {SPAN_OF("[\"\\udc00\"]"), REJECT_SURROGATE, 2},
                {SPAN_OF("{\"\\uDC00\":1}"), REJECT_SURROGATE, 2},
                {SPAN_OF("[\"ab\\ud83d\"]"), REJECT_SURROGATE, 4},
                {SPAN_OF("[\"\\ud83d?\\ude00\"]"), REJECT_SURROGATE, 2},
                {SPAN_OF("[\"\\ud83d\\n\"]"), REJECT_SURROGATE, 2},
                {SPAN_OF("[\"\\ud83d\\u4e2d\"]"), REJECT_SURROGATE, 2},
                {SPAN_OF("[\"\\ud83d\\ud83d\\ude00\"]"), REJECT_SURROGATE, 2},
                {SPAN_OF("\"\\ud83d\""), REJECT_SURROGATE, 1},
                {SPAN_OF("[\"\\ud83d\\ude00\"]"), REJECT_NONE, 0},
                {SPAN_OF("[\"\\\\ud83d\"]"), REJECT_NONE, 0}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        size_t bad_at = 99;
        assert_int_equal(read_sized(rows[i].text.at, rows[i].text.len, 65536, &bad_at),
                         rows[i].reject);
        if (rows[i].reject != REJECT_NONE)
            assert_int_equal(bad_at, rows[i].bad_at);
    }
}

static void undoes_escapes(void **state)
{
    (void)state;
    struct arena arena;
    const struct json_value *value;
    size_t bad_at;
    struct json_reader *reader = json_reader_new();
    arena_init(&arena, 65536);
    assert_int_equal(
        json_read(reader, SPAN("[\"\\u0041\\u00e9\\u4E2D\\ud83d\\uDE00\\/\\b\\f\\n\\r\\t\\\"\"]"),
                  &arena, &value, &bad_at),
        REJECT_NONE);
    assert_true(span_is(value->first->text, "A\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80/\b\f\n\r\t\""));
    json_reader_free(reader);
    arena_fini(&arena);
}

static void holds_what_comes_from_outside_to_its_limits(void **state)
{
    (void)state;
    struct arena arena;
    const struct json_value *value;
    size_t bad_at = 0;
    struct json_reader *reader = json_reader_new();
    arena_init(&arena, 65536);
    json_reader_limit(reader, (struct json_limits){4, 2});
    static const struct {
        const char *text;
        enum reject reject;
        size_t bad_at;
    } rows[] = {{"{\"a\":\"four\",\"b\":1}", REJECT_NONE, 0},
                {"{\"a\":\"fives\"}", REJECT_TOO_LARGE, 6},
                {"{\"a\":\"\\u0034567\"}", REJECT_NONE, 0},
                {"{\"a\":\"\\n5678\"}", REJECT_TOO_LARGE, 6},
                {"{\"fives\":1}", REJECT_TOO_LARGE, 2},
                {"{\"a\":1,\"b\":2,\"c\":3}", REJECT_TOO_LARGE, 13},
                {"[1,2,3]", REJECT_NONE, 0}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        arena_reset(&arena);
        assert_int_equal(json_read(reader, span_of(rows[i].text), &arena, &value, &bad_at),
                         rows[i].reject);
        if (rows[i].reject != REJECT_NONE)
            assert_int_equal(bad_at, rows[i].bad_at);
    }
    json_reader_free(reader);
    arena_fini(&arena);
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
        cmocka_unit_test(refuses_nul_and_half_characters),
        cmocka_unit_test(undoes_escapes),
        cmocka_unit_test(holds_what_comes_from_outside_to_its_limits),
        cmocka_unit_test(refuses_a_key_named_twice_in_one_object_only),
        cmocka_unit_test(takes_32_levels_and_refuses_33),
        cmocka_unit_test(says_where_the_bytes_are_no_utf8),
        cmocka_unit_test(answers_too_large_when_the_arena_is_full),
        cmocka_unit_test(takes_1024_members_and_refuses_one_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
