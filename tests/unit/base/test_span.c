/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/span.h"

static void compares_bytewise_and_the_shorter_first(void **state)
{
    (void)state;
    assert_true(span_compare(SPAN("a"), SPAN("b")) < 0);
    assert_true(span_compare(SPAN("ab"), SPAN("a")) > 0);
    assert_true(span_compare(SPAN(""), SPAN("a")) < 0);
    assert_int_equal(span_compare(SPAN("ab"), SPAN("ab")), 0);
    assert_int_equal(span_compare(SPAN_NONE, SPAN("")), 0);
    assert_true(span_compare(SPAN("\xe5"), SPAN("z")) > 0); /* bytes are unsigned */
}

/* Lengths around those that are compared as words; one bit apart in each place. */
static void equal_is_equal_in_every_byte(void **state)
{
    (void)state;
    char one[40], other[40];
    for (size_t len = 0; len <= sizeof one; len++) {
        memset(one, 'x', sizeof one);
        memcpy(other, one, sizeof one);
        assert_true(span_equal(span_from(one, len), span_from(other, len)));
        for (size_t at = 0; at < sizeof one; at++) {
            other[at] ^= 1;
            assert_int_equal(span_equal(span_from(one, len), span_from(other, len)), at >= len);
            other[at] ^= 1;
        }
        assert_int_equal(span_equal(span_from(one, len), span_from(other, 8)), len == 8);
    }
    assert_true(span_equal(SPAN_NONE, SPAN("")));
}

static void knows_beginnings_and_ends(void **state)
{
    (void)state;
    assert_true(span_starts(SPAN("request:1"), SPAN("request:")));
    assert_true(span_starts(SPAN("x"), SPAN("")));
    assert_false(span_starts(SPAN("req"), SPAN("request")));
    assert_true(span_ends(SPAN("a.csv"), SPAN(".csv")));
    assert_false(span_ends(SPAN("csv"), SPAN(".csv")));
}

static void trims_ascii_blanks_only(void **state)
{
    (void)state;
    assert_true(span_is(span_trim(SPAN(" \t a b\r\n")), "a b"));
    assert_int_equal(span_trim(SPAN(" \n ")).len, 0);
    assert_true(span_is(span_trim(SPAN("\xe3\x80\x80x")), "\xe3\x80\x80x"));
}

static void cuts_until_absent(void **state)
{
    (void)state;
    static const char *const expected[] = {"a", "", "b", ""};
    struct span rest = SPAN("a,,b,");
    size_t count = 0;
    while (rest.at != NULL) {
        assert_true(count < ARRAY_LENGTH(expected));
        assert_true(span_is(span_cut(&rest, ','), expected[count++]));
    }
    assert_int_equal(count, ARRAY_LENGTH(expected));
    assert_null(rest.at);
}

static void finds_a_byte_or_says_minus_one(void **state)
{
    (void)state;
    assert_int_equal(span_find(SPAN("a=b"), '='), 1);
    assert_int_equal(span_find(SPAN("ab"), '='), -1);
    assert_int_equal(span_find(SPAN_NONE, '='), -1);
}

static void reads_whole_decimals_only(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {{"0", true, 0},
                {"-17", true, -17},
                {"+5", true, 5},
                {"007", true, 7},
                {"9223372036854775807", true, INT64_MAX},
                {"-9223372036854775808", true, INT64_MIN},
                {"9223372036854775808", false, 0},
                {"-9223372036854775809", false, 0},
                {"", false, 0},
                {"-", false, 0},
                {"+", false, 0},
                {" 1", false, 0},
                {"1 ", false, 0},
                {"1.5", false, 0},
                {"0x1", false, 0}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        int64_t value = 0;
        assert_int_equal(span_to_int64(span_of(rows[i].text), &value), rows[i].ok);
        assert_int_equal(value, rows[i].value);
    }
}

static void reads_base36_in_its_one_form(void **state)
{
    (void)state;
    uint64_t value;
    assert_true(span_to_base36(SPAN("0"), &value));
    assert_int_equal(value, 0);
    assert_true(span_to_base36(SPAN("zz"), &value));
    assert_int_equal(value, 1295);
    assert_true(span_to_base36(SPAN("3w5e11264sgsf"), &value));
    assert_true(value == UINT64_MAX);
    static const char *const bad[] = {"", "00", "01", "A", "3w5e11264sgsg", "-1", "1 "};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(span_to_base36(span_of(bad[i]), &value));
}

static void copies_into_a_buffer_and_cuts(void **state)
{
    (void)state;
    char buffer[4];
    assert_string_equal(span_to_cstr(SPAN("abcdef"), buffer, sizeof(buffer)), "abc");
    assert_string_equal(span_to_cstr(SPAN_NONE, buffer, sizeof(buffer)), "");
}

static void a_number_is_read_back_from_its_decimal(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0, 7, -7, 10, INT64_MAX, INT64_MIN, 1766000000123};
    char buffer[SPAN_DECIMAL];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int64_t back = 1;
        assert_true(span_to_int64(span_decimal(buffer, numbers[i]), &back));
        assert_int_equal(back, numbers[i]);
    }
    assert_true(span_is(span_decimal(buffer, -120), "-120"));
}

static void finds_what_ends_a_plain_text_wherever_it_stands(void **state)
{
    (void)state;
    char text[67];
    for (int c = 0; c < 256; c++) {
        bool ends = c < 0x20 || c == '"' || c == '\\';
        for (size_t at = 0; at < sizeof text; at++) {
            memset(text, 0x80 + (int)at, sizeof text);
            text[at] = (char)c;
            for (size_t len = at + 1; len <= sizeof text; len += 13) {
                assert_int_equal(span_plain(span_from(text, len)), ends ? at : len);
                assert_int_equal(span_plain(span_from(text, at)), at);
            }
        }
    }
    assert_int_equal(span_plain(SPAN_NONE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_bytewise_and_the_shorter_first),
        cmocka_unit_test(equal_is_equal_in_every_byte),
        cmocka_unit_test(knows_beginnings_and_ends),
        cmocka_unit_test(trims_ascii_blanks_only),
        cmocka_unit_test(cuts_until_absent),
        cmocka_unit_test(finds_a_byte_or_says_minus_one),
        cmocka_unit_test(reads_whole_decimals_only),
        cmocka_unit_test(reads_base36_in_its_one_form),
        cmocka_unit_test(copies_into_a_buffer_and_cuts),
        cmocka_unit_test(a_number_is_read_back_from_its_decimal),
        cmocka_unit_test(finds_what_ends_a_plain_text_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
