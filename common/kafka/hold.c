/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/hold.h"

#include "base/memory.h"

void hold_init(struct hold *hold)
{
    *hold = (struct hold){.at = xcalloc(HOLD_OUTPUTS, sizeof *hold->at)};
    arena_init(&hold->arena, HOLD_BYTES);
}

/* An absent span stays absent. False when the arena is full. */
static bool copy(struct arena *arena, struct span *span)
{
    bool there = span->at != NULL;
    *span = arena_copy(arena, *span);
    return !there || span->at;
}

bool hold_add(struct hold *hold, const struct held *held)
{
    size_t mark = hold->arena.used;
    if (hold->count == HOLD_OUTPUTS)
        return false;
    struct held *one = &hold->at[hold->count];
    *one = *held;
    one->output.suffix = SPAN_NONE; /* the topic says it */
    bool fits = copy(&hold->arena, &one->output.key) && copy(&hold->arena, &one->output.value);
    for (size_t i = 0; i < one->output.header_count; i++)
        fits = fits && copy(&hold->arena, &one->output.headers[i].name) &&
               copy(&hold->arena, &one->output.headers[i].value);
    if (!fits) {
        arena_rewind(&hold->arena, mark);
        return false;
    }
    hold->count++;
    return true;
}

void hold_clear(struct hold *hold)
{
    hold->count = 0;
    arena_reset(&hold->arena);
}
