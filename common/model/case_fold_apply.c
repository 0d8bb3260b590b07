/* SPDX-License-Identifier: Apache-2.0 */
/* What an effective line does to its case.
 *
 * A new round begins anew from what may come first: it keeps the opening and whom that names, and
 * forgets dispatch, answers, helpers, pauses and closure. How often a lead disputed is kept: it is
 * the same order (docs/domain.md §4.3). When what happened stands aside, for its day's numbers.
 * Another lead comes in two steps: a move asks for it (the desk's word, a dispute upheld), the
 * router's recall takes the order from the one who had it. In between nothing is anybody's else. */
#include "model/case_fold_internal.h"

#include <stddef.h>

static void set_first(int64_t *moment, int64_t ms)
{
    if (*moment == TIMESTAMP_NONE)
        *moment = ms;
}

static void set_named(struct span *field, struct span value)
{
    if (value.at)
        *field = value;
}

static int64_t due_of(const struct case_line *line)
{
    int64_t due_ms;
    struct span due = line->attribute[CASE_DUE];
    return due.at && span_to_int64(due, &due_ms) ? due_ms : TIMESTAMP_NONE;
}

static void set_due(struct case_fold *fold, const struct case_line *line)
{
    int64_t due_ms = due_of(line);
    if (due_ms != TIMESTAMP_NONE)
        fold->due_ms = due_ms;
}

/* What the case is about is for its source and the desk to say. The router copies it into its own
 * events, where it only fills gaps, or a correction of the opening would be hidden by an old copy;
 * and a handler that could name it anew would make itself another case. */
static void set_subject(struct case_fold *fold, const struct case_line *line, bool fill_only)
{
    struct span *const field[] = {&fold->type_code, &fold->street_code, &fold->community_code};
    static const enum case_attribute from[] = {CASE_TYPE, CASE_STREET, CASE_COMMUNITY};
    for (size_t i = 0; i < 3; i++)
        if (!fill_only || !field[i]->at)
            set_named(field[i], line->attribute[from[i]]);
    for (size_t i = 0; i < CODES_MOST_FIELDS; i++)
        if (!fill_only || !fold->field[i].at)
            set_named(&fold->field[i], line->attribute[CASE_FIELD + i]);
}

static bool may_name(const struct kind_parties *party, int said_by)
{
    return !said_by || said_by == party->source || said_by == party->desk;
}

static void set_lead(struct case_fold *fold, const struct case_line *line)
{
    set_named(&fold->lead, line->attribute[CASE_LEAD]);
    set_named(&fold->limit_class, line->attribute[CASE_CLASS]);
    set_named(&fold->rule, line->attribute[CASE_RULE]);
    fold->adopted |= line->attribute[CASE_ADOPTED].at != NULL;
}

static bool names_lead(const struct case_line *opened)
{
    return opened->attribute[CASE_LEAD].at && opened->attribute[CASE_CLASS].at;
}

static void on_opened(struct case_fold_walk *walk, const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    walk->opened = line;
    fold->has_opened = true;
    fold->opened_ms = line->time_ms;
    fold->recorded_ms = line->recorded_ms;
    fold->opened_id = line->id;
    fold->cause_id = line->id;
    fold->adopted = names_lead(line);
    set_lead(fold, line);
    set_due(fold, line);
    walk->own_due_ms = fold->due_ms;
}

/* Who leads helps no more: its order is the lead's. */
static void forget_helper(struct case_fold *fold, struct span unit)
{
    size_t left = 0;
    for (size_t i = 0; i < fold->co_count; i++)
        if (!span_equal(fold->co[i].unit, unit))
            fold->co[left++] = fold->co[i];
    fold->co_count = left;
}

