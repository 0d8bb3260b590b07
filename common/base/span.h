/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of memory somebody else keeps: pointer and length, by value, never NUL-terminated.
 * `at == NULL` means "absent"; a present but empty span has at != NULL and len == 0. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *at; /* borrowed */
    size_t len;     /* bytes */
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})
#define SPAN_NONE     ((struct span){NULL, 0})
#define SPAN_ARG(s)   (int)(s).len, ((s).at ? (s).at : "") /* for printf's %.*s */

static inline struct span span_of(const char *text)
{
    return (struct span){text, text ? strlen(text) : 0};
}

static inline struct span span_from(const char *at, size_t len)
{
    return (struct span){at, len};
}

/* Names and codes are mostly of 8 to 16 bytes: two words that may overlap, and no call. */
static inline bool span_equal(struct span a, struct span b)
{
    uint64_t front[2], back[2];
    const size_t word = sizeof front[0];
    if (a.len != b.len || a.len == 0)
        return a.len == b.len;
    if (a.len < word || a.len > 2 * word)
        return memcmp(a.at, b.at, a.len) == 0;
    memcpy(&front[0], a.at, word);
    memcpy(&front[1], b.at, word);
    memcpy(&back[0], a.at + a.len - word, word);
    memcpy(&back[1], b.at + b.len - word, word);
    return front[0] == front[1] && back[0] == back[1];
}

/* Mostly it is another word, and its first byte says so before anybody looks for its end. */
static inline bool span_is(struct span a, const char *text)
{
    if (a.len == 0 || text == NULL)
        return a.len == 0 && (text == NULL || text[0] == '\0');
    return a.at[0] == text[0] && span_equal(a, span_of(text));
}

/* Bytewise like memcmp, the shorter first among equal prefixes. */
int span_compare(struct span a, struct span b);
static inline bool span_starts(struct span s, struct span prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.at, prefix.at, prefix.len) == 0);
}
static inline bool span_ends(struct span s, struct span suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.at + s.len - suffix.len, suffix.at, suffix.len) == 0);
}
/* Without ASCII blanks (space, \t, \r, \n) at both ends. */
static inline bool span_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
static inline struct span span_trim(struct span s)
{
    while (s.len > 0 && span_is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && span_is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}
/* Cuts at the first `separator`: returns the part before it and leaves the rest in *s.
 * Without a separator returns all and leaves *s absent (at == NULL). Loop: while (s.at) part =
 * span_cut(&s, ','). */
struct span span_cut(struct span *s, char separator);
/* Index of the first `byte`, or -1. */
ptrdiff_t span_find(struct span s, char byte);
/* Bytes at the front that a JSON string holds as they are: up to a control, a quote or a backslash.
 */
size_t span_plain(struct span s);
/* Whole-span decimal, sign allowed; false on anything else or overflow. */
bool span_to_int64(struct span s, int64_t *value);
/* Whole-span decimal with a point, in millionths; digits behind the sixth are cut off. */
bool span_to_millionths(struct span s, int64_t *value);
/* Whole-span lower-case base 36 without leading zeros (but "0"); false otherwise. */
bool span_to_base36(struct span s, uint64_t *value);
/* The decimal of a number, written into the buffer. */
#define SPAN_DECIMAL 24
struct span span_decimal(char buffer[SPAN_DECIMAL], int64_t value);
/* Copies into a NUL-terminated buffer, cut to size; returns buffer. */
char *span_to_cstr(struct span s, char *buffer, size_t size);
