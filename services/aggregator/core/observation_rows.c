/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/core/observation_rows.h"

#include "base/hash.h"
#include "base/timestamp.h"
#include "model/sighting.h"

bool observation_rows_is_one(const struct event *event)
{
    return event->family == EVENT_OBSERVATION && !span_is(event->name, "ledger") &&
           !span_is(event->name, SIGHTING_HEARTBEAT);
}

/* Absent is empty: a row has no holes. */
static bool keep(struct arena *arena, struct span *kept, struct span text)
{
    *kept = arena_copy(arena, text.at ? text : SPAN(""));
    return kept->at != NULL;
}

static bool fill(struct observation_row *row, struct arena *arena, const struct event *event,
                 struct span data)
{
    row->time_ms = event->time_ms;
    return keep(arena, &row->kind, event->name) && keep(arena, &row->feed, event->feed) &&
           keep(arena, &row->subject, event->subject) && keep(arena, &row->unit, event->unit) &&
           keep(arena, &row->revision, event->revision) && keep(arena, &row->data, data);
}

static int64_t recorded_of(const struct event *event)
{
    return event->recorded_ms == TIMESTAMP_NONE ? event->time_ms : event->recorded_ms;
}

/* A row of this batch already. The old texts stay in the arena until it is cleared. */
static bool merge(struct observation_row *row, struct arena *arena, const struct event *event,
                  struct span data)
{
    struct observation_row newer = *row;
    struct span revision = event->revision.at ? event->revision : SPAN("");
    if (span_compare(revision, row->revision) > 0 && !fill(&newer, arena, event, data))
        return false;
    newer.live = row->live || !event->replayof.at;
    newer.recorded_ms =
        recorded_of(event) < row->recorded_ms ? recorded_of(event) : row->recorded_ms;
    *row = newer;
    return true;
}

static bool is_among(const struct observation_rows *rows, int64_t day)
{
    for (size_t i = 0; i < rows->day_count; i++)
        if (rows->days[i] == day)
            return true;
    return false;
}

bool observation_rows_take(struct observation_rows *rows, struct arena *arena,
                           const struct event *event, struct span data, int zone_minutes)
{
    size_t mark = arena->used;
    int64_t day = timestamp_day(event->time_ms, zone_minutes);
    struct observation_row **slot = &rows->slots[hash_span(event->id) % OBSERVATION_ROWS_SLOTS];
    for (struct observation_row *row = *slot; row; row = row->collided) {
        if (row->day != day || !span_equal(row->id, event->id))
            continue;
        bool merged = merge(row, arena, event, data);
        if (!merged)
            arena_rewind(arena, mark);
        return merged;
    }
    bool of_new_day = !is_among(rows, day);
    if (of_new_day && rows->day_count == OBSERVATION_ROWS_DAYS)
        return false;
    struct observation_row *row = arena_take(arena, sizeof *row);
    if (!row || !keep(arena, &row->id, event->id) || !fill(row, arena, event, data)) {
        arena_rewind(arena, mark);
        return false;
    }
    row->day = day;
    row->live = !event->replayof.at;
    row->recorded_ms = recorded_of(event);
    if (of_new_day)
        rows->days[rows->day_count++] = day;
    row->next = rows->first;
    row->collided = *slot;
    rows->first = *slot = row;
    return true;
}
