/* SPDX-License-Identifier: Apache-2.0 */
/* What triggers found; its table is in sql/. */
#pragma once

#include "aggregator/core/firing_rows.h"
#include "aggregator/store/array_text.h"

#define FIRING_SQL_ARRAYS 5

extern const char firing_sql_upsert[];
void firing_sql_fill(struct array_text *arrays, const struct firing_row *row);
