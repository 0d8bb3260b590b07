/* SPDX-License-Identifier: Apache-2.0 */
/* What is another in a case's fold than before, and which measures of a view ask for any of it:
 * most moves change few. */
#pragma once

#include <stdint.h>

#include "aggregator/core/view.h"
#include "model/case_fold.h"

struct fold_change {
    uint64_t stages; /* whose time is another */
    unsigned of;     /* bits of enum fold_part */
};

enum fold_part {
    FOLD_OPENED = 1,
    FOLD_RESPONSE = 2,
    FOLD_RESOLUTION = 4,
    FOLD_CLOSURE = 8,
    FOLD_DUE = 16,
    FOLD_REST = 32 /* who leads and helps, places, pauses, answers …: every measure's */
};

struct fold_change fold_change_of(const struct case_fold *before, const struct case_fold *after,
                                  const struct case_kind *kind);
/* What a measure's contributions hang on: nothing where it is computed from others. */
struct fold_change fold_change_asked(const struct view_measure *measure);
static inline bool fold_change_meets(const struct fold_change *change,
                                     const struct fold_change *asked)
{
    return (change->stages & asked->stages) != 0 || (change->of & asked->of) != 0;
}
/* Those that ask for what has changed, as bits. */
static inline uint32_t fold_change_measures(const struct fold_change *change,
                                            const struct fold_change *asked, size_t count)
{
    uint32_t measures = 0;
    for (size_t i = 0; i < count; i++)
        if (fold_change_meets(change, &asked[i]))
            measures |= UINT32_C(1) << i;
    return measures;
}
