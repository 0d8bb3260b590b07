/* SPDX-License-Identifier: Apache-2.0 */
/* An answer that is there already is said again only because its cause was corrected: the same id,
 * a later revision. */
#include "router/core/case_answer.h"

#include <string.h>

#include "model/ids.h"
#include "router/core/case_decide.h"
#include "router/core/moves.h"

struct span case_answer_unit_name(const struct case_flow *flow, struct span unit,
                                  const struct case_line *line)
{
    return district_unit_name(&flow->rules->bundle->district, unit, case_flow_day_of(line));
}

struct span case_answer_sentence(struct case_flow *flow, struct span before, struct span name,
                                 struct span after)
{
    strbuf_reset(&flow->text);
    strbuf_add(&flow->text, before);
    strbuf_add(&flow->text, name);
    strbuf_add(&flow->text, after);
    return arena_copy(&flow->arena, strbuf_span(&flow->text));
}

struct case_answer case_answer_amendment(const struct working *work, const struct case_line *cause)
{
    const struct case_fold *fold = &work->fold;
    return (struct case_answer){
        .say = {.stage = "amended",
                .question = SPAN("amended"),
                .lead = fold->lead,
                .limit_class = fold->limit_class,
                .level = fold->level,
                .desk_cause = desk_of_its_own(&work->set, fold),
                .due_ms = fold->due_ms,
                .duty = true},
        .cause = cause,
        .orders = {{"amended", fold->lead, fold->held ? "held" : NULL}},
        .order_count = fold->lead.len > 0,
    };
}

/* One said before lies in front of its correction; and in front of whatever is said of a case lies
 * the decision that is in force, though it may bear a moment ahead (docs/decisions/0392). */
static int64_t not_before(const struct working *work, const struct case_answer *answer,
                          int64_t time_ms)
{
    const struct case_line *decided =
        work->fold.dispatched ? case_flow_line(work, work->fold.dispatched_id) : NULL;
    if (decided && decided->time_ms > time_ms)
        time_ms = decided->time_ms;
    char id[DIGEST_ID_LEN + 1];
    ids_decision(id, answer->cause->id, answer->say.question);
    const struct case_line *said = moves_line(&work->set, span_of(id));
    return said && said->time_ms >= time_ms ? said->time_ms + 1 : time_ms;
}

enum reject case_answer_say(struct case_flow *flow, struct working *work,
                            const struct case_answer *answer, struct outputs *outputs)
{
    struct event event;
    struct emit_case about = case_flow_about(flow, work, answer->cause);
    about.time_ms = not_before(work, answer, about.time_ms);
    if (strcmp(answer->say.stage, "recalled") == 0)
        about.time_ms = case_decide_turn(&work->set, work->kind, about.time_ms);
    if (answer->street.at)
        about.street_code = answer->street;
    struct emit_move say = answer->say;
    say.internal_due_ms = timers_internal_due(work->kind, say.due_ms, about.time_ms);
    if (!emit_move(&flow->emit, &about, &say, &flow->arena, &event))
        return REJECT_TOO_LARGE;
    enum reject reject = case_flow_merge_own(flow, work, &event);
    if (reject != REJECT_NONE)
        return reject;
    emit_send_event(&flow->emit, &event, outputs);
    flow->counts.answered++;
    if (answer->asks != DESK_NOTHING) {
        if (!desk_is_open(&work->set, &work->fold, work->kind, answer->asks, about.cause_id))
            return REJECT_NONE;
        work->asked = about.cause_id;
    }
    for (size_t i = 0; i < answer->order_count; i++)
        emit_order(&flow->emit, &about, &event, &answer->orders[i], outputs);
    return REJECT_NONE;
}
