/* SPDX-License-Identifier: Apache-2.0 */
/* Of what one input partition gave since the last commit, the rows that were refused: how many, by
 * feed, hour received, reason and, where they name one, station. Written as `observation.refused`
 * in the transaction that moves the offsets (docs/decisions/0220, 0341): what is told adds up to
 * the ledger's dead. A feed that sends nothing wrong costs nothing. */
#pragma once

#include <stdint.h>

#include "base/record.h"
#include "ingest/core/ledger.h"

#define REFUSALS_STATION_MAX 64 /* of a station's code */
#define REFUSALS_ROWS        64 /* at a time; the next one writes them out */

struct refusals_row {
    char station[REFUSALS_STATION_MAX + 1], feed[LEDGER_FEED_MAX + 1]; /* station: "" = none */
    enum reject reject;
    int64_t hour_ms, rows, first_offset;
    int64_t first_ms, last_ms; /* of all receptions counted */
};

struct refusals {
    char topic[256]; /* full name */
    int32_t partition;
    struct refusals_row rows[REFUSALS_ROWS];
    size_t count; /* 0 = nothing was refused */
    struct strbuf data, text;
};

void refusals_init(struct refusals *refusals);
void refusals_fini(struct refusals *refusals);
/* One record and what became of it. Writes what it has when it has no room for another row. */
void refusals_add(struct refusals *refusals, const struct record *record,
                  const struct normalise_result *result, struct outputs *outputs);
/* An event a row, and none is left; nothing where nothing was refused. */
void refusals_write(struct refusals *refusals, struct outputs *outputs);
