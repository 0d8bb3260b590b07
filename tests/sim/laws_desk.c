/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing that needs a person is hidden, and nobody is asked for nothing: the newest order of a
 * case to the desk asks what its set asks, is open while the desk leads it, and at no other time.
 */
#include <string.h>

#include "laws.h"
#include "model/desk.h"

static bool is_over(struct span order)
{
    struct span kind = laws_member(order, "\"kind\":\"");
    return span_is(kind, "ended") || span_is(kind, "recalled") || span_is(kind, "merged");
}

/* Copies and reminders ask nothing; absent = the desk never heard of the case, or what it heard is
 * gone. */
static struct span newest_order(const struct story *story, const struct world *world)
{
    struct span newest = SPAN_NONE;
    for (size_t i = 0; i < world->written.count; i++) {
        const struct world_record *order = &world->written.at[i];
        if (order->stream == STREAM_DISPATCH && span_is(order->suffix, DESK_UNIT) &&
            span_equal(order->key, story->id) &&
            !(order->value.at && span_is(laws_member(order->value, "\"kind\":\""), "copied")))
            newest = order->value;
    }
    return newest;
}

/* A round that history alone began takes nobody's order away (docs/decisions/0060). */
static bool keeps(const struct story *story)
{
    const struct case_line *cause = laws_line(story, story->fold.cause_id);
    return cause && !cause->live && !story->fold.dispatched;
}

bool laws_desk(struct laws *laws, const struct story *story, const struct world *world)
{
    const struct case_fold *fold = &story->fold;
    struct desk_duty duty = desk_duty(&story->set, fold, story->kind);
    bool asks = case_kind_stage(story->kind, SPAN("escalated")) >= 0;
    bool leads = fold->dispatched && !fold->closed && span_is(fold->lead, DESK_UNIT);
    struct span newest = newest_order(story, world);
    bool open = newest.at && !is_over(newest);
    if (fold->quiet || story->crowded || story->family || story->was_closed || !fold->has_opened)
        return true; /* its stub may know less; headless: only time asks */
    if (duty.cause != DESK_NOTHING && asks && !open)
        return laws_fail(laws, story->id, "%s is asked of the desk, and it is not told",
                         desk_row(duty.cause)->code);
    if (duty.cause != DESK_NOTHING && asks && !leads &&
        !span_is(laws_member(newest, "\"desk_cause\":\""), desk_row(duty.cause)->code))
        return laws_fail(laws, story->id, "the desk is asked %s, and has another order: %.*s",
                         desk_row(duty.cause)->code, SPAN_ARG(newest));
    struct span own = desk_of_its_own(&story->set, fold);
    bool hidden = duty.cause == DESK_NOTHING || duty.cause == DESK_OVERDUE;
    if (leads && own.at && hidden && !span_equal(laws_member(newest, "\"desk_cause\":\""), own))
        return laws_fail(laws, story->id, "the desk has to decide %.*s, and has: %.*s",
                         SPAN_ARG(own), SPAN_ARG(newest));
    if (duty.cause == DESK_NOTHING && !leads && open && !keeps(story))
        return laws_fail(laws, story->id, "the desk is asked nothing and has: %.*s",
                         SPAN_ARG(newest));
    return true;
}
