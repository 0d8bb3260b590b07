/* SPDX-License-Identifier: Apache-2.0 */
/* Order of asking: one too old goes to the desk; an order that names its lead keeps it (市直派 is
 * adopted, the desk's word is followed), and what we would have said stands beside it; then the
 * rules, first match. A rule whose owner cannot be found (a type without unit, a 街乡 without one)
 * falls through to the desk: nothing is ever without a lead. The order's own deadline wins over the
 * class table (北京市接诉即办工作条例 13: the order's time). */
#include "router/core/decide.h"

#include <string.h>

#include "router/core/reason.h"

static const struct span desk = {"desk", 4};

struct answer {                     /* what the rules say */
    const struct rule_entry *entry; /* NULL = none matches */
    bool found;                     /* its owner, and he may be given it */
    size_t next;                    /* of the entries behind it */
    struct span lead, rule, pattern;
};

struct asking {
    const struct rules *rules;
    struct facts facts;
    struct rule_question question;
};

const char *decide_mode_name(enum decision_mode mode)
{
    switch (mode) {
    case MODE_DIRECT_STREET: return "direct_street";
    case MODE_DIRECT_DEPT: return "direct_dept";
    case MODE_DISTRICT_COORD: return "district_coord";
    case MODE_CITY: return "city";
    }
    return "";
}

static const struct rule_entry *match(const struct asking *asking, size_t from)
{
    return rules_match(asking->rules, from, &asking->question, asking->facts.order->opened_ms);
}

/* 准入: what is not on the list that day is refused to a 街乡, whoever's rule gives it. */
static bool is_refused(const struct asking *asking, struct span lead)
{
    const struct facts *facts = &asking->facts;
    return lead.at && span_is(district_unit_kind(facts->district, lead, facts->day), "street") &&
           !district_admits(facts->district, &facts->type, facts->day);
}

static struct answer ask_rules(const struct asking *asking)
{
    struct answer answer = {.entry = match(asking, 0),
                            .lead = desk,
                            .rule = SPAN("none"),
                            .pattern = SPAN("无规则适用,转{lead}派单")};
    if (!answer.entry)
        return answer;
    answer.next = (size_t)(answer.entry - asking->rules->entries) + 1;
    answer.rule = span_of(answer.entry->id);
    struct span lead = rule_target_find(&answer.entry->lead, &asking->facts);
    if (!lead.at) {
        answer.pattern = SPAN("无法确定承办单位,转{lead}派单");
    } else if (is_refused(asking, lead)) {
        answer.rule = SPAN("not_admitted");
        answer.pattern = SPAN("{type}当日不在准入清单,不得派给{street},转{lead}派单");
    } else {
        answer.lead = lead;
        answer.found = true;
        answer.pattern = span_of(answer.entry->say);
    }
    return answer;
}

/* ---- what goes with a lead ---- */

static bool is_listed(const struct span *units, size_t count, struct span unit)
{
    for (size_t i = 0; i < count; i++)
        if (span_equal(units[i], unit))
            return true;
    return false;
}

static void add_unit(struct span *units, size_t *count, struct span unit, struct span lead)
{
    if (unit.at && !span_equal(unit, lead) && !is_listed(units, *count, unit) &&
        *count < RULE_MOST_UNITS)
        units[(*count)++] = unit;
}

static void add_copies(struct decision *decision, const struct rule_entry *entry,
                       const struct facts *facts)
{
    for (size_t i = 0; i < entry->copies.count; i++)
        add_unit(decision->copies, &decision->copy_count,
                 rule_target_find(&entry->copies.list[i], facts), decision->lead);
}

static void add_alternative(struct decision *decision, struct span unit, struct span rule)
{
    if (!unit.at || span_equal(unit, desk) || span_equal(unit, decision->lead) ||
        span_equal(unit, decision->would_have.unit))
        return;
    for (size_t i = 0; i < decision->alternative_count; i++)
        if (span_equal(decision->alternatives[i].unit, unit))
            return;
    if (decision->alternative_count < DECISION_MOST_ALTERNATIVES)
        decision->alternatives[decision->alternative_count++] =
            (struct decision_answer){unit, rule};
}

/* What else could have been said: by the entry itself, then by those behind it. */
static void add_alternatives(struct decision *decision, const struct asking *asking,
                             const struct answer *answer)
{
    const struct rule_entry *entry = answer->entry;
    const struct facts *facts = &asking->facts;
    add_alternative(decision, answer->lead, answer->rule);
    if (span_is(answer->rule, "not_admitted"))
        add_alternative(decision, district_department(facts->district, &facts->type, facts->day),
                        answer->rule);
    for (size_t i = 0; entry && i < entry->others.count; i++)
        add_alternative(decision, rule_target_find(&entry->others.list[i], facts),
                        span_of(entry->id));
    for (size_t from = answer->next; entry && (entry = match(asking, from));
         from = (size_t)(entry - asking->rules->entries) + 1) {
        struct span unit = rule_target_find(&entry->lead, facts);
        if (!is_refused(asking, unit))
            add_alternative(decision, unit, span_of(entry->id));
    }
}

static void take_answer(struct decision *decision, const struct asking *asking,
                        const struct answer *answer)
{
    const struct rule_entry *entry = answer->entry;
    const struct facts *facts = &asking->facts;
    decision->lead = answer->lead;
    decision->rule = answer->rule;
    if (!answer->found)
        return; /* who helps and who knows of it hangs on who leads */
    struct span guide = rule_target_find(&entry->guide, facts);
    decision->disposition = entry->disposition;
    decision->guide = span_equal(guide, decision->lead) ? SPAN_NONE : guide;
    for (size_t i = 0; i < entry->co_units.count; i++)
        add_unit(decision->co_units, &decision->co_count,
                 rule_target_find(&entry->co_units.list[i], facts), decision->lead);
    add_copies(decision, entry, facts);
}

