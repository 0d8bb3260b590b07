/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the observations of a batch; their table is in sql/0010. */
#pragma once

#include "aggregator/core/observation_rows.h"
#include "postgres/transaction.h"

struct observations_sql;
struct observations_sql *observations_sql_new(void);
void observations_sql_free(struct observations_sql *sql);
/* The texts are borrowed until the transaction is flushed. */
void observations_sql_queue(struct observations_sql *sql, const struct observation_rows *rows,
                            struct postgres_transaction *transaction);
/* What was queued may not have happened: days that were asked for are asked for again. */
void observations_sql_forget(struct observations_sql *sql);
/* $1: so many days are kept. One number: partitions that went. */
extern const char observations_sql_retain[];
