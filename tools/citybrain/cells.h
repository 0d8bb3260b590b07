/* SPDX-License-Identifier: Apache-2.0 */
/* What the aggregator keeps in PostgreSQL, in memory: the cases' sets and the views' cells. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aggregator/core/batch.h"
#include "aggregator/core/view_row.h"
#include "base/strbuf.h"

struct cells;
struct cells *cells_new(const struct batch_rules *rules); /* borrowed */
void cells_free(struct cells *cells);
/* The batch as one transaction: old sets given, folded, sets and cells moved on, cleared. False
 * when a kept set cannot be read: *bad is its case. */
bool cells_commit(struct cells *cells, struct batch *batch, struct span *bad);
/* Buckets of these days, both included; stocks rise no further than now, and their rows end with
 * the last day of which they have anything new to tell. */
struct cells_range {
    int64_t from_day, to_day, now_ms;
};

/* A view as a JSON array of rows, in the order of `by`. */
void cells_write(const struct cells *cells, size_t view_index, const struct view_by *by,
                 const struct cells_range *range, struct strbuf *out);
/* Every case with its set, in no order. */
typedef void cells_set_fn(void *context, struct span id, struct span lines);
void cells_each_set(const struct cells *cells, cells_set_fn *each, void *context);