/* The order names its lead. 条例 29: possible danger is told at once, whoever handles it. */
static struct span keep_lead(struct decision *decision, const struct asking *asking,
                             const struct answer *answer)
{
    const struct order *order = asking->facts.order;
    bool known = district_has_unit(asking->facts.district, order->lead, asking->facts.day);
    decision->would_have = (struct decision_answer){answer->lead, answer->rule};
    decision->adopted = known && !order->designated;
    if (known)
        decision->lead = order->lead;
    if (answer->found && answer->entry->disposition == DISPOSITION_TRANSFER_EMERGENCY) {
        add_unit(decision->copies, &decision->copy_count, desk, decision->lead);
        add_copies(decision, answer->entry, &asking->facts);
        if (!known)
            decision->disposition = answer->entry->disposition;
    }
    if (!known) {
        decision->rule = SPAN("unknown_unit");
        return SPAN("来单指定的承办单位{named}不在单位目录,社区和服务站不得主责,转{lead}派单");
    }
    decision->rule = order->designated ? SPAN("desk") : SPAN("adopted");
    return order->designated ? SPAN("经指挥中心研判,由{lead}承办")
                             : SPAN("上级已指定{lead}承办,按单承接");
}

/* ---- until when ---- */

static void set_class(struct decision *decision, const struct asking *asking,
                      const struct rule_entry *entry)
{
    const struct facts *facts = &asking->facts;
    decision->limit_source = "none";
    if (facts->order->limit_class.len) {
        decision->limit_class = facts->order->limit_class;
        decision->limit_source = facts->order->class_by_desk ? "desk" : "order";
    } else if (entry && entry->limit) {
        decision->limit_class = span_of(entry->limit->name);
        decision->limit_source = "rule";
    } else if (facts->type.limit_class.at && !span_is(decision->rule, "too_old")) {
        decision->limit_class = facts->type.limit_class;
        decision->limit_source = "type";
    }
}

static void set_due(struct decision *decision, const struct order *order, const struct rules *rules)
{
    const struct rule_class *one =
        decision->limit_class.at ? rules_class(rules, decision->limit_class) : NULL;
    decision->due_ms = TIMESTAMP_NONE;
    decision->due_source = "none";
    if (order->due_ms != TIMESTAMP_NONE) {
        decision->due_ms = order->due_ms;
        decision->due_source = order->due_by_desk ? "desk" : "order";
    } else if (one && limits_is_set(&one->limit)) {
        decision->due_ms = limits_end(&one->limit, &rules->working, order->opened_ms);
        decision->due_source = "class";
    }
}

void decide_set_lead(struct decision *decision, struct span lead, struct span rule,
                     const struct district *district, int64_t day)
{
    struct span kind = district_unit_kind(district, lead, day);
    decision->lead = lead;
    decision->rule = rule;
    decision->mode = span_is(kind, "street") ? MODE_DIRECT_STREET
                     : span_is(kind, "city") ? MODE_CITY
                     : span_is(kind, "desk") ? MODE_DISTRICT_COORD
                                             : MODE_DIRECT_DEPT;
    if (span_equal(decision->guide, lead))
        decision->guide = SPAN_NONE;
}

/* What a person is asked, where no rule says it. */
static struct span desk_cause(const struct decision *decision, const struct asking *asking,
                              const struct rule_entry *entry)
{
    if (span_is(decision->rule, "too_old") || span_is(decision->rule, "unknown_unit"))
        return decision->rule;
    if (entry && entry->desk_cause && span_is(decision->rule, entry->id))
        return span_of(entry->desk_cause);
    if (decision->disposition == DISPOSITION_TRANSFER_EMERGENCY)
        return SPAN("emergency");
    return asking->facts.type.code_count ? SPAN("fallback") : SPAN("unclassified");
}

bool decide(struct decision *decision, const struct order *order, const struct rules *rules,
            const struct district *district, int64_t now_ms, int64_t max_age_ms,
            struct arena *arena)
{
    struct asking asking = {.rules = rules};
    struct span pattern;
    facts_read(&asking.facts, order, district);
    rule_question_read(&asking.question, &asking.facts);
    struct answer answer = ask_rules(&asking);
    const struct rule_entry *entry = NULL; /* that decides */
    bool too_old = now_ms != TIMESTAMP_NONE && now_ms - order->opened_ms > max_age_ms;
    *decision = (struct decision){
        .lead = desk, .street = asking.facts.place.street, .internal_due_ms = TIMESTAMP_NONE};
    if (too_old) {
        decision->rule = SPAN("too_old");
        pattern = SPAN("受理时间过早,转{lead}人工处理");
    } else if (order->lead.len) {
        pattern = keep_lead(decision, &asking, &answer);
        if (decision->disposition != DISPOSITION_DISPATCH)
            entry = answer.entry; /* the desk has it, and its time is that of the danger */
    } else {
        take_answer(decision, &asking, &answer);
        entry = answer.entry;
        pattern = answer.pattern;
    }
    add_alternatives(decision, &asking, &answer);
    decide_set_lead(decision, decision->lead, decision->rule, district, asking.facts.day);
    if (span_equal(decision->lead, desk))
        decision->desk_cause = desk_cause(decision, &asking, entry);
    set_class(decision, &asking, entry);
    set_due(decision, order, rules);
    return reason_write(&decision->reason, pattern, decision, &asking.facts, arena);
}
