/* SPDX-License-Identifier: Apache-2.0 */
/* What units have before them beside the desk's questions. The duties of lead and helpers, and what
 * others have a copy of, end by an order `ended` under the id of the event that ended them. What
 * was told to be over and is open again, because a correction took the end back, is told again as
 * well: the duty as it is now, under the id of what once said it and with `again`, the event after
 * which it is. So the newest record of a case in a unit's topic is its whole present duty. */
#include <string.h>

#include "model/desk.h"
#include "router/core/case_flow_internal.h"
#include "router/core/emit_internal.h"

static bool ends_duties(const struct case_kind *kind, const struct case_line *line)
{
    int index = case_kind_stage_number(kind, line->stage);
    return index >= 0 && (kind->stages[index].counts_as == COUNTS_CLOSURE ||
                          kind_stage_begins_anew(&kind->stages[index]));
}

/* Another lead may come, or none any more: who has a copy has it of the old one. */
static bool ends_copies(const struct kind_stage *stage)
{
    return stage->new_lead || stage->meaning == MEANS_MERGED;
}

/* Something may end, or come back: the router asked the desk before, or somebody was called to
 * help, or the case closes or begins anew, perhaps by what waited for this, or something is
 * corrected. Most records end nothing, and the case need not be folded as it was. */
static bool may_end(const struct case_flow *flow, const struct working *work,
                    const struct case_line *line)
{
    int index = case_kind_stage_number(work->kind, line->stage);
    if (ends_duties(work->kind, line) || case_flow_line(work, line->id))
        return true;
    bool copies = index >= 0 && ends_copies(&work->kind->stages[index]);
    for (size_t i = 0; i < work->set.count; i++) { /* our own lines, which a stub keeps */
        const struct case_line *one = &work->set.lines[i];
        if (ends_duties(work->kind, one) || (copies && one->attribute[CASE_COPIES].at) ||
            one->attribute[CASE_CO].at ||
            (one->party == work->kind->party.router &&
             (one->stage == flow->stage_escalated || one->stage == flow->stage_overdue)))
            return true;
    }
    return false;
}

struct span case_flow_copies(const struct working *work)
{
    const struct case_line *decision = case_flow_line(work, work->fold.dispatched_id);
    return decision ? decision->attribute[CASE_COPIES] : SPAN_NONE;
}

/* By a line of ours, which may stand behind the answer that came meanwhile and not count; history
 * that calls for a helper tells him nothing. */
static bool was_told(const struct working *work, const struct case_co *helper)
{
    for (size_t i = 0; i < work->set.count && !helper->told_id.at; i++)
        if (work->set.lines[i].party == work->kind->party.router &&
            span_equal(work->set.lines[i].attribute[CASE_CO], helper->unit))
            return true;
    return helper->told_id.at != NULL;
}

static bool is_among(const struct span *units, size_t count, struct span unit)
{
    for (size_t i = 0; i < count; i++)
        if (span_equal(units[i], unit))
            return true;
    return false;
}

static void keep_helper(struct case_flow_duties *kept, struct span unit)
{
    bool room = kept->helper_count < CASE_FOLD_MOST_CO;
    if (room && !is_among(kept->helpers, kept->helper_count, unit))
        kept->helpers[kept->helper_count++] = unit;
}

/* A round that history alone began gave nobody's duty away (docs/decisions/0060): who had one in
 * the rounds before has it still. */
static void keep_former(const struct working *work, struct case_flow_duties *kept)
{
    const struct case_line *cause = case_flow_line(work, work->fold.cause_id);
    kept->kept = cause && !cause->live && work->fold.rounds > 1;
    if (!kept->kept)
        return;
    for (const struct case_line *line = work->set.lines; line < cause; line++) {
        int index = case_kind_stage_number(work->kind, line->stage);
        if (index < 0 || work->fold.effect[line - work->set.lines] != LINE_COUNTS)
            continue;
        const struct kind_stage *stage = &work->kind->stages[index];
        if (stage->counts_as == COUNTS_CLOSURE || stage->meaning == MEANS_MERGED ||
            (kind_stage_begins_anew(stage) && line->live)) {
            kept->lead = kept->decision = kept->copies = SPAN_NONE;
            kept->helper_count = 0;
        } else if (stage->meaning == MEANS_DISPATCHED) {
            kept->lead = line->attribute[CASE_LEAD];
            kept->decision = line->id;
            kept->copies = line->attribute[CASE_COPIES];
        } else if (stage->meaning == MEANS_CO_ASSIGNED && line->party == work->kind->party.router) {
            keep_helper(kept, line->attribute[CASE_CO]);
        }
    }
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
    duties.rounds = fold->rounds;
    duties.idle = fold->has_opened && !fold->quiet && !fold->dispatched;
    duties.over =
        fold->dispatched && !fold->quiet && (fold->closed || fold->resolution_ms != TIMESTAMP_NONE);
    if (duties.idle && !fold->closed)
        keep_former(work, &duties);
    if (!fold->dispatched || fold->closed || fold->quiet)
        return duties;
    duties.lead = fold->lead;
    duties.decision = fold->dispatched_id;
    duties.copies = case_flow_copies(work);
    for (size_t i = 0; i < fold->co_count; i++)
        if (was_told(work, &fold->co[i]))
            duties.helpers[duties.helper_count++] = fold->co[i].unit;
    return duties;
}

