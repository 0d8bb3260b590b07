/* SPDX-License-Identifier: Apache-2.0 */
/* The three cores in one process: what one writes is carried to the next, in the order a broker
 * would give it. No broker, no database, no clock.
 *
 *   raw ─ normalise_record ─> events ─┬─ case_flow_on_record ─> events, dispatch.<unit>
 *                         └─> dead    └─ batch_add ─ cells_commit ─> cells
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "citybrain/bundle.h"
#include "citybrain/cells.h"
#include "model/reject.h"

/* Each may be NULL. Texts are valid during the call. */
struct carrier_watch {
    void *context;
    void (*event)(void *context, struct span json); /* ticks are not shown */
    void (*dead)(void *context, struct span header, struct span value);
    void (*order)(void *context, struct span json);
};

struct carrier_counts {
    int64_t read, accepted, rejected; /* raw records */
    int64_t events;                   /* of raw records */
    int64_t decided, adopted, desk, timers, orders;
    int64_t unreadable; /* events a core could not read: a fault of ours */
    int64_t too_long;
    int64_t cases; /* that the events are of */
    int64_t found; /* opened by triggers */
};

struct carrier;
struct carrier *carrier_new(const struct bundle *bundle, const struct carrier_watch *watch);
void carrier_free(struct carrier *carrier);
/* tick(T) on every partition of events, and all that follows from it. */
void carrier_tick(struct carrier *carrier, int64_t t_ms);
/* A record of raw, and all that follows from it. Returns what became of it. */
enum reject carrier_take_raw(struct carrier *carrier, struct span key, struct span value,
                             struct span header, int64_t received_ms);
/* What waits for its batch is counted. False when a core failed: *error says where. */
bool carrier_finish(struct carrier *carrier, struct error *error);
struct carrier_counts carrier_counts(const struct carrier *carrier);
const struct cells *carrier_cells(const struct carrier *carrier);
