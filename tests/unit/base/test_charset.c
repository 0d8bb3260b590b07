/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base.h"
#include "base/charset.h"

static struct charset_converter *converter;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    converter = charset_converter_new();
    arena_init(&arena, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    charset_converter_free(converter);
    arena_fini(&arena);
    return 0;
}

static enum charset_result convert(struct span in, struct span *out, size_t *bad_at)
{
    return charset_to_utf8(converter, CHARSET_GB18030, in, &arena, out, bad_at);
}

static void knows_charsets_by_their_usual_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum charset charset;
    } rows[] = {{"utf-8", CHARSET_UTF8},
                {"UTF8", CHARSET_UTF8},
                {"GB18030", CHARSET_GB18030},
                {"gbk", CHARSET_GB18030},
                {"GB2312", CHARSET_GB18030}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        enum charset charset;
        assert_true(charset_parse(span_of(rows[i].name), &charset));
        assert_int_equal(charset, rows[i].charset);
        assert_true(charset_parse(span_of(charset_name(charset)), &charset));
        assert_int_equal(charset, rows[i].charset);
    }
    enum charset charset;
    assert_false(charset_parse(SPAN("latin1"), &charset));
    assert_false(charset_parse(SPAN("utf-80"), &charset));
    assert_false(charset_parse(SPAN_NONE, &charset));
}

static void borrows_valid_utf8_as_it_is(void **state)
{
    (void)state;
    struct span in = SPAN("工单"), out;
    size_t bad_at;
    assert_int_equal(charset_to_utf8(converter, CHARSET_UTF8, in, &arena, &out, &bad_at),
                     CHARSET_OK);
    assert_ptr_equal(out.at, in.at);
    assert_int_equal(out.len, in.len);
}

static void names_the_first_bad_byte_of_utf8(void **state)
{
    (void)state;
    struct span out;
    size_t bad_at;
    assert_int_equal(
        charset_to_utf8(converter, CHARSET_UTF8, SPAN("ab\xb3\xaf"), &arena, &out, &bad_at),
        CHARSET_BAD_BYTES);
    assert_int_equal(bad_at, 2);
}

static void converts_one_two_and_four_byte_characters(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {{"plain, \"ascii\"", "plain, \"ascii\""},
                {"\xb3\xaf\xd1\xf4\xc7\xf8", "朝阳区"},
                {"\x95\x32\x82\x36", "𠀀"},
                {"\x81\x30\x81\x30", "\xc2\x80"},
                {"a\xb9\xa4\x42", "a工B"},
                {"\x81\x7c\x81\x5c", "亅乗"}, /* second bytes | and \\ */
                {"\xa6\xd9", "︐"}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct span out;
        size_t bad_at;
        arena_reset(&arena);
        assert_int_equal(convert(span_of(rows[i].in), &out, &bad_at), CHARSET_OK);
        assert_true(span_is(out, rows[i].out));
    }
}

static void names_the_first_bad_byte_of_gb18030(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t bad_at;
    } rows[] = {{"\xff", 0},
                {"ab\xb3\xaf\xff\xfe", 4},
                {"\xb3\xaf\xd1", 2},             /* cut in a character */
                {"ab\x95\x32\x82", 2},           /* cut in four bytes */
                {"\xb3\xaf\xe3\x32\x9a\x36", 2}, /* beyond Unicode */
                {"\xb3\xaf\x84\x31\xa5\x30", 2}, /* a four-byte code without a character */
                {"a\x80", 1},
                {"\xb3\x20", 0}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct span out = SPAN_NONE;
        size_t bad_at = 99, used = arena.used;
        assert_int_equal(convert(span_of(rows[i].in), &out, &bad_at), CHARSET_BAD_BYTES);
        assert_int_equal(bad_at, rows[i].bad_at);
        assert_int_equal(arena.used, used);
        /* and the next row is read as if nothing had been */
        assert_int_equal(convert(SPAN("\xb9\xa4"), &out, &bad_at), CHARSET_OK);
        assert_true(span_is(out, "工"));
        arena_reset(&arena);
    }
}

static void keeps_an_empty_row_present(void **state)
{
    (void)state;
    struct span out = SPAN_NONE;
    size_t bad_at;
    assert_int_equal(convert(SPAN(""), &out, &bad_at), CHARSET_OK);
    assert_non_null(out.at);
    assert_int_equal(out.len, 0);
}

static void uses_the_arena_to_its_last_byte_and_no_further(void **state)
{
    (void)state;
    struct span in = SPAN("\xb3\xaf\xd1\xf4\xc7\xf8\xb3\xaf\xd1\xf4\xc7\xf8"), out; /* 18 bytes */
    size_t bad_at;
    for (size_t room = 0; room <= 32; room++) {
        struct arena small;
        arena_init(&small, room);
        enum charset_result result =
            charset_to_utf8(converter, CHARSET_GB18030, in, &small, &out, &bad_at);
        assert_int_equal(result, room < 18 ? CHARSET_NO_MEMORY : CHARSET_OK);
        assert_int_equal(small.used, room < 18 ? 0 : 18);
        arena_fini(&small);
    }
}

static void what_was_written_in_gb18030_reads_back(void **state)
{
    (void)state;
    static const char text[] = "朝阳区,三里屯街道:12345 € 𠮷 ½";
    struct span there, back;
    size_t bad_at;
    assert_int_equal(charset_from_utf8(converter, CHARSET_GB18030, SPAN(text), &arena, &there),
                     CHARSET_OK);
    assert_false(span_equal(there, SPAN(text)));
    assert_int_equal(charset_to_utf8(converter, CHARSET_GB18030, there, &arena, &back, &bad_at),
                     CHARSET_OK);
    assert_true(span_equal(back, SPAN(text)));
    assert_int_equal(charset_from_utf8(converter, CHARSET_GB18030, SPAN("\xff"), &arena, &there),
                     CHARSET_BAD_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_charsets_by_their_usual_names),
        cmocka_unit_test(borrows_valid_utf8_as_it_is),
        cmocka_unit_test(names_the_first_bad_byte_of_utf8),
        cmocka_unit_test(converts_one_two_and_four_byte_characters),
        cmocka_unit_test(names_the_first_bad_byte_of_gb18030),
        cmocka_unit_test(keeps_an_empty_row_present),
        cmocka_unit_test(uses_the_arena_to_its_last_byte_and_no_further),
        cmocka_unit_test(what_was_written_in_gb18030_reads_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
