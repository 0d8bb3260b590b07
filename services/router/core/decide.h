/* SPDX-License-Identifier: Apache-2.0 */
/* Who leads an order, until when, and why: a pure function of the order, the rules and the
 * registries. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/timestamp.h"
#include "router/core/rules.h"

struct order {
    struct span type_code, street_code, community_code, lead, limit_class,
        flags; /* absent = not given */
    int64_t opened_ms;
    int64_t due_ms; /* the order's own, or TIMESTAMP_NONE */
};

struct decision {
    bool adopted;      /* the order named its lead: kept */
    struct span lead;  /* unit code */
    struct span guide; /* absent = none */
    struct span copies[4];
    size_t copy_count;
    struct span limit_class; /* absent = none */
    int64_t due_ms;          /* TIMESTAMP_NONE = no limit of its own */
    const char *due_source;  /* "order", "class", "none" */
    struct span rule;        /* id of the entry, "adopted" or "too_old" */
    struct span street;      /* the 街乡 it happened in, when known */
    struct span reason;      /* Chinese, in the arena */
};

/* max_age_ms: an order opened longer than this before now_ms goes to the desk (now_ms = the
 * partition's clock, or TIMESTAMP_NONE before the first tick). False only when the arena is full.
 */
bool decide(struct decision *decision, const struct order *order, const struct rules *rules,
            const struct district *district, int64_t now_ms, int64_t max_age_ms,
            struct arena *arena);
