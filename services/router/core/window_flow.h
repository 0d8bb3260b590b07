/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 2 of the router for one partition of `signals`: facts are put into the windows of their own
 * time, windows are judged, what fires opens a proactive case. Pure, like pass 1 (case_flow.h).
 *
 *   signals ─ window_flow_on_record ─ signal_read ─ window (facts of a group) ─ judge ─ firing ──>
 *                                                                                  events `opened`
 *   watermark ─ clock = least of all partitions of `events` ─ due windows ─ judge ─ firing
 *   window_flow_save ──> state.windows
 *
 * What it promises: a firing's id is made of trigger, group and window start, and a window that has
 * fired is kept for as long as a fact may still fall into it, so a late fact, a duplicate or a
 * replay never fires twice. A fact corrected or taken back is counted as it is now; what was opened
 * because of it stays opened, for the desk to decline. A cap delays a firing: the window stays due,
 * and what its facts leave meanwhile is not opened. Whatever a bound leaves out is counted
 * (window_flow_counts). */
#pragma once

#include <stdint.h>

#include "base/record.h"
#include "model/calendar.h"
#include "model/reject.h"
#include "model/stations.h"
#include "router/core/district.h"
#include "router/core/shelf.h"
#include "router/core/trigger.h"

struct window_flow_rules { /* shared by all partitions; borrowed */
    const struct triggers *triggers;
    const struct district *district;
    const struct stations *stations; /* NULL where no trigger asks for silence */
    const struct calendar *calendar;
    struct span bundle;        /* named by each firing */
    int32_t partitions;        /* of `events`: so many watermarks make the clock */
    int64_t most_groups;       /* of one trigger in one partition */
    struct shelf_store *store; /* of the windows; NULL = all of them stay in memory */
};

struct window_flow;
struct window_flow *window_flow_open(const struct window_flow_rules *rules, int32_t partition);
void window_flow_close(struct window_flow *flow);
void window_flow_restore(struct window_flow *flow, struct span key, struct span value);
void window_flow_restored(struct window_flow *flow);
/* Other rules from the next record on: what is due is computed anew. The old ones may be freed. */
void window_flow_set_rules(struct window_flow *flow, const struct window_flow_rules *rules);
/* After `restored`: what is wrong with the state, cause and fix; NULL = nothing. */
const char *window_flow_fault(const struct window_flow *flow);
enum transform_result window_flow_on_record(struct window_flow *flow, const struct record *record,
                                            struct outputs *outputs);
void window_flow_bury(struct window_flow *flow, const struct record *record, enum reject reject,
                      struct outputs *outputs);
void window_flow_save(struct window_flow *flow, struct outputs *outputs);

struct window_flow_counts {
    int64_t clock_ms; /* TIMESTAMP_NONE until every partition's watermark came */
    int64_t facts, firings, groups;
    int64_t fired[TRIGGER_FORMS]; /* the firings, by their trigger's form */
    int64_t repeated;             /* facts known already, or of an older revision */
    int64_t late;    /* told more than the horizon after it happened, or of a window long gone */
    int64_t crowded; /* facts that the newest ones of their group pushed out */
    int64_t full;    /* facts of a new group where a trigger has most_groups of them */
    int64_t held;    /* firings that a cap delayed */
    int64_t lapsed;  /* of these, those whose facts were gone before it let them through */
    int64_t unknown; /* facts of a trigger that is not there any more, or listens to other things */
    int64_t anew;    /* groups forgotten because their trigger is another one by the same name */
    int64_t dead;
};
struct window_flow_counts window_flow_counts(const struct window_flow *flow);
/* After `restored` and `set_rules`: triggers that begin anew because they are others than those
 * their windows were made by, and how many groups each had. */
void window_flow_each_anew(const struct window_flow *flow,
                           void (*each)(void *context, const char *trigger, int64_t groups),
                           void *context);
