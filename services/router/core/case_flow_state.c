/* SPDX-License-Identifier: Apache-2.0 */
/* The flow's state as records of state.cases: each case under its id, the clock and parked orders
 * under keys that no case has. */
#include <stdio.h>
#include <stdlib.h>

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
    /* Timers wait for case_flow_restored: a later record of the state topic may replace this one.
     */
    struct case_set set;
    arena_reset(&flow->arena);
    if (key.len <= CASE_BOOK_MAX_ID && case_set_read(&set, value, flow->rules->codes, &flow->arena))
        case_flow_store(flow, case_book_add(flow->book, key), &set, true);
    else
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
    arena_reset(&flow->arena);
    if (case_flow_load(flow, &work, case_entry_id(entry)) != REJECT_NONE)
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
