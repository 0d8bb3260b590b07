/* SPDX-License-Identifier: Apache-2.0 */
/* A move without effect is answered when it is first told, and again only when it was corrected and
 * still has none: what is read a second time changes no set and comes not here, and what was
 * answered is in the set, so a restart repeats nothing. Never for history. That a move may come to
 * count later, when something earlier is told, is a matter of the fold and needs no second record.
 */
#include "model/desk.h"
#include "router/core/case_flow_internal.h"
#include "router/core/refusal.h"

/* Another content than before, not only another revision. */
static bool says_new(const struct case_flow_told *told)
{
    const struct case_line *is = &told->line, *was = &told->before;
    if (!told->known)
        return true;
    bool same = is->time_ms == was->time_ms;
    for (int i = 0; i < CASE_ATTRIBUTES && same; i++)
        same = span_equal(is->attribute[i], was->attribute[i]);
    return !same && !told->stale;
}

/* Only who has a unit's door or topic hears of it; our own events are nobody's move. */
static bool is_units(const struct working *work, const struct case_flow_told *told)
{
    return told->line.unit.len && told->line.party != work->kind->party.router && told->live;
}

/* What the desk is asked because there is no opening is answered without one. */
static bool answers_headless(const struct working *work, const struct case_line *line)
{
    const struct case_line *answer =
        work->fold.has_opened ? NULL : desk_headless_answer(&work->set, work->kind);
    return answer && span_equal(answer->id, line->id);
}

void case_flow_refuse_move(struct case_flow *flow, const struct working *work,
                           const struct case_flow_told *told, struct outputs *outputs)
{
    const struct case_fold *fold = &work->fold;
    if (!is_units(work, told) || !says_new(told))
        return;
    const struct case_line *line = case_flow_line(work, told->line.id);
    size_t at = line ? (size_t)(line - work->set.lines) : work->set.count;
    enum line_effect effect = line ? (enum line_effect)fold->effect[at] : LINE_IMPOSSIBLE;
    struct span unknown =
        effect == LINE_COUNTS ? case_flow_unknown_unit(flow, work, line) : SPAN_NONE;
    if (!line || (effect == LINE_COUNTS && !unknown.at) || answers_headless(work, line))
        return;
    struct refusal refusal = {
        .event = told->event,
        .reason = unknown.at                 ? REFUSAL_UNKNOWN_UNIT
                  : !fold->has_opened        ? REFUSAL_UNKNOWN_CASE
                  : effect == LINE_NOT_YOURS ? REFUSAL_NOT_YOURS
                                             : REFUSAL_IMPOSSIBLE,
        .detail = unknown.at ? LINE_REASON_NONE : (enum line_reason)fold->reason[at],
        .designated = fold->designated,
        .lead = fold->lead,
        .unit = unknown,
        .time_ms = case_flow_about(flow, work, line).time_ms,
    };
    refusal_send(&flow->emit, &refusal, outputs);
    flow->counts.refused++;
}
