/* SPDX-License-Identifier: Apache-2.0 */
/* The row that says what a case is now; its table is in sql/. */
#pragma once

#include "aggregator/core/batch.h"
#include "aggregator/store/array_binary.h"

extern const char case_now_sql_types[]; /* of the parameters, all arrays */

void case_now_sql_upsert(struct strbuf *out, const char *schema);
/* Statements: rows of core become those of the schema, which may be more; places in the log stay.
 */
void case_now_sql_replace(struct strbuf *out, const char *schema);
void case_now_sql_fill(struct array_binary *arrays, const struct batch_case *changed);
