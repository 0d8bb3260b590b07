/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the lines that count, in their order: a move that asks opens a question, of one cause
 * the latest; what answers it closes it and leaves those of other causes open. Of all that are open
 * the desk has the latest before it. Asking moves are a unit's own (disputed, hold_requested),
 * the opening of a kind that is confirmed, an overdue timer that goes to the desk, and for what
 * nobody said `escalated` with the cause as its rule. Of what a unit asks that event is only the
 * echo: it may sort behind an answer that came before it. A lateness that was none asks nothing,
 * though its timer had to speak before that was told (docs/decisions/0369). */
#include "model/desk.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/ids.h"

static const struct desk_row rows[] = {
#define DESK_ROW(name, code, chinese, ask, answers)                                                \
    [DESK_##name] = {(code), (chinese), (ask), (answers)},
    DESK_CAUSES(DESK_ROW)
#undef DESK_ROW
};

const struct desk_row *desk_row(enum desk_cause cause)
{
    return &rows[cause];
}

enum desk_cause desk_cause_of(struct span code)
{
    for (int cause = DESK_NOTHING + 1; cause < DESK_CAUSE_COUNT; cause++)
        if (span_is(code, rows[cause].code))
            return (enum desk_cause)cause;
    return DESK_NOTHING;
}

bool desk_is_answer(enum desk_cause cause, const char *stage)
{
    struct span rest = span_of(cause == DESK_NOTHING ? NULL : rows[cause].answers);
    while (rest.at)
        if (span_is(span_cut(&rest, ' '), stage))
            return true;
    return false;
}

bool desk_hears(const char *stage)
{
    bool hears = strcmp(stage, "disputed") == 0 || strcmp(stage, "hold_requested") == 0;
    for (int cause = DESK_NOTHING + 1; cause < DESK_CAUSE_COUNT && !hears; cause++)
        hears = desk_is_answer((enum desk_cause)cause, stage);
    return hears;
}

static const struct kind_timer *timer_of(const struct case_kind *kind, const struct case_line *line)
{
    for (size_t i = 0; i < kind->timer_count; i++)
        if (span_is(line->attribute[CASE_RULE], kind->timers[i].name))
            return &kind->timers[i];
    return NULL;
}

/* An overdue timer asks the desk where its kind sends it there. */
static bool escalates_to_desk(const struct case_kind *kind, const struct case_line *line)
{
    const struct kind_timer *timer = timer_of(kind, line);
    return timer && timer->to && strcmp(timer->to, DESK_UNIT) == 0;
}

/* What history alone tells asks nothing of a live case, but for its opening. */
static enum desk_cause asked_by(const struct case_kind *kind, const struct case_line *line,
                                const char *stage)
{
    if (!line->live && strcmp(stage, "opened") != 0)
        return DESK_NOTHING;
    if (strcmp(stage, "disputed") == 0)
        return DESK_DISPUTE;
    if (strcmp(stage, "hold_requested") == 0)
        return DESK_HOLD;
    if (strcmp(stage, "opened") == 0)
        return case_kind_stage(kind, SPAN("confirmed")) >= 0 ? DESK_CONFIRM : DESK_NOTHING;
    if (line->party != kind->party.router)
        return DESK_NOTHING;
    if (strcmp(stage, "overdue") == 0 && escalates_to_desk(kind, line))
        return DESK_OVERDUE;
    if (strcmp(stage, "escalated") == 0 &&
        span_is(line->attribute[CASE_RULE], rows[DESK_WOULD_HAVE].code))
        return DESK_WOULD_HAVE;
    return DESK_NOTHING;
}

/* What the router put to the desk names what asks as its cause. */
static const struct case_line *asking_line(const struct case_set *set, const struct case_line *line)
{
    struct span cause = line->attribute[CASE_CAUSE];
    for (size_t i = 0; cause.at && i < set->count; i++)
        if (span_equal(set->lines[i].id, cause))
            return &set->lines[i];
    return line;
}

static bool ends_question(const struct case_kind *kind, int index, enum desk_cause cause)
{
    const struct kind_stage *stage = &kind->stages[index];
    return kind_stage_begins_anew(stage) || stage->meaning == MEANS_MERGED ||
           stage->counts_as == COUNTS_RESOLUTION || stage->counts_as == COUNTS_CLOSURE ||
           strcmp(stage->name, "dispatched") == 0 || desk_is_answer(cause, stage->name);
}

/* It was done, its helper had reported, or its clock stood still, before the limit that the timer
 * spoke of: told behind the tick that made it speak. A helper's time does not stand still; a timer
 * of another form names the limit and did not wait for it. */
static bool was_none(const struct case_fold *fold, const struct case_kind *kind,
                     const struct case_line *overdue)
{
    const struct kind_timer *timer = timer_of(kind, overdue);
    int64_t due_ms, done_ms = fold->closed ? fold->closure_ms : TIMESTAMP_NONE;
    if (fold->resolution_ms != TIMESTAMP_NONE)
        done_ms = fold->resolution_ms;
    if (!span_to_int64(overdue->attribute[CASE_DUE], &due_ms))
        return false;
    bool of_helper = overdue->attribute[CASE_CO].len > 0, held = false;
    const struct case_co *co = of_helper ? case_fold_co(fold, overdue->attribute[CASE_CO]) : NULL;
    if (co && co->reported_ms != TIMESTAMP_NONE && co->reported_ms <= due_ms)
        return true;
    for (size_t i = 0; i < fold->pause_count && timer && timer->at_due && !of_helper; i++) {
        const struct case_pause *pause = &fold->pauses[i];
        held = held || (pause->from_ms < due_ms &&
                        (pause->to_ms == TIMESTAMP_NONE || pause->to_ms > due_ms));
    }
    return held || (done_ms != TIMESTAMP_NONE && done_ms <= due_ms);
}

struct questions {                                  /* open ones, one a cause */
    const struct case_line *asks[DESK_CAUSE_COUNT]; /* NULL = none */
    size_t at[DESK_CAUSE_COUNT];                    /* where it was asked */
};

/* Nothing counts before there is an opening; what the router said of it does. Returns what answered
 * it. */
static const struct case_line *
read_headless(struct questions *questions, const struct case_set *set, const struct case_kind *kind)
{
    const struct case_line *answer = NULL;
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        const char *stage = index < 0 ? "" : kind->stages[index].name;
        if (strcmp(stage, "escalated") == 0 && line->party == kind->party.router &&
            span_is(line->attribute[CASE_RULE], rows[DESK_HEADLESS].code))
            questions->asks[DESK_HEADLESS] = asking_line(set, line);
        if (!questions->asks[DESK_HEADLESS] || line->party != kind->party.desk ||
            !desk_is_answer(DESK_HEADLESS, stage))
            continue;
        questions->asks[DESK_HEADLESS] = NULL;
        answer = line;
    }
    return answer;
}

