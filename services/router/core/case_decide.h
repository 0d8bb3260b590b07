/* SPDX-License-Identifier: Apache-2.0 */
/* From a folded case to what is decided of it: the order as the case tells it, the decision, and
 * the event that says it. Nothing is sent and nothing changed, so who only asks what would be
 * decided (backtest, a second opinion after a correction) asks the very same. */
#pragma once

#include "model/case_set.h"
#include "router/core/case_flow.h"
#include "router/core/emit.h"

struct case_decide_asked {
    const struct case_flow_rules *rules;
    struct span id, kind_code;
    const struct case_kind *kind;
    const struct case_set *set;
    const struct case_fold *fold;
    int64_t clock_ms; /* of its partition; TIMESTAMP_NONE before the first tick */
};

struct case_decided {
    struct emit_case about;
    struct decision decision;
    struct event event; /* `dispatched`; its data are the emitter's until the next is built */
};

/* Whether it is of a case that the router opened or confirmed by itself: that was never late. */
bool case_decide_is_ours(const struct case_kind *kind, const struct case_line *cause);

/* Does the case wait for a lead? A cause has its own once, even where a correction has taken the
 * effect from that line; one that history alone tells has none, unless it is the opening. */
bool case_decide_is_due(const struct case_set *set, const struct case_fold *fold,
                        const struct case_kind *kind);
/* The event that a decision has as its cause. */
const struct case_line *case_decide_cause(const struct case_set *set, const struct case_fold *fold);
/* The order as the case tells it now. */
struct order case_decide_order(const struct case_decide_asked *asked,
                               const struct case_line *cause);
/* Case, moment and cause of what is said because of that line. */
struct emit_case case_decide_about(const struct case_decide_asked *asked,
                                   const struct case_line *cause);
/* Who gets a case and who loses it is said in one order, and stands in that order: not before that
 * moment, and behind what was said of it already. */
int64_t case_decide_turn(const struct case_set *set, const struct case_kind *kind, int64_t time_ms);
/* False when the arena or the emitter is full. */
bool case_decide(struct case_decided *decided, const struct case_decide_asked *asked,
                 struct emit *emit, struct arena *arena);
