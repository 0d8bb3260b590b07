/* SPDX-License-Identifier: Apache-2.0 */
/* A table of chains: some hundred stations, looked up once an event. */
#include "aggregator/core/seen_rows.h"

#include "base/hash.h"

bool seen_rows_take(struct seen_rows *rows, struct arena *arena, const struct sighting *sighting)
{
    struct seen_row **slot = &rows->slots[hash_span(sighting->station) % SEEN_ROWS_SLOTS];
    for (struct seen_row *row = *slot; row; row = row->collided)
        if (span_equal(row->sighting.station, sighting->station) &&
            span_equal(row->sighting.via, sighting->via)) {
            if (row->sighting.seen_ms < sighting->seen_ms)
                row->sighting.seen_ms = sighting->seen_ms;
            return true;
        }
    size_t mark = arena->used;
    struct seen_row *row = arena_take(arena, sizeof *row);
    struct span station = arena_copy(arena, sighting->station),
                via = arena_copy(arena, sighting->via);
    if (!row || !station.at || !via.at) {
        arena_rewind(arena, mark);
        return false;
    }
    *row = (struct seen_row){rows->first, *slot, {station, via, sighting->seen_ms}};
    rows->first = *slot = row;
    return true;
}
