/* SPDX-License-Identifier: Apache-2.0 */
/* What a case is, derived from its set alone: no clock, no registry, no other case. Used by router,
 * aggregator and `try` alike. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/timestamp.h"
#include "model/case_kind.h"
#include "model/case_set.h"

enum line_effect { LINE_COUNTS, LINE_IMPOSSIBLE, LINE_NOT_YOURS };

struct case_fold {
    bool has_opened, quiet, dispatched, closed, adopted; /* quiet: no line is live */
    int stage; /* index in the kind of the last effective stage that moves the case; -1 = none */
    int64_t opened_ms, dispatched_ms, response_ms, resolution_ms,
        closure_ms;                         /* TIMESTAMP_NONE = not yet;
                        first of the current round, closure = the last closure while closed */
    int64_t stage_ms[CASE_KIND_MAX_STAGES]; /* by index in the kind: first of the current round */
    int64_t recorded_ms;                    /* of `opened` */
    int64_t due_ms;                         /* from dispatched, else opened, else TIMESTAMP_NONE */
    struct span lead; /* unit code now: from dispatched, else what `opened` names; absent = none */
    struct span type_code, street_code, community_code, limit_class, rule;
    struct span field[CODES_MOST_FIELDS]; /* those of codes.csv, as the case was last told of each */
    struct span opened_id, dispatched_id,
        cause_id;   /* cause of the present round: opened or reopened */
    int rounds;     /* 1 + reopenings */
    uint64_t fired; /* bit = index of kind->timers already on the log (nudged/overdue/escalated by
                       rule name) */
    enum line_effect effect[CASE_SET_MAX_LINES + 1]; /* per line of the set */
};

/* Bumped whenever the meaning of a field changes; part of the contribution hash. */
#define CASE_FOLD_VERSION 1
void case_fold(struct case_fold *fold, const struct case_set *set, const struct case_kind *kind,
               const struct codes *codes);
