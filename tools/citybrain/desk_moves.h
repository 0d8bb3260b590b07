/* SPDX-License-Identifier: Apache-2.0 */
/* What a person at the desk may say, and what each word needs. */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "model/case_kind.h"

struct desk_move {
    const char *stage, *name; /* name: Chinese */
    const char *usage;        /* its options */
    const char *means;        /* Chinese */
    bool needs_lead, needs_type, needs_due, needs_outcome, needs_parent, needs_co;
};

const struct desk_move *desk_moves_find(struct span stage); /* NULL = the desk has no such move */
/* May the desk make it in a case of that kind? */
bool desk_moves_is_of(const struct desk_move *move, const struct kinds *kinds, struct span case_id);
/* It answers some question; what does not is said whenever somebody sees fit. */
bool desk_moves_is_answer(const struct desk_move *move);
/* Those of a list of stages separated by blanks that the case may have. */
void desk_moves_each(const char *stages, const struct kinds *kinds, struct span case_id,
                     void (*each)(void *context, const struct desk_move *move), void *context);