static void on_dispatched(struct case_fold_walk *walk, const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    walk->decided_due_ms = due_of(line);
    fold->dispatched = true;
    set_first(&fold->dispatched_ms, line->time_ms);
    fold->dispatched_id = line->id;
    fold->named_lead = SPAN_NONE;
    if (!fold->first_rule.at)
        fold->first_rule = line->attribute[CASE_RULE];
    set_lead(fold, line);
    forget_helper(fold, fold->lead);
    set_due(fold, line);
    if (walk->moved_ms != TIMESTAMP_NONE && walk->own_due_ms != TIMESTAMP_NONE)
        fold->due_ms = walk->own_due_ms; /* what moved it may have been told after the decision */
}

/* What may come first is the present round's as well. */
static void keep_round(const struct case_fold_walk *walk)
{
    struct case_fold *fold = walk->fold;
    if (fold->former_count == CASE_FOLD_MOST_FORMER)
        return;
    struct case_round *round = &fold->former[fold->former_count++];
    round->first_rule = fold->first_rule;
    round->upheld = fold->upheld;
    for (size_t i = 0; i < walk->kind->stage_count; i++)
        round->stage_ms[i] = walk->kind->first >> i & 1 ? TIMESTAMP_NONE : fold->stage_ms[i];
}

static void on_new_round(struct case_fold_walk *walk, const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    keep_round(walk);
    fold->happened &= walk->kind->first;
    fold->rounds++;
    fold->dispatched = fold->closed = fold->adopted = false;
    fold->dispatched_ms = fold->response_ms = TIMESTAMP_NONE;
    fold->resolution_ms = fold->closure_ms = fold->due_ms = TIMESTAMP_NONE;
    for (size_t i = 0; i < walk->kind->stage_count; i++)
        if (!(walk->kind->first >> i & 1))
            fold->stage_ms[i] = TIMESTAMP_NONE;
    fold->lead = fold->limit_class = fold->rule = fold->first_rule = SPAN_NONE;
    fold->dispatched_id = SPAN_NONE;
    fold->lead_cause_id = fold->named_lead = fold->dispute_id = fold->level = SPAN_NONE;
    walk->asks_lead = NULL;
    fold->lead_cause_dispute = fold->held = false;
    fold->co_count = fold->sub_count = fold->pause_count = 0;
    fold->paused_ms = 0;
    fold->upheld = 0;
    fold->cause_id = line->id;
    if (walk->opened) {
        fold->adopted = names_lead(walk->opened);
        set_lead(fold, walk->opened);
    }
    set_due(fold, line); /* the opening's deadline was the first round's */
    walk->own_due_ms = fold->due_ms;
    walk->moved_ms = TIMESTAMP_NONE;
}

/* It was no child after all: its own duty again, under the order's own deadline. Not a reopening.
 */
static void on_given_back(struct case_fold_walk *walk, const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    on_new_round(walk, line);
    fold->rounds--;
    if (walk->opened)
        set_due(fold, walk->opened);
    walk->own_due_ms = fold->due_ms;
}

static void on_linked(struct case_fold *fold, const struct case_line *line)
{
    struct span link = line->attribute[CASE_LINK];
    if (span_is(span_cut(&link, ':'), "same_as") && link.len)
        fold->same_as = link;
}

/* The time and class that were named with a lead: the order's own from now on. */
static void take_terms(struct case_fold_walk *walk, const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    set_named(&fold->limit_class, line->attribute[CASE_CLASS]);
    set_due(fold, line);
    if (due_of(line) != TIMESTAMP_NONE)
        walk->own_due_ms = fold->due_ms;
}

/* Only while the desk leads does a classification ask for another lead; elsewhere it corrects. */
static void on_new_lead(struct case_fold_walk *walk, const struct kind_stage *stage,
                        const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    bool dispute = stage->meaning == MEANS_DISPUTE_DECIDED;
    if (stage->meaning == MEANS_CLASSIFIED && !span_is(fold->lead, "desk"))
        return;
    if (dispute && !span_is(line->attribute[CASE_OUTCOME], "upheld"))
        return;
    if (!fold->dispatched) { /* what the first decision waited for: nobody is to be recalled */
        fold->cause_id = line->id;
        fold->named_lead = line->attribute[CASE_LEAD];
        if (stage->meaning != MEANS_CLASSIFIED)
            take_terms(walk, line);
        return;
    }
    walk->asks_lead = stage->meaning == MEANS_CLASSIFIED ? NULL : line;
    fold->lead_cause_id = line->id;
    fold->lead_cause_dispute = dispute;
    fold->named_lead = stage->meaning == MEANS_CLASSIFIED ? SPAN_NONE : line->attribute[CASE_LEAD];
}

