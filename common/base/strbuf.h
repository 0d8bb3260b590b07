/* SPDX-License-Identifier: Apache-2.0 */
/* Text under construction. Grows by doubling up to `max` and is kept between records, so a warm
 * buffer allocates nothing. Beyond max it stops adding and remembers: check strbuf_is_full once at
 * the end. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/base.h"
#include "base/span.h"

struct strbuf {
    char *at; /* owned; NUL behind len is kept */
    size_t len;
    size_t capacity;
    size_t max;
    bool full;
};

void strbuf_init(struct strbuf *buf, size_t initial, size_t max);
void strbuf_fini(struct strbuf *buf);
void strbuf_reset(struct strbuf *buf);                   /* len = 0, full = false, memory kept */
void strbuf_add_slow(struct strbuf *buf, struct span s); /* where there may be no room */
static inline void strbuf_add(struct strbuf *buf, struct span s)
{
    if (s.len == 0 || s.len >= buf->capacity - buf->len || buf->full) {
        strbuf_add_slow(buf, s);
        return;
    }
    memcpy(buf->at + buf->len, s.at, s.len);
    buf->len += s.len;
    buf->at[buf->len] = '\0';
}
static inline void strbuf_add_char(struct strbuf *buf, char c)
{
    strbuf_add(buf, span_from(&c, 1));
}
void strbuf_add_int(struct strbuf *buf, int64_t value);
void strbuf_add_padded(struct strbuf *buf, uint64_t value, int digits); /* decimal, zero-padded */
void strbuf_add_base36(struct strbuf *buf, uint64_t value); /* lower case, no leading zeros */
void strbuf_addf(struct strbuf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* A JSON string with its quotes: escapes ", \ and controls; UTF-8 goes through as it is (valid by
 * contract). */
void strbuf_add_json(struct strbuf *buf, struct span s);
struct span strbuf_span(const struct strbuf *buf);
static inline bool strbuf_is_full(const struct strbuf *buf)
{
    return buf->full;
}
