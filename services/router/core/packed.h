/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of 7 bits a byte, signed ones folded (0, -1, 1, -2 ...), texts with their length, ids as
 * their bytes: what cases and windows are kept in, in memory as in the state topics. Past the end
 * everything is 0 and `bad`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/digest.h"
#include "base/span.h"
#include "base/strbuf.h"

#define PACKED_MOST_NUMBER 10 /* bytes */
#define PACKED_ID          16

/* To where there is room for it; returns what is behind. Of several numbers together, one piece. */
static inline char *packed_put_number(char *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (char)(value | 0x80);
    *to++ = (char)value;
    return to;
}

static inline char *packed_put_signed(char *to, int64_t value)
{
    return packed_put_number(to, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static inline void packed_add_number(struct strbuf *out, uint64_t value)
{
    char bytes[PACKED_MOST_NUMBER];
    strbuf_add(out, span_from(bytes, (size_t)(packed_put_number(bytes, value) - bytes)));
}

static inline void packed_add_signed(struct strbuf *out, int64_t value)
{
    packed_add_number(out, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static inline void packed_add_text(struct strbuf *out, struct span text)
{
    packed_add_number(out, text.len);
    strbuf_add(out, text);
}

struct packed { /* being read */
    struct span rest;
    bool bad;
};

static inline struct span packed_take(struct packed *packed, uint64_t len)
{
    struct span taken = span_from(packed->rest.at, (size_t)len);
    if (len > packed->rest.len) {
        packed->bad = true;
        return span_from("", 0);
    }
    if (len > 0) /* nothing may be nowhere */
        packed->rest = span_from(packed->rest.at + len, packed->rest.len - (size_t)len);
    return taken;
}

/* Of a number whose end is among these bytes: its groups of 7 bits, moved together. */
static inline uint64_t packed_gather(uint64_t bytes, uint64_t end)
{
    bytes &= end ^ (end - 1);
    bytes = (bytes & 0x007f007f007f007f) | (bytes & 0x7f007f007f007f00) >> 1;
    bytes = (bytes & 0x00003fff00003fff) | (bytes & 0x3fff00003fff0000) >> 2;
    return (bytes & 0x000000000fffffff) | (bytes & 0x0fffffff00000000) >> 4;
}

static inline uint64_t packed_take_long(struct packed *packed)
{
    const char *at = packed->rest.at;
    uint64_t eight = UINT64_MAX;
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && packed->rest.len >= sizeof eight)
        memcpy(&eight, at, sizeof eight);
    uint64_t end = ~eight & UINT64_C(0x8080808080808080);
    if (end) { /* byte by byte each would be a guess of where it ends */
        size_t len = (size_t)__builtin_ctzll(end) / 8 + 1;
        packed->rest = span_from(at + len, packed->rest.len - len);
        return packed_gather(eight, end);
    }
    size_t most = packed->rest.len < PACKED_MOST_NUMBER ? packed->rest.len : PACKED_MOST_NUMBER;
    uint64_t value = 0;
    for (size_t i = 0; i < most; i++) {
        unsigned char byte = (unsigned char)at[i];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            packed->rest = span_from(at + i + 1, packed->rest.len - i - 1);
            return value;
        }
    }
    packed->bad = true;
    return 0;
}

/* Most are one byte. */
static inline uint64_t packed_take_number(struct packed *packed)
{
    if (!packed->rest.len || (unsigned char)packed->rest.at[0] >= 0x80)
        return packed_take_long(packed);
    packed->rest.len--;
    return (unsigned char)*packed->rest.at++;
}

static inline int64_t packed_take_signed(struct packed *packed)
{
    uint64_t folded = packed_take_number(packed);
    return (int64_t)(folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0));
}

static inline struct span packed_take_text(struct packed *packed)
{
    return packed_take(packed, packed_take_number(packed));
}

/* 22 characters to 16 bytes; false where another text would give the same bytes, or it has another
 * make. */
bool packed_id(struct span id, unsigned char bytes[PACKED_ID]);
/* And back. */
void packed_id_text(char text[DIGEST_ID_LEN], const unsigned char bytes[PACKED_ID]);

/* What stands for an id among others: of ours 0 and its bytes, in `key`; else the id itself. */
#define PACKED_KEY (1 + PACKED_ID)
struct span packed_key(char key[PACKED_KEY], struct span id);
/* And back: in `text`, or the key itself. */
struct span packed_key_text(char text[DIGEST_ID_LEN], struct span key);
