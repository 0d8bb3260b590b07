/* SPDX-License-Identifier: Apache-2.0 */
#include "model/case_clock.h"

int64_t case_clock_done_ms(const struct case_fold *fold)
{
    if (fold->resolution_ms != TIMESTAMP_NONE)
        return fold->resolution_ms;
    return fold->closed ? fold->closure_ms : TIMESTAMP_NONE;
}

int64_t case_clock_held_ms(const struct case_fold *fold)
{
    const struct case_pause *last = fold->pause_count ? &fold->pauses[fold->pause_count - 1] : NULL;
    return last && last->to_ms == TIMESTAMP_NONE ? last->from_ms : TIMESTAMP_NONE;
}

int64_t case_clock_due_ms(const struct case_fold *fold)
{
    int64_t held_ms = case_clock_held_ms(fold), done_ms = case_clock_done_ms(fold);
    if (held_ms == TIMESTAMP_NONE || fold->due_ms <= held_ms)
        return fold->due_ms;
    if (done_ms == TIMESTAMP_NONE)
        return TIMESTAMP_NONE;
    return done_ms > held_ms ? fold->due_ms + (done_ms - held_ms) : fold->due_ms;
}

int64_t case_clock_limit_ms(const struct case_fold *fold)
{
    int64_t due_ms = case_clock_due_ms(fold);
    return due_ms == TIMESTAMP_NONE ? fold->due_ms : due_ms;
}