static void note_moved(struct case_fold_walk *walk, const struct case_line *line)
{
    if (line->recorded_ms > walk->moved_ms)
        walk->moved_ms = line->recorded_ms;
}

static void stop_clock(struct case_fold *fold, int64_t ms)
{
    if (!fold->held)
        fold->pauses[fold->pause_count++] = (struct case_pause){ms, TIMESTAMP_NONE};
    fold->held = true;
}

/* A deadline that was not over when the clock stopped moves by as long as it stood still. */
static void run_clock(struct case_fold_walk *walk, int64_t ms)
{
    struct case_fold *fold = walk->fold;
    if (!fold->held)
        return;
    struct case_pause *pause = &fold->pauses[fold->pause_count - 1];
    int64_t *const due[] = {&fold->due_ms, &walk->own_due_ms};
    pause->to_ms = ms;
    fold->held = false;
    fold->paused_ms += ms - pause->from_ms;
    for (size_t i = 0; i < 2; i++)
        if (*due[i] != TIMESTAMP_NONE && *due[i] > pause->from_ms)
            *due[i] += ms - pause->from_ms;
}

static void set_designated(struct case_fold_walk *walk)
{
    for (size_t i = 0; i < walk->kind->stage_count; i++) {
        const struct kind_stage *stage = &walk->kind->stages[i];
        if (stage->meaning == MEANS_DISPUTED)
            walk->fold->designated = stage->at_most && walk->fold->disputes >= stage->at_most;
    }
}

/* The order's own deadline stays, unless what asks for another lead names one; the limit of a class
 * is the next decision's to count anew. */
static void on_recalled(struct case_fold_walk *walk, const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    run_clock(walk, line->time_ms); /* for the next one it runs */
    if (line->attribute[CASE_PARENT].at)
        fold->lead_cause_id = line->attribute[CASE_CAUSE];
    if (fold->lead_cause_dispute && fold->lead.at &&
        fold->old_lead_count < CASE_FOLD_MOST_OLD_LEADS)
        fold->old_leads[fold->old_lead_count++] = fold->lead;
    fold->cause_id = fold->lead_cause_id;
    fold->lead_cause_id = SPAN_NONE;
    fold->lead = fold->limit_class = fold->rule = fold->dispatched_id = SPAN_NONE;
    fold->dispatched = fold->adopted = false;
    fold->sub_count = 0; /* offices of the one who had it */
    fold->due_ms = walk->own_due_ms;
    fold->dispute_id = SPAN_NONE; /* answered by another lead */
    set_designated(walk);
    if (walk->opened)
        set_named(&fold->limit_class, walk->opened->attribute[CASE_CLASS]);
    if (walk->asks_lead && !line->attribute[CASE_PARENT].at)
        take_terms(walk, walk->asks_lead);
    walk->asks_lead = NULL;
}

static void on_co(struct case_fold_walk *walk, const struct kind_stage *stage,
                  const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    bool told = line->party == walk->kind->party.router;
    struct span unit = line->attribute[CASE_CO];
    size_t at = 0;
    if (!unit.at)
        return;
    while (at < fold->co_count && !span_equal(fold->co[at].unit, unit))
        at++;
    struct case_co *co = &fold->co[at];
    if (at == fold->co_count) {
        fold->co_count++;
        *co = (struct case_co){.unit = unit,
                               .named_ms = line->time_ms,
                               .due_ms = TIMESTAMP_NONE,
                               .reported_ms = TIMESTAMP_NONE};
    }
    int64_t due_ms = due_of(line);
    co->due_ms = due_ms != TIMESTAMP_NONE ? due_ms : told ? co->due_ms : TIMESTAMP_NONE;
    if (told) {
        co->told_id = line->id;
        if (!co->cause_id.at)
            co->cause_id = line->attribute[CASE_CAUSE];
        return;
    }
    co->cause_id = line->id;
    co->told_id = SPAN_NONE;
    co->whistled = stage->meaning == MEANS_WHISTLE_BLOWN;
    co->reported_ms = TIMESTAMP_NONE;
}

