/* SPDX-License-Identifier: Apache-2.0 */
/* A record is cut at its bars without looking inside, so an escape is two bytes and never hides
 * one. */
#include "model/bar_text.h"

#include <string.h>

#include "base/timestamp.h"

void bar_text_add(struct strbuf *out, struct span text)
{
    size_t begin = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c != '|' && c != '\\' && c != '\n')
            continue;
        strbuf_add(out, span_from(text.at + begin, i - begin));
        strbuf_add_char(out, '\\');
        strbuf_add_char(out, c == '\n' ? 'n' : c);
        begin = i + 1;
    }
    if (begin < text.len)
        strbuf_add(out, span_from(text.at + begin, text.len - begin));
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
