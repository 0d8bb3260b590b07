/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the lines in their order and asks of each: may this party make this move, and is it
 * possible now: has one of the stages it comes after happened in the present round and not ended,
 * and holds none of those that forbid it? Otherwise the line stays in the set and counts for
 * nothing. Promises to look at nothing but the set: no clock, no registry, no other case, so router
 * and aggregator fold the same set to the same case. What a stage does to its case is in
 * case_fold_apply.c.
 *
 * Lead, co and sub are relations of a unit to the case: a unit that speaks for itself (party
 * `lead`) speaks as whichever of them it is just now. */
#include "model/case_fold.h"

#include <stddef.h>
#include <string.h>

#include "model/case_fold_internal.h"

static uint32_t bit_of(int party)
{
    return party > 0 && party <= 31 ? UINT32_C(1) << party : 0;
}

static bool is_sub(const struct case_fold *fold, struct span unit)
{
    for (size_t i = 0; i < fold->sub_count; i++)
        if (span_equal(fold->subs[i], unit))
            return true;
    return false;
}

/* As what does it speak? 0 = as nothing. */
static uint32_t roles_of(const struct case_fold_walk *walk, const struct case_line *line)
{
    const struct kind_parties *party = &walk->kind->party;
    const struct case_fold *fold = walk->fold;
    int said = line->party ? line->party : party->source;
    bool any = said == party->lead;
    if (said == party->desk) /* what nobody else leads the desk leads */
        return bit_of(said) |
               (line->unit.len && span_equal(line->unit, fold->lead) ? bit_of(party->lead) : 0);
    if (!any && said != party->co && said != party->sub)
        return bit_of(said);
    uint32_t roles = 0;
    if (!line->unit.len)
        return 0;
    if (any && span_equal(line->unit, fold->lead))
        roles |= bit_of(party->lead);
    if (fold->co_count && (any || said == party->co) && case_fold_co(fold, line->unit))
        roles |= bit_of(party->co);
    if (fold->sub_count && (any || said == party->sub) && is_sub(fold, line->unit))
        roles |= bit_of(party->sub);
    return roles;
}

static bool has_needs(const struct kind_stage *stage, const struct case_line *line)
{
    for (uint32_t needs = stage->needs, i = 0; needs; needs >>= 1, i++)
        if ((needs & 1) && !line->attribute[i].at)
            return false;
    return true;
}

/* Could the unit make the move if it were what it is not? */
static bool is_of_handlers(const struct case_kind *kind, const struct kind_stage *stage,
                           const struct case_line *line)
{
    const struct kind_parties *party = &kind->party;
    uint32_t lead = bit_of(party->lead), co = bit_of(party->co), sub = bit_of(party->sub);
    if (line->party == party->lead)
        return stage->parties & (lead | co | sub);
    return (line->party == party->co && (stage->parties & co)) ||
           (line->party == party->sub && (stage->parties & sub));
}

/* An answer other than yes or no decides nothing. */
static bool is_sound(const struct kind_stage *stage, const struct case_line *line)
{
    struct span outcome = line->attribute[CASE_OUTCOME];
    return !(stage->needs >> CASE_OUTCOME & 1) || span_is(outcome, "upheld") ||
           span_is(outcome, "rejected");
}

/* Our own recall answers the one thing that asks for another lead, or a merge. */
static bool is_answer(const struct case_fold_walk *walk, const struct kind_stage *stage,
                      const struct case_line *line)
{
    return stage->meaning != MEANS_RECALLED || line->attribute[CASE_PARENT].at ||
           (walk->fold->lead_cause_id.at &&
            span_equal(walk->fold->lead_cause_id, line->attribute[CASE_CAUSE]));
}

