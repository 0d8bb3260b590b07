/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's part of a batch: what ingest said it read, and what came of its events here. Both by
 * feed and hour received; everything lives in the batch's arena. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/event.h"

enum ledger_rows_count { /* in the order of the event's numbers */
                         LEDGER_ROWS_READ,
                         LEDGER_ROWS_NORMALISED,
                         LEDGER_ROWS_DEAD,
                         LEDGER_ROWS_DROPPED,
                         LEDGER_ROWS_FILTERED,
                         LEDGER_ROWS_EVENTS,
                         LEDGER_ROWS_COUNTS
};

struct ledger_said {
    struct ledger_said *next;
    struct span id, input, feed; /* input: "cb.raw:3" */
    int64_t hour_ms;
    int64_t count[LEDGER_ROWS_COUNTS];
};

struct ledger_came {
    struct ledger_came *next; /* by hour, then feed: two writers lock rows in one order */
    struct span feed;
    int64_t hour_ms;
    int64_t distinct, repeated, refused; /* events: new ids, known ids, those no set took */
};

struct ledger_rows {
    struct ledger_said *said;
    struct ledger_came *came, *last; /* last: of the last look-up, for events come in runs */
};

bool ledger_rows_is_ledger(const struct event *event);
/* All rows of a ledger event, or none: REJECT_EVENT where it is not of that shape,
 * REJECT_TOO_LARGE where the arena is full. */
enum reject ledger_rows_take(struct ledger_rows *rows, struct arena *arena,
                             const struct event *event);
/* The row of a feed's events received in that hour; NULL when the arena is full. */
struct ledger_came *ledger_rows_came(struct ledger_rows *rows, struct arena *arena,
                                     struct span feed, int64_t received_ms);
