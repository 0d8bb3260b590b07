/* SPDX-License-Identifier: Apache-2.0 */
/* Content of an order that changed is told to its lead as `amended`; where the rules would now
 * answer otherwise the desk is asked. A correction never moves the lead (contracts §2). Of a replay
 * the lead hears nothing: that is for the desk to say (docs/decisions/0084). */
#include "router/core/case_answer.h"
#include "router/core/case_decide.h"

#define DESK       SPAN("desk")
#define WOULD_HAVE SPAN("would_have")

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
    struct case_answer answer = {
        .say = {.stage = "escalated",
                .question = SPAN("desk:would_have"),
                .lead = work->fold.lead,
                .due_ms = TIMESTAMP_NONE,
                .rule = WOULD_HAVE,
                .desk_cause = WOULD_HAVE,
                .would_have = {would->lead, would->rule},
                .reason = case_answer_sentence(flow, SPAN("工单内容更正后,按规则应由"),
                                               case_answer_unit_name(flow, would->lead, cause),
                                               SPAN("承办"))},
        .cause = cause,
        .orders = {{"escalated", DESK, NULL}},
        .order_count = 1,
        .asks = DESK_WOULD_HAVE,
    };
    bool may = work->kind->escalated >= 0;
    return may ? case_answer_say(flow, work, &answer, outputs) : REJECT_NONE;
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
    return tells && !told->stale && fold->dispatched && !fold->quiet && !fold->closed &&
           fold->resolution_ms == TIMESTAMP_NONE && told->line.party != work->kind->party.router &&
           work->kind->amended >= 0;
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

/* What is said because of a correction is not before that came. */
static struct case_line corrected_line(const struct working *work,
                                       const struct case_flow_told *told)
{
    struct case_line line = *case_flow_line(work, told->line.id);
    if (line.recorded_ms < told->line.recorded_ms)
        line.recorded_ms = told->line.recorded_ms;
    return line;
}

enum reject case_flow_correct(struct case_flow *flow, struct working *work,
                              const struct case_flow_told *told, struct outputs *outputs)
{
    struct content now, before;
    struct decision would, did;
    enum reject reject = REJECT_NONE;
    if (!may_correct(work, told) || !compare_content(work, told, &now, &before))
        return REJECT_NONE;
    int64_t due_ms = TIMESTAMP_NONE;
    bool due = moves_due(work, told, &due_ms);
    bool changes = due || differs(now.type, before.type) || differs(now.street, before.street) ||
                   differs(now.community, before.community);
    bool amends = changes && told->live;
    if (!changes && !differs(now.lead, before.lead) && !fields_differ(&now, &before))
        return REJECT_NONE;
    struct case_line said = corrected_line(work, told);
    struct case_answer answer = case_answer_amendment(work, &said);
    answer.say.due_ms = due ? due_ms : answer.say.due_ms;
    if (!ask_rules(flow, work, &now, &would) || !ask_rules(flow, work, &before, &did))
        return REJECT_TOO_LARGE;
    struct span lead = work->fold.lead;
    answer.say.rule = SPAN(CASE_RULE_CORRECTED);
    answer.say.reason = SPAN("工单内容已更正,请按更正后的内容办理");
    answer.street = now.street.at ? now.street : would.street;
    if (amends)
        reject = case_answer_say(flow, work, &answer, outputs);
    bool other = !span_equal(would.lead, lead) && !span_equal(would.lead, did.lead);
    if (reject != REJECT_NONE || !other)
        return reject;
    said = corrected_line(work, told); /* the set has moved */
    reject = ask_desk(flow, work, &said, &would, outputs);
    return amends ? REJECT_NONE : reject; /* what was said is said */
}