static void answer_all(struct questions *questions, const struct case_kind *kind, int index)
{
    for (int cause = DESK_NOTHING + 1; cause < DESK_CAUSE_COUNT; cause++)
        if (questions->asks[cause] && ends_question(kind, index, (enum desk_cause)cause))
            questions->asks[cause] = NULL;
}

static void read_questions(struct questions *questions, const struct case_set *set,
                           const struct case_fold *fold, const struct case_kind *kind)
{
    memset(questions, 0, sizeof *questions);
    if (fold->quiet || fold->parent.at) /* a child is its parent's */
        return;
    if (!fold->has_opened) {
        (void)read_headless(questions, set, kind);
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        if (fold->effect[i] != LINE_COUNTS || index < 0)
            continue;
        enum desk_cause asked = asked_by(kind, line, kind->stages[index].name);
        if (asked == DESK_NOTHING) {
            answer_all(questions, kind, index);
            continue;
        }
        if (asked == DESK_OVERDUE && was_none(fold, kind, line))
            continue;
        questions->asks[asked] = asked == DESK_WOULD_HAVE ? asking_line(set, line) : line;
        questions->at[asked] = i;
    }
}

struct desk_duty desk_duty(const struct case_set *set, const struct case_fold *fold,
                           const struct case_kind *kind)
{
    struct questions questions;
    struct desk_duty duty = {.cause = DESK_NOTHING};
    read_questions(&questions, set, fold, kind);
    for (int cause = DESK_NOTHING + 1; cause < DESK_CAUSE_COUNT; cause++) {
        const struct case_line *asks = questions.asks[cause];
        if (asks && (!duty.asks || questions.at[cause] > questions.at[duty.cause]))
            duty = (struct desk_duty){(enum desk_cause)cause, asks};
    }
    return duty;
}

const struct case_line *desk_headless_answer(const struct case_set *set,
                                             const struct case_kind *kind)
{
    struct questions questions = {0};
    return read_headless(&questions, set, kind);
}

bool desk_is_open(const struct case_set *set, const struct case_fold *fold,
                  const struct case_kind *kind, enum desk_cause cause, struct span asks_id)
{
    struct questions questions;
    read_questions(&questions, set, fold, kind);
    return questions.asks[cause] && span_equal(questions.asks[cause]->id, asks_id);
}

struct span desk_of_its_own(const struct case_set *set, const struct case_fold *fold)
{
    bool over = fold->closed || fold->parent.at || fold->resolution_ms != TIMESTAMP_NONE;
    if (over || fold->quiet || !fold->dispatched || !span_is(fold->lead, DESK_UNIT))
        return SPAN_NONE;
    for (size_t i = 0; i < set->count; i++)
        if (span_equal(set->lines[i].id, fold->dispatched_id) &&
            set->lines[i].attribute[CASE_DESK_CAUSE].len)
            return set->lines[i].attribute[CASE_DESK_CAUSE];
    return span_of(rows[DESK_FALLBACK].code);
}

struct span desk_question(char text[DESK_QUESTION], enum desk_cause cause)
{
    int n = snprintf(text, DESK_QUESTION, "desk:%s", rows[cause].code);
    return span_from(text, (size_t)n);
}

const struct case_line *desk_told(const struct case_set *set, const struct desk_duty *duty)
{
    char id[DIGEST_ID_LEN + 1], text[DESK_QUESTION];
    if (duty->cause == DESK_OVERDUE)
        return duty->asks; /* the timer's own event is an order to the desk */
    ids_decision(id, duty->asks->id, desk_question(text, duty->cause));
    for (size_t i = 0; i < set->count; i++)
        if (span_is(set->lines[i].id, id))
            return &set->lines[i];
    return NULL;
}
