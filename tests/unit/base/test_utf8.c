/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base.h"
#include "base/utf8.h"

static void accepts_the_first_and_last_of_every_length(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "ascii only, and more than eight bytes",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "朝阳区12345热线"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
        assert_true(utf8_is_valid(span_of(good[i])));
    assert_true(utf8_is_valid(SPAN("a\0b"))); /* a NUL is a character; who forbids it says so */
}

static void names_the_offset_of_the_first_bad_sequence(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset;
    } rows[] = {{"\x80", 0},
                {"abc\xff", 3},
                {"abcdefgh\xfe", 8},
                {"\xc0\xaf", 0},         /* overlong / */
                {"\xc1\xbf", 0},         /* overlong */
                {"\xe0\x9f\xbf", 0},     /* overlong */
                {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
                {"x\xed\xa0\x80", 1},    /* surrogate */
                {"\xed\xbf\xbf", 0},     /* surrogate */
                {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
                {"\xf5\x80\x80\x80", 0},
                {"热\xe7\xba", 3}, /* cut off */
                {"\xc2", 0},
                {"\xf0\x90\x80", 0},
                {"\xe4\xb8X", 0},
                {"热\xc8\xc8", 3}}; /* GB bytes */
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal(utf8_valid_prefix(span_of(rows[i].text)), rows[i].offset);
}

/* Every three-byte string against the definition: one code point, shortest form, no surrogate. */
static void agrees_with_the_definition_on_all_three_byte_strings(void **state)
{
    (void)state;
    for (unsigned value = 0x800000; value < 0x1000000; value++) {
        char text[3] = {(char)(value >> 16), (char)(value >> 8), (char)value};
        unsigned a = value >> 16, b = value >> 8 & 255, c = value & 255;
        unsigned code = (a & 15) << 12 | (b & 63) << 6 | (c & 63);
        bool tails = b >> 6 == 2 && c >> 6 == 2;
        bool three = a >> 4 == 14 && tails && code >= 0x800 && (code < 0xd800 || code > 0xdfff);
        bool two_one = a >= 0xc2 && a <= 0xdf && b >> 6 == 2 && c < 0x80;
        if (utf8_is_valid(span_from(text, 3)) != (three || two_one))
            fail_msg("%06x", value);
    }
}

static uint64_t seed = 88172645463325252U;

static unsigned draw(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % below;
}

/* Sequence by sequence: pieces shorter than what is looked at in blocks. */
static size_t step_by_step(struct span s)
{
    size_t at = 0;
    while (at < s.len) {
        size_t step = 1;
        while (step <= 4 && step <= s.len - at && !utf8_is_valid(span_from(s.at + at, step)))
            step++;
        if (step > 4 || step > s.len - at)
            return at;
        at += step;
    }
    return at;
}

/* Long texts with a byte or two that do not belong there, at every place of a block. */
static void long_texts_are_read_as_their_sequences_are(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a",
                                         "12345678",
                                         "\xc2\x80",
                                         "\xdf\xbf",
                                         "\xe0\xa0\x80",
                                         "\xed\x9f\xbf",
                                         "\xee\x80\x80",
                                         "朝阳区热线",
                                         "\xf0\x90\x80\x80",
                                         "\xf4\x8f\xbf\xbf",
                                         "0123456789abcdefghijklmn"};
    char text[160];
    size_t faulty = 0;
    for (int n = 0; n < 400000; n++) {
        size_t len = 0, most = 1 + draw(100);
        while (len < most) {
            const char *piece = pieces[draw(ARRAY_LENGTH(pieces))];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        for (unsigned faults = draw(3); faults > 0; faults--)
            text[draw((unsigned)len)] = (char)draw(256);
        len -= draw(4) == 0 ? draw(3) : 0;
        struct span s = span_from(text, len);
        size_t expected = step_by_step(s);
        faulty += expected < len;
        if (utf8_valid_prefix(s) != expected)
            fail_msg("%zu, expected %zu of %zu", utf8_valid_prefix(s), expected, len);
    }
    assert_in_range(faulty, 100000, 300000);
}

static void cuts_behind_a_character_and_behind_a_word_that_is_near(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t most, len;
    } rows[] = {{"the header", 10, 10},
                {"the header is", 11, 10},
                {"the header is", 10, 10},
                {"the header is", 9, 9}, /* its blank is too far */
                {"a longer name of it", 17, 16},
                {"热线", 6, 6},
                {"热线", 5, 3},
                {"热线", 2, 0},
                {"", 0, 0},
                {" x", 1, 1}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal(utf8_cut(span_of(rows[i].text), rows[i].most), rows[i].len);
}

static void what_does_not_fit_ends_with_dots(void **state)
{
    (void)state;
    char buffer[10];
    utf8_fit(buffer, sizeof buffer, SPAN("热线工"));
    assert_string_equal(buffer, "热线工");
    utf8_fit(buffer, sizeof buffer, SPAN("热线工单"));
    assert_string_equal(buffer, "热线…");
    utf8_fit(buffer, sizeof buffer, SPAN("abcdefghij"));
    assert_string_equal(buffer, "abcdef…");
    utf8_fit(buffer, 4, SPAN("热线"));
    assert_string_equal(buffer, "…");
    utf8_fit(buffer, sizeof buffer, SPAN_NONE);
    assert_string_equal(buffer, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_first_and_last_of_every_length),
        cmocka_unit_test(names_the_offset_of_the_first_bad_sequence),
        cmocka_unit_test(agrees_with_the_definition_on_all_three_byte_strings),
        cmocka_unit_test(long_texts_are_read_as_their_sequences_are),
        cmocka_unit_test(cuts_behind_a_character_and_behind_a_word_that_is_near),
        cmocka_unit_test(what_does_not_fit_ends_with_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
