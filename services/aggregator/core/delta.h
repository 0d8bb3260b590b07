/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of contributions by key: the cells a batch changes and the bins that lie in them, sorted so
 * that two writers lock rows in one order. Grows with the batch, which is bounded. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "aggregator/core/contribution.h"

struct delta_bin {
    struct delta_bin *next;
    size_t measure; /* index in the view */
    int bin;
    int64_t n;
};

struct delta_row {
    size_t view; /* index in views */
    int64_t day;
    int part;                           /* of the day by the view's grain, or VIEW_WHOLE_DAY */
    bool excluded;                      /* 剔除 */
    struct span group[VIEW_MAX_GROUPS]; /* the table's own copy */
    int64_t *value;                     /* likewise; one a column of the view */
    struct delta_bin *bins;             /* likewise; once finished each once, sorted */
};

struct delta;
struct delta *delta_new(void);
void delta_free(struct delta *delta);
void delta_clear(struct delta *delta); /* keeps its memory */
/* sign is +1 or -1. */
void delta_add(struct delta *delta, size_t view_index, const struct view *view,
               const struct contribution *contribution, int sign);
/* Adds a row of another table: what a batch changes to what was there, or to coarser sums. */
void delta_add_row(struct delta *delta, const struct delta_row *row, const struct view *view);
/* Sorts, forgets what is zero. */
void delta_finish(struct delta *delta);
size_t delta_count(const struct delta *delta);
const struct delta_row *delta_at(const struct delta *delta, size_t index);
