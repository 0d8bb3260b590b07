/* SPDX-License-Identifier: Apache-2.0 */
/* Plays a life in a world: first without any fault, step after step, which says what exactly is
 * told (whose word it is hangs on who leads then); then the same words under its faults. */
#pragma once

#include "life.h"
#include "world.h"

struct conduct {
    const struct case_flow_rules *rules;
    struct arena arena;
    struct conduct_told { /* by step; in the first world's store */
        struct span key, value;
    } told[LIFE_MOST_STEPS];
    char leads[LIFE_MOST_CASES][2]
              [64]; /* the present and the one before, as far as anybody asked */
};

void conduct_init(struct conduct *conduct, const struct case_flow_rules *rules);
void conduct_fini(struct conduct *conduct);
/* Each false when the log does not end. */
bool conduct_first(struct conduct *conduct, const struct life *life, struct world *world);
/* The same words; `without` = steps that are left out, or NULL. */
bool conduct_again(const struct conduct *conduct, const struct life *life, struct world *world,
                   const bool *without);