void case_flow_end_order(struct case_flow *flow, const struct working *work,
                         const struct case_line *by, struct span unit, struct outputs *outputs)
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

/* ---- what is over ---- */

/* A round that history alone begins gives nobody's duty away. */
static bool begins_anew(const struct working *work, const struct case_flow_duties *before)
{
    const struct case_line *cause = case_flow_line(work, work->fold.cause_id);
    return work->fold.rounds > before->rounds && cause && cause->live;
}

static bool keeps(const struct working *work, const struct case_flow_duties *before)
{
    const struct case_line *cause = case_flow_line(work, work->fold.cause_id);
    bool by_history = work->fold.rounds > before->rounds || before->kept;
    return by_history && !work->fold.closed && !(cause && cause->live);
}

/* What the lead had it by lost its effect: another one leads, and nobody decided so now. */
static bool is_moved(const struct working *work, const struct case_flow_duties *before)
{
    return before->lead.len && work->fold.dispatched && !work->decided &&
           !span_equal(before->lead, work->fold.lead);
}

/* Or nobody does, and nobody was recalled. */
static bool is_lost(const struct working *work, const struct case_flow_duties *before)
{
    const struct case_line *decision = case_flow_line(work, before->decision);
    return before->lead.len && decision && !work->fold.dispatched && !keeps(work, before) &&
           work->fold.effect[decision - work->set.lines] != LINE_COUNTS;
}

/* Another one was found, and nobody recalled this one: history had merged the case, or what he had
 * it by has lost its effect before. */
static bool is_followed(const struct working *work, const struct case_flow_duties *before)
{
    return work->decided && !is_among(work->recalled, work->recalled_count, before->lead) &&
           !span_equal(before->lead, work->fold.lead);
}

struct span case_flow_lead_over(const struct working *work, const struct case_flow_duties *before)
{
    const struct case_fold *fold = &work->fold;
    bool other = !span_equal(before->lead, fold->lead) || !fold->dispatched;
    if (fold->closed && work->decided) /* by what was told before its turn */
        return fold->lead;
    bool over = begins_anew(work, before) ? other
                                          : fold->closed || is_moved(work, before) ||
                                                is_lost(work, before) || is_followed(work, before);
    return before->lead.len && over ? before->lead : SPAN_NONE;
}

/* Those of a round or case that is over, or who were called by what lost its effect, and who are
 * not told of another duty. Those of a child were told that it was merged, unless history alone
 * said so; the desk's topic says what it is asked. */
static void end_helpers(struct case_flow *flow, const struct working *work,
                        const struct case_flow_duties *before, const struct case_line *by,
                        struct outputs *outputs)
{
    const struct case_fold *fold = &work->fold;
    bool told = fold->parent.at && !fold->dispatched;
    if (told || keeps(work, before))
        return;
    for (size_t i = 0; i < before->helper_count + work->called_count; i++) {
        bool had = i < before->helper_count;
        struct span unit = had ? before->helpers[i] : work->called[i - before->helper_count];
        bool goes_on = !fold->closed && (case_fold_co(fold, unit) || span_equal(unit, fold->lead));
        bool twice = !had && is_among(before->helpers, before->helper_count, unit);
        if (!goes_on && !twice && !span_is(unit, DESK_UNIT))
            case_flow_end_order(flow, work, by, unit, outputs);
    }
}

static bool is_word_of(struct span words, struct span word)
{
    while (words.at)
        if (span_equal(span_cut(&words, ' '), word))
            return true;
    return false;
}

static bool has_order(const struct case_flow_duties *before, struct span unit)
{
    return span_equal(unit, before->lead) || is_among(before->helpers, before->helper_count, unit);
}

/* Who has another order by now, or had, is told by that. */
static void end_copies(struct case_flow *flow, const struct working *work,
                       const struct case_flow_duties *before, struct span copies,
                       const struct case_line *by, struct outputs *outputs)
{
    const struct case_fold *fold = &work->fold;
    bool goes_on = fold->dispatched && !fold->closed;
    struct span now = goes_on ? case_flow_copies(work) : SPAN_NONE;
    while (copies.at) {
        struct span unit = span_cut(&copies, ' ');
        const struct case_co *co = case_fold_co(fold, unit);
        bool told = goes_on && (is_word_of(now, unit) || span_equal(unit, fold->lead) ||
                                (co && was_told(work, co)));
        if (!told && !has_order(before, unit) && !span_is(unit, DESK_UNIT))
            case_flow_end_order(flow, work, by, unit, outputs);
    }
}

void case_flow_end_duties(struct case_flow *flow, const struct working *work,
                          const struct case_flow_duties *before, const struct case_line *by,
                          struct outputs *outputs)
{
    end_helpers(flow, work, before, by, outputs);
    if (!keeps(work, before)) /* a copy is of one decision */
        end_copies(flow, work, before, before->copies, by, outputs);
    for (size_t i = 0; i < work->copy_count; i++)
        end_copies(flow, work, before, work->copies[i], by, outputs);
}

