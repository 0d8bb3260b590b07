/* SPDX-License-Identifier: Apache-2.0 */
/* Only stages marked as asking are looked at, so a case without any costs one test. What the
 * present lead was told with its decision holds all that was said before it: an amendment answers
 * later moves only, and those that came after the decision though they were made before it. */
#include "router/core/moves.h"

#include "base/timestamp.h"

const struct case_line *moves_line(const struct case_set *set, struct span id)
{
    for (size_t i = 0; i < set->count; i++)
        if (span_equal(set->lines[i].id, id))
            return &set->lines[i];
    return NULL;
}

static bool is_open(const struct case_fold *fold, const struct case_kind *kind)
{
    return fold->has_opened && !fold->quiet && !fold->closed && !fold->parent.at &&
           fold->resolution_ms == TIMESTAMP_NONE && (fold->seen & kind->asking);
}

static const char *stage_of(enum moves_answer answer)
{
    return answer == MOVES_RECALL ? "recalled" : answer == MOVES_CO ? "co_assigned" : "amended";
}

/* May the router say it of a case of this kind at all? */
static bool has_stage(const struct case_kind *kind, enum moves_answer answer)
{
    int index = case_kind_stage(kind, span_of(stage_of(answer)));
    return index >= 0 && (kind->stages[index].parties >> kind->party.router & 1);
}

static enum moves_answer answer_to(const struct case_kind *kind, const struct kind_stage *stage,
                                   const struct case_line *line)
{
    if (line->party == kind->party.router || !line->live)
        return MOVES_NONE;
    if (stage->meaning == MEANS_CO_ASSIGNED || stage->meaning == MEANS_WHISTLE_BLOWN)
        return line->attribute[CASE_CO].at ? MOVES_CO : MOVES_NONE;
    if (stage->meaning == MEANS_DISPUTE_DECIDED)
        return span_is(line->attribute[CASE_OUTCOME], "rejected") ? MOVES_AMEND : MOVES_NONE;
    if (stage->new_lead)
        return MOVES_NONE; /* by its recall */
    return MOVES_AMEND;
}

static bool is_answered(const struct case_set *set, const struct case_kind *kind,
                        const struct case_line *move, const char *stage)
{
    int index = case_kind_stage(kind, span_of(stage));
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        if (line->stage == kind->stages[index].number && line->party == kind->party.router &&
            span_equal(line->attribute[CASE_CAUSE], move->id))
            return true;
    }
    return false;
}

struct span_of_lines { /* where what still matters begins */
    size_t round, lead;
};

static struct span_of_lines find_begin(const struct case_set *set, const struct case_fold *fold,
                                       const struct case_kind *kind)
{
    struct span_of_lines begin = {0, 0};
    for (size_t i = 0; i < set->count; i++) {
        if (fold->effect[i] != LINE_COUNTS)
            continue;
        const struct kind_stage *stage =
            &kind->stages[case_kind_stage_number(kind, set->lines[i].stage)];
        if (kind_stage_begins_anew(stage))
            begin.round = begin.lead = i;
        if (stage->meaning == MEANS_DISPATCHED)
            begin.lead = i;
    }
    return begin;
}

/* Does a line that counts mean that, in [from, to)? `lead`: and names that unit; absent = any. */
static bool comes_between(const struct case_set *set, const struct case_fold *fold,
                          const struct case_kind *kind, size_t from, size_t to,
                          enum stage_meaning meaning, struct span lead)
{
    for (size_t i = from; i < to; i++) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        if (fold->effect[i] == LINE_COUNTS && kind->stages[index].meaning == meaning &&
            (!lead.at || span_equal(line->attribute[CASE_LEAD], lead)))
            return true;
    }
    return false;
}

/* What ended with the one who had it, and moved no limit of the one who has it: a refused dispute
 * was his, and by his recall the clock runs again. */
static bool ended_with_lead(const struct case_set *set, const struct case_fold *fold,
                            const struct case_kind *kind, size_t at, size_t lead)
{
    int64_t due_ms;
    const struct case_line *sent = &set->lines[lead];
    const struct kind_stage *stage =
        &kind->stages[case_kind_stage_number(kind, set->lines[at].stage)];
    if (at >= lead)
        return false;
    if (stage->meaning == MEANS_DISPUTE_DECIDED)
        return true;
    if (!stage->clock_stops && !stage->clock_runs)
        return false;
    if (!sent->attribute[CASE_DUE].at || !span_to_int64(sent->attribute[CASE_DUE], &due_ms))
        due_ms = TIMESTAMP_NONE;
    return due_ms == fold->due_ms &&
           comes_between(set, fold, kind, at, lead, MEANS_RECALLED, SPAN_NONE);
}

static struct moves_next another_lead(const struct case_set *set, const struct case_fold *fold,
                                      const struct case_kind *kind)
{
    const struct case_line *move =
        fold->lead_cause_id.at && fold->dispatched ? moves_line(set, fold->lead_cause_id) : NULL;
    if (!move || !move->live || !has_stage(kind, MOVES_RECALL) ||
        is_answered(set, kind, move, "recalled") || is_answered(set, kind, move, "dispatched"))
        return (struct moves_next){MOVES_NONE, NULL, 0};
    return (struct moves_next){MOVES_RECALL, move, (size_t)(move - set->lines)};
}

struct moves_next moves_next(const struct case_set *set, const struct case_fold *fold,
                             const struct case_kind *kind, const struct moves_passed *passed)
{
    struct moves_next none = {MOVES_NONE, NULL, 0};
    if (!is_open(fold, kind))
        return none;
    struct moves_next recall = another_lead(set, fold, kind);
    if (recall.move && !span_equal(recall.move->id, passed->lead))
        return recall;
    struct span_of_lines begin = find_begin(set, fold, kind);
    for (size_t i = begin.round > passed->from ? begin.round : passed->from; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        if (fold->effect[i] != LINE_COUNTS || !(kind->asking >> index & 1))
            continue;
        enum moves_answer answer = answer_to(kind, &kind->stages[index], line);
        bool known = i < begin.lead && !span_equal(line->id, passed->told) &&
                     line->recorded_ms <= set->lines[begin.lead].recorded_ms;
        bool told = answer == MOVES_AMEND &&
                    (known || !fold->dispatched || ended_with_lead(set, fold, kind, i, begin.lead));
        bool led = answer == MOVES_CO && comes_between(set, fold, kind, i + 1, set->count,
                                                       MEANS_DISPATCHED, line->attribute[CASE_CO]);
        if (led) /* who leads helps no more, though he was called when another led */
            continue;
        if (answer == MOVES_NONE || told || !has_stage(kind, answer))
            continue;
        if (span_equal(line->id, passed->again) || !is_answered(set, kind, line, stage_of(answer)))
            return (struct moves_next){answer, line, i};
    }
    return none;
}
