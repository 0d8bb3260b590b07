/* SPDX-License-Identifier: Apache-2.0 */
/* The flow's state as records of state.cases: each case under its id, the clock and parked orders
 * under keys that no case has. */
#include <stdio.h>

#include "router/core/case_flow_internal.h"

#define CLOCK_KEY "_clock"

/* The first one is told; any is a reason to stop. */
static void note_fault(struct case_flow *flow, struct span key)
{
    if (!flow->fault[0])
        snprintf(flow->fault, sizeof flow->fault,
                 "the stored set of %.*s cannot be read; fix: start the version that wrote it, or "
                 "one whose codes.csv has its codes",
                 (int)(key.len < 100 ? key.len : 100), key.at);
}

/* What an earlier version wrote is a set's text. */
static bool restore_text(struct case_flow *flow, struct case_entry *entry, struct span text)
{
    struct case_set set;
    arena_reset(&flow->arena);
    if (!text.len || !case_set_read(&set, text, flow->rules->codes, &flow->arena))
        return false;
    case_flow_store(flow, entry, &set, true);
    return true;
}

/* Read when all is there: most records are replaced by a later one. */
static bool restore_case(struct case_flow *flow, struct span key, struct span value)
{
    if (key.len > CASE_BOOK_MAX_ID)
        return false;
    struct case_entry *entry = case_book_add(flow->book, key);
    if (!case_pack_is(value))
        return restore_text(flow, entry, value);
    case_book_set(flow->book, entry, value, true);
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
    if (!restore_case(flow, key, value))
        note_fault(flow, key);
}

const char *case_flow_fault(const struct case_flow *flow)
{
    return flow->fault[0] ? flow->fault : NULL;
}

static void restore_timer(void *context, struct case_entry *entry, struct span packed)
{
    struct case_flow *flow = context;
    struct working work;
    arena_reset(&flow->arena);
    enum reject reject = case_flow_load_to_fold(flow, &work, entry, packed);
    char id[CASE_BOOK_MAX_ID];
    if (reject == REJECT_TOO_LARGE)
        note_fault(flow, case_book_id(flow->book, entry, id));
    if (reject != REJECT_NONE)
        return;
    case_fold(&work.fold, &work.set, work.kind, flow->rules->codes);
    case_flow_set_timer(flow, &work);
}

void case_flow_restored(struct case_flow *flow)
{
    case_book_each_set(flow->book, restore_timer, flow);
}

static void save_case(struct case_flow *flow, struct case_entry *entry, struct outputs *outputs)
{
    char id[CASE_BOOK_MAX_ID];
    outputs_add(outputs, &(struct output){.stream = STREAM_STATE_CASES,
                                          .partition = flow->partition,
                                          .key = case_book_id(flow->book, entry, id),
                                          .value = case_book_get(flow->book, entry)});
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
