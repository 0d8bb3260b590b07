/* SPDX-License-Identifier: Apache-2.0 */
#include "router/core/case_decide.h"

#include <stdio.h>

#include "model/ids.h"
#include "router/core/timers.h"

#define MOST_REASON 2048 /* a rule's, and a trigger's before it */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b; /* TIMESTAMP_NONE is the least of all */
}

/* A kind that waits for somebody's word says so by what `dispatched` comes after. */
static bool may_be_dispatched(const struct case_fold *fold, const struct case_kind *kind)
{
    int dispatched = kind->dispatched;
    uint64_t after = dispatched < 0 ? 0 : kind->stages[dispatched].after;
    return dispatched >= 0 && (!after || after & fold->happened);
}

static const struct case_line *find_line(const struct case_set *set, struct span id)
{
    for (size_t i = 0; i < set->count; i++)
        if (span_equal(set->lines[i].id, id))
            return &set->lines[i];
    return NULL;
}

const struct case_line *case_decide_cause(const struct case_set *set, const struct case_fold *fold)
{
    return find_line(set, fold->cause_id.at ? fold->cause_id : fold->opened_id);
}

static bool may_wait(const struct case_fold *fold, const struct case_kind *kind)
{
    return fold->has_opened && !fold->quiet && !fold->dispatched && !fold->closed &&
           !fold->parent.at && fold->resolution_ms == TIMESTAMP_NONE &&
           may_be_dispatched(fold, kind);
}

/* History changes a live case's state and asks for nothing; but what was opened is dispatched as
 * soon as its case is live (docs/decisions/0060). */
static bool may_ask(const struct case_fold *fold, const struct case_line *cause)
{
    return cause->live || span_equal(cause->id, fold->opened_id);
}

bool case_decide_is_due(const struct case_set *set, const struct case_fold *fold,
                        const struct case_kind *kind)
{
    char id[DIGEST_ID_LEN + 1];
    const struct case_line *cause = may_wait(fold, kind) ? case_decide_cause(set, fold) : NULL;
    if (!cause || !may_ask(fold, cause)) /* or what it hangs on is not here yet */
        return false;
    id[0] = '\0';
    for (size_t i = 0; i < set->count; i++) {
        if (&set->lines[i] == cause) /* often the only one */
            continue;
        if (!id[0])
            ids_decision(id, cause->id, SPAN("lead"));
        if (span_is(set->lines[i].id, id))
            return false;
    }
    return true;
}

/* Of one time with our decision, would it stand behind it? */
static bool ranks_behind(const struct case_kind *kind, const struct case_line *cause)
{
    int index = case_kind_stage_number(kind, cause->stage);
    int own = kind->dispatched;
    return index >= 0 && own >= 0 && kind->stages[index].rank > kind->stages[own].rank;
}

bool case_decide_is_ours(const struct case_kind *kind, const struct case_line *cause)
{
    int index = case_kind_stage_number(kind, cause->stage);
    return index >= 0 && cause->party == kind->party.router &&
           (kind->stages[index].after == 0 || kind->stages[index].new_lead);
}

/* What is decided because of `cause` lies not before it: neither before it was recorded, nor before
 * the moment it names, which may be minutes ahead (docs/decisions/0004), and behind that moment
 * where the stages' ranks would put it first. Nor before the partition's clock, because what comes
 * from outside may be late; of what the router said itself that would only tell which of two
 * topics was read sooner (docs/decisions/0057). */
struct emit_case case_decide_about(const struct case_decide_asked *asked,
                                   const struct case_line *cause)
{
    const struct case_fold *fold = asked->fold;
    int64_t not_before = cause->time_ms + ranks_behind(asked->kind, cause);
    return (struct emit_case){
        .id = asked->id,
        .kind = asked->kind_code,
        .type_code = fold->type_code,
        .street_code = fold->street_code,
        .community_code = fold->community_code,
        .cause_id = cause->id,
        .time_ms = later(case_decide_is_ours(asked->kind, cause) ? TIMESTAMP_NONE : asked->clock_ms,
                         later(cause->recorded_ms, not_before)),
    };
}

int64_t case_decide_turn(const struct case_set *set, const struct case_kind *kind, int64_t time_ms)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        if (index < 0 || line->party != kind->party.router)
            continue;
        enum stage_meaning meaning = kind->stages[index].meaning;
        bool speaks = meaning == MEANS_NUDGED || meaning == MEANS_OVERDUE ||
                      meaning == MEANS_ESCALATED; /* to the one who had it */
        if (meaning == MEANS_DISPATCHED || speaks)
            time_ms = later(time_ms, line->time_ms + 1);
        else if (meaning == MEANS_RECALLED)
            time_ms = later(time_ms, line->time_ms); /* its rank is behind it */
    }
    return time_ms;
}

