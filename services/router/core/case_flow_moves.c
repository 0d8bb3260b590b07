/* SPDX-License-Identifier: Apache-2.0 */
/* What the router does about a move (moves.h), and about a correction: content of an order that
 * changed is told to its lead as `amended`; where the rules would now answer otherwise the desk is
 * asked. Neither ever moves the lead (contracts §2).
 *
 * An answer that is there already is said again only because its cause was corrected: the same id,
 * a later revision. */
#include <stdio.h>
#include <string.h>

#include "model/ids.h"
#include "router/core/case_decide.h"
#include "router/core/case_flow_internal.h"
#include "router/core/emit_move.h"
#include "router/core/moves.h"

#define ZONE_MINUTES 480 /* registries are dated by the districts' civil day */
#define DESK         SPAN("desk")
#define WOULD_HAVE   SPAN("would_have")
#define MOST_LEFT_MS (INT64_C(3650) * 86400000)

struct answer { /* one event of ours and its orders */
    struct emit_move say;
    const struct case_line *cause;
    struct span street; /* the 街乡, where another than the case's; absent = the case's */
    struct emit_order orders[2];
    size_t order_count;
};

static int64_t day_of(const struct case_line *line)
{
    return timestamp_day(line->time_ms, ZONE_MINUTES);
}

static bool has_unit(const struct case_flow *flow, struct span unit, int64_t day)
{
    return registry_find(flow->rules->bundle->district.units, unit, day) != NULL;
}

/* Of a unit, or of the one that leads. */
static struct span name_of(const struct case_flow *flow, struct span unit,
                           const struct case_line *line)
{
    return district_unit_name(&flow->rules->bundle->district, unit, day_of(line));
}

static struct span sentence(struct case_flow *flow, struct span before, struct span name,
                            struct span after)
{
    strbuf_reset(&flow->text);
    strbuf_add(&flow->text, before);
    strbuf_add(&flow->text, name);
    strbuf_add(&flow->text, after);
    return arena_copy(&flow->arena, strbuf_span(&flow->text));
}

/* One said before lies in front of its correction. */
static int64_t not_before(const struct working *work, const struct answer *answer, int64_t time_ms)
{
    char id[DIGEST_ID_LEN + 1];
    ids_decision(id, answer->cause->id, answer->say.question);
    const struct case_line *said = moves_line(&work->set, span_of(id));
    return said && said->time_ms >= time_ms ? said->time_ms + 1 : time_ms;
}

/* Merged, then sent; the set has moved afterwards. */
static enum reject say(struct case_flow *flow, struct working *work, const struct answer *answer,
                       struct outputs *outputs)
{
    struct event event;
    struct emit_case about = case_flow_about(flow, work, answer->cause);
    about.time_ms = not_before(work, answer, about.time_ms);
    if (strcmp(answer->say.stage, "recalled") == 0)
        about.time_ms = case_decide_turn(&work->set, work->kind, about.time_ms);
    if (answer->street.at)
        about.street_code = answer->street;
    if (!emit_move(&flow->emit, &about, &answer->say, &flow->arena, &event))
        return REJECT_TOO_LARGE;
    enum reject reject = case_flow_merge_own(flow, work, &event);
    if (reject != REJECT_NONE)
        return reject;
    emit_send_event(&flow->emit, &event, outputs);
    for (size_t i = 0; i < answer->order_count; i++)
        emit_order(&flow->emit, &about, &event, &answer->orders[i], outputs);
    flow->counts.answered++;
    return REJECT_NONE;
}

/* ---- another lead ---- */

