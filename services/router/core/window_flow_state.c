/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 2's state as records of state.windows: each group's window under its key, what a trigger
 * counts and the clock under keys that no group has (a trigger's name does not begin with '_'). */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "router/core/window_flow_internal.h"

#define CLOCK_KEY  "_clock"
#define BUNDLE_KEY "_bundle"

void window_flow_hold_watermarks(struct window_flow *flow)
{
    int32_t count = flow->rules.partitions;
    if (count <= flow->watermark_count)
        return;
    flow->watermarks = xrealloc(flow->watermarks, (size_t)count * sizeof *flow->watermarks);
    while (flow->watermark_count < count)
        flow->watermarks[flow->watermark_count++] = TIMESTAMP_NONE;
}

/* The first one is told; any is a reason to stop. */
static void note_fault(struct window_flow *flow, struct span key)
{
    if (!flow->fault[0])
        snprintf(flow->fault, sizeof flow->fault,
                 "the stored state of %.*s cannot be read; fix: start the version that wrote it",
                 (int)(key.len < 100 ? key.len : 100), key.at);
}

/* "T,T,-,…": a watermark each partition of `events`, '-' = none yet. */
static void restore_clock(struct window_flow *flow, struct span value)
{
    struct span rest = value;
    for (int32_t i = 0; rest.at && i < flow->rules.partitions; i++) {
        struct span one = span_cut(&rest, ',');
        if (!span_is(one, "-") && !span_to_int64(one, &flow->watermarks[i]))
            note_fault(flow, SPAN(CLOCK_KEY));
    }
    int64_t least_ms = INT64_MAX;
    for (int32_t i = 0; i < flow->rules.partitions; i++)
        if (flow->watermarks[i] < least_ms)
            least_ms = flow->watermarks[i];
    flow->counts.clock_ms = least_ms;
}

/* A tombstone of one stands beside that of its window. */
static void restore_piece(struct window_flow *flow, struct span key, struct span value)
{
    struct case_book *groups = flow->book.groups;
    int64_t number;
    struct span group =
        span_from(key.at + strlen(WINDOW_PIECE_KEY), key.len - strlen(WINDOW_PIECE_KEY));
    if (!value.at)
        return;
    if (!span_to_int64(span_cut(&group, '|'), &number) || number < 1 ||
        number > WINDOW_PIECE_MOST || !group.len || group.len > CASE_BOOK_MAX_ID) {
        note_fault(flow, key);
        return;
    }
    struct case_entry *entry = case_book_add(groups, group);
    if (number > entry->timer)
        entry->timer = (unsigned)number & 0xff;
    if (window_piece_join(&flow->text, case_book_get(groups, entry), value))
        case_book_set(groups, entry, strbuf_span(&flow->text), true);
}

void window_flow_restore(struct window_flow *flow, struct span key, struct span value)
{
    bool good = true;
    if (window_book_restore(&flow->book, key, value, &good)) {
        if (!good)
            note_fault(flow, key);
        return;
    }
    if (span_is(key, CLOCK_KEY)) {
        if (value.at)
            restore_clock(flow, value);
        return;
    }
    if (span_is(key, BUNDLE_KEY)) {
        span_to_cstr(value, flow->judged_by, sizeof flow->judged_by);
        return;
    }
    if (span_starts(key, SPAN(WINDOW_PIECE_KEY))) {
        restore_piece(flow, key, value);
        return;
    }
    if (!value.at) {
        struct case_entry *entry = case_book_find(flow->book.groups, key);
        if (entry)
            case_book_remove(flow->book.groups, entry);
        return;
    }
    if (key.len <= CASE_BOOK_MAX_ID &&
        value.len) /* read when all is there: a later record may replace it */
        case_book_set(flow->book.groups, case_book_add(flow->book.groups, key), value, true);
    else
        note_fault(flow, key);
}

/* The timer that was set when it was written; a window of a trigger that is gone, or is another one
 * now, is forgotten. */
static void restore_group(void *context, struct case_entry *entry, struct span packed)
{
    struct window_flow *flow = context;
    struct window_look look = {.entry = entry};
    struct window *window = &flow->window;
    enum trigger_form form;
    char text[CASE_BOOK_MAX_ID];
    struct span group = case_book_id(flow->book.groups, entry, text);
    struct window_piece piece;
    bool there = window_flow_trigger(flow, group, &look);
    if (there && (!window_piece_take(&piece, &packed) || !window_read(window, packed, &form))) {
        note_fault(flow, group);
        return;
    }
    if (there && look.counter->anew) {
        look.counter->anew_groups++;
        flow->counts.anew++;
    }
    if (!there || look.counter->anew || form != look.trigger->form) {
        window_book_set_timer(&flow->book, entry, TIMESTAMP_NONE);
        case_book_set(flow->book.groups, entry, SPAN_NONE, false);
        return;
    }
    int64_t expires_ms = window_expires_ms(window, look.trigger);
    bool waits = window->due_ms != TIMESTAMP_NONE && window->due_ms < expires_ms;
    look.counter->groups++;
    window_book_set_timer(&flow->book, entry, waits ? window->due_ms : expires_ms);
}

/* Pieces whose window is gone. */
static void take_out_pieces(void *context, struct case_entry *entry)
{
    struct window_flow *flow = context;
    if (!entry->len && !entry->dirty)
        case_book_set(flow->book.groups, entry, SPAN_NONE, false);
}

/* What there is, by the rules as they are. */
static void take_up(struct window_flow *flow)
{
    bool same = span_is(flow->rules.bundle, flow->judged_by);
    window_book_renew(&flow->book, flow->rules.triggers);
    for (size_t i = 0; i < flow->book.count; i++)
        flow->book.counters[i].groups = 0;
    case_book_each_set(flow->book.groups, restore_group, flow);
    case_book_each(flow->book.groups, take_out_pieces, flow);
    flow->unlooked = flow->bundle_dirty = !same;
    flow->marked = false;
}

void window_flow_restored(struct window_flow *flow)
{
    take_up(flow);
}

void window_flow_set_rules(struct window_flow *flow, const struct window_flow_rules *rules)
{
    flow->rules = *rules;
    window_flow_hold_watermarks(flow);
    window_book_arrange(&flow->book, rules->triggers);
    flow->judged_by[0] = '\0'; /* whatever its name is */
    take_up(flow);
}

void window_flow_each_anew(const struct window_flow *flow,
                           void (*each)(void *context, const char *trigger, int64_t groups),
                           void *context)
{
    for (size_t i = 0; i < flow->book.count; i++)
        if (flow->book.counters[i].anew)
            each(context, flow->book.counters[i].name, flow->book.counters[i].anew_groups);
}

const char *window_flow_fault(const struct window_flow *flow)
{
    return flow->fault[0] ? flow->fault : NULL;
}

/* By which rules what is stored is due: by nobody's until all of it was looked at, so that a
 * restart in between looks again. */
static void save_bundle(struct window_flow *flow, struct outputs *outputs)
{
    outputs_add(outputs,
                &(struct output){.stream = STREAM_STATE_WINDOWS,
                                 .partition = flow->partition,
                                 .key = SPAN(BUNDLE_KEY),
                                 .value = flow->unlooked ? SPAN("-") : flow->rules.bundle});
}

static void save_clock(struct window_flow *flow, struct outputs *outputs)
{
    strbuf_reset(&flow->text);
    for (int32_t i = 0; i < flow->rules.partitions; i++) {
        if (i)
            strbuf_add_char(&flow->text, ',');
        if (flow->watermarks[i] == TIMESTAMP_NONE)
            strbuf_add_char(&flow->text, '-');
        else
            strbuf_add_int(&flow->text, flow->watermarks[i]);
    }
    outputs_add(outputs, &(struct output){.stream = STREAM_STATE_WINDOWS,
                                          .partition = flow->partition,
                                          .key = SPAN(CLOCK_KEY),
                                          .value = strbuf_span(&flow->text)});
}

static void write_piece(struct window_flow *flow, unsigned number, struct span group,
                        struct span value, struct outputs *outputs)
{
    char key[sizeof WINDOW_PIECE_KEY + SPAN_DECIMAL + CASE_BOOK_MAX_ID];
    int head = snprintf(key, sizeof key, WINDOW_PIECE_KEY "%u|", number);
    memcpy(key + head, group.at, group.len);
    outputs_add(outputs, &(struct output){.stream = STREAM_STATE_WINDOWS,
                                          .partition = flow->partition,
                                          .key = span_from(key, (size_t)head + group.len),
                                          .value = value});
}

static void save_window(struct window_flow *flow, struct case_entry *entry, struct outputs *outputs)
{
    char text[CASE_BOOK_MAX_ID];
    struct span group = case_book_id(flow->book.groups, entry, text);
    struct span stored = case_book_get(flow->book.groups, entry), window = stored;
    struct window_piece piece = {0};
    if (stored.at && window_piece_take(&piece, &window) && piece.number) {
        window_piece_write(&flow->text, stored);
        write_piece(flow, piece.number, group, strbuf_span(&flow->text), outputs);
        return;
    }
    outputs_add(outputs, &(struct output){.stream = STREAM_STATE_WINDOWS,
                                          .partition = flow->partition,
                                          .key = group,
                                          .value = stored});
    if (stored.at)
        return;
    for (unsigned number = 1; number <= entry->timer; number++)
        write_piece(flow, number, group, SPAN_NONE, outputs);
    case_book_remove(flow->book.groups, entry);
}

void window_flow_save(struct window_flow *flow, struct outputs *outputs)
{
    struct case_entry *entry;
    while ((entry = case_book_take_dirty(flow->book.groups)))
        save_window(flow, entry, outputs);
    window_book_save_counters(&flow->book, flow->partition, &flow->text, outputs);
    if (flow->clock_dirty)
        save_clock(flow, outputs);
    if (flow->bundle_dirty)
        save_bundle(flow, outputs);
    flow->clock_dirty = flow->bundle_dirty = false;
}