/* Of what the router says about an order in hand: a correction is of the whole case. */
static bool is_of_its_round(const struct case_fold_walk *walk, const struct kind_stage *stage,
                            const struct case_line *line)
{
    return line->party == walk->kind->party.router && line->attribute[CASE_CAUSE].at &&
           (stage->meaning == MEANS_DISPATCHED || stage->meaning == MEANS_CO_ASSIGNED ||
            stage->meaning == MEANS_OVERDUE ||
            (stage->meaning == MEANS_AMENDED &&
             !span_is(line->attribute[CASE_RULE], CASE_RULE_CORRECTED)));
}

/* A reopening told late may stand in front of what the router said of the round before it: that is
 * no answer in this one. */
static bool is_of_former_round(const struct case_fold_walk *walk, const struct kind_stage *stage,
                               const struct case_line *line)
{
    struct span cause = line->attribute[CASE_CAUSE];
    if (!walk->round_at || !is_of_its_round(walk, stage, line) ||
        span_equal(cause, walk->fold->cause_id))
        return false;
    for (size_t i = 0; i < walk->round_at; i++)
        if (span_equal(walk->set->lines[i].id, cause))
            return true;
    return false;
}

static bool names_helper(const struct kind_stage *stage)
{
    return stage->meaning == MEANS_CO_ASSIGNED || stage->meaning == MEANS_WHISTLE_BLOWN;
}

static bool has_room(const struct case_fold *fold, const struct kind_stage *stage,
                     const struct case_line *line)
{
    if (stage->clock_stops && fold->pause_count == CASE_FOLD_MOST_PAUSES)
        return false;
    if (stage->meaning == MEANS_FORWARDED && fold->sub_count == CASE_FOLD_MOST_SUBS)
        return is_sub(fold, line->attribute[CASE_SUB]);
    return !names_helper(stage) || fold->co_count < CASE_FOLD_MOST_CO ||
           case_fold_co(fold, line->attribute[CASE_CO]);
}

/* The first of these that holds; a move of somebody else's is that before anything. */
static enum line_reason judge(const struct case_fold_walk *walk, const struct case_line *line,
                              int index)
{
    if (index < 0)
        return LINE_REASON_STAGE;
    const struct kind_stage *stage = &walk->kind->stages[index];
    const struct case_fold *fold = walk->fold;
    uint32_t roles = roles_of(walk, line);
    if (!(stage->parties & roles))
        return is_of_handlers(walk->kind, stage, line) ? LINE_REASON_RELATION : LINE_REASON_PARTY;
    if (!has_needs(stage, line) || !is_sound(stage, line))
        return LINE_REASON_INCOMPLETE;
    if (names_helper(stage) && fold->lead.len && span_equal(line->attribute[CASE_CO], fold->lead))
        return LINE_REASON_ITSELF;
    if (stage->unless & fold->happened)
        return LINE_REASON_FORBIDDEN;
    if (stage->at_most && walk->times[index] >= stage->at_most)
        return LINE_REASON_OFTEN;
    if (!stage->after) /* a case opens once: a correction is the same line */
        return fold->happened >> index & 1 ? LINE_REASON_AGAIN : LINE_REASON_NONE;
    if (!(stage->after & fold->happened))
        return LINE_REASON_EARLY;
    if (!is_answer(walk, stage, line) || is_of_former_round(walk, stage, line))
        return LINE_REASON_UNASKED;
    return has_room(fold, stage, line) ? LINE_REASON_NONE : LINE_REASON_CROWDED;
}

static enum line_effect effect_of(enum line_reason reason)
{
    if (reason == LINE_REASON_NONE)
        return LINE_COUNTS;
    bool foreign = reason == LINE_REASON_PARTY || reason == LINE_REASON_RELATION ||
                   reason == LINE_REASON_CHILD;
    return foreign ? LINE_NOT_YOURS : LINE_IMPOSSIBLE;
}

