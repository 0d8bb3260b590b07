/* SPDX-License-Identifier: Apache-2.0 */
/* What the desk is asked of a case follows its set: a question that a change opens goes there once,
 * by the id of what asks; one that a change ends is taken back by an order `ended`, under the id of
 * the event that ended it (docs/decisions/0048). */
#include <string.h>

#include "model/desk.h"
#include "router/core/case_flow_internal.h"
#include "router/core/emit_internal.h"

static bool ask(struct case_flow *flow, struct working *work, const struct desk_duty *duty,
                struct outputs *outputs)
{
    char text[DESK_QUESTION];
    struct event event;
    struct emit *emit = &flow->emit;
    const struct desk_row *row = desk_row(duty->cause);
    struct span unit = duty->asks->unit, asks_id = duty->asks->id; /* the set will move */
    struct span said = duty->asks->attribute[CASE_SAID];
    struct emit_case what = case_flow_about(flow, work, duty->asks);
    emit_begin(emit);
    emit_say(emit, MEMBER("lead"), work->fold.lead);
    emit_say(emit, MEMBER("limit_class"), work->fold.limit_class);
    emit_say_due(emit, work->fold.due_ms);
    emit_say(emit, MEMBER("rule"), span_of(row->code));
    emit_say(emit, MEMBER("desk_cause"), span_of(row->code));
    emit_say(emit, MEMBER("asked_by"), event_may_say(unit) ? unit : SPAN_NONE);
    emit_say(emit, MEMBER("said"), said);
    emit_say(emit, MEMBER("reason"), span_of(row->ask));
    emit_say_place(emit, &what);
    emit_say(emit, MEMBER("cause"), what.cause_id);
    if (!emit_build(emit, &what, "escalated", desk_question(text, duty->cause), &flow->arena,
                    &event) ||
        case_flow_merge_own(flow, work, &event) != REJECT_NONE)
        return false; /* a case at its limits: nothing more is said of it */
    emit_send_event(emit, &event, outputs);
    if (desk_is_open(&work->set, &work->fold, work->kind, duty->cause, asks_id))
        emit_order(emit, &what, &event,
                   &(struct emit_order){.kind = "escalated", .unit = SPAN(DESK_UNIT)}, outputs);
    flow->counts.asked++;
    return true;
}

/* Asked before and not the desk's newest order, because a later question was answered, or its own
 * answer has lost its effect: the same order once more, as its event says it. */
static void ask_again(struct case_flow *flow, const struct working *work,
                      const struct desk_duty *duty, const struct case_line *told,
                      const struct case_line *because, struct outputs *outputs)
{
    int64_t due_ms = TIMESTAMP_NONE;
    struct emit *emit = &flow->emit;
    const struct span *said = told->attribute;
    const struct desk_row *row = desk_row(duty->cause);
    struct span unit = duty->asks->unit, own = desk_of_its_own(&work->set, &work->fold);
    struct emit_case what = case_flow_about(flow, work, because);
    struct event asking = {.id = told->id};
    what.type_code = said[CASE_TYPE];
    what.street_code = said[CASE_STREET];
    what.community_code = said[CASE_COMMUNITY];
    (void)!span_to_int64(said[CASE_DUE], &due_ms);
    emit_begin(emit);
    emit_say(emit, MEMBER("lead"), said[CASE_LEAD]);
    emit_say(emit, MEMBER("co_unit"), said[CASE_CO]);
    emit_say(emit, MEMBER("limit_class"), said[CASE_CLASS]);
    emit_say_due(emit, due_ms);
    emit_say(emit, MEMBER("rule"), said[CASE_RULE]);
    emit_say(emit, MEMBER("desk_cause"),
             duty->cause == DESK_OVERDUE && own.at ? own : span_of(row->code));
    emit_say(emit, MEMBER("asked_by"),
             duty->cause != DESK_OVERDUE && event_may_say(unit) ? unit : SPAN_NONE);
    emit_say(emit, MEMBER("said"), duty->asks->attribute[CASE_SAID]);
    emit_say(emit, MEMBER("reason"), span_of(row->ask));
    emit_say_place(emit, &what);
    emit_say(emit, MEMBER("cause"), said[CASE_CAUSE]);
    emit_say(emit, MEMBER("again"), because->id);
    emit_close_to_units(emit);
    strbuf_add_char(&emit->data, '}');
    emit_order(emit, &what, &asking,
               &(struct emit_order){.kind = "escalated", .unit = SPAN(DESK_UNIT)}, outputs);
}

static bool is_desks(const struct case_fold *fold)
{
    return fold->dispatched && !fold->closed && span_is(fold->lead, DESK_UNIT);
}

/* It led before and leads now, by another decision: that of the moment has lost its effect. */
static bool decides_otherwise(const struct working *work, const struct case_flow_duties *before)
{
    return before->decision.len && !span_equal(before->decision, work->fold.dispatched_id);
}

void case_flow_ask_desk(struct case_flow *flow, struct working *work,
                        const struct case_flow_duties *before, const struct case_flow_told *told,
                        struct outputs *outputs)
{
    struct desk_duty duty = desk_duty(&work->set, &work->fold, work->kind);
    bool may = work->kind->escalated >= 0;
    const struct case_line *line = case_flow_line(work, told->line.id);
    if (!line)
        return;
    struct case_line by = *line; /* said of it when this copy came */
    by.recorded_ms = told->line.recorded_ms;
    struct span over = case_flow_lead_over(work, before);
    bool asked_desk = duty.cause != DESK_NOTHING && span_is(over, DESK_UNIT);
    if (over.len && !asked_desk) /* else its newest order is what it is asked */
        case_flow_end_order(flow, work, &by, over, outputs);
    case_flow_end_duties(flow, work, before, &by, outputs);
    bool given = case_flow_give_back(flow, work, before, &by, outputs);
    /* what its newest order asks */
    struct span shown = work->asked.len ? work->asked : before->asks;
    if (duty.cause != DESK_NOTHING) {
        const struct case_line *asked = desk_told(&work->set, &duty);
        if (!asked && may)
            (void)ask(flow, work, &duty, outputs);
        else if (asked && (asked_desk || !span_equal(shown, duty.asks->id)))
            ask_again(flow, work, &duty, asked, &by, outputs);
    } else if (is_desks(&work->fold) && !work->decided &&
               (shown.len || given || decides_otherwise(work, before))) {
        case_flow_ask_own(flow, work, &by, outputs); /* what was behind it comes forward */
    } else if (shown.len && !is_desks(&work->fold) && !span_is(over, DESK_UNIT)) {
        case_flow_end_order(flow, work, &by, SPAN(DESK_UNIT), outputs);
    }
}

void case_flow_asked_by_time(struct case_flow *flow, const struct working *work, struct span asked,
                             struct outputs *outputs)
{
    struct desk_duty duty = desk_duty(&work->set, &work->fold, work->kind);
    const struct case_line *told = duty.cause == DESK_NOTHING ? NULL : desk_told(&work->set, &duty);
    if (told && !span_equal(duty.asks->id, asked))
        ask_again(flow, work, &duty, told, case_flow_line(work, asked), outputs);
}

bool case_flow_ask_headless(struct case_flow *flow, struct working *work,
                            const struct case_line *first, struct outputs *outputs)
{
    return ask(flow, work, &(struct desk_duty){DESK_HEADLESS, first}, outputs);
}
