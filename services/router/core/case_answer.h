/* SPDX-License-Identifier: Apache-2.0 */
/* One event of ours that answers another, and its orders: what is said because of a move and
 * because of a correction. */
#pragma once

#include "model/desk.h"
#include "router/core/case_flow_internal.h"
#include "router/core/emit_move.h"

struct case_answer { /* one event of ours and its orders */
    struct emit_move say;
    const struct case_line *cause;
    struct span street; /* the 街乡, where another than the case's; absent = the case's */
    struct emit_order orders[2];
    size_t order_count;
    enum desk_cause asks; /* of the desk: no order where it has been answered */
};

/* Of a unit, on the day of that line. */
struct span case_answer_unit_name(const struct case_flow *flow, struct span unit,
                                  const struct case_line *line);
/* In the arena of the record. */
struct span case_answer_sentence(struct case_flow *flow, struct span before, struct span name,
                                 struct span after);
/* The lead's duty as it is now; rule and reason are left to say. */
struct case_answer case_answer_amendment(const struct working *work, const struct case_line *cause);
/* Merged, then sent; the set has moved afterwards. */
enum reject case_answer_say(struct case_flow *flow, struct working *work,
                            const struct case_answer *answer, struct outputs *outputs);