/* What merging makes of it (docs/decisions/0038). */
static enum line_reason judge_family(const struct case_fold_walk *walk,
                                     const struct case_line *line, int index,
                                     enum line_reason reason)
{
    const struct case_family *family = &walk->family;
    bool foreign = effect_of(reason) == LINE_NOT_YOURS;
    if (index < 0)
        return reason;
    const struct kind_stage *stage = &walk->kind->stages[index];
    if (case_family_is_silent(family, line, walk->kind))
        return reason == LINE_REASON_PARTY ? reason : LINE_REASON_CHILD;
    if (foreign && !case_family_is_copy(line, stage, walk->kind))
        return reason;
    if (case_family_allows(family, line, stage, walk->kind, reason == LINE_REASON_NONE))
        return LINE_REASON_NONE;
    return reason == LINE_REASON_NONE || foreign ? LINE_REASON_FAMILY : reason;
}

static void begin(struct case_fold_walk *walk, struct case_fold *fold, const struct case_set *set,
                  const struct case_kind *kind)
{
    memset(walk, 0, offsetof(struct case_fold_walk, family.children));
    walk->fold = fold;
    walk->set = set;
    walk->kind = kind;
    memset(fold, 0, CASE_FOLD_HEAD);
    fold->quiet = true;
    fold->stage = -1;
    fold->rounds = 1;
    fold->opened_ms = fold->dispatched_ms = fold->response_ms = TIMESTAMP_NONE;
    fold->resolution_ms = fold->closure_ms = fold->recorded_ms = fold->due_ms = TIMESTAMP_NONE;
    walk->own_due_ms = walk->decided_due_ms = walk->moved_ms = TIMESTAMP_NONE;
    for (size_t i = 0; i < walk->kind->stage_count; i++)
        fold->stage_ms[i] = TIMESTAMP_NONE;
}

void case_fold(struct case_fold *fold, const struct case_set *set, const struct case_kind *kind,
               const struct codes *codes)
{
    struct case_fold_walk walk;
    (void)codes; /* a kind has the numbers it needs */
    begin(&walk, fold, set, kind);
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        enum line_reason reason = judge_family(&walk, line, index, judge(&walk, line, index));
        fold->quiet &= !line->live;
        fold->reason[i] = (uint8_t)reason;
        fold->effect[i] = (uint8_t)effect_of(reason);
        if (reason == LINE_REASON_NONE)
            case_fold_apply(&walk, line, index);
        if (reason == LINE_REASON_NONE && kind_stage_begins_anew(&kind->stages[index]))
            walk.round_at = i;
    }
    fold->parent = walk.family.parent;
    fold->merge_id = walk.family.merge_id;
    fold->away = walk.family.away;
    fold->child_count = walk.family.child_count;
}

void case_fold_copy(struct case_fold *to, const struct case_fold *from,
                    const struct case_kind *kind, size_t lines)
{
#define COPY_LIST(list, count) memcpy(to->list, from->list, (count) * sizeof to->list[0])
    memcpy(to, from, CASE_FOLD_HEAD);
    COPY_LIST(stage_ms, kind->stage_count);
    COPY_LIST(pauses, from->pause_count);
    COPY_LIST(leads, from->lead_count);
    COPY_LIST(co, from->co_count);
    COPY_LIST(subs, from->sub_count);
    COPY_LIST(former, from->former_count);
    COPY_LIST(upheld_at, from->upheld_count);
    COPY_LIST(effect, lines);
    COPY_LIST(reason, lines);
#undef COPY_LIST
}

struct span case_fold_lead_at(const struct case_fold *fold, int64_t ms)
{
    size_t at = fold->lead_count;
    while (at > 0 && fold->leads[at - 1].from_ms > ms)
        at--;
    return at > 0 ? fold->leads[at - 1].unit : SPAN_NONE;
}

const struct case_co *case_fold_co(const struct case_fold *fold, struct span unit)
{
    for (size_t i = 0; i < fold->co_count; i++)
        if (span_equal(fold->co[i].unit, unit))
            return &fold->co[i];
    return NULL;
}
