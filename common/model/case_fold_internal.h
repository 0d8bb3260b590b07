/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the two files of the fold. */
#pragma once

#include "model/case_family.h"
#include "model/case_fold.h"

struct case_fold_walk {
    struct case_fold *fold;
    const struct case_set *set;
    const struct case_kind *kind;
    size_t round_at;                   /* where the present round begins in the set */
    const struct case_line *opened;    /* effective, or NULL */
    const struct case_line *asks_lead; /* names another lead and has no recall yet, or NULL */
    int64_t own_due_ms;     /* the order's own deadline of this round, before any decision */
    int64_t decided_due_ms; /* what the last decision said */
    int64_t moved_ms; /* when the last of what moved the deadline in this round was recorded */
    uint8_t times[CASE_KIND_MAX_STAGES]; /* how often each stage was effective, up to 255 */
    struct case_family family;           /* last: its children need no zeroes */
};

/* An effective line does what its stage does. */
void case_fold_apply(struct case_fold_walk *walk, const struct case_line *line, int index);
