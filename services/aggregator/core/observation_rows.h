/* SPDX-License-Identifier: Apache-2.0 */
/* The observations of a batch: each a set of one. Of one id the greater revision gives the content,
 * live where any was, recorded as first seen; so order and repetition cannot matter. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/event.h"

#define OBSERVATION_ROWS_SLOTS 1024
/* Days of one batch: each is a table, and its transaction holds the locks of all it writes to. */
#define OBSERVATION_ROWS_DAYS 64

struct observation_row {
    struct observation_row *next, *collided;
    struct span id, kind, feed, subject, unit, revision, data; /* empty = not said */
    int64_t day; /* civil, part of the identity: a correction never moves it */
    int64_t time_ms, recorded_ms;
    bool live;
};

struct observation_rows {
    struct observation_row *first, *slots[OBSERVATION_ROWS_SLOTS];
    int64_t days[OBSERVATION_ROWS_DAYS];
    size_t day_count;
};

/* Those that have a table of their own (ledger, heartbeat) are none. */
bool observation_rows_is_one(const struct event *event);
/* `data`: its data object as text. False when the arena is full, or it is of one day too many. */
bool observation_rows_take(struct observation_rows *rows, struct arena *arena,
                           const struct event *event, struct span data, int zone_minutes);
