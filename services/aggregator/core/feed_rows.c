/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted list of some tens, looked up once an event. */
#include "aggregator/core/feed_rows.h"

#include "base/timestamp.h"

bool feed_rows_is_heard(const struct event *event)
{
    return event->feed.len > 0 && !event->replayof.at && !event->causationid.at &&
           event->recorded_ms != TIMESTAMP_NONE;
}

static bool see(struct feed_rows *rows, struct feed_row *row, int64_t seen_ms)
{
    if (row->seen_ms < seen_ms)
        row->seen_ms = seen_ms;
    rows->last = row;
    return true;
}

bool feed_rows_take(struct feed_rows *rows, struct arena *arena, const struct event *event)
{
    struct feed_row **at = &rows->first;
    if (rows->last && span_equal(rows->last->feed, event->feed))
        return see(rows, rows->last, event->recorded_ms);
    while (*at && span_compare((*at)->feed, event->feed) < 0)
        at = &(*at)->next;
    if (*at && span_equal((*at)->feed, event->feed))
        return see(rows, *at, event->recorded_ms);
    size_t mark = arena->used;
    struct feed_row *row = arena_take(arena, sizeof *row);
    struct span feed = arena_copy(arena, event->feed);
    if (!row || !feed.at) {
        arena_rewind(arena, mark);
        return false;
    }
    *row = (struct feed_row){*at, feed, event->recorded_ms};
    *at = rows->last = row;
    return true;
}
