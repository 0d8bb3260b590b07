/* SPDX-License-Identifier: Apache-2.0 */
/* What the router does about a move (moves.h). Nothing here moves the lead but the desk's own word
 * (contracts §2). */
#include <stdio.h>

#include "router/core/case_answer.h"
#include "router/core/moves.h"

#define MOST_LEFT_MS (INT64_C(3650) * 86400000)

static bool has_unit(const struct case_flow *flow, struct span unit, int64_t day)
{
    return registry_find(flow->rules->bundle->district.units, unit, day) != NULL;
}

/* ---- another lead ---- */

static struct span why_recalled(struct case_flow *flow, const struct working *work,
                                const struct kind_stage *stage, const struct case_line *move)
{
    struct span name = case_answer_unit_name(flow, work->fold.lead, move);
    switch (stage->meaning) {
    case MEANS_DISPUTE_DECIDED:
        return case_answer_sentence(flow, SPAN("派单异议成立,"), name, SPAN("不再承办"));
    case MEANS_CLASSIFIED: return SPAN("已重新分类,按规则重新派单");
    case MEANS_NOTHING:
    case MEANS_OPENED:
    case MEANS_DISPATCHED:
    case MEANS_RECALLED:
    case MEANS_AMENDED:
    case MEANS_FORWARDED:
    case MEANS_CO_ASSIGNED:
    case MEANS_WHISTLE_BLOWN:
    case MEANS_WHISTLE_REPORTED:
    case MEANS_DISPUTED:
    case MEANS_EXTENDED:
    case MEANS_ESCALATED:
    case MEANS_SUPERVISED:
    case MEANS_EXCLUSION_DECIDED:
    case MEANS_NUDGED:
    case MEANS_OVERDUE:
    case MEANS_MERGED:
    case MEANS_UNMERGED:
    case MEANS_CHILD_ADDED:
    case MEANS_CHILD_REMOVED:
    case MEANS_LINKED:
    case MEANS_REVIEWED: break;
    }
    return case_answer_sentence(flow, SPAN("区指挥中心改派,"), name, SPAN("不再承办"));
}

void case_flow_note_recalled(struct working *work, struct span lead)
{
    if (work->recalled_count < CASE_FLOW_MOST_LEADS)
        work->recalled[work->recalled_count++] = lead;
}

/* The decision that follows needs its place in the case as well. A unit that nobody has, or that
 * may not lead, leads nothing: the move stays without effect and is answered on receipts. */
static enum reject recall(struct case_flow *flow, struct working *work,
                          const struct moves_next *next, struct outputs *outputs)
{
    struct span lead = work->fold.lead;
    const struct kind_stage *stage =
        &work->kind->stages[case_kind_stage_number(work->kind, next->move->stage)];
    if (!case_set_has_room(&work->set, 2))
        return REJECT_CASE_TOO_LONG;
    struct case_answer answer = {
        .say = {.stage = "recalled",
                .question = SPAN("recall"),
                .lead = lead,
                .due_ms = TIMESTAMP_NONE,
                .rule = span_of(stage->name),
                .reason = why_recalled(flow, work, stage, next->move)},
        .cause = next->move,
        .orders = {{"recalled", lead, "recalled"}},
        .order_count = lead.len > 0,
    };
    case_flow_note_recalled(work, lead);
    return case_answer_say(flow, work, &answer, outputs);
}

/* ---- helpers ---- */

static enum reject say_co(struct case_flow *flow, struct working *work,
                          const struct case_answer *named, struct span unit,
                          struct outputs *outputs)
{
    char question[sizeof "co:" + 128];
    struct case_answer answer = *named;
    int n = snprintf(question, sizeof question, "co:%.*s", (int)(unit.len < 128 ? unit.len : 128),
                     unit.at);
    answer.say.stage = "co_assigned";
    answer.say.question = span_from(question, (size_t)n);
    answer.say.lead = work->fold.lead;
    answer.say.co_unit = unit;
    answer.orders[0] = (struct emit_order){"co_assigned", unit, NULL};
    answer.order_count = 1;
    enum reject reject = case_answer_say(flow, work, &answer, outputs);
    if (reject == REJECT_NONE && work->called_count < CASE_FOLD_MOST_CO)
        work->called[work->called_count++] = unit;
    return reject;
}

static enum reject name_co(struct case_flow *flow, struct working *work,
                           const struct moves_next *next, struct outputs *outputs)
{
    const struct case_line *move = next->move;
    const struct kind_stage *stage =
        &work->kind->stages[case_kind_stage_number(work->kind, move->stage)];
    bool whistle = stage->meaning == MEANS_WHISTLE_BLOWN;
    struct span unit = move->attribute[CASE_CO];
    struct span name = case_answer_unit_name(flow, unit, move);
    struct case_answer answer = {
        .say = {.due_ms = work->fold.due_ms,
                .due_source = "lead",
                .rule = span_of(stage->name),
                .reason = whistle ? case_answer_sentence(flow, SPAN("承办单位吹哨,请"), name,
                                                         SPAN("报到"))
                                  : case_answer_sentence(flow, SPAN("区指挥中心指派,请"), name,
                                                         SPAN("协办"))},
        .cause = move};
    if (span_to_int64(move->attribute[CASE_DUE], &answer.say.due_ms)) {
        answer.say.due_source = "move";
    } else if (stage->within_ms) {
        answer.say.due_ms = move->time_ms + stage->within_ms;
        answer.say.due_source = "kind";
    }
    return say_co(flow, work, &answer, unit, outputs);
}

