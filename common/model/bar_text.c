/* SPDX-License-Identifier: Apache-2.0 */
/* A record is cut at its bars without looking inside, so an escape is two bytes and never hides
 * one. */
#include "model/bar_text.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/timestamp.h"

/* Bytes at the front that stand as they are, or some of them. Texts are short and hardly ever hold
 * one that does not. */
#ifdef __SSE2__
static bool is_bare(const char *at)
{
    const __m128i bar = _mm_set1_epi8('|'), escape = _mm_set1_epi8('\\'),
                  feed = _mm_set1_epi8('\n');
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, bar), _mm_cmpeq_epi8(bytes, escape));
    return _mm_movemask_epi8(_mm_or_si128(found, _mm_cmpeq_epi8(bytes, feed))) == 0;
}

/* The last bytes are looked at with some of those before them. */
static size_t bare_blocks(struct span text)
{
    const size_t block = sizeof(__m128i);
    size_t at = 0;
    while (text.len - at >= block && is_bare(text.at + at))
        at += block;
    bool rest = at > 0 && text.len - at < block;
    return rest && is_bare(text.at + text.len - block) ? text.len : at;
}
#else
static size_t bare_blocks(struct span text)
{
    (void)text;
    return 0;
}
#endif

static size_t bare_front(struct span text)
{
    size_t at = bare_blocks(text);
    while (at < text.len && text.at[at] != '|' && text.at[at] != '\\' && text.at[at] != '\n')
        at++;
    return at;
}

void bar_text_add(struct strbuf *out, struct span text)
{
    for (;;) {
        size_t bare = bare_front(text);
        strbuf_add(out, span_from(text.at, bare));
        if (bare == text.len)
            return;
        char c = text.at[bare];
        strbuf_add_char(out, '\\');
        strbuf_add_char(out, c == '\n' ? 'n' : c);
        text = span_from(text.at + bare + 1, text.len - bare - 1);
    }
}

void bar_text_add_time(struct strbuf *out, int64_t ms)
{
    strbuf_add_char(out, '|');
    if (ms == TIMESTAMP_NONE)
        return;
    if (ms < 0)
        strbuf_add_char(out, '-');
    strbuf_add_base36(out, ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms);
}

struct span bar_text_cut(struct span *text)
{
    struct span field = *text;
    size_t i = 0;
    while (i < field.len && field.at[i] != '|')
        i += field.at[i] == '\\' && i + 1 < field.len ? 2 : 1;
    field.len = i;
    *text = i == text->len ? SPAN_NONE : span_from(text->at + i + 1, text->len - i - 1);
    return field;
}

bool bar_text_read(struct span field, struct arena *arena, struct span *text)
{
    *text = field;
    if (span_find(field, '\\') < 0)
        return field.at != NULL;
    char *at = arena_take(arena, field.len);
    size_t len = 0;
    for (size_t i = 0; at && i < field.len; i++) {
        char c = field.at[i];
        if (c == '\\') {
            if (++i == field.len || !strchr("|\\n", field.at[i]) || !field.at[i])
                return false;
            c = field.at[i] == 'n' ? '\n' : field.at[i];
        }
        at[len++] = c;
    }
    *text = span_from(at, len);
    return at != NULL;
}

bool bar_text_read_int(struct span field, int *number)
{
    uint64_t value;
    if (!span_to_base36(field, &value) || value > INT32_MAX)
        return false;
    *number = (int)value;
    return true;
}

bool bar_text_read_time(struct span field, int64_t *ms)
{
    uint64_t value;
    bool negative = field.len && field.at[0] == '-';
    *ms = TIMESTAMP_NONE;
    if (field.at && !field.len)
        return true;
    if (negative)
        field = span_from(field.at + 1, field.len - 1);
    if (!field.at || !span_to_base36(field, &value) || value > INT64_MAX)
        return false;
    *ms = negative ? -(int64_t)value : (int64_t)value;
    return true;
}
