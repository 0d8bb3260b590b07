/* SPDX-License-Identifier: Apache-2.0 */
/* What the desk is asked of a case follows its set: a question that a change opens goes there once,
 * by the id of what asks; one that a change ends is taken back by an order `ended`, under the id of
 * the event that ended it. The lead's duty ends with the closure in the same way. So the newest
 * record of a case in a unit's topic is its whole present duty (docs/decisions/0048). */
#include <string.h>

#include "router/core/case_flow_internal.h"
#include "router/core/desk.h"
#include "router/core/emit_internal.h"

/* Something may end: the router asked the desk before, or the case closes. Most records end
 * nothing, and the case need not be folded as it was. */
static bool may_end(const struct case_flow *flow, const struct working *work,
                    const struct case_line *line)
{
    int index = case_kind_stage_number(work->kind, line->stage);
    if (index >= 0 && work->kind->stages[index].counts_as == COUNTS_CLOSURE)
        return true;
    for (size_t i = 0; i < work->set.count; i++) { /* our own lines, which a stub keeps */
        const struct case_line *one = &work->set.lines[i];
        if (one->party == work->kind->party.router &&
            (one->stage == flow->stage_escalated || one->stage == flow->stage_overdue))
            return true;
    }
    return false;
}

struct case_flow_duties case_flow_duties(const struct case_flow *flow, struct working *work,
                                         const struct case_line *line)
{
    struct case_flow_duties duties = {0};
    if (!may_end(flow, work, line))
        return duties;
    case_fold(&work->fold, &work->set, work->kind, flow->rules->codes);
    struct desk_duty asked = desk_duty(&work->set, &work->fold, work->kind);
    duties.desk = asked.cause != DESK_NOTHING && desk_was_told(&work->set, &asked);
    duties.lead = work->fold.dispatched && !work->fold.closed && !work->fold.quiet;
    return duties;
}

static bool ask(struct case_flow *flow, struct working *work, const struct desk_duty *duty,
                struct outputs *outputs)
{
    char text[DESK_QUESTION];
    struct event event;
    struct emit *emit = &flow->emit;
    const struct desk_row *row = desk_row(duty->cause);
    struct span unit = duty->asks->unit;
    struct emit_case what = case_flow_about(flow, work, duty->asks);
    emit_begin(emit);
    emit_say(emit, MEMBER("lead"), work->fold.lead);
    emit_say(emit, MEMBER("limit_class"), work->fold.limit_class);
    emit_say_due(emit, work->fold.due_ms);
    emit_say(emit, MEMBER("rule"), span_of(row->code));
    emit_say(emit, MEMBER("desk_cause"), span_of(row->code));
    emit_say(emit, MEMBER("asked_by"), event_may_say(unit) ? unit : SPAN_NONE);
    emit_say(emit, MEMBER("reason"), span_of(row->ask));
    emit_say_place(emit, &what);
    emit_say(emit, MEMBER("cause"), what.cause_id);
    if (!emit_build(emit, &what, "escalated", desk_question(text, duty->cause), &flow->arena,
                    &event) ||
        case_flow_merge_own(flow, work, &event) != REJECT_NONE)
        return false; /* a case at its limits: nothing more is said of it */
    emit_send_event(emit, &event, outputs);
    emit_order(emit, &what, &event,
               &(struct emit_order){.kind = "escalated", .unit = SPAN(DESK_UNIT)}, outputs);
    flow->counts.asked++;
    return true;
}

/* Under the id of the event that ended it. */
static void end(struct case_flow *flow, const struct working *work, const struct case_line *by,
                struct span unit, struct outputs *outputs)
{
    struct emit *emit = &flow->emit;
    struct emit_case what = case_flow_about(flow, work, by);
    struct event ending = {.id = by->id};
    emit_begin(emit);
    emit_say(emit, MEMBER("rule"), codes_text(flow->rules->codes, CODE_STAGE, by->stage));
    emit_say_place(emit, &what);
    emit_say(emit, MEMBER("cause"), by->id);
    emit_close_to_units(emit); /* an order without an event of its own */
    strbuf_add_char(&emit->data, '}');
    emit_order(emit, &what, &ending,
               &(struct emit_order){.kind = "ended", .unit = unit, .state = "ended"}, outputs);
}

void case_flow_ask_desk(struct case_flow *flow, struct working *work,
                        const struct case_flow_duties *before, struct span by_id,
                        struct outputs *outputs)
{
    const struct case_fold *fold = &work->fold;
    struct desk_duty duty = desk_duty(&work->set, fold, work->kind);
    bool asks = case_kind_stage(work->kind, SPAN("escalated")) >= 0;
    if (duty.cause != DESK_NOTHING && asks && !desk_was_told(&work->set, &duty)) {
        (void)ask(flow, work, &duty, outputs);
        return;
    }
    const struct case_line *by = case_flow_line(work, by_id);
    bool closed = before->lead && fold->closed, leads = span_is(fold->lead, DESK_UNIT);
    if (!by)
        return;
    if (closed && fold->lead.len)
        end(flow, work, by, fold->lead, outputs);
    if (before->desk && duty.cause == DESK_NOTHING && !leads)
        end(flow, work, by, SPAN(DESK_UNIT), outputs);
}

bool case_flow_ask_headless(struct case_flow *flow, struct working *work,
                            const struct case_line *first, struct outputs *outputs)
{
    struct desk_duty duty = {DESK_HEADLESS, first};
    return ask(flow, work, &duty, outputs);
}
