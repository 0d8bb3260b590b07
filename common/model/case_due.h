/* SPDX-License-Identifier: Apache-2.0 */
/* Who set the deadline of a case: told by its set as it stands, beside the fold
 * (docs/decisions/0361). */
#pragma once

#include "model/case_fold.h"

enum case_due_source {
    CASE_DUE_NONE,
    CASE_DUE_ORDER,    /* the order brought it, or a correction of the order */
    CASE_DUE_CLASS,    /* counted from the limit's class */
    CASE_DUE_DESK,     /* the desk named it with a lead, or in a reopening */
    CASE_DUE_EXTENDED, /* the desk's extension */
    CASE_DUE_HELPER    /* of a line alone: a helper's own */
};

struct case_due {
    enum case_due_source now;
    bool moved; /* a hold has: one that is over, or on which it was done */
    /* enum case_due_source of the time that a line names, per line of the set */
    uint8_t line[CASE_SET_MAX_LINES + 1];
};

void case_due_find(struct case_due *due, const struct case_set *set, const struct case_fold *fold,
                   const struct case_kind *kind);
/* "order", "class", "desk", "extended", "helper"; absent = none. */
struct span case_due_name(enum case_due_source source);
