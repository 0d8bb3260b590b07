/* SPDX-License-Identifier: Apache-2.0 */
/* The table against the system's iconv, code by code; what they do not agree on is listed here and
 * is what the edition of 2022 says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <iconv.h>
#include <string.h>

#include "base/base.h"
#include "base/gb18030.h"

/* Code point 0 where it cannot be read. */
static uint32_t read_one(const char *bytes, size_t len)
{
    char text[4];
    size_t read, written;
    if (gb18030_to_utf8(span_from(bytes, len), text, sizeof text, &read, &written) != GB18030_ALL) {
        assert_int_equal(read, 0);
        assert_int_equal(written, 0);
        return 0;
    }
    assert_int_equal(read, len);
    const unsigned char *at = (const unsigned char *)text;
    if (written == 1)
        return at[0];
    if (written == 2)
        return (at[0] & 0x1fU) << 6 | (at[1] & 0x3fU);
    if (written == 3)
        return (at[0] & 0xfU) << 12 | (at[1] & 0x3fU) << 6 | (at[2] & 0x3fU);
    assert_int_equal(written, 4);
    return (at[0] & 7U) << 18 | (at[1] & 0x3fU) << 12 | (at[2] & 0x3fU) << 6 | (at[3] & 0x3fU);
}

static uint32_t ask(iconv_t handle, const char *bytes, size_t len)
{
    char in[4];
    uint32_t code = 0;
    char *from = in, *to = (char *)&code;
    size_t to_left = sizeof code;
    memcpy(in, bytes, len);
    iconv(handle, NULL, NULL, NULL, NULL);
    return iconv(handle, &from, &len, &to, &to_left) == 0 && len == 0 ? code : 0;
}

static void four_bytes(char to[4], uint32_t number)
{
    to[0] = (char)(0x81 + number / 12600);
    to[1] = (char)(0x30 + number / 1260 % 10);
    to[2] = (char)(0x81 + number / 10 % 126);
    to[3] = (char)(0x30 + number % 10);
}

/* GB 18030-2022 moved these to the code points Unicode has given them meanwhile; the code points of
 * private use they had took the four-byte codes that fell free. */
static const struct {
    const char *two;
    uint32_t code;
    const char *four;
    uint32_t was;
} moved[] = {
    {"\xa6\xd9", 0xfe10, "\x84\x31\x82\x36", 0xe78d},
    {"\xa6\xda", 0xfe12, "\x84\x31\x82\x38", 0xe78e},
    {"\xa6\xdb", 0xfe11, "\x84\x31\x82\x37", 0xe78f},
    {"\xa6\xdc", 0xfe13, "\x84\x31\x82\x39", 0xe790},
    {"\xa6\xdd", 0xfe14, "\x84\x31\x83\x30", 0xe791},
    {"\xa6\xde", 0xfe15, "\x84\x31\x83\x31", 0xe792},
    {"\xa6\xdf", 0xfe16, "\x84\x31\x83\x32", 0xe793},
    {"\xa6\xec", 0xfe17, "\x84\x31\x83\x33", 0xe794},
    {"\xa6\xed", 0xfe18, "\x84\x31\x83\x34", 0xe795},
    {"\xa6\xf3", 0xfe19, "\x84\x31\x83\x35", 0xe796},
    {"\xfe\x59", 0x9fb4, "\x82\x35\x90\x37", 0xe81e},
    {"\xfe\x61", 0x9fb5, "\x82\x35\x90\x38", 0xe826},
    {"\xfe\x66", 0x9fb6, "\x82\x35\x90\x39", 0xe82b},
    {"\xfe\x67", 0x9fb7, "\x82\x35\x91\x30", 0xe82c},
    {"\xfe\x6d", 0x9fb8, "\x82\x35\x91\x31", 0xe832},
    {"\xfe\x7e", 0x9fb9, "\x82\x35\x91\x32", 0xe843},
    {"\xfe\x90", 0x9fba, "\x82\x35\x91\x33", 0xe854},
    {"\xfe\xa0", 0x9fbb, "\x82\x35\x91\x34", 0xe864},
    {"\xa8\xbc", 0x1e3f, "\x81\x35\xf4\x37", 0xe7c7}, /* since 2005 */
};

/* These keep their code points of private use: the ideographs have four-byte codes. */
static const struct {
    const char *two;
    uint32_t code;
    const char *four;
    uint32_t ideograph;
} kept[] = {
    {"\xfe\x51", 0xe816, "\x95\x32\x90\x31", 0x20087},
    {"\xfe\x52", 0xe817, "\x95\x32\x90\x33", 0x20089},
    {"\xfe\x53", 0xe818, "\x95\x32\x97\x30", 0x200cc},
    {"\xfe\x6c", 0xe831, "\x95\x36\xb9\x37", 0x215d7},
    {"\xfe\x76", 0xe83b, "\x96\x30\xba\x35", 0x2298f},
    {"\xfe\x91", 0xe855, "\x96\x35\xb6\x30", 0x241fe},
};

