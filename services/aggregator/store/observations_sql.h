/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the observations of a batch; their table is in sql/0010. */
#pragma once

#include "aggregator/core/observation_rows.h"
#include "postgres/transaction.h"

struct observations_sql;
struct observations_sql *observations_sql_new(void);
void observations_sql_free(struct observations_sql *sql);
/* The days that this process has not asked for yet, some at a time, each some in a transaction of
 * their own: what makes a table holds its locks to the end. */
bool observations_sql_make_days(struct observations_sql *sql, const struct observation_rows *rows,
                                struct postgres_transaction *transaction, struct error *error);
/* Then the rows. The texts are borrowed until the transaction is flushed. */
void observations_sql_queue(struct observations_sql *sql, const struct observation_rows *rows,
                            struct postgres_transaction *transaction);
/* Days that were asked for are asked for again: nobody knows what happened, or retention took them.
 */
void observations_sql_forget(struct observations_sql *sql);
/* A commit failed because a day is not there any more. */
bool observations_sql_lacks_day(const struct error *error);
/* $1: so many days are kept. One number: partitions that went, some at a time; 0 = no more. */
extern const char observations_sql_retain[];