static struct span field_of(const struct case_decide_asked *asked, struct span name)
{
    int number = codes_number(asked->rules->codes, CODE_FIELD, name);
    return number ? asked->fold->field[number - 1] : SPAN_NONE;
}

static struct span request_kind_of(const struct case_decide_asked *asked)
{
    const struct case_line *opened = find_line(asked->set, asked->fold->opened_id);
    return opened ? opened->attribute[CASE_REQUEST_KIND] : SPAN_NONE;
}

struct order case_decide_order(const struct case_decide_asked *asked, const struct case_line *cause)
{
    const struct case_fold *fold = asked->fold;
    bool designated = fold->named_lead.len > 0;
    bool by_desk = cause->party == asked->kind->party.desk;
    return (struct order){
        .kind = asked->kind_code,
        .type_code = fold->type_code,
        .request_kind = request_kind_of(asked),
        .street_code = fold->street_code,
        .community_code = fold->community_code,
        .estate_code = field_of(asked, SPAN("estate_code")),
        .lead = designated ? fold->named_lead : fold->lead,
        .limit_class = fold->limit_class,
        .flags = field_of(asked, SPAN("flags")),
        .designated = designated,
        .due_by_desk = by_desk && cause->attribute[CASE_DUE].at,
        .class_by_desk = by_desk && cause->attribute[CASE_CLASS].at,
        .round = fold->rounds,
        .opened_ms = cause->time_ms, /* of this round: a reopening starts the limit anew */
        .due_ms = fold->due_ms,
    };
}

/* What the trigger is called that opened the case; absent = none did. A field of that name that a
 * source tells is no finding of ours. */
static struct span trigger_of(const struct case_decide_asked *asked, const struct case_line *opened)
{
    int number = codes_number(asked->rules->codes, CODE_FIELD, SPAN("trigger"));
    if (!opened || !number || opened->party != asked->kind->party.router)
        return SPAN_NONE;
    struct span code = opened->attribute[CASE_FIELD + number - 1];
    const struct trigger *trigger =
        code.at ? triggers_find(asked->rules->bundle->triggers, code) : NULL;
    return trigger ? yaml_name_in(&trigger->called, LANGUAGE_CHINESE) : code;
}

/* Whoever gets what a trigger found reads its sentence, and then why it is his; the lead that a
 * finding names no superior has named. */
static bool say_found(struct decision *decision, const struct case_decide_asked *asked,
                      int64_t opened_ms, struct arena *arena)
{
    static const char words[] = "触发器「」发现:;已指定承办";
    const struct case_line *opened = find_line(asked->set, asked->fold->opened_id);
    struct span trigger = trigger_of(asked, opened), found = SPAN_NONE, why = decision->reason;
    bool named = decision->adopted; /* its lead, by the trigger */
    if (trigger.at)
        found = opened->attribute[CASE_FOUND];
    if (!trigger.at || (!found.at && !named))
        return true;
    if (named)
        why = district_unit_name(&asked->rules->bundle->district, decision->lead,
                                 timestamp_day(opened_ms, YAML_DATE_ZONE_MINUTES));
    size_t size = sizeof words + trigger.len + found.len + why.len;
    char *text = arena_take_raw(arena, size);
    if (!text)
        return false;
    int n = snprintf(text, size, "触发器「%.*s」发现%s%.*s%s%s%.*s%s", SPAN_ARG(trigger),
                     found.at ? ":" : "", SPAN_ARG(found), found.at ? ";" : ",",
                     named ? "已指定" : "", SPAN_ARG(why), named ? "承办" : "");
    decision->reason = span_from(text, (size_t)n);
    return true;
}

static bool had_it(const struct case_fold *fold, struct span unit)
{
    for (size_t i = 0; i < fold->old_lead_count; i++)
        if (span_equal(fold->old_leads[i], unit))
            return true;
    return false;
}

/* Who handled the round that was reopened, where he is still in the registry; absent = nobody but
 * the desk did, or no round was. */
static struct span lead_of_last_round(const struct case_decide_asked *asked,
                                      const struct case_line *cause, int64_t day)
{
    const struct case_fold *fold = asked->fold;
    struct span unit = SPAN_NONE;
    if (fold->rounds == 1 || fold->lead_cause_dispute)
        return SPAN_NONE;
    for (const struct case_line *line = asked->set->lines; line < cause; line++) {
        int index = case_kind_stage_number(asked->kind, line->stage);
        if (index >= 0 && asked->kind->stages[index].meaning == MEANS_DISPATCHED &&
            fold->effect[line - asked->set->lines] == LINE_COUNTS)
            unit = line->attribute[CASE_LEAD];
    }
    bool known = district_has_unit(&asked->rules->bundle->district, unit, day);
    return known && !span_is(unit, "desk") ? unit : SPAN_NONE;
}

