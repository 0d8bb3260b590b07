/* SPDX-License-Identifier: Apache-2.0 */
/* Four forms: `at: due_at`; `before: due_at` by a share of the round's whole time, capped, or by a
 * fixed time (the internal deadline units work to); `after: <stage>`, from its newest effective
 * occurrence in the present round. `unless` stops a timer when that stage has happened in this
 * round, for the third form after what started it: a second lead has to sign for itself. In a later
 * round a stage that may come first counts from the round's cause. */
#include "router/core/timers.h"

#include <string.h>

#include "base/base.h"
#include "model/desk.h"
#include "model/ids.h"
#include "router/core/gone.h"
#include "router/core/stub.h"

struct start { /* what started a timer */
    int64_t ms;
    struct span id;
    bool stopped;
};

static bool is_first(const struct case_kind *kind, int index)
{
    return kind->stages[index].after == 0;
}

/* One walk over the lines that count: when the round began, when the timer's stage happened, and
 * whether what stops it did. */
static struct start find_start(const struct case_set *set, const struct case_fold *fold,
                               const struct case_kind *kind, const struct kind_timer *timer)
{
    struct start start = {.ms = TIMESTAMP_NONE}, round = {.ms = TIMESTAMP_NONE};
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        if (fold->effect[i] != LINE_COUNTS || index < 0)
            continue;
        bool begins = kind_stage_begins_anew(&kind->stages[index]) || round.ms == TIMESTAMP_NONE;
        struct start here = {line->time_ms, line->id, false};
        if (begins) {
            round = here;
            bool counts = timer->after_stage >= 0 && is_first(kind, timer->after_stage);
            start = counts ? here : (struct start){.ms = TIMESTAMP_NONE};
        }
        if (timer->after_stage < 0)
            start = (struct start){round.ms, fold->cause_id, start.stopped};
        else if (index == timer->after_stage)
            start = here;
        start.stopped |= index == timer->unless_stage;
    }
    return start;
}

/* What counts from a moment stands still as long as the clock does (挂账). */
static int64_t behind_pauses(const struct case_fold *fold, int64_t from_ms, int64_t due_ms)
{
    for (size_t i = 0; i < fold->pause_count; i++) {
        const struct case_pause *pause = &fold->pauses[i];
        if (pause->to_ms != TIMESTAMP_NONE && pause->from_ms >= from_ms && pause->from_ms < due_ms)
            due_ms += pause->to_ms - pause->from_ms;
    }
    return due_ms;
}

static int64_t due_of(const struct kind_timer *timer, const struct case_fold *fold,
                      int64_t start_ms)
{
    if (timer->after_stage >= 0)
        return behind_pauses(fold, start_ms, start_ms + timer->in_ms);
    return case_timer_before(timer, start_ms, fold->due_ms, fold->paused_ms);
}

int64_t timers_internal_due(const struct case_kind *kind, int64_t due_ms, int64_t from_ms)
{
    for (size_t i = 0; i < kind->timer_count && due_ms != TIMESTAMP_NONE; i++) {
        const struct kind_timer *timer = &kind->timers[i];
        if (timer->before_ms && !timer->of_helpers)
            return due_ms - timer->before_ms > from_ms ? due_ms - timer->before_ms : TIMESTAMP_NONE;
    }
    return TIMESTAMP_NONE;
}

/* The id is asked for only where a line could have it: most cases have no timer's line at all. */
static bool has_fired(const struct case_set *set, const struct case_kind *kind,
                      const struct kind_timer *timer, struct span cause, int64_t due_ms)
{
    char id[DIGEST_ID_LEN + 1] = "", question[CASE_TIMER_QUESTION];
    for (size_t i = 0; i < set->count; i++) {
        int index = case_kind_stage_number(kind, set->lines[i].stage);
        if (index < 0 || strcmp(kind->stages[index].name, case_kind_timer_stage(timer)) != 0)
            continue;
        if (!id[0])
            ids_decision(id, cause, case_timer_question(question, timer, due_ms));
        if (span_is(set->lines[i].id, id))
            return true;
    }
    return false;
}

/* Takes what is earlier and has not fired. */
static void take(struct timers_next *next, const struct case_set *set, const struct case_kind *kind,
                 const struct timers_next *one)
{
    bool later = next->due_ms != TIMESTAMP_NONE && next->due_ms <= one->due_ms;
    if (one->due_ms != TIMESTAMP_NONE && !later &&
        !has_fired(set, kind, &kind->timers[one->timer], one->cause_id, one->due_ms))
        *next = *one;
}

/* A helper's own time, from when he was told to when he reported; none of his own: the lead's. */
static void consider_helpers(struct timers_next *next, const struct case_set *set,
                             const struct case_fold *fold, const struct case_kind *kind, int index)
{
    const struct kind_timer *timer = &kind->timers[index];
    for (size_t i = 0; i < fold->co_count; i++) {
        const struct case_co *co = &fold->co[i];
        int64_t limit_ms = co->due_ms != TIMESTAMP_NONE ? co->due_ms : fold->due_ms;
        struct timers_next one = {.due_ms = case_timer_before(timer, co->named_ms, limit_ms, 0),
                                  .timer = index,
                                  .cause_id = co->told_id,
                                  .co = co};
        if (co->told_id.at && co->reported_ms == TIMESTAMP_NONE)
            take(next, set, kind, &one);
    }
}