static struct span why_recalled(struct case_flow *flow, const struct working *work,
                                const struct kind_stage *stage, const struct case_line *move)
{
    struct span name = name_of(flow, work->fold.lead, move);
    switch (stage->meaning) {
    case MEANS_DISPUTE_DECIDED:
        return sentence(flow, SPAN("派单异议成立,"), name, SPAN("不再承办"));
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
    case MEANS_LINKED: break;
    }
    return sentence(flow, SPAN("区指挥中心改派,"), name, SPAN("不再承办"));
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
    struct answer answer = {
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
    return say(flow, work, &answer, outputs);
}

/* ---- helpers ---- */

static enum reject say_co(struct case_flow *flow, struct working *work, const struct answer *named,
                          struct span unit, struct outputs *outputs)
{
    char question[sizeof "co:" + 128];
    struct answer answer = *named;
    int n = snprintf(question, sizeof question, "co:%.*s", (int)(unit.len < 128 ? unit.len : 128),
                     unit.at);
    answer.say.stage = "co_assigned";
    answer.say.question = span_from(question, (size_t)n);
    answer.say.lead = work->fold.lead;
    answer.say.co_unit = unit;
    answer.orders[0] = (struct emit_order){"co_assigned", unit, NULL};
    answer.order_count = 1;
    return say(flow, work, &answer, outputs);
}

static enum reject name_co(struct case_flow *flow, struct working *work,
                           const struct moves_next *next, struct outputs *outputs)
{
    const struct case_line *move = next->move;
    const struct kind_stage *stage =
        &work->kind->stages[case_kind_stage_number(work->kind, move->stage)];
    bool whistle = stage->meaning == MEANS_WHISTLE_BLOWN;
    struct span unit = move->attribute[CASE_CO];
    struct span name = name_of(flow, unit, move);
    struct answer answer = {
        .say = {.due_ms = work->fold.due_ms,
                .due_source = "lead",
                .rule = span_of(stage->name),
                .reason = whistle ? sentence(flow, SPAN("承办单位吹哨,请"), name, SPAN("报到"))
                                  : sentence(flow, SPAN("区指挥中心指派,请"), name, SPAN("协办"))},
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
        struct answer answer = {.say = {.due_ms = decision->due_ms,
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

static struct answer amendment(const struct working *work, const struct case_line *cause)
{
    const struct case_fold *fold = &work->fold;
    return (struct answer){
        .say = {.stage = "amended",
                .question = SPAN("amended"),
                .lead = fold->lead,
                .limit_class = fold->limit_class,
                .level = fold->level,
                .due_ms = fold->due_ms},
        .cause = cause,
        .orders = {{"amended", fold->lead, fold->held ? "held" : NULL}},
        .order_count = fold->lead.len > 0,
    };
}

/* The fold moved the deadline by as long as the pause was; of a class that counts working time the
 * open hours that were left when it began are left when it ends. */
static int64_t due_after_pause(const struct case_flow *flow, const struct case_fold *fold)
{
    const struct rules *rules = flow->rules->bundle->rules;
    const struct rule_class *limit =
        fold->limit_class.at ? rules_class(rules, fold->limit_class) : NULL;
    if (!limit || limit->limit.clock != LIMIT_WORKING || !rules->working.open_count ||
        !fold->pause_count || fold->due_ms == TIMESTAMP_NONE)
        return fold->due_ms;
    const struct case_pause *pause = &fold->pauses[fold->pause_count - 1];
    int64_t was_ms = fold->due_ms - (pause->to_ms - pause->from_ms);
    if (was_ms <= pause->from_ms)
        return fold->due_ms; /* over before the clock stopped: it did not move */
    if (was_ms - pause->from_ms > MOST_LEFT_MS)
        return fold->due_ms; /* as good as none: no calendar reaches so far */
    struct limit left = {.clock = LIMIT_WORKING,
                         .ms = limits_open_between(&rules->working, pause->from_ms, was_ms)};
    return limits_is_set(&left) ? limits_end(&left, &rules->working, pause->to_ms) : fold->due_ms;
}

static enum reject amend(struct case_flow *flow, struct working *work,
                         const struct moves_next *next, struct outputs *outputs)
{
    const struct kind_stage *stage =
        &work->kind->stages[case_kind_stage_number(work->kind, next->move->stage)];
    struct answer answer = amendment(work, next->move);
    answer.say.rule = span_of(stage->name);
    answer.say.reason = why_amended(stage);
    if (stage->clock_runs)
        answer.say.due_ms = due_after_pause(flow, &work->fold);
    if (stage->meaning == MEANS_DISPUTE_DECIDED && work->fold.designated)
        answer.say.reason = SPAN("派单异议已达次数上限且不成立,指定由原承办单位办理");
    return say(flow, work, &answer, outputs);
}

/* ---- corrections ---- */

/* What the lead was told last. */
static const struct case_line *find_told(const struct working *work)
{
    const struct case_line *told = NULL;
    for (size_t i = 0; i < work->set.count; i++) {
        const struct case_line *line = &work->set.lines[i];
        int index = case_kind_stage_number(work->kind, line->stage);
        if (work->fold.effect[i] != LINE_COUNTS || line->party != work->kind->party.router)
            continue;
        enum stage_meaning meaning = work->kind->stages[index].meaning;
        if (meaning == MEANS_DISPATCHED || meaning == MEANS_AMENDED)
            told = line;
    }
    return told;
}

static bool differs(struct span is, struct span told)
{
    return is.at && !span_equal(is, told);
}

struct content { /* of an order, as far as it decides who leads */
    struct span type, street, community, lead;
    struct span field[CODES_MOST_FIELDS];
};

static struct span field_of(const struct case_flow *flow, const struct content *content,
                            const char *name)
{
    int number = codes_number(flow->rules->codes, CODE_FIELD, span_of(name));
    return number ? content->field[number - 1] : SPAN_NONE;
}

/* Who would lead. False when the arena is full. */
static bool ask_rules(struct case_flow *flow, const struct working *work,
                      const struct content *content, struct decision *decision)
{
    const struct rule_bundle *bundle = flow->rules->bundle;
    const struct case_line *opened = case_flow_line(work, work->fold.opened_id);
    struct case_decide_asked asked = case_flow_asked(flow, work);
    struct order order = case_decide_order(&asked, opened);
    order.type_code = content->type;
    order.street_code = content->street;
    order.community_code = content->community;
    order.lead = content->lead;
    order.estate_code = field_of(flow, content, "estate_code");
    order.flags = field_of(flow, content, "flags");
    order.limit_class = opened->attribute[CASE_CLASS];
    order.designated = false;
    return decide(decision, &order, bundle->rules, &bundle->district, TIMESTAMP_NONE,
                  flow->rules->max_age_ms, &flow->arena);
}

static enum reject ask_desk(struct case_flow *flow, struct working *work,
                            const struct case_line *cause, const struct decision *would,
                            struct outputs *outputs)
{
    struct answer answer = {
        .say = {.stage = "escalated",
                .question = SPAN("desk:would_have"),
                .lead = work->fold.lead,
                .due_ms = TIMESTAMP_NONE,
                .rule = WOULD_HAVE,
                .desk_cause = WOULD_HAVE,
                .would_have = {would->lead, would->rule},
                .reason = sentence(flow, SPAN("工单内容更正后,按规则应由"),
                                   name_of(flow, would->lead, cause), SPAN("承办"))},
        .cause = cause,
        .orders = {{"escalated", DESK, NULL}},
        .order_count = 1,
    };
    bool may = case_kind_stage(work->kind, SPAN("escalated")) >= 0;
    return may ? say(flow, work, &answer, outputs) : REJECT_NONE;
}

static bool corrects_opening(const struct working *work, const struct case_flow_told *told)
{
    return told->known && span_equal(told->line.id, work->fold.opened_id);
}

/* The deadline that the order itself carries, corrected. */
static bool moves_due(const struct working *work, const struct case_flow_told *told,
                      int64_t *due_ms)
{
    return corrects_opening(work, told) && work->fold.rounds == 1 &&
           differs(told->line.attribute[CASE_DUE], told->before.attribute[CASE_DUE]) &&
           span_to_int64(told->line.attribute[CASE_DUE], due_ms);
}

static bool may_correct(const struct working *work, const struct case_flow_told *told)
{
    const struct case_fold *fold = &work->fold;
    const struct span *attribute = told->line.attribute;
    bool tells = attribute[CASE_TYPE].at || attribute[CASE_STREET].at ||
                 attribute[CASE_COMMUNITY].at || attribute[CASE_DUE].at || attribute[CASE_LEAD].at;
    return tells && told->live && !told->stale && fold->dispatched && !fold->quiet &&
           !fold->closed && fold->resolution_ms == TIMESTAMP_NONE &&
           told->line.party != work->kind->party.router &&
           case_kind_stage(work->kind, SPAN("amended")) >= 0;
}

/* What this line does not tell it does not correct: the street told last may be ours, made of a
 * corrected community. */
static void pass_over_unsaid(const struct span *said, const struct content *now,
                             struct content *before)
{
    if (!said[CASE_TYPE].at)
        before->type = now->type;
    if (said[CASE_STREET].at || said[CASE_COMMUNITY].at)
        return;
    before->street = now->street;
    before->community = now->community;
}

/* Content as it is and as its lead was told of it. False where nothing was told, or the line has no
 * effect. */
static bool compare_content(const struct working *work, const struct case_flow_told *told,
                            struct content *now, struct content *before)
{
    const struct case_fold *fold = &work->fold;
    const struct case_line *last = find_told(work);
    const struct case_line *line = case_flow_line(work, told->line.id);
    const struct case_line *opened = case_flow_line(work, fold->opened_id);
    if (!last || !opened || work->fold.effect[line - work->set.lines] != LINE_COUNTS)
        return false;
    *before = (struct content){last->attribute[CASE_TYPE],
                               last->attribute[CASE_STREET],
                               last->attribute[CASE_COMMUNITY],
                               opened->attribute[CASE_LEAD],
                               {{0}}};
    *now = (struct content){fold->type_code,
                            fold->street_code,
                            fold->community_code,
                            opened->attribute[CASE_LEAD],
                            {{0}}};
    for (int i = 0; i < CODES_MOST_FIELDS; i++) {
        now->field[i] = before->field[i] = fold->field[i];
        if (corrects_opening(work, told))
            before->field[i] = told->before.attribute[CASE_FIELD + i];
    }
    if (differs(now->community, before->community) && !told->line.attribute[CASE_STREET].at)
        now->street = SPAN_NONE; /* the old one was ours, made of the old community */
    if (corrects_opening(work, told))
        before->lead = told->before.attribute[CASE_LEAD];
    pass_over_unsaid(told->line.attribute, now, before);
    return true;
}

static bool fields_differ(const struct content *now, const struct content *before)
{
    bool differ = false;
    for (int i = 0; i < CODES_MOST_FIELDS && !differ; i++)
        differ = differs(now->field[i], before->field[i]);
    return differ;
}

static enum reject correct(struct case_flow *flow, struct working *work,
                           const struct case_flow_told *told, struct outputs *outputs)
{
    struct content now, before;
    struct decision would, did;
    enum reject reject = REJECT_NONE;
    if (!may_correct(work, told) || !compare_content(work, told, &now, &before))
        return REJECT_NONE;
    struct answer answer = amendment(work, case_flow_line(work, told->line.id));
    bool amends = moves_due(work, told, &answer.say.due_ms) || differs(now.type, before.type) ||
                  differs(now.street, before.street) || differs(now.community, before.community);
    if (!amends && !differs(now.lead, before.lead) && !fields_differ(&now, &before))
        return REJECT_NONE;
    if (!ask_rules(flow, work, &now, &would) || !ask_rules(flow, work, &before, &did))
        return REJECT_TOO_LARGE;
    struct span lead = work->fold.lead;
    answer.say.rule = SPAN("corrected");
    answer.say.reason = SPAN("工单内容已更正,请按更正后的内容办理");
    answer.street = now.street.at ? now.street : would.street;
    if (amends)
        reject = say(flow, work, &answer, outputs);
    bool other = !span_equal(would.lead, lead) && !span_equal(would.lead, did.lead);
    if (reject != REJECT_NONE || !other)
        return reject;
    reject = ask_desk(flow, work, case_flow_line(work, told->line.id), &would, outputs);
    return amends ? REJECT_NONE : reject; /* what was said is said */
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
    return unit.at && !has_unit(flow, unit, day_of(line)) ? unit : SPAN_NONE;
}

/* Answers that no move of this record asks for may wait: a case without room for them takes the
 * record all the same. */
enum reject case_flow_answer_moves(struct case_flow *flow, struct working *work,
                                   const struct case_flow_told *told, struct outputs *outputs)
{
    bool corrected = told->known && told->live && !told->stale;
    struct span again = corrected ? told->line.id : SPAN_NONE;
    size_t from = 0;
    for (;;) {
        struct moves_next next = moves_next(&work->set, &work->fold, work->kind, again, from);
        if (next.answer == MOVES_NONE)
            break;
        bool own = span_equal(next.move->id, told->line.id);
        if (case_flow_unknown_unit(flow, work, next.move).at) {
            from = next.at + 1;
            continue;
        }
        enum reject reject = answer_move(flow, work, &next, outputs);
        if (reject != REJECT_NONE)
            return own ? reject : REJECT_NONE;
        again = own ? SPAN_NONE : again;
    }
    return correct(flow, work, told, outputs);
}
