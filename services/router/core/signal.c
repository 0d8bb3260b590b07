/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of signals. Promises that reading what was written gives the same signal, and that a
 * key names its group: other values, another key. A reader goes on over what a later version adds
 * at the end. */
#include "router/core/signal.h"

#include <string.h>

#include "base/timestamp.h"
#include "model/bar_text.h"

#define VERSION   '2'
#define FACT      'f'
#define WATERMARK 'w'

const struct span signal_watermark_key = {"_watermark", sizeof "_watermark" - 1};

static void add_text(struct strbuf *out, struct span text)
{
    strbuf_add_char(out, '|');
    bar_text_add(out, text);
}

static void add_number(struct strbuf *out, uint64_t value)
{
    strbuf_add_char(out, '|');
    strbuf_add_base36(out, value);
}

void signal_add_group(struct strbuf *out, struct span trigger, const struct span *values,
                      size_t count)
{
    bar_text_add(out, trigger);
    for (size_t i = 0; i < count; i++)
        add_text(out, values[i]);
}

void signal_write(struct strbuf *out, const struct signal *signal)
{
    strbuf_add_char(out, VERSION);
    strbuf_add_char(out, '|');
    strbuf_add_char(out, FACT);
    add_number(out, signal->step);
    add_text(out, signal->id);
    add_number(out, signal->revision.source);
    bar_text_add_time(out, signal->revision.received_ms);
    bar_text_add_time(out, signal->arrived_ms);
    add_number(out, signal->counts);
    bar_text_add_time(out, signal->time_ms);
    bar_text_add_time(out, signal->recorded_ms);
    add_text(out, signal->subject);
    for (size_t i = 0; i < signal->field_count; i++) {
        add_text(out, signal->fields[i].name);
        strbuf_add_char(out, '=');
        bar_text_add(out, signal->fields[i].value);
    }
}

void signal_write_watermark(struct strbuf *out, int32_t partition, int64_t t_ms)
{
    strbuf_add_char(out, VERSION);
    strbuf_add_char(out, '|');
    strbuf_add_char(out, WATERMARK);
    add_number(out, (uint64_t)partition);
    bar_text_add_time(out, t_ms);
}

/* ---- reading ---- */

static bool read_field(struct signal *signal, struct span text, struct arena *arena)
{
    ptrdiff_t equals = span_find(text, '=');
    if (signal->field_count == SIGNAL_MOST_FIELDS || equals <= 0)
        return false;
    struct signal_field *field = &signal->fields[signal->field_count++];
    size_t name = (size_t)equals;
    return bar_text_read(span_from(text.at, name), arena, &field->name) &&
           bar_text_read(span_from(text.at + name + 1, text.len - name - 1), arena, &field->value);
}

static bool read_step(struct span field, uint32_t *step)
{
    uint64_t number;
    bool good = span_to_base36(field, &number) && number <= UINT32_MAX;
    *step = good ? (uint32_t)number : 0;
    return good;
}

static bool read_fact(struct signal *signal, struct span key, struct span rest, struct arena *arena)
{
    int counts;
    struct span name = key;
    signal->group = key;
    if (!bar_text_read(bar_text_cut(&name), arena, &signal->trigger) || !signal->trigger.len ||
        !read_step(bar_text_cut(&rest), &signal->step) ||
        !bar_text_read(bar_text_cut(&rest), arena, &signal->id) || !signal->id.len ||
        !span_to_base36(bar_text_cut(&rest), &signal->revision.source) ||
        !bar_text_read_time(bar_text_cut(&rest), &signal->revision.received_ms) ||
        !bar_text_read_time(bar_text_cut(&rest), &signal->arrived_ms) ||
        !bar_text_read_int(bar_text_cut(&rest), &counts) ||
        !bar_text_read_time(bar_text_cut(&rest), &signal->time_ms) ||
        signal->time_ms == TIMESTAMP_NONE ||
        !bar_text_read_time(bar_text_cut(&rest), &signal->recorded_ms) ||
        !bar_text_read(bar_text_cut(&rest), arena, &signal->subject))
        return false;
    signal->counts = counts != 0;
    while (rest.at)
        if (!read_field(signal, bar_text_cut(&rest), arena))
            return false;
    return true;
}

bool signal_read(struct signal *signal, struct span key, struct span value, struct arena *arena)
{
    struct span rest = value;
    *signal = (struct signal){.time_ms = TIMESTAMP_NONE};
    struct span version = bar_text_cut(&rest), kind = rest.at ? bar_text_cut(&rest) : SPAN_NONE;
    if (version.len != 1 || version.at[0] != VERSION || kind.len != 1)
        return false;
    if (kind.at[0] == FACT)
        return key.len && read_fact(signal, key, rest, arena);
    signal->kind = SIGNAL_WATERMARK;
    return kind.at[0] == WATERMARK && bar_text_read_int(bar_text_cut(&rest), &signal->partition) &&
           bar_text_read_time(bar_text_cut(&rest), &signal->time_ms) &&
           signal->time_ms != TIMESTAMP_NONE;
}

struct span signal_field(const struct signal *signal, struct span name)
{
    for (size_t i = 0; i < signal->field_count; i++)
        if (span_equal(signal->fields[i].name, name))
            return signal->fields[i].value;
    return SPAN_NONE;
}
