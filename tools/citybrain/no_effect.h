/* SPDX-License-Identifier: Apache-2.0 */
/* What was accepted and moves nothing: a closing that happened before its opening is a record as
 * good as any, so nobody is told by a verdict. Only cases that are opened in what was tried are
 * asked: of the others, what is to be moved may stand elsewhere. */
#pragma once

#include <stdint.h>

#include "citybrain/cells.h"

struct no_effect {
    int64_t moves;      /* of the senders, not ours */
    int64_t early;      /* of these: nothing was there yet of what they come after */
    char case_id[1024]; /* the least that has one, and its first; "" = none has */
    char stage[64];
};

void no_effect_find(struct no_effect *found, const struct cells *cells,
                    const struct batch_rules *rules);