/* Whose dispute was upheld does not get it back by the same rule, nor by the order's own word in a
 * later round: who handled it goes on, else the next plausible unit, else the desk. */
static bool pass_over(struct decision *decision, const struct case_decide_asked *asked,
                      const struct case_line *cause, int64_t opened_ms, struct arena *arena)
{
    const struct case_fold *fold = asked->fold;
    int64_t day = timestamp_day(opened_ms, YAML_DATE_ZONE_MINUTES);
    size_t i = 0;
    if (fold->named_lead.at || !had_it(fold, decision->lead))
        return true;
    struct span last = lead_of_last_round(asked, cause, day);
    while (i < decision->alternative_count && had_it(fold, decision->alternatives[i].unit))
        i++;
    if (last.at) {
        decide_set_lead(decision, last, SPAN("last_lead"), &asked->rules->bundle->district, day);
        decision->reason = SPAN("派单异议已成立,重办由原承办单位承办");
    } else if (i < decision->alternative_count) {
        decide_set_lead(decision, decision->alternatives[i].unit, decision->alternatives[i].rule,
                        &asked->rules->bundle->district, day);
        decision->reason = SPAN("派单异议成立,改由其他可承办单位承办");
    } else {
        decide_set_lead(decision, SPAN("desk"), SPAN("disputed"), &asked->rules->bundle->district,
                        day);
        decision->reason = SPAN("派单异议成立,无其他单位可依规则承办,转区指挥中心派单");
    }
    decision->adopted = false; /* the order's word is over, and what stood beside it */
    decision->would_have = (struct decision_answer){0};
    decision->desk_cause = span_is(decision->lead, "desk") ? SPAN("fallback") : SPAN_NONE;
    decision->reason = arena_copy(arena, decision->reason);
    return decision->reason.at != NULL;
}

static bool is_helper(const struct case_fold *fold, struct span unit)
{
    return fold->co_count > 0 && case_fold_co(fold, unit);
}

/* The newest record of a case is a unit's whole duty: whoever leads or helps gets no copy after it.
 */
static void drop_copies(struct decision *decision, const struct case_fold *fold)
{
    size_t copies = 0, helpers = 0;
    for (size_t i = 0; i < decision->copy_count; i++) {
        struct span unit = decision->copies[i];
        if (!span_equal(unit, decision->lead) && !is_helper(fold, unit))
            decision->copies[copies++] = unit;
    }
    for (size_t i = 0; i < decision->co_count; i++)
        if (!span_equal(decision->co_units[i], decision->lead))
            decision->co_units[helpers++] = decision->co_units[i];
    decision->copy_count = copies;
    decision->co_count = helpers;
}

/* After the last dispute that may be the lead is told that it is final (docs/domain.md §4.3). */
static bool say_designated(struct decision *decision, const struct case_fold *fold,
                           struct arena *arena)
{
    char text[MOST_REASON + 256];
    if (!fold->designated || !fold->lead_cause_dispute)
        return true;
    int n = snprintf(text, sizeof text, "%.*s;异议已达次数上限,指定承办,不再受理异议",
                     (int)(decision->reason.len < MOST_REASON ? decision->reason.len : 0),
                     decision->reason.at ? decision->reason.at : "");
    decision->reason = arena_copy(arena, span_from(text, (size_t)n));
    return decision->reason.at != NULL;
}

bool case_decide(struct case_decided *decided, const struct case_decide_asked *asked,
                 struct emit *emit, struct arena *arena)
{
    const struct case_line *cause = case_decide_cause(asked->set, asked->fold);
    const struct rule_bundle *bundle = asked->rules->bundle;
    struct order order = case_decide_order(asked, cause);
    decided->about = case_decide_about(asked, cause);
    decided->about.time_ms = case_decide_turn(asked->set, asked->kind, decided->about.time_ms);
    if (!decide(&decided->decision, &order, bundle->rules, &bundle->district, asked->clock_ms,
                asked->rules->max_age_ms, arena) ||
        !say_found(&decided->decision, asked, order.opened_ms, arena) ||
        !pass_over(&decided->decision, asked, cause, order.opened_ms, arena) ||
        !say_designated(&decided->decision, asked->fold, arena))
        return false;
    drop_copies(&decided->decision, asked->fold);
    decided->decision.internal_due_ms =
        timers_internal_due(asked->kind, decided->decision.due_ms, decided->about.time_ms);
    if (!decided->about.street_code.len)
        decided->about.street_code = decided->decision.street;
    return emit_decision(emit, &decided->about, &decided->decision, span_of(bundle->hash), arena,
                         &decided->event);
}
