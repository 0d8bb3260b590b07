/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3629's table as ranges: the second byte decides overlong forms, surrogates and the upper end.
 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8_blocks.h"

#define HIGH_BITS 0x8080808080808080ULL

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Nearly all Chinese text: three bytes whose lead asks nothing special of the second. */
static bool is_plain_three(const unsigned char *at, size_t left)
{
    return left >= 3 && (at[0] & 0xf0) == 0xe0 && at[0] != 0xe0 && at[0] != 0xed &&
           (((at[1] ^ 0x80) | (at[2] ^ 0x80)) & 0xc0) == 0;
}

/* Bytes of the valid sequence that begins with a non-ASCII byte at `at`, or 0. */
static size_t sequence_length(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0];
    if (lead >= 0xc2 && lead <= 0xdf)
        return left >= 2 && is_tail(at[1]) ? 2 : 0;

    unsigned char low = 0x80, high = 0xbf;
    if ((lead & 0xf0) == 0xe0) {
        low = lead == 0xe0 ? 0xa0 : low;   /* overlong */
        high = lead == 0xed ? 0x9f : high; /* surrogates */
        return left >= 3 && at[1] >= low && at[1] <= high && is_tail(at[2]) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        low = lead == 0xf0 ? 0x90 : low;   /* overlong */
        high = lead == 0xf4 ? 0x8f : high; /* beyond U+10FFFF */
        return left >= 4 && at[1] >= low && at[1] <= high && is_tail(at[2]) && is_tail(at[3]) ? 4
                                                                                              : 0;
    }
    return 0;
}

size_t utf8_valid_prefix(struct span s)
{
    const unsigned char *bytes = (const unsigned char *)s.at;
    size_t at = utf8_blocks_skip(s);
    while (at < s.len) {
        uint64_t word;
        while (s.len - at >= sizeof(word)) {
            memcpy(&word, bytes + at, sizeof(word));
            if (word & HIGH_BITS)
                break;
            at += sizeof(word);
        }
        while (is_plain_three(bytes + at, s.len - at))
            at += 3;
        if (at == s.len)
            break;
        if (bytes[at] < 0x80) {
            at++;
            continue;
        }
        size_t step = sequence_length(bytes + at, s.len - at);
        if (step == 0)
            return at;
        at += step;
    }
    return at;
}

size_t utf8_cut(struct span s, size_t most)
{
    size_t len = most;
    if (s.len <= most)
        return s.len;
    while (len > 0 && is_tail((unsigned char)s.at[len]))
        len--;
    for (size_t at = len; at > len - len / 4; at--)
        if (s.at[at] == ' ')
            return at;
    return len;
}

void utf8_fit(char *buffer, size_t size, struct span s)
{
    static const struct span more = {"…", 3};
    bool fits = s.len < size;
    size_t len = fits ? s.len : utf8_cut(s, size - 1 - more.len);
    if (len > 0)
        memmove(buffer, s.at, len);
    if (!fits)
        memcpy(buffer + len, more.at, more.len);
    buffer[len + (fits ? 0 : more.len)] = '\0';
}
