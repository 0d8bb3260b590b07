/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows up to a limit. A piece that does not fit is left out whole and the buffer stays
 * full until reset, so a caller cannot mistake half a record for a record. */
#include "base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void strbuf_init(struct strbuf *buf, size_t initial, size_t max)
{
    size_t capacity = (initial < max ? initial : max) + 1;
    *buf = (struct strbuf){.at = xmalloc(capacity), .capacity = capacity, .max = max};
    buf->at[0] = '\0';
}

void strbuf_fini(struct strbuf *buf)
{
    free(buf->at);
    *buf = (struct strbuf){0};
}

void strbuf_reset(struct strbuf *buf)
{
    buf->len = 0;
    buf->full = false;
    if (buf->at != NULL)
        buf->at[0] = '\0';
}

/* Room for `more` bytes and the NUL behind them. */
static bool has_room(struct strbuf *buf, size_t more)
{
    if (buf->full || more > buf->max - buf->len) {
        buf->full = true;
        return false;
    }
    size_t need = buf->len + more + 1;
    if (need <= buf->capacity)
        return true;
    size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;
    while (capacity < need)
        capacity *= 2;
    buf->capacity = capacity < buf->max + 1 ? capacity : buf->max + 1;
    buf->at = xrealloc(buf->at, buf->capacity);
    return true;
}

void strbuf_add_slow(struct strbuf *buf, struct span s)
{
    if (s.len == 0 || !has_room(buf, s.len))
        return;
    memcpy(buf->at + buf->len, s.at, s.len);
    buf->len += s.len;
    buf->at[buf->len] = '\0';
}

/* Digits of value in a base, at least `digits` of them; 64 bits need 20 in base 10. Made anew for
 * each base: dividing by what the compiler knows is so much cheaper. */
__attribute__((always_inline)) static inline void add_digits(struct strbuf *buf, uint64_t value,
                                                             unsigned base, int digits)
{
    char text[64];
    size_t at = sizeof(text);
    do {
        text[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[value % base];
        value /= base;
        digits--;
    } while (at > 0 && (value > 0 || digits > 0));
    strbuf_add(buf, span_from(text + at, sizeof(text) - at));
}

void strbuf_add_int(struct strbuf *buf, int64_t value)
{
    if (value < 0)
        strbuf_add_char(buf, '-');
    add_digits(buf, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, 1);
}

void strbuf_add_padded(struct strbuf *buf, uint64_t value, int digits)
{
    add_digits(buf, value, 10, digits);
}

void strbuf_add_base36(struct strbuf *buf, uint64_t value)
{
    add_digits(buf, value, 36, 1);
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need <= 0 || !has_room(buf, (size_t)need))
        return;
    va_start(args, format);
    vsnprintf(buf->at + buf->len, buf->capacity - buf->len, format, args);
    va_end(args);
    buf->len += (size_t)need;
}

static void add_escape(struct strbuf *buf, unsigned char c)
{
    static const char short_forms[] = "btn.fr"; /* from BS (8) to CR (13); VT has none */
    char text[7] = {'\\', (char)c, '\0'};
    if (c >= 8 && c <= 13 && c != 11)
        text[1] = short_forms[c - 8];
    else if (c < 0x20)
        snprintf(text, sizeof(text), "\\u%04x", c);
    strbuf_add(buf, span_of(text));
}

/* Nearly every text is plain, and there is room for it. */
static bool add_plain(struct strbuf *buf, struct span s)
{
    if (buf->full || s.len + 2 >= buf->capacity - buf->len || span_plain(s) != s.len)
        return false;
    char *to = buf->at + buf->len;
    *to++ = '"';
    if (s.len)
        memcpy(to, s.at, s.len);
    to[s.len] = '"';
    to[s.len + 1] = '\0';
    buf->len += s.len + 2;
    return true;
}

void strbuf_add_json(struct strbuf *buf, struct span s)
{
    if (add_plain(buf, s))
        return;
    strbuf_add_char(buf, '"');
    for (;;) {
        size_t plain = span_plain(s);
        strbuf_add(buf, span_from(s.at, plain));
        if (plain == s.len)
            break;
        add_escape(buf, (unsigned char)s.at[plain]);
        s = span_from(s.at + plain + 1, s.len - plain - 1);
    }
    strbuf_add_char(buf, '"');
}

struct span strbuf_span(const struct strbuf *buf)
{
    return span_from(buf->at, buf->len);
}
