/* SPDX-License-Identifier: Apache-2.0 */
/* What a case tells other cases: its parent that it joins or leaves, its children that they are
 * refused or what was done for them (docs/decisions/0038). All of it is a function of the case's
 * set; a change of the set tells the difference.
 *
 *   merge_look ── before ────────────────────────────────┐
 *   case_set_merge ── merge_follow ──> recalled, unmerged ├── merge_tell ──> events of other cases
 *                  └─ decisions ── after ─────────────────┘
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/record.h"
#include "model/case_line.h"
#include "model/case_set.h"
#include "model/reject.h"

enum merge_what {
    MERGE_JOINS,   /* its parent: it is a child */
    MERGE_LEAVES,  /* its parent: no longer */
    MERGE_REFUSES, /* a child: it cannot be one */
    MERGE_CHILD,   /* nobody: a child that gets copies */
    MERGE_COPIES,  /* every child: this was done */
};

struct merge_word {
    enum merge_what what;
    struct span id;       /* of the line that says it */
    struct span other;    /* the case it concerns; absent for a copy */
    struct span merge_id; /* of the child's `merged`, where one is concerned */
    struct span revision; /* of the line */
    struct span lead;     /* a copy's: who did it */
    int64_t time_ms, recorded_ms;
    const char *stage; /* a copy's */
    const char *why;   /* a refusal's: a rule of merge_reasons */
};

struct merge_view {
    struct merge_word *words; /* arena */
    size_t count;
};

struct case_flow;
struct working;

/* Before a line is merged; an empty view of a case that was never merged, which is not folded.
 * False when the arena is full. */
bool merge_look(struct merge_view *view, struct case_flow *flow, struct working *work);
/* After the fold of the changed set: what it makes of the case itself, merged and folded. */
enum reject merge_follow(struct case_flow *flow, struct working *work,
                         const struct merge_view *before, struct outputs *outputs);
/* After everything that is decided of the record: what other cases hear of it. */
enum reject merge_tell(struct case_flow *flow, const struct working *work,
                       const struct merge_view *before, struct outputs *outputs);
/* A line that the full set could not take: a child that wanted in has its duty back. */
void merge_turn_away(struct case_flow *flow, const struct working *work,
                     const struct case_line *line, struct outputs *outputs);