static void on_reported(struct case_fold *fold, const struct case_line *line)
{
    for (size_t i = 0; i < fold->co_count; i++)
        if (span_equal(fold->co[i].unit, line->unit))
            set_first(&fold->co[i].reported_ms, line->time_ms);
}

static void on_forwarded(struct case_fold *fold, const struct case_line *line)
{
    struct span sub = line->attribute[CASE_SUB];
    for (size_t i = 0; i < fold->sub_count; i++)
        if (span_equal(fold->subs[i], sub))
            return;
    if (sub.at)
        fold->subs[fold->sub_count++] = sub;
}

/* The desk's word is the order's own deadline from now on. */
static void on_extended(struct case_fold_walk *walk, const struct case_line *line)
{
    set_due(walk->fold, line);
    walk->own_due_ms = walk->fold->due_ms;
    note_moved(walk, line);
}

/* A deadline that the opening names anew, and the decision did not. */
static bool corrects_due(const struct case_fold_walk *walk, int64_t due_ms)
{
    return walk->fold->rounds == 1 && walk->opened && due_ms != TIMESTAMP_NONE &&
           due_ms != walk->decided_due_ms && due_ms == due_of(walk->opened);
}

/* Most amendments only repeat the deadline of their moment, and what moves it may be told later and
 * stand before them. Two say what no other line does: a correction of the order's own deadline, and
 * after a pause what is left in working time; until something is told that stands before them. */
static void on_amended(struct case_fold_walk *walk, const struct case_line *line)
{
    struct span rule = line->attribute[CASE_RULE];
    int64_t due_ms = due_of(line);
    bool worked = due_ms != TIMESTAMP_NONE && span_is(rule, CASE_RULE_WORKING_TIME);
    bool corrected = span_is(rule, CASE_RULE_CORRECTED) && corrects_due(walk, due_ms);
    if ((worked || corrected) && line->recorded_ms >= walk->moved_ms) {
        walk->fold->due_ms = due_ms;
        if (walk->own_due_ms != TIMESTAMP_NONE)
            walk->own_due_ms = due_ms;
    } else if (corrected || (span_is(rule, CASE_RULE_CORRECTED) && due_ms == walk->own_due_ms)) {
        walk->fold->due_ms = walk->own_due_ms;
    }
}

static void on_disputed(struct case_fold *fold, const struct case_line *line)
{
    fold->disputes++;
    fold->dispute_id = line->id;
}

static void on_dispute_decided(struct case_fold_walk *walk, const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    fold->dispute_id = SPAN_NONE;
    set_designated(walk);
    if (!span_is(line->attribute[CASE_OUTCOME], "upheld"))
        return;
    fold->upheld++;
    if (fold->upheld_count < CASE_FOLD_MOST_UPHELD)
        fold->upheld_at[fold->upheld_count++] =
            (struct case_upheld){line->time_ms, fold->first_rule};
}

