/* SPDX-License-Identifier: Apache-2.0 */
/* Ids are base64url of 16 bytes (base/digest.h): the last of 22 characters has two bits of them. */
#include "router/core/packed.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* By character: 1 + its value; 0 = none of them. */
static const unsigned char value_of[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64};

bool packed_id(struct span id, unsigned char bytes[PACKED_ID])
{
    uint32_t bits = 0;
    int have = 0, n = 0;
    if (id.len != DIGEST_ID_LEN)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        unsigned value = value_of[(unsigned char)id.at[i]];
        if (!value)
            return false;
        bits = bits << 6 | (value - 1);
        have += 6;
        if (have >= 8)
            bytes[n++] = (unsigned char)(bits >> (have -= 8));
    }
    return (bits & 0xf) == 0;
}

/* Three bytes are four characters. */
void packed_id_text(char text[DIGEST_ID_LEN], const unsigned char bytes[PACKED_ID])
{
    for (int i = 0; i < PACKED_ID / 3; i++, bytes += 3, text += 4) {
        uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        text[0] = digits[bits >> 18];
        text[1] = digits[bits >> 12 & 0x3f];
        text[2] = digits[bits >> 6 & 0x3f];
        text[3] = digits[bits & 0x3f];
    }
    text[0] = digits[bytes[0] >> 2];
    text[1] = digits[bytes[0] << 4 & 0x3f];
}

struct span packed_key(char key[PACKED_KEY], struct span id)
{
    unsigned char bytes[PACKED_ID];
    if (!packed_id(id, bytes))
        return id;
    key[0] = '\0';
    memcpy(key + 1, bytes, sizeof bytes);
    return span_from(key, PACKED_KEY);
}

struct span packed_key_text(char text[DIGEST_ID_LEN], struct span key)
{
    if (key.len != PACKED_KEY || key.at[0] != '\0')
        return key;
    packed_id_text(text, (const unsigned char *)key.at + 1);
    return span_from(text, DIGEST_ID_LEN);
}
