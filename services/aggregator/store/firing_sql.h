/* SPDX-License-Identifier: Apache-2.0 */
/* What triggers found; its table is in sql/. */
#pragma once

#include "aggregator/core/firing_rows.h"
#include "aggregator/store/array_binary.h"

extern const char firing_sql_upsert[], firing_sql_types[];
void firing_sql_fill(struct array_binary *arrays, const struct firing_row *row);
