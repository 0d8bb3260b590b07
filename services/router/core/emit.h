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
#include "model/json.h"
#include "model/reject.h"
#include "router/core/decide.h"

enum router_stream {
    STREAM_EVENTS,
    STREAM_DISPATCH,
    STREAM_STATE_CASES,
    STREAM_DEAD,
    STREAM_SIGNALS,
    STREAM_STATE_WINDOWS,
    STREAM_RECEIPTS,
    STREAM_COUNT
};

#define EMIT_MOST_MEMBERS 64 /* those of lists too */
#define EMIT_TIME         40

struct emit {
    struct strbuf data, event, order; /* owned; warm buffers */
    /* The data once more, as somebody who reads them gets them. */
    struct json_value root, members[EMIT_MOST_MEMBERS];
    struct json_value *last; /* of the root's members */
    size_t member_count;
    size_t open_len; /* of the data's text: what any unit may read; the desk reads all of it */
    char due[EMIT_TIME], internal[EMIT_TIME];
    int64_t moment_ms; /* written last, of orders: those of one decision have one */
    char moment[EMIT_TIME];
    size_t moment_len; /* 0 = none yet */
};

void emit_init(struct emit *emit);
void emit_fini(struct emit *emit);

struct emit_case {
    struct span id, kind; /* case id and its kind */
    struct span type_code, street_code, community_code;
    struct span cause_id;
    int64_t time_ms; /* later of the cause's recorded time and the partition's clock */
};

/* Each thing is built first and sent after it was merged into its case: what a case has no room for
 * is not said. *event describes it; its texts live in the arena, its data in `emit` until the next
 * is built, as text and as what is read of that text. False when the arena or a buffer is full. */
bool emit_decision(struct emit *emit, const struct emit_case *about,
                   const struct decision *decision, struct span bundle, struct arena *arena,
                   struct event *event);
/* The event and the work orders of lead and copies. */
void emit_send_decision(struct emit *emit, const struct emit_case *about, const struct event *event,
                        const struct decision *decision, struct outputs *outputs);

struct emit_timer { /* one that fires */
    const struct kind_timer *timer;
    const struct case_fold *fold;
    const struct case_co *co; /* whose time it is; NULL = the lead's */
    struct span question;     /* names timer and due */
    struct span desk_cause;   /* what the desk's order asks; absent = nothing */
};

/* `nudged` or `overdue`, as the timer does. */
bool emit_timer(struct emit *emit, const struct emit_case *about, const struct emit_timer *fires,
                struct arena *arena, struct event *event);
/* The event and its orders: a nudge to whose time it is (or whom the kind names), an overdue order
 * to him and, where it `asks`, `escalated` to whom the kind names. */
void emit_send_timer(struct emit *emit, const struct emit_case *about, const struct event *event,
                     const struct emit_timer *fires, bool asks, struct outputs *outputs);

/* `undelivered` or `delivered`: an order of that unit could not be written, then it could. */
bool emit_delivery(struct emit *emit, const struct emit_case *about, const char *stage,
                   struct span unit, struct span order_kind, struct arena *arena,
                   struct event *event);
void emit_send_event(struct emit *emit, const struct event *event, struct outputs *outputs);

/* A record of `events` that no case can take: untouched to `dead`, with its reason. */
void emit_dead(struct emit *emit, const struct record *record, enum reject reject,
               struct outputs *outputs);
