/* SPDX-License-Identifier: Apache-2.0 */
/* What a person at the desk may say, and what each word needs. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

struct desk_move {
    const char *stage, *name; /* name: Chinese */
    const char *usage;        /* its options */
    const char *means;        /* Chinese */
    bool needs_lead, needs_type, needs_due, needs_outcome;
};

const struct desk_move *desk_moves_find(struct span stage); /* NULL = the desk has no such move */
/* Each of a list of stages separated by blanks. */
void desk_moves_each(const char *stages, void (*each)(void *context, const struct desk_move *move),
                     void *context);
