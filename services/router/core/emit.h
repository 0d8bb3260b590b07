/* SPDX-License-Identifier: Apache-2.0 */
/* What the router writes: the decision on `events`, the work order that is its projection on
 * `dispatch.<unit>`. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/record.h"
#include "base/strbuf.h"
#include "model/case_fold.h"
#include "model/event.h"
#include "router/core/decide.h"

enum router_stream {
    STREAM_EVENTS,
    STREAM_DISPATCH,
    STREAM_STATE_CASES,
    STREAM_DEAD,
    STREAM_COUNT
};

struct emit {
    struct strbuf data, event, order; /* owned; warm buffers */
};

void emit_init(struct emit *emit);
void emit_fini(struct emit *emit);

struct emit_case {
    struct span id, kind; /* case id and its kind */
    struct span type_code, street_code, community_code;
    struct span cause_id;
    int64_t time_ms; /* later of the cause's recorded time and the partition's clock */
};

/* Writes the `dispatched` event and the work orders of lead and copies. *event describes what was
 * written (its texts live in the arena), so that the caller can merge its own decision at once. */
void emit_decision(struct emit *emit, const struct emit_case *about,
                   const struct decision *decision, struct span bundle, struct outputs *outputs,
                   struct arena *arena, struct event *event);
/* Writes `overdue` (or what the timer does) and the unit's work order of that kind; `timer` names
 * it. */
void emit_timer(struct emit *emit, const struct emit_case *about, const struct case_fold *fold,
                const struct kind_timer *timer, int64_t due_ms, struct outputs *outputs,
                struct arena *arena, struct event *event);
