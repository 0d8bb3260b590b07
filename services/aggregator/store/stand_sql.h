/* SPDX-License-Identifier: Apache-2.0 */
/* How the stands of stocks come forward a day (sql/0019_stands.sql, docs/decisions/0250). In this
 * order, each a transaction of its own. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "postgres/connection.h"

/* From its commit on whoever begins to write notes what he changes of older days. */
extern const char stand_sql_want[];
/* Who begins after this one knows it. */
extern const char stand_sql_ask[];
/* Where all that began before have ended: how many stands were settled. */
extern const char stand_sql_settle[];

/* How many stands do not reach up to yesterday. */
extern const char stand_sql_behind[];

/* The first three, where nobody else is at it and no cells are being swapped. `settled` may be 0.
 * `behind` is what there was to settle; as it was where that could not be asked. */
bool stand_sql_step(struct postgres_connection *connection, int *settled, int *behind,
                    struct error *error);
