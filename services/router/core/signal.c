/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of signals. Promises that reading what was written gives the same signal, and that a
 * key names its group: other values, another key. A reader goes on over what a later version adds
 * at the end. */
#include "router/core/signal.h"

#include <string.h>

#include "base/timestamp.h"

#define VERSION   '1'
#define FACT      'f'
#define WATERMARK 'w'

const struct span signal_watermark_key = {"_watermark", sizeof "_watermark" - 1};

static void add_escaped(struct strbuf *out, struct span text)
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

static void add_text(struct strbuf *out, struct span text)
{
    strbuf_add_char(out, '|');
    add_escaped(out, text);
}

static void add_number(struct strbuf *out, uint64_t value)
{
    strbuf_add_char(out, '|');
    strbuf_add_base36(out, value);
}

static void add_time(struct strbuf *out, int64_t ms)
{
    strbuf_add_char(out, '|');
    if (ms == TIMESTAMP_NONE)
        return;
    if (ms < 0)
        strbuf_add_char(out, '-');
    strbuf_add_base36(out, ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms);
}

void signal_add_group(struct strbuf *out, struct span trigger, const struct span *values,
                      size_t count)
{
    add_escaped(out, trigger);
    for (size_t i = 0; i < count; i++)
        add_text(out, values[i]);
}

void signal_write(struct strbuf *out, const struct signal *signal)
{
    strbuf_add_char(out, VERSION);
    strbuf_add_char(out, '|');
    strbuf_add_char(out, FACT);
    add_number(out, (uint64_t)signal->step);
    add_text(out, signal->id);
    add_number(out, signal->revision.source);
    add_time(out, signal->revision.received_ms);
    add_number(out, signal->counts);
    add_time(out, signal->time_ms);
    add_time(out, signal->recorded_ms);
    add_text(out, signal->subject);
    for (size_t i = 0; i < signal->field_count; i++) {
        add_text(out, signal->fields[i].name);
        strbuf_add_char(out, '=');
        add_escaped(out, signal->fields[i].value);
    }
}

void signal_write_watermark(struct strbuf *out, int32_t partition, int64_t t_ms)
{
    strbuf_add_char(out, VERSION);
    strbuf_add_char(out, '|');
    strbuf_add_char(out, WATERMARK);
    add_number(out, (uint64_t)partition);
    add_time(out, t_ms);
}

/* ---- reading ---- */

/* The next field, still escaped; *text becomes the rest, absent behind the last. */
static struct span cut_field(struct span *text)
{
    struct span field = *text;
    size_t i = 0;
    while (i < field.len && field.at[i] != '|')
        i += field.at[i] == '\\' && i + 1 < field.len ? 2 : 1;
    field.len = i;
    *text = i == text->len ? SPAN_NONE : span_from(text->at + i + 1, text->len - i - 1);
    return field;
}

/* Borrows `field` where nothing is escaped. False on a bad escape or a full arena. */
static bool unescape(struct span field, struct arena *arena, struct span *text)
{
    *text = field;
    if (span_find(field, '\\') < 0)
        return field.at != NULL;
    char *at = arena_take(arena, field.len);
    size_t len = 0;
    for (size_t i = 0; at && i < field.len; i++) {
        char c = field.at[i];
        if (c == '\\') {
            if (++i == field.len || !field.at[i] || !strchr("|\\n", field.at[i]))
                return false;
            c = field.at[i] == 'n' ? '\n' : field.at[i];
        }
        at[len++] = c;
    }
    *text = span_from(at, len);
    return at != NULL;
}

static bool read_small(struct span field, int *number)
{
    uint64_t value;
    if (!span_to_base36(field, &value) || value > INT32_MAX)
        return false;
    *number = (int)value;
    return true;
}

static bool read_time(struct span field, int64_t *ms)
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

static bool read_field(struct signal *signal, struct span text, struct arena *arena)
{
    ptrdiff_t equals = span_find(text, '=');
    if (signal->field_count == SIGNAL_MOST_FIELDS || equals <= 0)
        return false;
    struct signal_field *field = &signal->fields[signal->field_count++];
    size_t name = (size_t)equals;
    return unescape(span_from(text.at, name), arena, &field->name) &&
           unescape(span_from(text.at + name + 1, text.len - name - 1), arena, &field->value);
}

static bool read_fact(struct signal *signal, struct span key, struct span rest, struct arena *arena)
{
    int counts;
    struct span name = key;
    signal->group = key;
    if (!unescape(cut_field(&name), arena, &signal->trigger) || !signal->trigger.len ||
        !read_small(cut_field(&rest), &signal->step) ||
        !unescape(cut_field(&rest), arena, &signal->id) || !signal->id.len ||
        !span_to_base36(cut_field(&rest), &signal->revision.source) ||
        !read_time(cut_field(&rest), &signal->revision.received_ms) ||
        !read_small(cut_field(&rest), &counts) || !read_time(cut_field(&rest), &signal->time_ms) ||
        signal->time_ms == TIMESTAMP_NONE || !read_time(cut_field(&rest), &signal->recorded_ms) ||
        !unescape(cut_field(&rest), arena, &signal->subject))
        return false;
    signal->counts = counts != 0;
    while (rest.at)
        if (!read_field(signal, cut_field(&rest), arena))
            return false;
    return true;
}

bool signal_read(struct signal *signal, struct span key, struct span value, struct arena *arena)
{
    struct span rest = value;
    *signal = (struct signal){.time_ms = TIMESTAMP_NONE};
    struct span version = cut_field(&rest), kind = rest.at ? cut_field(&rest) : SPAN_NONE;
    if (version.len != 1 || version.at[0] != VERSION || kind.len != 1)
        return false;
    if (kind.at[0] == FACT)
        return key.len && read_fact(signal, key, rest, arena);
    signal->kind = SIGNAL_WATERMARK;
    return kind.at[0] == WATERMARK && read_small(cut_field(&rest), &signal->partition) &&
           read_time(cut_field(&rest), &signal->time_ms) && signal->time_ms != TIMESTAMP_NONE;
}

struct span signal_field(const struct signal *signal, struct span name)
{
    for (size_t i = 0; i < signal->field_count; i++)
        if (span_equal(signal->fields[i].name, name))
            return signal->fields[i].value;
    return SPAN_NONE;
}
