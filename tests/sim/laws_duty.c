/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody has a duty that is over, and nobody's duty is hidden: the newest order of a case to each
 * unit is open while that unit leads it or helps, and at no other time; a copy is of the present
 * decision. The desk has laws of its own (laws_desk.c). */
#include <string.h>

#include "laws.h"
#include "model/desk.h"

static bool is_order(const struct story *story, const struct world_record *record)
{
    return record->stream == STREAM_DISPATCH && span_equal(record->key, story->id) &&
           !span_is(record->suffix, DESK_UNIT);
}

static bool is_newest(const struct story *story, const struct world *world, size_t at)
{
    for (size_t i = at + 1; i < world->written.count; i++)
        if (is_order(story, &world->written.at[i]) &&
            span_equal(world->written.at[i].suffix, world->written.at[at].suffix))
            return false;
    return true;
}

/* Our word to a helper may stand behind the answer that came meanwhile, and then it does not count;
 * whoever called for him did all the same. */
static bool has_duty(const struct case_fold *fold, struct span unit, bool told)
{
    const struct case_co *co = fold->co_count ? case_fold_co(fold, unit) : NULL;
    return span_equal(fold->lead, unit) || (co && (!told || co->told_id.at));
}

static bool has_copy(const struct story *story, struct span unit)
{
    const struct case_line *decision = laws_line(story, story->fold.dispatched_id);
    struct span rest = decision ? decision->attribute[CASE_COPIES] : SPAN_NONE;
    while (rest.at)
        if (span_equal(span_cut(&rest, ' '), unit))
            return true;
    return false;
}

/* A round that history alone began takes nobody's order away (docs/decisions/0060). */
static bool keeps(const struct story *story)
{
    const struct case_line *cause = laws_line(story, story->fold.cause_id);
    return cause && !cause->live;
}

static bool check_one(struct laws *laws, const struct story *story,
                      const struct world_record *order)
{
    const struct case_fold *fold = &story->fold;
    struct span kind = laws_member(order->value, "\"kind\":\"");
    bool over = !order->value.at || span_is(kind, "ended") || span_is(kind, "recalled") ||
                span_is(kind, "merged");
    bool goes_on = fold->dispatched && !fold->closed;
    bool copy = span_is(kind, "copied") && has_copy(story, order->suffix);
    bool due = goes_on && (has_duty(fold, order->suffix, true) || copy);
    bool may = goes_on && (has_duty(fold, order->suffix, false) || copy);
    if (due && over && fold->resolution_ms == TIMESTAMP_NONE)
        return laws_fail(laws, story->id, "%.*s has a duty, and was told that it is over: %.*s",
                         SPAN_ARG(order->suffix), SPAN_ARG(order->value));
    if (!may && !over)
        return laws_fail(laws, story->id, "%.*s has no duty, and an open order: %.*s",
                         SPAN_ARG(order->suffix), SPAN_ARG(order->value));
    return true;
}

bool laws_duty(struct laws *laws, const struct story *story, const struct world *world)
{
    const struct case_fold *fold = &story->fold;
    if (fold->quiet || story->crowded || story->family || story->forgotten || !fold->has_opened ||
        fold->parent.at || keeps(story))
        return true;
    for (size_t i = 0; i < world->written.count; i++)
        if (is_order(story, &world->written.at[i]) && is_newest(story, world, i) &&
            !check_one(laws, story, &world->written.at[i]))
            return false;
    return true;
}