static void reads_what_the_edition_of_2022_has_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(moved); i++) {
        assert_int_equal(read_one(moved[i].two, 2), moved[i].code);
        assert_int_equal(read_one(moved[i].four, 4), moved[i].was);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(kept); i++) {
        assert_int_equal(read_one(kept[i].two, 2), kept[i].code);
        assert_int_equal(read_one(kept[i].four, 4), kept[i].ideograph);
    }
}

static bool is_kept(const char *two)
{
    for (size_t i = 0; i < ARRAY_LENGTH(kept); i++)
        if (memcmp(kept[i].two, two, 2) == 0)
            return true;
    return false;
}

static bool has_moved(const char *four)
{
    for (size_t i = 0; i < ARRAY_LENGTH(moved); i++)
        if (memcmp(moved[i].four, four, 4) == 0)
            return true;
    return false;
}

static void reads_every_two_byte_code_as_iconv_does(void **state)
{
    (void)state;
    iconv_t handle = iconv_open("UTF-32LE", "GB18030");
    size_t read = 0;
    for (unsigned lead = 0x80; lead <= 0xff; lead++)
        for (unsigned second = 0; second <= 0xff; second++) {
            const char two[2] = {(char)lead, (char)second};
            uint32_t code = read_one(two, 2);
            if (!is_kept(two))
                assert_int_equal(code, ask(handle, two, 2));
            read += code != 0;
        }
    assert_int_equal(read, 23940);
    iconv_close(handle);
}

/* All of the BMP, and every hundredth above it; then to the last code there is. */
static void reads_four_byte_codes_as_iconv_does(void **state)
{
    (void)state;
    iconv_t handle = iconv_open("UTF-32LE", "GB18030");
    char bytes[4];
    for (uint32_t number = 0; number < 126 * 12600; number += number < 40000 ? 1 : 101) {
        four_bytes(bytes, number);
        if (!has_moved(bytes))
            assert_int_equal(read_one(bytes, 4), ask(handle, bytes, 4));
    }
    assert_int_equal(read_one("\x90\x30\x81\x30", 4), 0x10000);
    assert_int_equal(read_one("\xe3\x32\x9a\x35", 4), 0x10ffff);
    assert_int_equal(read_one("\xe3\x32\x9a\x36", 4), 0);
    assert_int_equal(read_one("\x84\x31\xa4\x39", 4), 0xffff);
    assert_int_equal(read_one("\x84\x31\xa5\x30", 4), 0);
    iconv_close(handle);
}

static void every_code_point_written_reads_back(void **state)
{
    (void)state;
    static uint16_t codes[GB18030_CODES];
    gb18030_two_bytes(codes);
    for (uint32_t code = 1; code <= 0x110000; code++) {
        char bytes[4];
        size_t len = gb18030_write(bytes, code, codes);
        if ((code >= 0xd800 && code <= 0xdfff) || code == 0x110000)
            assert_int_equal(len, 0);
        else
            assert_int_equal(read_one(bytes, len), code);
    }
}

static const char text[] = "id,\xb9\xa4\xb5\xa5\x95\x32\x82\x36 plain and long enough,\xa6\xd9"
                           "\x81\x30\x81\x30\x82\x35\x90\x37|\x81|\r\n\xa1\xe8";

/* In pieces cut at any byte: what was read of the first goes on in the second. */
static void split_at_any_byte_gives_the_same_text(void **state)
{
    (void)state;
    char whole[256], parts[256];
    size_t read, len, first, second;
    assert_int_equal(gb18030_to_utf8(SPAN(text), whole, sizeof whole, &read, &len), GB18030_ALL);
    for (size_t cut = 0; cut <= sizeof text - 1; cut++) {
        enum gb18030_result result =
            gb18030_to_utf8(span_from(text, cut), parts, sizeof parts, &read, &first);
        assert_int_equal(result, read == cut ? GB18030_ALL : GB18030_BAD);
        assert_true(cut - read < 4);
        size_t rest = read;
        assert_int_equal(gb18030_to_utf8(span_from(text + rest, sizeof text - 1 - rest),
                                         parts + first, sizeof parts - first, &read, &second),
                         GB18030_ALL);
        assert_int_equal(first + second, len);
        assert_memory_equal(whole, parts, len);
    }
}

static void writes_no_further_than_there_is_room(void **state)
{
    (void)state;
    char whole[256], some[256];
    size_t read, len, written;
    gb18030_to_utf8(SPAN(text), whole, sizeof whole, &read, &len);
    for (size_t room = 0; room < len; room++) {
        memset(some, '#', sizeof some);
        assert_int_equal(gb18030_to_utf8(SPAN(text), some, room, &read, &written), GB18030_NO_ROOM);
        assert_true(written <= room && room - written < 4);
        assert_memory_equal(some, whole, written);
        assert_int_equal(some[room], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_edition_of_2022_has_changed),
        cmocka_unit_test(reads_every_two_byte_code_as_iconv_does),
        cmocka_unit_test(reads_four_byte_codes_as_iconv_does),
        cmocka_unit_test(every_code_point_written_reads_back),
        cmocka_unit_test(split_at_any_byte_gives_the_same_text),
        cmocka_unit_test(writes_no_further_than_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
