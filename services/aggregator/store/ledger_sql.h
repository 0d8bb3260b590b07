/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's statements; its tables are in sql/. */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "base/strbuf.h"

extern const char ledger_sql_said[], ledger_sql_came[];
extern const char ledger_sql_said_types[], ledger_sql_came_types[];

/* One number: feeds and hours of the last seven days, over for an hour, that do not close. */
extern const char ledger_sql_open[];
/* $1: pages of so many days are kept as they are. One number: pages that were added up, some at a
 * time; 0 = no more. */
extern const char ledger_sql_add_up[];

/* One json value as view_sql_query writes it; `by` is a list of day, hour, feed and unit, "" = a
 * total. Parameters: from and to, civil days of the district. False when `by` names something else
 * or twice. */
bool ledger_sql_query(struct strbuf *out, struct span by, int zone_minutes);
/* What GET /api/views tells of it, as view_shape_write does of a view. */
void ledger_sql_write_shape(struct strbuf *out);
