/* SPDX-License-Identifier: Apache-2.0 */
/* What one input partition gave since the last commit, by feed and hour received: every item read
 * is exactly one of normalised, dead, dropped and filtered. Written as an `observation.ledger` in
 * the transaction that moves the offsets, so it is as exactly-once as they are (contracts §3). */
#pragma once

#include <stdint.h>

#include "base/record.h"
#include "ingest/core/normalise.h"

#define LEDGER_FEED_MAX 64 /* of a feed's id */
#define LEDGER_ROWS     32 /* feeds and hours of one event; the next one begins another */

enum ledger_count {
    LEDGER_READ,
    LEDGER_NORMALISED,
    LEDGER_DEAD,
    LEDGER_DROPPED,  /* repeats: none here, they are recognised where the sets are */
    LEDGER_FILTERED, /* good items of which their mapping makes no event */
    LEDGER_EVENTS,   /* written for the normalised ones: what readers of `events` count against */
    LEDGER_COUNTS
};

struct ledger_row {
    char feed[LEDGER_FEED_MAX + 1];
    int64_t hour_ms;
    int64_t count[LEDGER_COUNTS];
};

struct ledger {
    char topic[256]; /* full name, of the first record */
    int32_t partition;
    int64_t first_offset, last_ms; /* last: of all receptions counted */
    struct ledger_row rows[LEDGER_ROWS];
    size_t count; /* 0 = nothing was read */
    struct strbuf data, text;
};

/* Of a record: the feed and the hour whose row counts it, and the moment in it. */
struct span ledger_feed(const struct normalise_result *result);
int64_t ledger_hour(const struct normalise_result *result);
int64_t ledger_received(const struct normalise_result *result);

void ledger_init(struct ledger *ledger);
void ledger_fini(struct ledger *ledger);
/* One record and what became of it. Writes what it has when it has no room for another row. */
void ledger_add(struct ledger *ledger, const struct record *record,
                const struct normalise_result *result, struct outputs *outputs);
/* The event, and a new page; nothing where nothing was read. */
void ledger_write(struct ledger *ledger, struct outputs *outputs);
