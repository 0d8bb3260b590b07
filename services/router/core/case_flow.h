/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 1 of the router for one input partition: merge, fold, decide, timers. Pure: the transform
 * loop, `try` and tests carry its records in and its outputs out.
 *
 *   events ─ case_flow_on_record ─ event_read ─ case_set_merge ─ case_fold ─ decide ─ emit ──>
 * events, │                                                              dispatch.<unit>, dead └
 * tick ─ clock ─ case_book_due ─ timers_next ─ emit_timer ──> events, dispatch.<unit>
 *   case_flow_save ──> state.cases
 */
#pragma once

#include <stdint.h>

#include "base/record.h"
#include "model/case_kind.h"
#include "model/codes.h"
#include "model/reject.h"
#include "router/core/rule_bundle.h"
#include "router/core/shelf.h"
#include "router/core/timers.h"

struct case_flow_rules { /* shared by all partitions; borrowed */
    const struct codes *codes;
    const struct kinds *kinds;
    const struct rule_bundle *bundle; /* may be another one between two records */
    int64_t max_age_ms;
    struct timers_rules timers;
    int32_t signal_partitions; /* 0 = nobody is told the time */
    struct shelf_store *store; /* of the sets; NULL = all of them stay in memory */
};

struct case_flow;
struct case_flow *case_flow_open(const struct case_flow_rules *rules, int32_t partition);
void case_flow_close(struct case_flow *flow);
void case_flow_restore(struct case_flow *flow, struct span key, struct span value);
void case_flow_restored(struct case_flow *flow);
/* After `restored`: what is wrong with the state, cause and fix; NULL = nothing. Going on with it
 * would forget cases. */
const char *case_flow_fault(const struct case_flow *flow);
enum transform_result case_flow_on_record(struct case_flow *flow, const struct record *record,
                                          struct outputs *outputs);
/* The record goes to `dead`: a fault of the data, or one that killed the process again and again.
 */
void case_flow_bury(struct case_flow *flow, const struct record *record, enum reject reject,
                    struct outputs *outputs);
/* A unit's topic is not there: the order is kept, and the next save says `undelivered` of its case.
 * To be called for every order that could not be written, again written ones too. */
void case_flow_refuse(struct case_flow *flow, const struct output *output);
/* Writes the oldest order of each unit that waits, once more: refused, it goes on waiting;
 * otherwise the next save says `delivered` and writes what the unit waits for behind it. */
void case_flow_probe(struct case_flow *flow, struct outputs *outputs);
void case_flow_save(struct case_flow *flow, struct outputs *outputs);

struct case_flow_counts {
    int64_t events, decided, adopted, desk, answered, refused, asked, timers, stubs, forgotten,
        dead, too_long, parked, cases, signals;
    int64_t removals; /* of what is parked: what only takes old orders out */
    int64_t clock_ms; /* TIMESTAMP_NONE before the first tick */
};
struct case_flow_counts case_flow_counts(const struct case_flow *flow);