/* ---- what is open again ---- */

struct again { /* an order as what said it once said it, and as it is now */
    const struct case_line *said, *because;
    const char *kind, *state, *due_source;
    struct span unit, co_unit, desk_cause, reason;
    int64_t due_ms;
};

static void say_again(struct case_flow *flow, const struct working *work, const struct again *again,
                      struct outputs *outputs)
{
    struct emit *emit = &flow->emit;
    struct emit_case what = case_flow_about(flow, work, again->because);
    struct event saying = {.id = again->said->id};
    emit_begin(emit);
    emit_say(emit, MEMBER("lead"), work->fold.lead);
    emit_say(emit, MEMBER("co_unit"), again->co_unit);
    emit_say(emit, MEMBER("limit_class"), again->co_unit.at ? SPAN_NONE : work->fold.limit_class);
    emit_say_due(emit, again->due_ms);
    if (!again->co_unit.at)
        emit_say_internal_due(emit, timers_internal_due(work->kind, again->due_ms, what.time_ms));
    emit_say(emit, MEMBER("due_source"), span_of(again->due_source));
    emit_say(emit, MEMBER("rule"), again->said->attribute[CASE_RULE]);
    emit_say(emit, MEMBER("reason"), again->reason);
    emit_say_place(emit, &what);
    emit_say(emit, MEMBER("cause"), again->said->attribute[CASE_CAUSE]);
    emit_say(emit, MEMBER("again"), again->because->id);
    emit_close_to_units(emit);
    emit_say(emit, MEMBER("desk_cause"), again->desk_cause);
    strbuf_add_char(&emit->data, '}');
    emit_order(
        emit, &what, &saying,
        &(struct emit_order){.kind = again->kind, .unit = again->unit, .state = again->state},
        outputs);
}

void case_flow_ask_own(struct case_flow *flow, const struct working *work,
                       const struct case_line *because, struct outputs *outputs)
{
    struct span own = desk_of_its_own(&work->set, &work->fold);
    struct again again = {.said = case_flow_line(work, work->fold.dispatched_id),
                          .because = because,
                          .kind = "escalated",
                          .unit = SPAN(DESK_UNIT),
                          .desk_cause = own,
                          .due_ms = work->fold.due_ms};
    if (!own.at || !again.said)
        return;
    enum desk_cause cause = desk_cause_of(own);
    again.reason = cause == DESK_NOTHING ? SPAN_NONE : span_of(desk_row(cause)->ask);
    say_again(flow, work, &again, outputs);
}

static void give_to_lead(struct case_flow *flow, const struct working *work,
                         const struct case_line *because, struct outputs *outputs)
{
    const struct case_fold *fold = &work->fold;
    struct again again = {.said = case_flow_line(work, fold->dispatched_id),
                          .because = because,
                          .kind = "amended",
                          .state = fold->held ? "held" : NULL,
                          .unit = fold->lead,
                          .reason = SPAN("更正后本件尚未结束,请按现时限继续办理"),
                          .due_ms = fold->due_ms};
    if (again.said && fold->lead.len && !span_is(fold->lead, DESK_UNIT))
        say_again(flow, work, &again, outputs);
}

/* To whom a correction made one again who was none before; NULL = to all, the case was over. */
static void give_to_helpers(struct case_flow *flow, const struct working *work,
                            const struct case_flow_duties *before, const struct case_line *because,
                            struct outputs *outputs)
{
    const struct case_fold *fold = &work->fold;
    for (size_t i = 0; i < fold->co_count; i++) {
        const struct case_co *co = &fold->co[i];
        bool own = co->due_ms != TIMESTAMP_NONE;
        bool knows = (before && is_among(before->helpers, before->helper_count, co->unit)) ||
                     is_among(work->called, work->called_count, co->unit);
        struct again again = {.said = co->told_id.at ? case_flow_line(work, co->told_id) : NULL,
                              .because = because,
                              .kind = "co_assigned",
                              .due_source = own ? "move" : "lead",
                              .unit = co->unit,
                              .co_unit = co->unit,
                              .reason = SPAN("更正后本件尚未结束,请继续协办"),
                              .due_ms = own ? co->due_ms : fold->due_ms};
        if (again.said && !knows && !span_is(co->unit, DESK_UNIT))
            say_again(flow, work, &again, outputs);
    }
}

bool case_flow_give_back(struct case_flow *flow, const struct working *work,
                         const struct case_flow_duties *before, const struct case_line *by,
                         struct outputs *outputs)
{
    const struct case_fold *fold = &work->fold;
    bool open = fold->dispatched && !fold->closed && !fold->quiet && !fold->parent.at &&
                fold->resolution_ms == TIMESTAMP_NONE;
    bool same = before->rounds == fold->rounds;
    bool reopens = same && (before->over || before->idle);
    bool gives = open && !work->decided && (reopens || is_moved(work, before));
    if (gives)
        give_to_lead(flow, work, by, outputs);
    if (open)
        give_to_helpers(flow, work, reopens ? NULL : before, by, outputs);
    return gives;
}
