/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, so whoever adds an event has to know that it was not added before. */
#include "aggregator/core/refused_rows.h"

#include "base/hash.h"
#include "base/timestamp.h"

static bool count_of(const struct event *event, int64_t *count)
{
    const struct json_value *rows = json_get(event->data, SPAN("rows"));
    return rows && rows->type == JSON_NUMBER && span_to_int64(rows->text, count) && *count > 0;
}

bool refused_rows_is_one(const struct event *event)
{
    int64_t count;
    return event->family == EVENT_OBSERVATION && span_is(event->name, "refused") &&
           !event->feed.len && event->data && event->data->type == JSON_OBJECT &&
           json_text(event->data, "feed").len > 0 && count_of(event, &count);
}

static struct span text_of(const struct event *event, const char *name)
{
    struct span text = json_text(event->data, name);
    return text.at ? text : SPAN("");
}

/* Whoever sends it may write anything there, each time something else; a sum is kept for good. */
static struct span known(const struct stations *stations, struct span code, int64_t day)
{
    return stations && stations_find(stations, code, day) ? code : SPAN("");
}

static bool is_of(const struct refused_row *row, const struct refused_row *other)
{
    return row->day == other->day && span_equal(row->feed, other->feed) &&
           span_equal(row->reason, other->reason) && span_equal(row->station, other->station);
}

static struct refused_row *begin(struct refused_rows *rows, struct arena *arena,
                                 const struct refused_row *told)
{
    size_t mark = arena->used;
    struct refused_row *row = arena_take(arena, sizeof *row);
    struct span feed = arena_copy(arena, told->feed), reason = arena_copy(arena, told->reason),
                station = arena_copy(arena, told->station);
    if (!row || !feed.at || !reason.at || !station.at) {
        arena_rewind(arena, mark);
        return NULL;
    }
    *row = *told;
    row->feed = feed;
    row->reason = reason;
    row->station = station;
    row->next = rows->first;
    rows->first = row;
    return row;
}

static void add(struct refused_row *row, const struct refused_row *told)
{
    row->rows += told->rows;
    if (told->first_ms < row->first_ms)
        row->first_ms = told->first_ms;
    if (told->last_ms > row->last_ms)
        row->last_ms = told->last_ms;
}

bool refused_rows_take(struct refused_rows *rows, struct arena *arena, const struct event *event,
                       const struct stations *stations, int zone_minutes)
{
    int64_t day = timestamp_day(event->time_ms, zone_minutes);
    struct refused_row told = {
        .day = day,
        .feed = text_of(event, "feed"),
        .reason = text_of(event, "reason"),
        .station = known(stations, text_of(event, "station"), day),
        .first_ms = event->time_ms,
        .last_ms = event->recorded_ms == TIMESTAMP_NONE ? event->time_ms : event->recorded_ms};
    (void)count_of(event, &told.rows);
    struct refused_row **slot =
        &rows->slots[(hash_span(told.station) + hash_span(told.reason)) % REFUSED_ROWS_SLOTS];
    for (struct refused_row *row = *slot; row; row = row->collided)
        if (is_of(row, &told)) {
            add(row, &told);
            return true;
        }
    struct refused_row *row = begin(rows, arena, &told);
    if (!row)
        return false;
    row->collided = *slot;
    *slot = row;
    return true;
}
