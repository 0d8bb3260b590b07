/* SPDX-License-Identifier: Apache-2.0 */
/* What the desk is asked of a case follows its set: a question that a change opens goes there once,
 * by the id of what asks; one that a change ends is taken back by an order `ended`, under the id of
 * the event that ended it. The duties of lead and helpers end with the closure in the same way. So
 * the newest record of a case in a unit's topic is its whole present duty (docs/decisions/0048). */
#include <string.h>

#include "model/desk.h"
#include "router/core/case_flow_internal.h"
#include "router/core/emit_internal.h"

static bool ends_duties(const struct case_kind *kind, const struct case_line *line)
{
    int index = case_kind_stage_number(kind, line->stage);
    return index >= 0 &&
           (kind->stages[index].counts_as == COUNTS_CLOSURE || kind->stages[index].new_round);
}

/* Something may end: the router asked the desk before, or the case closes or begins anew, perhaps
 * by what waited for this, or something is corrected. Most records end nothing, and the case need
 * not be folded as it was. */
static bool may_end(const struct case_flow *flow, const struct working *work,
                    const struct case_line *line)
{
    if (ends_duties(work->kind, line) || case_flow_line(work, line->id))
        return true;
    for (size_t i = 0; i < work->set.count; i++) { /* our own lines, which a stub keeps */
        const struct case_line *one = &work->set.lines[i];
        if (ends_duties(work->kind, one) ||
            (one->party == work->kind->party.router &&
             (one->stage == flow->stage_escalated || one->stage == flow->stage_overdue)))
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
    const struct case_fold *fold = &work->fold;
    struct desk_duty asked = desk_duty(&work->set, fold, work->kind);
    if (asked.cause != DESK_NOTHING && desk_told(&work->set, &asked))
        duties.asks = asked.asks->id;
    bool has_duties = fold->dispatched && !fold->closed && !fold->quiet;
    if (has_duties)
        duties.lead = fold->lead;
    for (size_t i = 0; has_duties && i < fold->co_count; i++)
        if (fold->co[i].told_id.at)
            duties.helpers[duties.helper_count++] = fold->co[i].unit;
    duties.rounds = fold->rounds;
    return duties;
}

static bool ask(struct case_flow *flow, struct working *work, const struct desk_duty *duty,
                struct outputs *outputs)
{
    char text[DESK_QUESTION];
    struct event event;
    struct emit *emit = &flow->emit;
    const struct desk_row *row = desk_row(duty->cause);
    struct span unit = duty->asks->unit, asks_id = duty->asks->id; /* the set will move */
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
    if (desk_is_open(&work->set, &work->fold, work->kind, duty->cause, asks_id))
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
    struct span unit = duty->asks->unit;
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
    emit_say(emit, MEMBER("desk_cause"), span_of(row->code));
    emit_say(emit, MEMBER("asked_by"),
             duty->cause != DESK_OVERDUE && event_may_say(unit) ? unit : SPAN_NONE);
    emit_say(emit, MEMBER("reason"), span_of(row->ask));
    emit_say_place(emit, &what);
    emit_say(emit, MEMBER("cause"), said[CASE_CAUSE]);
    emit_say(emit, MEMBER("again"), because->id);
    emit_close_to_units(emit);
    strbuf_add_char(&emit->data, '}');
    emit_order(emit, &what, &asking,
               &(struct emit_order){.kind = "escalated", .unit = SPAN(DESK_UNIT)}, outputs);
}

/* A round that history alone begins gives nobody's duty away. */
static bool begins_anew(const struct working *work, const struct case_flow_duties *before)
{
    const struct case_line *cause = case_flow_line(work, work->fold.cause_id);
    return work->fold.rounds > before->rounds && cause && cause->live;
}

/* The lead of a round that is over, or of a case that is, or who is none by what was told now;
 * absent where he goes on, or is recalled because another one follows. */
static struct span lead_over(const struct working *work, const struct case_flow_duties *before)
{
    const struct case_fold *fold = &work->fold;
    bool anew = begins_anew(work, before);
    bool other = !span_equal(before->lead, fold->lead) || !fold->dispatched;
    bool moved =
        other && fold->dispatched && !work->decided; /* what he had it by lost its effect */
    bool over = anew ? other : fold->closed || moved;
    return before->lead.len && over ? before->lead : SPAN_NONE;
}

static bool is_desks(const struct case_fold *fold)
{
    return fold->dispatched && !fold->closed && span_is(fold->lead, DESK_UNIT);
}

/* Those of a round or case that is over and who are not told of another duty. A child's were told
 * that it was merged; the desk's topic says what it is asked. */
static void end_helpers(struct case_flow *flow, const struct working *work,
                        const struct case_flow_duties *before, const struct case_line *by,
                        struct outputs *outputs)
{
    const struct case_fold *fold = &work->fold;
    bool anew = begins_anew(work, before);
    if (fold->parent.at || (!fold->closed && !anew))
        return;
    for (size_t i = 0; i < before->helper_count; i++) {
        struct span unit = before->helpers[i];
        bool goes_on = !fold->closed && (case_fold_co(fold, unit) || span_equal(unit, fold->lead));
        if (!goes_on && !span_is(unit, DESK_UNIT))
            end(flow, work, by, unit, outputs);
    }
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
    struct span over = lead_over(work, before);
    bool asked_desk = duty.cause != DESK_NOTHING && span_is(over, DESK_UNIT);
    if (over.len && !asked_desk) /* else its newest order is what it is asked */
        end(flow, work, &by, over, outputs);
    end_helpers(flow, work, before, &by, outputs);
    /* what its newest order asks */
    struct span shown = work->asked.len ? work->asked : before->asks;
    if (duty.cause != DESK_NOTHING) {
        const struct case_line *asked = desk_told(&work->set, &duty);
        if (!asked && may)
            (void)ask(flow, work, &duty, outputs);
        else if (asked && !span_equal(shown, duty.asks->id))
            ask_again(flow, work, &duty, asked, &by, outputs);
    } else if (shown.len && !is_desks(&work->fold) && !span_is(over, DESK_UNIT)) {
        end(flow, work, &by, SPAN(DESK_UNIT), outputs);
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
