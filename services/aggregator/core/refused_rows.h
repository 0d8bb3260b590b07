/* SPDX-License-Identifier: Apache-2.0 */
/* Why rows were refused, as ingest tells it (docs/decisions/0341), added up over a batch: by civil
 * day, feed, reason and station, where the registry of that day has it: so they have an end. In the
 * batch's arena. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/event.h"
#include "model/stations.h"

#define REFUSED_ROWS_SLOTS 256

struct refused_row {
    struct refused_row *next, *collided;
    int64_t day;
    struct span feed, reason, station; /* empty = not said, or nobody's code */
    int64_t rows, first_ms, last_ms;
};

struct refused_rows {
    struct refused_row *first, *slots[REFUSED_ROWS_SLOTS];
};

/* Told by ingest, of good form: what a feed calls so is an observation as any other. */
bool refused_rows_is_one(const struct event *event);
/* False when the arena is full: nothing was taken. `stations` may be NULL: none is known. */
bool refused_rows_take(struct refused_rows *rows, struct arena *arena, const struct event *event,
                       const struct stations *stations, int zone_minutes);
