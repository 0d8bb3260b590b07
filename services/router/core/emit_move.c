/* SPDX-License-Identifier: Apache-2.0 */
#include "router/core/emit_move.h"

bool emit_move(struct emit *emit, const struct emit_case *about, const struct emit_move *move,
               struct arena *arena, struct event *event)
{
    emit_begin(emit);
    emit_say(emit, MEMBER("lead"), move->lead);
    emit_say(emit, MEMBER("co_unit"), move->co_unit);
    emit_say(emit, MEMBER("limit_class"), move->limit_class);
    emit_say_due(emit, move->due_ms);
    emit_say_internal_due(emit, move->duty ? move->internal_due_ms : TIMESTAMP_NONE);
    emit_say(emit, MEMBER("due_source"), span_of(move->due_source));
    emit_say(emit, MEMBER("level"), move->level);
    emit_say(emit, MEMBER("rule"), move->rule);
    emit_say(emit, MEMBER("reason"), move->reason);
    emit_say_place(emit, about);
    emit_say(emit, MEMBER("cause"), about->cause_id);
    emit_close_to_units(emit);
    emit_say(emit, MEMBER("desk_cause"), move->desk_cause);
    emit_say_answer(emit, MEMBER("would_have"), &move->would_have);
    return emit_build(emit, about, move->stage, move->question, arena, event);
}
