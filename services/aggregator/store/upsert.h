/* SPDX-License-Identifier: Apache-2.0 */
/* A prepared statement whose parameters are arrays; they stay warm between batches. */
#pragma once

#include "aggregator/core/view.h"
#include "aggregator/store/array_binary.h"
#include "postgres/transaction.h"

#define UPSERT_MAX_ARRAYS (4 + VIEW_MAX_GROUPS + VIEW_MAX_COLUMNS)

struct upsert {
    char name[64];
    struct strbuf sql;
    struct array_binary arrays[UPSERT_MAX_ARRAYS];
    const char *values[UPSERT_MAX_ARRAYS];
    int lengths[UPSERT_MAX_ARRAYS], formats[UPSERT_MAX_ARRAYS];
    size_t count;
};

/* Its name is PREFIX_NAME; the SQL is the caller's to write. `types`: a letter an array, of enum
 * array_type. */
void upsert_init(struct upsert *upsert, const char *prefix, const char *name, const char *types);
void upsert_fini(struct upsert *upsert);
void upsert_reset(struct upsert *upsert);
/* Nothing where the arrays are empty. They are borrowed until the next flush. */
void upsert_queue(struct upsert *upsert, struct postgres_transaction *transaction,
                  postgres_result_fn *result, void *context);