static void do_meaning(struct case_fold_walk *walk, const struct kind_stage *stage,
                       const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    bool by_router = line->party == walk->kind->party.router;
    switch (stage->meaning) {
    case MEANS_OPENED: on_opened(walk, line); break;
    case MEANS_DISPATCHED: on_dispatched(walk, line); break;
    case MEANS_RECALLED: on_recalled(walk, line); break;
    case MEANS_FORWARDED: on_forwarded(fold, line); break;
    case MEANS_CO_ASSIGNED:
    case MEANS_WHISTLE_BLOWN: on_co(walk, stage, line); break;
    case MEANS_WHISTLE_REPORTED: on_reported(fold, line); break;
    case MEANS_DISPUTED: on_disputed(fold, line); break;
    case MEANS_DISPUTE_DECIDED: on_dispute_decided(walk, line); break;
    case MEANS_EXTENDED: on_extended(walk, line); break;
    case MEANS_AMENDED: on_amended(walk, line); break;
    case MEANS_ESCALATED:
    case MEANS_SUPERVISED:
        if (!by_router)
            set_named(&fold->level, line->attribute[CASE_LEVEL]);
        break;
    case MEANS_EXCLUSION_DECIDED:
        fold->excluded = !span_is(line->attribute[CASE_OUTCOME], "rejected");
        break;
    case MEANS_NOTHING:
    case MEANS_CLASSIFIED:
    case MEANS_NUDGED:
    case MEANS_OVERDUE:
    case MEANS_MERGED: /* case_family.c */
    case MEANS_UNMERGED:
    case MEANS_CHILD_ADDED:
    case MEANS_CHILD_REMOVED: break;
    case MEANS_LINKED: on_linked(fold, line); break;
    case MEANS_REVIEWED: set_named(&fold->answer, line->attribute[CASE_ANSWER]); break;
    }
    if (stage->new_lead)
        on_new_lead(walk, stage, line);
}

static void count_moment(struct case_fold *fold, const struct kind_stage *stage, int64_t ms)
{
    switch (stage->counts_as) {
    case COUNTS_NOTHING: break;
    case COUNTS_RESPONSE: set_first(&fold->response_ms, ms); break;
    case COUNTS_RESOLUTION: set_first(&fold->resolution_ms, ms); break;
    case COUNTS_CLOSURE:
        fold->closed = true;
        fold->closure_ms = ms;
        break;
    }
}

/* Who leads from now on. Two of one time: the later one alone. */
static void note_lead(struct case_fold *fold, int64_t ms)
{
    struct case_lead *last = fold->lead_count ? &fold->leads[fold->lead_count - 1] : NULL;
    bool both = last && last->unit.at && fold->lead.at;
    if (last && (both ? span_equal(last->unit, fold->lead) : last->unit.at == fold->lead.at))
        return;
    if (last && (ms <= last->from_ms || fold->lead_count == CASE_FOLD_MOST_LEADS)) {
        last->unit = fold->lead;
        return;
    }
    fold->leads[fold->lead_count++] = (struct case_lead){fold->lead, ms};
}

void case_fold_apply(struct case_fold_walk *walk, const struct case_line *line, int index)
{
    struct case_fold *fold = walk->fold;
    const struct kind_stage *stage = &walk->kind->stages[index];
    bool was_closed = fold->closed, by_router = line->party == walk->kind->party.router;
    if (stage->new_round)
        on_new_round(walk, line);
    if (case_family_apply(&walk->family, line, stage))
        on_given_back(walk, line);
    if (case_family_is_copy(line, stage, walk->kind)) /* who did it */
        set_named(&fold->lead, line->attribute[CASE_LEAD]);
    if (stage->meaning != MEANS_NOTHING || stage->new_lead)
        do_meaning(walk, stage, line);
    if (stage->clock_stops) {
        stop_clock(fold, line->time_ms);
    } else if (stage->clock_runs) {
        run_clock(walk, line->time_ms);
        note_moved(walk, line);
    }
    set_first(&fold->stage_ms[index], line->time_ms);
    note_lead(fold, line->time_ms);
    set_subject(fold, line, !may_name(&walk->kind->party, line->party));
    count_moment(fold, stage, line->time_ms);
    fold->happened = (fold->happened & ~stage->ends) | UINT64_C(1) << index;
    fold->seen |= UINT64_C(1) << index;
    if (walk->times[index] < UINT8_MAX)
        walk->times[index]++;
    bool aside = by_router && (walk->kind->asides >> index & 1);
    if (!aside && (!was_closed || !fold->closed))
        fold->stage = index;
}