static void consider(struct timers_next *next, const struct case_set *set,
                     const struct case_fold *fold, const struct case_kind *kind, int index)
{
    const struct kind_timer *timer = &kind->timers[index];
    if (timer->of_helpers) {
        consider_helpers(next, set, fold, kind, index);
        return;
    }
    struct start start = find_start(set, fold, kind, timer);
    if (start.ms == TIMESTAMP_NONE || start.stopped)
        return;
    if (timer->after_stage < 0 && fold->dispatched)
        start.id = fold->dispatched_id; /* it said the due time */
    struct timers_next one = {
        .due_ms = due_of(timer, fold, start.ms), .timer = index, .cause_id = start.id};
    take(next, set, kind, &one);
}

/* The earliest of three; of equals the one that is named first. */
static struct timers_next after_closure(const struct case_set *set, const struct case_fold *fold,
                                        const struct case_kind *kind,
                                        const struct timers_rules *rules)
{
    const struct {
        int timer;
        int64_t after_ms;
        bool waits;
    } rows[] = {
        {TIMERS_STUB, rules->stub_after_ms, stub_keeps(set, kind) < set->count},
        {TIMERS_GONE, rules->gone_after_ms, gone_waits(set, fold, kind)},
        {TIMERS_FORGET, rules->forget_after_ms, true},
    };
    struct timers_next next = {.due_ms = TIMESTAMP_NONE};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        int64_t due_ms = fold->closure_ms + rows[i].after_ms;
        bool later = next.due_ms != TIMESTAMP_NONE && next.due_ms <= due_ms;
        if (rows[i].after_ms && rows[i].waits && !later)
            next = (struct timers_next){.due_ms = due_ms, .timer = rows[i].timer};
    }
    return next;
}

/* What is told first of a case without its opening; absent: history alone, or no time is known. */
static const struct case_line *first_live(const struct case_set *set)
{
    const struct case_line *first = NULL;
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        bool earlier =
            line->live &&
            (!first || line->recorded_ms < first->recorded_ms ||
             (line->recorded_ms == first->recorded_ms && span_compare(line->id, first->id) < 0));
        first = earlier ? line : first;
    }
    return first && first->recorded_ms != TIMESTAMP_NONE ? first : NULL;
}

static bool was_asked(const struct case_set *set, const struct case_kind *kind, int asks)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->lines[i].stage == kind->stages[asks].number &&
            set->lines[i].party == kind->party.router &&
            span_is(set->lines[i].attribute[CASE_RULE], desk_row(DESK_HEADLESS)->code))
            return true;
    return false;
}

struct timers_next timers_forgotten(const struct case_set *set, const struct timers_rules *rules)
{
    int64_t last_ms = TIMESTAMP_NONE; /* the least of all */
    for (size_t i = 0; i < set->count; i++)
        last_ms = set->lines[i].recorded_ms > last_ms ? set->lines[i].recorded_ms : last_ms;
    if (!rules->forget_after_ms || last_ms == TIMESTAMP_NONE)
        return (struct timers_next){.due_ms = TIMESTAMP_NONE};
    return (struct timers_next){.due_ms = last_ms + rules->forget_after_ms, .timer = TIMERS_FORGET};
}

/* From the moment the first live event was received: what it says may be of any time. Asked once;
 * and forgotten like a closed case, as long after the last that was received of it. */
static struct timers_next without_opening(const struct case_set *set, const struct case_fold *fold,
                                          const struct case_kind *kind,
                                          const struct timers_rules *rules)
{
    int asks = kind->escalated;
    const struct case_line *first = fold->quiet ? NULL : first_live(set);
    if (asks >= 0 && first && rules->headless_after_ms && !was_asked(set, kind, asks))
        return (struct timers_next){.due_ms = first->recorded_ms + rules->headless_after_ms,
                                    .timer = TIMERS_HEADLESS,
                                    .cause_id = first->id};
    return timers_forgotten(set, rules);
}

struct timers_next timers_next(const struct case_set *set, const struct case_fold *fold,
                               const struct case_kind *kind, const struct timers_rules *rules)
{
    struct timers_next next = {.due_ms = TIMESTAMP_NONE};
    if (!fold->has_opened)
        return without_opening(set, fold, kind, rules);
    if (fold->closed)
        return after_closure(set, fold, kind, rules);
    bool waits = !fold->quiet && !fold->held && !fold->parent.at &&
                 fold->resolution_ms == TIMESTAMP_NONE &&
                 (fold->dispatched || kind->dispatched < 0);
    for (size_t i = 0; waits && i < kind->timer_count; i++)
        consider(&next, set, fold, kind, (int)i);
    return next;
}
