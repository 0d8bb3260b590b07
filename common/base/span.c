/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into borrowed memory. Nothing here allocates or needs a NUL at the end. */
#include "base/span.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

int span_compare(struct span a, struct span b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.at, b.at, common) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

struct span span_cut(struct span *s, char separator)
{
    struct span part = *s;
    ptrdiff_t at = span_find(part, separator);
    if (at < 0) {
        *s = SPAN_NONE;
        return part;
    }
    part.len = (size_t)at;
    *s = span_from(part.at + at + 1, s->len - part.len - 1);
    return part;
}

ptrdiff_t span_find(struct span s, char byte)
{
    const char *found = s.len ? memchr(s.at, byte, s.len) : NULL;
    return found ? found - s.at : -1;
}

bool span_to_int64(struct span s, int64_t *value)
{
    bool negative = s.len > 0 && s.at[0] == '-';
    size_t i = negative || (s.len > 0 && s.at[0] == '+') ? 1 : 0;
    if (i == s.len)
        return false;
    int64_t sum = 0; /* kept negative: INT64_MIN has no positive twin */
    for (; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_sub_overflow(sum, s.at[i] - '0', &sum))
            return false;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, sum, &sum))
        return false;
    *value = sum;
    return true;
}

bool span_to_millionths(struct span s, int64_t *value)
{
    ptrdiff_t point = span_find(s, '.');
    struct span whole = point < 0 ? s : span_from(s.at, (size_t)point);
    int64_t sum, fraction = 0, unit = 1000000;
    if (point >= 0 && (size_t)point + 1 == s.len)
        return false;
    for (size_t i = point < 0 ? s.len : (size_t)point + 1; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        unit /= 10;
        fraction += (s.at[i] - '0') * unit;
    }
    if (!span_to_int64(whole, &sum) || __builtin_mul_overflow(sum, INT64_C(1000000), &sum))
        return false;
    bool negative = s.at[0] == '-';
    return !__builtin_add_overflow(sum, negative ? -fraction : fraction, value);
}

#define BASE36_SURE 12 /* digits that 64 bits have room for */

static int base36_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : -1;
}

bool span_to_base36(struct span s, uint64_t *value)
{
    if (s.len == 0 || (s.at[0] == '0' && s.len > 1))
        return false;
    uint64_t sum = 0;
    size_t i = 0;
    for (; i < s.len && i < BASE36_SURE; i++) {
        int digit = base36_digit(s.at[i]);
        if (digit < 0)
            return false;
        sum = sum * 36 + (uint64_t)digit;
    }
    for (; i < s.len; i++) {
        int digit = base36_digit(s.at[i]);
        if (digit < 0 || __builtin_mul_overflow(sum, 36U, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)digit, &sum))
            return false;
    }
    *value = sum;
    return true;
}

struct span span_decimal(char buffer[SPAN_DECIMAL], int64_t value)
{
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    size_t at = SPAN_DECIMAL;
    do
        buffer[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (value < 0)
        buffer[--at] = '-';
    return span_from(buffer + at, SPAN_DECIMAL - at);
}

char *span_to_cstr(struct span s, char *buffer, size_t size)
{
    if (size == 0)
        return buffer;
    size_t len = s.len < size ? s.len : size - 1;
    if (len > 0)
        memcpy(buffer, s.at, len);
    buffer[len] = '\0';
    return buffer;
}

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

/* Eight bytes at once; misses nothing, and what it finds is looked at byte by byte. */
static bool may_end(uint64_t word)
{
    uint64_t control = (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);
    return (control | zero_bytes(word ^ EACH_BYTE('"')) | zero_bytes(word ^ EACH_BYTE('\\'))) != 0;
}

/* True when it was looked at to its end, *at = the first byte that is not plain. */
#ifdef __SSE2__
/* A bit for each of sixteen bytes that ends it. */
static unsigned ends_of(const char *at)
{
    const __m128i quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\'),
                  control = _mm_set1_epi8(0x1f);
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, escape));
    ends = _mm_or_si128(ends, _mm_cmpeq_epi8(_mm_max_epu8(bytes, control), control));
    return (unsigned)_mm_movemask_epi8(ends);
}

/* What is left behind the last whole block is looked at with some of those before it, which end
 * nothing. */
static bool skip_plain(struct span s, size_t *at)
{
    const size_t block = sizeof(__m128i);
    if (s.len < block)
        return false;
    for (;;) {
        unsigned ends = ends_of(s.at + *at);
        if (ends) {
            *at += (size_t)__builtin_ctz(ends);
            return true;
        }
        *at += block;
        if (*at == s.len)
            return true;
        if (s.len - *at < block)
            *at = s.len - block;
    }
}
#else
static bool skip_plain(struct span s, size_t *at)
{
    (void)s;
    (void)at;
    return false;
}
#endif

size_t span_plain(struct span s)
{
    size_t at = 0;
    uint64_t word;
    if (skip_plain(s, &at))
        return at;
    for (; s.len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, s.at + at, sizeof word);
        if (may_end(word))
            break;
    }
    if (at >= sizeof word && s.len - at < sizeof word) { /* its last bytes, with some before them */
        memcpy(&word, s.at + s.len - sizeof word, sizeof word);
        if (!may_end(word))
            return s.len;
    }
    if (s.len < sizeof word && s.len >= sizeof word / 2) { /* two halves that may overlap */
        memcpy(&word, s.at, sizeof word / 2);
        memcpy((char *)&word + sizeof word / 2, s.at + s.len - sizeof word / 2, sizeof word / 2);
        if (!may_end(word))
            return s.len;
    }
    while (at < s.len && (unsigned char)s.at[at] >= 0x20 && s.at[at] != '"' && s.at[at] != '\\')
        at++;
    return at;
}
