/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 2's clock is the least of the watermarks of all partitions of `events`; what is due by it is
 * looked at, at most MOST_DUE windows a transaction. */
#include "base/timestamp.h"
#include "router/core/window_flow_internal.h"

#define MOST_DUE 1000

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b; /* TIMESTAMP_NONE is the least of all */
}

static int64_t least_watermark(const struct window_flow *flow)
{
    int64_t least_ms = INT64_MAX;
    for (int32_t i = 0; i < flow->rules.partitions; i++)
        if (flow->watermarks[i] < least_ms)
            least_ms = flow->watermarks[i];
    return least_ms == INT64_MAX ? TIMESTAMP_NONE : least_ms;
}

static void look_when_due(struct window_flow *flow, struct case_entry *entry,
                          struct outputs *outputs)
{
    struct window_look look = {.entry = entry, .recorded_ms = TIMESTAMP_NONE};
    char group[CASE_BOOK_MAX_ID];
    window_book_set_timer(&flow->book, entry, TIMESTAMP_NONE);
    arena_reset(&flow->arena);
    if (!window_flow_trigger(flow, case_book_id(flow->book.groups, entry, group), &look) ||
        !window_book_open(&flow->book, entry, look.trigger, &flow->window))
        return;
    look.changed = window_expire(&flow->window, look.trigger, flow->counts.clock_ms);
    window_flow_look(flow, &look, outputs);
}

static void mark(void *context, struct case_entry *entry)
{
    struct window_flow *flow = context;
    if (entry->len)
        window_book_set_timer(&flow->book, entry, 0);
}

/* What is due by the present rules is not what was due by others: all there is is looked at. */
static struct case_entry *next_entry(struct window_flow *flow, int64_t clock_ms)
{
    struct case_entry *entry = case_book_due(flow->book.groups, clock_ms);
    if (entry || !flow->unlooked)
        return entry;
    if (!flow->marked) {
        flow->marked = true;
        case_book_each(flow->book.groups, mark, flow);
        entry = case_book_due(flow->book.groups, clock_ms);
    }
    if (!entry) { /* not before: a restart in between begins anew */
        flow->bundle_dirty = true;
        flow->unlooked = flow->marked = false;
    }
    return entry;
}

enum transform_result window_flow_on_watermark(struct window_flow *flow,
                                               const struct signal *signal, struct outputs *outputs)
{
    struct case_entry *entry;
    if (signal->partition < 0 || signal->partition >= flow->rules.partitions)
        return TRANSFORM_NEXT;
    int64_t *watermark_ms = &flow->watermarks[signal->partition];
    flow->clock_dirty |= signal->time_ms > *watermark_ms;
    *watermark_ms = later(*watermark_ms, signal->time_ms);
    int64_t clock_ms = least_watermark(flow);
    if (clock_ms > flow->counts.clock_ms) {
        flow->counts.clock_ms = clock_ms;
        for (size_t i = 0; i < flow->book.count; i++)
            window_book_step(&flow->book.counters[i], clock_ms);
    }
    if (clock_ms == TIMESTAMP_NONE)
        return TRANSFORM_NEXT;
    for (int n = 0; (entry = next_entry(flow, clock_ms)); n++) {
        if (n == MOST_DUE)
            return TRANSFORM_AGAIN;
        look_when_due(flow, entry, outputs);
    }
    return TRANSFORM_NEXT;
}
