/* SPDX-License-Identifier: Apache-2.0 */
/* The events that merging writes: mirrors on the keys of other cases, and what it makes of this
 * one. */
#pragma once

#include "router/core/case_flow_internal.h"
#include "router/core/merge.h"

#define MERGE_FULL "parent_full" /* the rule of a refusal for want of room */

/* `child_added` or `child_removed` on the parent's key. */
void merge_say_child(struct case_flow *flow, const struct working *work, const char *stage,
                     const struct merge_word *word, struct outputs *outputs);
/* `unmerged` on the child's key. */
void merge_say_refused(struct case_flow *flow, const struct working *work,
                       const struct merge_word *word, struct outputs *outputs);
/* The stage on the child's key; `holds` = false takes it back. */
void merge_say_copy(struct case_flow *flow, const struct working *work,
                    const struct merge_word *copy, const struct merge_word *child, bool holds,
                    struct outputs *outputs);
/* To the parent's own lead, under the id of the line that says so: one more to do it for, or one
 * less. Nothing while nobody has it to do. */
void merge_say_duty(struct case_flow *flow, const struct working *work,
                    const struct merge_word *child, bool joined, struct outputs *outputs);
/* Of the case itself, merged into it and folded: the lead of a child is recalled; a merge that fell
 * is over for good, and a lead recalled for it has a successor. */
enum reject merge_say_recall(struct case_flow *flow, struct working *work, struct outputs *outputs);
enum reject merge_say_fallen(struct case_flow *flow, struct working *work,
                             const struct merge_word *word, struct outputs *outputs);
