/* SPDX-License-Identifier: Apache-2.0 */
/* What a case is now, as one row: what people list and what units are asked to do. A function of
 * the case's set, as its cells are; written in the same transaction. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/case_fold.h"

#define CASE_NOW_TEXTS(X)                                                                          \
    X(stage)      /* where it stands (case_stage.h) */                                             \
    X(state)      /* waiting, open, held, resolved, closed, merged */                              \
    X(lead)       /* a unit */                                                                     \
    X(units)      /* the others that have or had a part in it, "," between them */                 \
    X(helpers)    /* the same as JSON: [{unit, role, due_ms, order, reported}] */                  \
    X(desk_cause) /* what the desk is asked */                                                     \
    X(type_code)                                                                                   \
    X(street_code)                                                                                 \
    X(community_code)                                                                              \
    X(limit_class)                                                                                 \
    X(rule)                                                                                        \
    X(station)  /* that told of it */                                                              \
    X(order_id) /* of the decision that made the lead responsible */                               \
    X(parent)                                                                                      \
    X(reopened_at) /* each time it began anew: ms, "," between them */                             \
    X(upheld_at)   /* each time a dispute was upheld */

/* due: while the clock stands still, where it stood; held: since when it stands still. */
#define CASE_NOW_TIMES(X) X(opened) X(dispatched) X(due) X(held) X(resolved) X(closed) X(changed)

#define CASE_NOW_COUNTS(X)                                                                         \
    X(rounds)   /* 1 + how often it was reopened */                                                \
    X(disputes) /* in all of them, decided or not */

struct case_now {
#define CASE_NOW_TEXT(name) struct span name; /* absent = none */
    CASE_NOW_TEXTS(CASE_NOW_TEXT)
#undef CASE_NOW_TEXT
#define CASE_NOW_TIME(name) int64_t name##_ms; /* TIMESTAMP_NONE = not yet */
    CASE_NOW_TIMES(CASE_NOW_TIME)
#undef CASE_NOW_TIME
#define CASE_NOW_COUNT(name) int name;
    CASE_NOW_COUNTS(CASE_NOW_COUNT)
#undef CASE_NOW_COUNT
    bool live; /* not only history: somebody has the duty */
};

/* What of its row is asked for by the day on which it happened; the arena's. */
struct case_moments {
    struct span reopened_at, upheld_at;
};
struct case_moments case_now_moments(const struct case_fold *fold, const struct case_kind *kind,
                                     struct arena *arena);

/* Texts are the set's or the arena's; false when the arena is full. */
bool case_now_of(struct case_now *now, const struct case_set *set, const struct case_fold *fold,
                 const struct case_kind *kind, const struct codes *codes, struct arena *arena);
