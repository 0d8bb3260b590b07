/* SPDX-License-Identifier: Apache-2.0 */
/* When each feed was heard in a batch: when ingest received the newest of its records that became
 * an event. A maximum, so an event that comes again changes nothing. In the batch's arena. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/event.h"

struct feed_row {
    struct feed_row *next; /* by feed: two writers lock rows in one order */
    struct span feed;
    int64_t seen_ms;
};

struct feed_rows {
    struct feed_row *first, *last; /* last: of the last look-up, for events come in runs */
};

/* What a feed told just now: replays tell nothing of today, decisions are ours. */
bool feed_rows_is_heard(const struct event *event);
/* False when the arena is full. */
bool feed_rows_take(struct feed_rows *rows, struct arena *arena, const struct event *event);
