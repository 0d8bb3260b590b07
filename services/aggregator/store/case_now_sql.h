/* SPDX-License-Identifier: Apache-2.0 */
/* The row that says what a case is now; its table is in sql/. */
#pragma once

#include "aggregator/core/batch.h"
#include "aggregator/store/array_text.h"

#define CASE_NOW_SQL_ARRAYS 25 /* parameters, all arrays */

void case_now_sql_upsert(struct strbuf *out);
void case_now_sql_fill(struct array_text *arrays, const struct batch_case *changed);
