/* SPDX-License-Identifier: Apache-2.0 */
/* ASCII goes eight bytes at a time, two-byte codes by one look into a table of 47 KB; the rest are
 * rare: four-byte codes of the BMP by a search among 200 ranges, those above by a sum. */
#include "base/gb18030.h"

#include <stdbool.h>
#include <string.h>

#include "base/base.h"
#include "base/gb18030_table.h"

#define HIGH_BITS  0x8080808080808080ULL
#define LEADS      126U
#define SECONDS    190U
#define BMP_END    0x10000U
#define LAST       0x10ffffU
#define FOUR_ABOVE 189000U /* the number of U+10000 among four-byte codes */

static bool is_lead(unsigned char byte)
{
    return byte >= 0x81 && byte <= 0xfe;
}

static bool is_digit(unsigned char byte)
{
    return byte >= 0x30 && byte <= 0x39;
}

/* Four-byte codes are numbers of the base 10 and 126 in turn. */
static uint32_t number_of(const unsigned char *at)
{
    return ((at[0] - 0x81U) * 10 + (at[1] - 0x30U)) * 1260 + (at[2] - 0x81U) * 10 + (at[3] - 0x30U);
}

static uint32_t code_of_number(uint32_t number)
{
    size_t low = 0, high = ARRAY_LENGTH(four_bytes);
    if (number >= FOUR_BYTES_BMP)
        return number >= FOUR_ABOVE && number - FOUR_ABOVE <= LAST - BMP_END
                   ? number - FOUR_ABOVE + BMP_END
                   : 0;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (four_bytes[middle].first <= number)
            low = middle;
        else
            high = middle;
    }
    return four_bytes[low].code + (number - four_bytes[low].first);
}

/* Bytes of the character with a lead at `at`; 0 when it cannot be read. */
static size_t read_character(const unsigned char *at, size_t left, uint32_t *code)
{
    if (left < 2 || !is_lead(at[0]))
        return 0;
    unsigned second = at[1];
    if (second >= 0x40 && second <= 0xfe && second != 0x7f) {
        *code = two_bytes[(at[0] - 0x81U) * SECONDS + second - (second < 0x7f ? 0x40U : 0x41U)];
        return 2;
    }
    if (left < 4 || !is_digit(at[1]) || !is_lead(at[2]) || !is_digit(at[3]))
        return 0;
    *code = code_of_number(number_of(at));
    return *code ? 4 : 0;
}

static size_t utf8_length(uint32_t code)
{
    return code < 0x800 ? 2 : code < BMP_END ? 3 : 4;
}

static void put_utf8(char *to, uint32_t code)
{
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
    } else if (code < BMP_END) {
        to[0] = (char)(0xe0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3f));
    } else {
        to[0] = (char)(0xf0 | code >> 18);
        to[1] = (char)(0x80 | (code >> 12 & 0x3f));
        to[2] = (char)(0x80 | (code >> 6 & 0x3f));
    }
    to[utf8_length(code) - 1] = (char)(0x80 | (code & 0x3f));
}

/* Bytes of ASCII at the front of a word that has others too. */
static size_t front_of(uint64_t word)
{
    uint64_t high = word & HIGH_BITS;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (size_t)__builtin_ctzll(high) / 8;
#else
    return (size_t)__builtin_clzll(high) / 8;
#endif
}

/* ASCII at the front of both; behind it `to` may hold anything. */
static size_t copy_ascii(const unsigned char *from, size_t left, char *to, size_t room)
{
    size_t most = left < room ? left : room, at = 0;
    uint64_t word;
    for (; most - at >= sizeof word; at += sizeof word) {
        memcpy(&word, from + at, sizeof word);
        memcpy(to + at, &word, sizeof word);
        if (word & HIGH_BITS)
            return at + front_of(word);
    }
    for (; at < most && from[at] < 0x80; at++)
        to[at] = (char)from[at];
    return at;
}

/* Two-byte codes at the front that become three bytes, as nearly all do; `to` may hold anything
 * behind them. */
static size_t copy_pairs(const unsigned char *from, size_t left, char *to, size_t room,
                         size_t *written)
{
    size_t at = 0, out = 0;
    for (; left - at >= 2 && room - out >= 4; at += 2, out += 3) {
        unsigned lead = from[at] - 0x81U, second = from[at + 1] - 0x40U;
        if (lead >= LEADS || second > SECONDS || second == 0x3f)
            break;
        unsigned code = two_bytes[lead * SECONDS + second - (second > 0x3f)];
        if (code < 0x800)
            break;
        const unsigned char utf8[4] = {(unsigned char)(0xe0 | code >> 12),
                                       (unsigned char)(0x80 | (code >> 6 & 0x3f)),
                                       (unsigned char)(0x80 | (code & 0x3f)), 0};
        memcpy(to + out, utf8, sizeof utf8);
    }
    *written = out;
    return at;
}

enum gb18030_result gb18030_to_utf8(struct span in, char *to, size_t room, size_t *read,
                                    size_t *written)
{
    const unsigned char *from = (const unsigned char *)in.at;
    size_t at = 0, out = 0;
    enum gb18030_result result = GB18030_ALL;
    while (at < in.len) {
        uint32_t code;
        size_t len;
        if (from[at] < 0x80) {
            len = copy_ascii(from + at, in.len - at, to + out, room - out);
            at += len;
            out += len;
            if (len > 0)
                continue;
            result = GB18030_NO_ROOM;
            break;
        }
        at += copy_pairs(from + at, in.len - at, to + out, room - out, &len);
        out += len;
        if (at == in.len || from[at] < 0x80)
            continue;
        len = read_character(from + at, in.len - at, &code);
        if (len == 0 || room - out < utf8_length(code)) {
            result = len == 0 ? GB18030_BAD : GB18030_NO_ROOM;
            break;
        }
        put_utf8(to + out, code);
        out += utf8_length(code);
        at += len;
    }
    *read = at;
    *written = out;
    return result;
}

void gb18030_two_bytes(uint16_t codes[GB18030_CODES])
{
    memset(codes, 0, GB18030_CODES * sizeof codes[0]);
    for (unsigned i = 0; i < ARRAY_LENGTH(two_bytes); i++) {
        unsigned second = i % SECONDS + 0x40;
        codes[two_bytes[i]] =
            (uint16_t)((i / SECONDS + 0x81) << 8 | (second + (second >= 0x7f ? 1 : 0)));
    }
}

static uint32_t number_of_code(uint32_t code)
{
    if (code >= BMP_END)
        return code - BMP_END + FOUR_ABOVE;
    for (size_t i = 0; i < ARRAY_LENGTH(four_bytes); i++) {
        uint32_t end = i + 1 < ARRAY_LENGTH(four_bytes) ? four_bytes[i + 1].first : FOUR_BYTES_BMP;
        if (code >= four_bytes[i].code && code - four_bytes[i].code < end - four_bytes[i].first)
            return code - four_bytes[i].code + four_bytes[i].first;
    }
    return UINT32_MAX;
}

size_t gb18030_write(char *to, uint32_t code, const uint16_t codes[GB18030_CODES])
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < BMP_END && codes[code] != 0) {
        to[0] = (char)(codes[code] >> 8);
        to[1] = (char)codes[code];
        return 2;
    }
    uint32_t number = code > LAST ? UINT32_MAX : number_of_code(code);
    if (number == UINT32_MAX)
        return 0;
    to[0] = (char)(0x81 + number / 12600);
    to[1] = (char)(0x30 + number / 1260 % 10);
    to[2] = (char)(0x81 + number / 10 % 126);
    to[3] = (char)(0x30 + number % 10);
    return 4;
}
