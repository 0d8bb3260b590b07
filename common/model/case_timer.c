/* SPDX-License-Identifier: Apache-2.0 */
/* The event of a timer names the limit of its case and not the moment that the timer waited for;
 * but its id is a hash of that moment. So what the kind's file and the lines before it come to is
 * either proved by the id or told to nobody. */
#include "model/case_timer.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/ids.h"

struct span case_timer_question(char text[CASE_TIMER_QUESTION], const struct kind_timer *timer,
                                int64_t due_ms)
{
    int n = snprintf(text, CASE_TIMER_QUESTION, "timer:%.80s:%lld", timer->name, (long long)due_ms);
    return span_from(text, (size_t)n);
}

int64_t case_timer_before(const struct kind_timer *timer, int64_t start_ms, int64_t limit_ms,
                          int64_t paused_ms)
{
    if (timer->at_due || limit_ms == TIMESTAMP_NONE)
        return limit_ms;
    if (timer->before_ms) /* a limit that is no longer than that has no such moment */
        return limit_ms - timer->before_ms > start_ms ? limit_ms - timer->before_ms
                                                      : TIMESTAMP_NONE;
    if (limit_ms <= start_ms)
        return limit_ms;
    double share = timer->before_share * ((double)limit_ms - (double)start_ms - (double)paused_ms);
    bool capped = share > (double)timer->before_at_most_ms;
    return limit_ms - (capped ? timer->before_at_most_ms : share > 0 ? (int64_t)share : 0);
}

static const struct kind_timer *timer_of(const struct case_kind *kind, const struct case_line *line)
{
    int index = case_kind_stage_number(kind, line->stage);
    for (size_t i = 0; i < kind->timer_count && index >= 0 && line->party == kind->party.router;
         i++)
        if (span_is(line->attribute[CASE_RULE], kind->timers[i].name) &&
            strcmp(kind->stages[index].name, case_kind_timer_stage(&kind->timers[i])) == 0)
            return &kind->timers[i];
    return NULL;
}

static const struct case_line *line_of(const struct case_set *set, struct span id)
{
    for (size_t i = 0; i < set->count && id.at; i++)
        if (span_equal(set->lines[i].id, id))
            return &set->lines[i];
    return NULL;
}

static int64_t limit_of(const struct case_line *line)
{
    int64_t ms;
    return line->attribute[CASE_DUE].len && span_to_int64(line->attribute[CASE_DUE], &ms)
               ? ms
               : TIMESTAMP_NONE;
}

static bool is_proved(const struct case_line *line, const struct kind_timer *timer, int64_t due_ms)
{
    char id[DIGEST_ID_LEN + 1], question[CASE_TIMER_QUESTION];
    if (due_ms == TIMESTAMP_NONE)
        return false;
    ids_decision(id, line->attribute[CASE_CAUSE], case_timer_question(question, timer, due_ms));
    return span_is(line->id, id);
}

/* What the lines before it come to. */
struct before {
    int64_t round_ms, paused_ms, held_ms;
    int64_t start_ms, after_ms; /* counted from its cause on, and moved by what stood still since */
};

static void pass(struct before *before, const struct kind_stage *stage,
                 const struct case_line *line)
{
    if (before->round_ms == TIMESTAMP_NONE || kind_stage_begins_anew(stage)) {
        before->round_ms = line->time_ms;
        before->paused_ms = 0;
        before->held_ms = TIMESTAMP_NONE;
    }
    if (stage->clock_stops && before->held_ms == TIMESTAMP_NONE)
        before->held_ms = line->time_ms;
    if (before->held_ms == TIMESTAMP_NONE ||
        (!stage->clock_runs && stage->meaning != MEANS_RECALLED))
        return;
    int64_t stood_ms = line->time_ms - before->held_ms;
    if (before->held_ms >= before->start_ms && before->held_ms < before->after_ms)
        before->after_ms += stood_ms;
    before->paused_ms += stood_ms;
    before->held_ms = TIMESTAMP_NONE;
}

static struct before look_back(const struct case_set *set, const struct case_fold *fold,
                               const struct case_kind *kind, size_t end, int64_t start_ms,
                               int64_t in_ms)
{
    struct before before = {.round_ms = TIMESTAMP_NONE,
                            .held_ms = TIMESTAMP_NONE,
                            .start_ms = start_ms,
                            .after_ms = start_ms + in_ms};
    for (size_t i = 0; i < end; i++) {
        int stage = case_kind_stage_number(kind, set->lines[i].stage);
        if (stage >= 0 && fold->effect[i] == LINE_COUNTS)
            pass(&before, &kind->stages[stage], &set->lines[i]);
    }
    return before;
}

static int64_t proved(const struct case_line *line, const struct kind_timer *timer,
                      const struct before *before)
{
    int64_t due_ms = timer->after_stage >= 0 ? before->after_ms
                                             : case_timer_before(timer, before->round_ms,
                                                                 limit_of(line), before->paused_ms);
    return is_proved(line, timer, due_ms) ? due_ms : TIMESTAMP_NONE;
}

/* His own time, since a line that named him. */
static int64_t proved_of_helper(const struct case_set *set, const struct case_line *line,
                                const struct kind_timer *timer)
{
    struct span helper = line->attribute[CASE_CO];
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *named = &set->lines[i];
        int64_t due_ms = case_timer_before(timer, named->time_ms, limit_of(line), 0);
        if (span_equal(named->attribute[CASE_CO], helper) && is_proved(line, timer, due_ms))
            return due_ms;
    }
    return TIMESTAMP_NONE;
}

int64_t case_timer_fired_ms(const struct case_set *set, const struct case_fold *fold,
                            const struct case_kind *kind, size_t index)
{
    const struct case_line *line = &set->lines[index];
    const struct kind_timer *timer = timer_of(kind, line);
    const struct case_line *cause = timer ? line_of(set, line->attribute[CASE_CAUSE]) : NULL;
    size_t ends[] = {index, set->count}; /* what was said of times to come was known as well */
    int64_t due_ms = TIMESTAMP_NONE;
    if (cause && timer->of_helpers)
        return proved_of_helper(set, line, timer);
    for (size_t i = 0; cause && due_ms == TIMESTAMP_NONE && i < ARRAY_LENGTH(ends); i++) {
        struct before before = look_back(set, fold, kind, ends[i], cause->time_ms, timer->in_ms);
        due_ms = proved(line, timer, &before);
    }
    return due_ms;
}
