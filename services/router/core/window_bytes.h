/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of 7 bits a byte, signed ones folded (0, -1, 1, -2 ...), and texts with their length:
 * what windows are packed in. Past the end everything is 0 and `bad`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/strbuf.h"

static inline void window_bytes_add_number(struct strbuf *out, uint64_t value)
{
    char bytes[10];
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (char)(value | 0x80);
    bytes[len++] = (char)value;
    strbuf_add(out, span_from(bytes, len));
}

static inline void window_bytes_add_signed(struct strbuf *out, int64_t value)
{
    window_bytes_add_number(out, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static inline void window_bytes_add_text(struct strbuf *out, struct span text)
{
    window_bytes_add_number(out, text.len);
    strbuf_add(out, text);
}

struct window_bytes { /* being read */
    struct span rest;
    bool bad;
};

static inline struct span window_bytes_take(struct window_bytes *bytes, uint64_t len)
{
    struct span taken = span_from(bytes->rest.at, (size_t)len);
    if (len > bytes->rest.len) {
        bytes->bad = true;
        return span_from("", 0);
    }
    bytes->rest = span_from(bytes->rest.at + len, bytes->rest.len - (size_t)len);
    return taken;
}

static inline uint64_t window_bytes_take_number(struct window_bytes *bytes)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 70 && !bytes->bad; shift += 7) {
        struct span one = window_bytes_take(bytes, 1);
        unsigned char byte = one.len ? (unsigned char)one.at[0] : 0;
        value |= (uint64_t)(byte & 0x7f) << (shift < 64 ? shift : 63);
        if (byte < 0x80)
            return value;
    }
    bytes->bad = true;
    return 0;
}

static inline int64_t window_bytes_take_signed(struct window_bytes *bytes)
{
    uint64_t folded = window_bytes_take_number(bytes);
    return (int64_t)(folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0));
}

static inline struct span window_bytes_take_text(struct window_bytes *bytes)
{
    return window_bytes_take(bytes, window_bytes_take_number(bytes));
}
