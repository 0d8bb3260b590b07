/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a delta to the cells of a schema: those that are read, or those that are filled aside. */
#pragma once

#include "aggregator/core/delta.h"
#include "postgres/transaction.h"

struct cell_rows;
/* `views` and `schema` are borrowed. */
struct cell_rows *cell_rows_new(const struct views *views, const char *schema);
void cell_rows_free(struct cell_rows *rows);
/* One statement a view, sorted as the delta is; the rows are borrowed until the
 * transaction is flushed. */
void cell_rows_queue(struct cell_rows *rows, const struct delta *delta,
                     struct postgres_transaction *transaction);
