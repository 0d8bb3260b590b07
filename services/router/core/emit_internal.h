/* SPDX-License-Identifier: Apache-2.0 */
/* How anything of the router's is built, for the files that build it: emit_begin, emit_say one
 * member after the other, emit_build; then, once it is merged into its case, emit_send_event and an
 * emit_order for each unit it concerns. */
#pragma once

#include "router/core/emit.h"

/* Of the data: ,"name": */
#define MEMBER(name) SPAN(",\"" name "\":")

void emit_begin(struct emit *emit);
/* An absent value says nothing. Names and values must live until the event is merged. */
void emit_say(struct emit *emit, struct span member, struct span value);
void emit_say_true(struct emit *emit, struct span member);
void emit_say_units(struct emit *emit, struct span member, const struct span *units, size_t count);
/* Nothing where it names no unit. */
void emit_say_answer(struct emit *emit, struct span member, const struct decision_answer *answer);
/* Each once in an event. */
void emit_say_due(struct emit *emit, int64_t ms);
void emit_say_internal_due(struct emit *emit, int64_t ms);
void emit_say_place(struct emit *emit, const struct emit_case *about);
/* What is said from here on stands in the desk's orders alone. */
void emit_close_to_units(struct emit *emit);
/* The event around what was said; its id answers `question` of about->cause_id. */
bool emit_build(struct emit *emit, const struct emit_case *about, const char *stage,
                struct span question, struct arena *arena, struct event *event);

struct emit_order {
    const char *kind;
    struct span unit;
    const char *state; /* NULL = open */
};
/* The work order: the event's id and data under a kind, for one unit. */
void emit_order(struct emit *emit, const struct emit_case *about, const struct event *event,
                const struct emit_order *order, struct outputs *outputs);
