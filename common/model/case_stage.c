/* SPDX-License-Identifier: Apache-2.0 */
#include "model/case_stage.h"

/* The last of these that has effect in the present round, or -1. */
static int last_of(const struct case_set *set, const struct case_fold *fold,
                   const struct case_kind *kind, uint64_t stages)
{
    for (size_t i = set->count; i-- > 0;) {
        int index = case_kind_stage_number(kind, set->lines[i].stage);
        if (index < 0 || fold->effect[i] != LINE_COUNTS)
            continue;
        if (stages >> index & 1)
            return index;
        if (kind_stage_begins_anew(&kind->stages[index]))
            break;
    }
    return -1;
}

static uint64_t that_count_as(const struct case_kind *kind, enum counts_as as)
{
    uint64_t stages = 0;
    for (size_t i = 0; i < kind->stage_count; i++)
        stages |= kind->stages[i].counts_as == as ? UINT64_C(1) << i : 0;
    return stages;
}

static uint64_t that_mean(const struct case_kind *kind, enum stage_meaning meaning)
{
    uint64_t stages = 0;
    for (size_t i = 0; i < kind->stage_count; i++)
        stages |= kind->stages[i].meaning == meaning ? UINT64_C(1) << i : 0;
    return stages;
}

static uint64_t that_stop_the_clock(const struct case_kind *kind)
{
    uint64_t stages = 0;
    for (size_t i = 0; i < kind->stage_count; i++)
        stages |= kind->stages[i].clock_stops ? UINT64_C(1) << i : 0;
    return stages;
}

/* Its end and what can come behind an end alone. */
static uint64_t from_the_end_on(const struct case_kind *kind)
{
    uint64_t ends = that_count_as(kind, COUNTS_RESOLUTION) | that_count_as(kind, COUNTS_CLOSURE);
    for (uint64_t before = 0; before != ends;) {
        before = ends;
        for (size_t i = 0; i < kind->stage_count; i++)
            if (kind->stages[i].after && !(kind->stages[i].after & ~ends))
                ends |= UINT64_C(1) << i;
    }
    return ends;
}

int case_stage(const struct case_set *set, const struct case_fold *fold,
               const struct case_kind *kind)
{
    uint64_t merged = fold->happened & that_mean(kind, MEANS_MERGED);
    uint64_t stages = 0;
    if (!fold->has_opened)
        return -1;
    if (fold->closed)
        stages = that_count_as(kind, COUNTS_CLOSURE);
    else if (merged)
        stages = merged;
    else if (fold->resolution_ms != TIMESTAMP_NONE)
        stages = from_the_end_on(kind);
    else if (fold->held)
        stages = that_stop_the_clock(kind);
    else if (fold->dispute_id.at)
        stages = that_mean(kind, MEANS_DISPUTED);
    int stands = stages ? last_of(set, fold, kind, stages) : -1;
    return stands >= 0 ? stands : fold->stage;
}
