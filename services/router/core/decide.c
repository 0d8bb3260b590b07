/* SPDX-License-Identifier: Apache-2.0 */
/* Order of asking: an order that names its lead is adopted; one too old goes to the desk; then the
 * rules, first match. A rule whose owner cannot be found (a type without unit, a 街乡 without one)
 * falls through to the desk: nothing is ever without a lead. The order's own deadline wins over the
 * class table (北京市接诉即办工作条例: the order's time). */
#include "router/core/decide.h"

#include <stdio.h>

#define DISTRICT_OFFSET_MINUTES                                                                    \
    480 /* civil days of Beijing: a registry row is valid by civil day */

static const struct span desk = {"desk", 4};

struct facts {
    const struct order *order;
    const struct district *district;
    struct span street;
    struct district_type type;
    int64_t day;
};

static struct span owner_of(const struct rule_target *target, const struct facts *facts)
{
    switch (target->owner) {
    case RULE_OWNER_NONE: return SPAN_NONE;
    case RULE_OWNER_UNIT: return span_of(target->unit);
    case RULE_OWNER_STREET: return district_street_unit(facts->district, facts->street, facts->day);
    case RULE_OWNER_TYPE: return facts->type.unit;
    }
    return SPAN_NONE;
}

static struct span word_for(struct span name, const struct decision *decision,
                            const struct facts *facts)
{
    if (span_is(name, "lead"))
        return district_unit_name(facts->district, decision->lead, facts->day);
    if (span_is(name, "street"))
        return district_place_name(facts->district, facts->street, facts->day);
    if (span_is(name, "community"))
        return district_place_name(facts->district, facts->order->community_code, facts->day);
    if (span_is(name, "type"))
        return facts->type.name;
    return span_is(name, "class") ? decision->limit_class : SPAN_NONE;
}

/* "{lead}" and friends filled in; what is not known leaves nothing behind. */
static bool say(struct span pattern, struct decision *decision, const struct facts *facts,
                struct arena *arena)
{
    char text[1024];
    size_t used = 0;
    while (pattern.len) {
        ptrdiff_t open = span_find(pattern, '{'), close = span_find(pattern, '}');
        bool hole = open == 0 && close > 0;
        struct span piece =
            hole ? word_for(span_from(pattern.at + 1, (size_t)close - 1), decision, facts)
                 : span_from(pattern.at, open > 0    ? (size_t)open
                                         : open == 0 ? 1
                                                     : pattern.len);
        size_t taken = hole ? (size_t)close + 1 : piece.len;
        if (used + piece.len > sizeof text)
            break;
        if (piece.len)
            memcpy(text + used, piece.at, piece.len);
        used += piece.len;
        pattern = span_from(pattern.at + taken, pattern.len - taken);
    }
    decision->reason = arena_copy(arena, span_from(text, used));
    return decision->reason.at != NULL;
}

static void set_due(struct decision *decision, const struct order *order, const struct rules *rules)
{
    const struct rule_class *limit =
        decision->limit_class.at ? rules_class(rules, decision->limit_class) : NULL;
    decision->due_ms = TIMESTAMP_NONE;
    decision->due_source = "none";
    if (order->due_ms != TIMESTAMP_NONE) {
        decision->due_ms = order->due_ms;
        decision->due_source = "order";
    } else if (limit && limit->span_ms > 0) {
        decision->due_ms = order->opened_ms + limit->span_ms;
        decision->due_source = "class";
    }
}

static struct span ask_rules(struct decision *decision, const struct rules *rules,
                             const struct facts *facts)
{
    const struct order *order = facts->order;
    struct rule_question question = {
        .type_level = facts->type.level,
        .type_code = order->type_code,
        .place_known = facts->street.at != NULL,
        .flags = order->flags,
        .at_ms = order->opened_ms,
    };
    const struct rule_entry *entry = rules_match(rules, &question);
    decision->limit_class = facts->type.limit_class;
    if (!entry)
        return SPAN("无规则适用,转区指挥中心派单");
    struct span lead = owner_of(&entry->lead, facts);
    decision->lead = lead.at ? lead : desk;
    decision->guide = owner_of(&entry->guide, facts);
    for (size_t i = 0; i < entry->copy_count; i++) {
        struct span copy = owner_of(&entry->copies[i], facts);
        if (copy.at && !span_equal(copy, decision->lead))
            decision->copies[decision->copy_count++] = copy;
    }
    decision->rule = span_of(entry->id);
    if (entry->class_name)
        decision->limit_class = span_of(entry->class_name);
    return lead.at ? span_of(entry->say) : SPAN("无法确定承办单位,转{lead}派单");
}

bool decide(struct decision *decision, const struct order *order, const struct rules *rules,
            const struct district *district, int64_t now_ms, int64_t max_age_ms,
            struct arena *arena)
{
    struct facts facts = {.order = order, .district = district};
    struct span pattern;
    facts.day = timestamp_day(order->opened_ms, DISTRICT_OFFSET_MINUTES);
    facts.type = district_type(district, order->type_code, facts.day);
    facts.street = district_street(district, order->community_code, order->street_code, facts.day);
    *decision = (struct decision){.lead = desk, .rule = SPAN("none"), .street = facts.street};
    bool too_old = now_ms != TIMESTAMP_NONE && now_ms - order->opened_ms > max_age_ms;
    if (too_old) {
        decision->rule = SPAN("too_old");
        pattern = SPAN("受理时间过早,转{lead}人工处理");
    } else if (order->lead.len) {
        decision->adopted = true;
        decision->rule = SPAN("adopted");
        decision->lead = order->lead;
        pattern = SPAN("上级已指定{lead}承办,按单承接");
    } else {
        pattern = ask_rules(decision, rules, &facts);
    }
    if (order->limit_class.len)
        decision->limit_class = order->limit_class;
    set_due(decision, order, rules);
    return say(pattern, decision, &facts, arena);
}
