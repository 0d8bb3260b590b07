/* SPDX-License-Identifier: Apache-2.0 */
/* What the router says because of somebody's move: recalled, amended, co_assigned, escalated. */
#pragma once

#include "router/core/emit_internal.h"

struct emit_move { /* absent = not said */
    const char *stage;
    struct span question;
    struct span lead, co_unit, limit_class, level;
    int64_t due_ms;          /* TIMESTAMP_NONE = not said */
    bool duty;               /* the lead's whole duty as it is now: its internal deadline as well */
    int64_t internal_due_ms; /* of that; TIMESTAMP_NONE = not said */
    const char *due_source;  /* of a helper's time: "move", "kind", "lead"; NULL = not said */
    struct span rule;        /* the stage of the move, or what else makes us say it */
    struct span reason;
    struct span desk_cause;            /* this and the next stand in the desk's orders alone */
    struct decision_answer would_have; /* unit absent = not said */
};

/* As emit_decision. */
bool emit_move(struct emit *emit, const struct emit_case *about, const struct emit_move *move,
               struct arena *arena, struct event *event);
