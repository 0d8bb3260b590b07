/* SPDX-License-Identifier: Apache-2.0 */
/* What a case waits for next: a timer of its kind, becoming a stub, its orders gone, being
 * forgotten. A pure function of its set, so a restart computes what was waited for before it. Only
 * ticks make it happen. */
#pragma once

#include <stdint.h>

#include "model/case_fold.h"
#include "model/case_timer.h"

enum {
    TIMERS_MOST = 64, /* below it: index of kind->timers */
    TIMERS_STUB = TIMERS_MOST,
    TIMERS_FORGET,
    TIMERS_HEADLESS,
    TIMERS_GONE, /* its orders are taken out of the units' topics */
};

struct timers_rules {
    int64_t stub_after_ms, forget_after_ms; /* from the closure, on the clock; 0 = never */
    int64_t headless_after_ms; /* from the first event without its opening; 0 = never */
    int64_t gone_after_ms;     /* from the closure; 0 = never */
};

struct timers_next {
    int64_t due_ms; /* TIMESTAMP_NONE = nothing */
    int timer;
    struct span cause_id;     /* of a kind's timer and a headless case: the event that started it */
    const struct case_co *co; /* of the fold: whose time it is; NULL = the lead's */
};

/* The earliest; of equals the one its kind names first. A timer of a kind fires once by its id: one
 * whose event is in the set is over, and so is every timer of a case that is quiet, resolved or
 * closed. */
struct timers_next timers_next(const struct case_set *set, const struct case_fold *fold,
                               const struct case_kind *kind, const struct timers_rules *rules);

/* When a case without its opening is forgotten. */
struct timers_next timers_forgotten(const struct case_set *set, const struct timers_rules *rules);

/* The internal deadline that units work to: that of the kind's timer which comes a fixed time
 * before the lead's limit; TIMESTAMP_NONE = it has none, or it is not behind `from_ms`. */
int64_t timers_internal_due(const struct case_kind *kind, int64_t due_ms, int64_t from_ms);
