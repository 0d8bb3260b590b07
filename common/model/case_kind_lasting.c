/* SPDX-License-Identifier: Apache-2.0 */
/* Which stages of a closed case decisions may still hang on (services/router/core/stub.c says why
 * the others may go). A function of the kind alone, and asked of every closed case: so found once.
 */
#include <string.h>

#include "model/case_kind_internal.h"
#include "model/desk.h"

static uint64_t bit(int index)
{
    return index < 0 ? 0 : UINT64_C(1) << index;
}

/* Stages that bear upon another one otherwise than by coming before it. */
static uint64_t find_bearing(const struct case_kind *kind)
{
    uint64_t kept = kind->asking;
    for (size_t i = 0; i < kind->stage_count; i++) {
        const struct kind_stage *stage = &kind->stages[i];
        bool names = stage->meaning == MEANS_FORWARDED || stage->meaning == MEANS_DISPUTED ||
                     stage->meaning == MEANS_UNMERGED;
        kept |= stage->unless | stage->ends;
        kept |= stage->ends || stage->at_most || names || desk_hears(stage->name) ? bit((int)i) : 0;
    }
    return kept;
}

uint64_t case_kind_lasting(const struct case_kind *kind)
{
    uint64_t kept = find_bearing(kind);
    for (size_t i = 0; i < kind->timer_count; i++)
        kept |= bit(kind->timers[i].after_stage) | bit(kind->timers[i].unless_stage);
    for (size_t i = 0; i < kind->stage_count; i++) {
        const struct kind_stage *stage = &kind->stages[i];
        bool decides = !stage->after || kind_stage_begins_anew(stage) ||
                       strcmp(stage->name, "dispatched") == 0 ||
                       stage->counts_as == COUNTS_RESOLUTION || stage->counts_as == COUNTS_CLOSURE;
        for (size_t m = 0; m < kind->stage_count && !decides; m++)
            decides = (kind->stages[m].after >> i & 1) && (stage->after & ~kind->stages[m].after);
        kept |= decides ? bit((int)i) : 0;
    }
    return kept;
}
