/* SPDX-License-Identifier: Apache-2.0 */
/* The sets of a batch's cases, and what the cases are now: read, merged and written a portion at a
 * time, so that of a large batch a part is in memory. */
#pragma once

#include "aggregator/core/batch.h"
#include "postgres/transaction.h"

struct set_rows;
/* Into the tables of `schema`. `remedy` is told where a stored set cannot be read; both borrowed.
 */
struct set_rows *set_rows_new(const char *schema, const char *remedy);
void set_rows_free(struct set_rows *rows);
/* Within a transaction that has begun: what was queued is sent first, and answered before anything
 * is written; of what it queues itself the last portion is left to the caller's flush. The batch is
 * sealed. `delta`: the cells' changes are added to it; NULL: nobody asks. */
bool set_rows_write(struct set_rows *rows, struct batch *batch, struct delta *delta,
                    struct postgres_transaction *transaction, struct error *error);
