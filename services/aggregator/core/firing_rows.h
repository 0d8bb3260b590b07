/* SPDX-License-Identifier: Apache-2.0 */
/* What triggers found, as the openings of proactive cases say it: one row a case, the greatest
 * revision of it. Everything lives in the batch's arena. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "model/event.h"

struct firing_row {
    struct firing_row *next;                      /* by case: two writers lock rows in one order */
    struct span case_id, revision, trigger, data; /* data: JSON */
    int64_t fired_ms;
};

struct firing_rows {
    struct firing_row *first;
};

/* The word of the router itself, and its evidence is texts. */
bool firing_rows_is_firing(const struct event *event);
/* False when the arena is full. */
bool firing_rows_take(struct firing_rows *rows, struct arena *arena, const struct event *event);
