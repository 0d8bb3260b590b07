/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of contributions by key: the cells and bins a batch changes, sorted so that two writers lock
 * rows in one order. Grows with the batch, which is bounded. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "aggregator/core/contribution.h"

struct delta_row {
    size_t view; /* index in views */
    int64_t day;
    int part;                           /* of the day by the view's grain, or VIEW_WHOLE_DAY */
    bool excluded;                      /* 剔除 */
    struct span group[VIEW_MAX_GROUPS]; /* the table's own copy */
    size_t measure;                     /* bins only */
    int bin;                            /* -1: a cell */
    int64_t *value;                     /* likewise; of a cell its columns, of a bin its n */
    size_t value_count;
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
/* Sorts, forgets rows that are all zero; cells come before bins of the same view. */
void delta_finish(struct delta *delta);
/* By place alone: a bin is 0 apart from the cell it lies in. Both are of one view. */
int delta_compare_places(const struct delta_row *a, const struct delta_row *b);
size_t delta_count(const struct delta *delta);
const struct delta_row *delta_at(const struct delta *delta, size_t index);
