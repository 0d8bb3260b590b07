/* SPDX-License-Identifier: Apache-2.0 */
/* The flow's state as records of state.cases: each case under its id, the clock and parked orders
 * under keys that no case has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "router/core/case_flow_internal.h"

#define CLOCK_KEY "_clock"

enum { MOST_NEW_LINES = 3 };

/* The first one is told; any is a reason to stop. */
static void note_fault(struct case_flow *flow, struct span key)
{
    if (!flow->fault[0])
        snprintf(flow->fault, sizeof flow->fault,
                 "the stored set of %.*s cannot be read; fix: start the version that wrote it, or "
                 "one whose codes.csv has its codes",
                 (int)(key.len < 100 ? key.len : 100), key.at);
}

/* How many bytes at the front of the value are the text that the entry was packed from. */
static size_t known_bytes(const struct case_entry *entry, struct span value)
{
    size_t len = value.len;
    for (int i = 0; entry->said && i < MOST_NEW_LINES; i++) {
        const char *feed = memrchr(value.at, '\n', len);
        if (!feed)
            return 0;
        len = (size_t)(feed - value.at);
        if (hash_span(span_from(value.at, len)) == entry->said)
            return len;
    }
    return 0;
}

/* A case's record says what the one before it said, and mostly a line more: the others are packed
 * already. `said` has no meaning yet, and keeps the hash of the text till all is restored. Timers
 * wait for that as well: a later record of the state topic may replace this one. */
static bool restore_case(struct case_flow *flow, struct span key, struct span value)
{
    struct case_set set;
    size_t from;
    struct case_entry *entry = case_book_add(flow->book, key);
    size_t known = known_bytes(entry, value);
    arena_reset(&flow->arena);
    if (!case_set_read_more(&set, value, known, flow->rules->codes, &flow->arena, &from))
        return false;
    strbuf_reset(&flow->text);
    case_pack_write(&flow->text, &set, from, flow->words);
    if (known)
        case_book_extend(flow->book, entry, strbuf_span(&flow->text));
    else
        case_book_set(flow->book, entry, strbuf_span(&flow->text), true);
    entry->said = hash_span(value);
    return true;
}

void case_flow_restore(struct case_flow *flow, struct span key, struct span value)
{
    if (case_flow_restore_parked(flow, key, value))
        return;
    if (span_is(key, CLOCK_KEY)) {
        if (!span_to_int64(value, &flow->counts.clock_ms))
            note_fault(flow, key);
        return;
    }
    if (!value.at) {
        struct case_entry *entry = case_book_find(flow->book, key);
        if (entry)
            case_book_remove(flow->book, entry);
        return;
    }
    if (key.len > CASE_BOOK_MAX_ID || !restore_case(flow, key, value))
        note_fault(flow, key);
}

const char *case_flow_fault(const struct case_flow *flow)
{
    return flow->fault[0] ? flow->fault : NULL;
}

static void restore_timer(void *context, struct case_entry *entry)
{
    struct case_flow *flow = context;
    struct working work = {0};
    entry->said = 0;
    arena_reset(&flow->arena);
    if (case_flow_load(flow, &work, entry) != REJECT_NONE)
        return;
    case_fold(&work.fold, &work.set, work.kind, flow->rules->codes);
    case_flow_set_timer(flow, &work);
}

void case_flow_restored(struct case_flow *flow)
{
    case_book_each(flow->book, restore_timer, flow);
}

static void save_case(struct case_flow *flow, struct case_entry *entry, struct outputs *outputs)
{
    struct case_set set;
    struct output output = {
        .stream = STREAM_STATE_CASES, .partition = flow->partition, .key = case_entry_id(entry)};
    arena_reset(&flow->arena);
    strbuf_reset(&flow->text);
    if (!case_flow_unpack(flow, entry, &set))
        abort(); /* a set's limit is a fraction of the arena */
    case_set_write(&flow->text, &set, flow->rules->codes);
    if (entry->len)
        output.value = strbuf_span(&flow->text);
    outputs_add(outputs, &output);
    if (!entry->len)
        case_book_remove(flow->book, entry);
}

void case_flow_save(struct case_flow *flow, struct outputs *outputs)
{
    struct case_entry *entry;
    case_flow_save_parked(flow, outputs); /* first: it says something of its cases */
    while ((entry = case_book_take_dirty(flow->book)))
        save_case(flow, entry, outputs);
    if (!flow->clock_dirty)
        return;
    flow->clock_dirty = false;
    strbuf_reset(&flow->text);
    strbuf_add_int(&flow->text, flow->counts.clock_ms);
    outputs_add(outputs, &(struct output){.stream = STREAM_STATE_CASES,
                                          .partition = flow->partition,
                                          .key = SPAN(CLOCK_KEY),
                                          .value = strbuf_span(&flow->text)});
}