enum reject case_flow_name_helpers(struct case_flow *flow, struct working *work,
                                   const struct decision *decision, struct outputs *outputs)
{
    enum reject reject = REJECT_NONE;
    for (size_t i = 0; i < decision->co_count && reject == REJECT_NONE; i++) {
        struct case_answer answer = {.say = {.due_ms = decision->due_ms,
                                             .due_source = "lead",
                                             .rule = decision->rule,
                                             .reason = decision->reason},
                                     .cause = case_flow_line(work, work->fold.cause_id)};
        reject = say_co(flow, work, &answer, decision->co_units[i], outputs);
    }
    return reject;
}

/* ---- the present duty ---- */

static struct span why_amended(const struct kind_stage *stage)
{
    if (stage->clock_stops)
        return SPAN("已批准挂账,办理时限暂停计算");
    if (stage->clock_runs)
        return SPAN("挂账解除,办理时限恢复计算");
    if (stage->meaning == MEANS_EXTENDED)
        return SPAN("已同意延期,办理时限相应变更");
    if (stage->meaning == MEANS_DISPUTE_DECIDED)
        return SPAN("派单异议不成立,由原承办单位继续办理");
    if (stage->meaning == MEANS_ESCALATED)
        return SPAN("已提级办理");
    return SPAN("已列为督办件");
}

/* The fold moved the deadline by as long as the pause was; of a class that counts working time the
 * open hours that were left when it began are left when it ends. False where that is no matter. */
static bool due_after_pause(const struct case_flow *flow, const struct case_fold *fold,
                            int64_t *due_ms)
{
    const struct rules *rules = flow->rules->bundle->rules;
    const struct rule_class *limit =
        fold->limit_class.at ? rules_class(rules, fold->limit_class) : NULL;
    if (!limit || limit->limit.clock != LIMIT_WORKING || !rules->working.open_count ||
        !fold->pause_count || fold->due_ms == TIMESTAMP_NONE)
        return false;
    const struct case_pause *pause = &fold->pauses[fold->pause_count - 1];
    int64_t was_ms = fold->due_ms - (pause->to_ms - pause->from_ms);
    if (was_ms <= pause->from_ms)
        return false; /* over before the clock stopped: it did not move */
    if (was_ms - pause->from_ms > MOST_LEFT_MS)
        return false; /* as good as none: no calendar reaches so far */
    struct limit left = {.clock = LIMIT_WORKING,
                         .ms = limits_open_between(&rules->working, pause->from_ms, was_ms)};
    if (!limits_is_set(&left))
        return false;
    *due_ms = limits_end(&left, &rules->working, pause->to_ms);
    return true;
}

static enum reject amend(struct case_flow *flow, struct working *work,
                         const struct moves_next *next, struct outputs *outputs)
{
    const struct kind_stage *stage =
        &work->kind->stages[case_kind_stage_number(work->kind, next->move->stage)];
    struct case_answer answer = case_answer_amendment(work, next->move);
    answer.say.rule = span_of(stage->name);
    answer.say.reason = why_amended(stage);
    if (stage->clock_runs && due_after_pause(flow, &work->fold, &answer.say.due_ms))
        answer.say.rule = SPAN(CASE_RULE_WORKING_TIME);
    if (stage->meaning == MEANS_DISPUTE_DECIDED && work->fold.designated)
        answer.say.reason = SPAN("派单异议已达次数上限且不成立,指定由原承办单位办理");
    return case_answer_say(flow, work, &answer, outputs);
}

/* ---- the seam ---- */

static enum reject answer_move(struct case_flow *flow, struct working *work,
                               const struct moves_next *next, struct outputs *outputs)
{
    switch (next->answer) {
    case MOVES_RECALL: return recall(flow, work, next, outputs);
    case MOVES_CO: return name_co(flow, work, next, outputs);
    case MOVES_AMEND: return amend(flow, work, next, outputs);
    case MOVES_NONE: break;
    }
    return REJECT_NONE;
}

struct span case_flow_unknown_unit(const struct case_flow *flow, const struct working *work,
                                   const struct case_line *line)
{
    int index = case_kind_stage_number(work->kind, line->stage);
    const struct kind_stage *stage = &work->kind->stages[index];
    bool names_co = stage->meaning == MEANS_CO_ASSIGNED || stage->meaning == MEANS_WHISTLE_BLOWN;
    bool names_lead = stage->new_lead && stage->meaning != MEANS_CLASSIFIED;
    struct span unit = names_co     ? line->attribute[CASE_CO]
                       : names_lead ? line->attribute[CASE_LEAD]
                                    : SPAN_NONE;
    return unit.at && !has_unit(flow, unit, case_flow_day_of(line)) ? unit : SPAN_NONE;
}

/* Answers that no move of this record asks for may wait: a case without room for them takes the
 * record all the same. */
enum reject case_flow_answer_moves(struct case_flow *flow, struct working *work,
                                   const struct case_flow_told *told, struct outputs *outputs)
{
    bool corrected = told->known && told->live && !told->stale;
    struct moves_passed passed = {.again = corrected ? told->line.id : SPAN_NONE};
    for (;;) {
        passed.told = told->known || work->decided ? SPAN_NONE : told->line.id;
        struct moves_next next = moves_next(&work->set, &work->fold, work->kind, &passed);
        if (next.answer == MOVES_NONE)
            break;
        bool own = span_equal(next.move->id, told->line.id);
        bool unknown = case_flow_unknown_unit(flow, work, next.move).at != NULL;
        if (unknown && next.answer == MOVES_RECALL)
            passed.lead = next.move->id;
        else if (unknown)
            passed.from = next.at + 1;
        if (unknown)
            continue;
        enum reject reject = answer_move(flow, work, &next, outputs);
        if (reject != REJECT_NONE)
            return own ? reject : REJECT_NONE;
        passed.again = own ? SPAN_NONE : passed.again;
    }
    return case_flow_correct(flow, work, told, outputs);
}
