/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/upsert.h"

#include <stdio.h>

#define MAX_PARAMETER (512U << 20)

void upsert_init(struct upsert *upsert, const char *prefix, const char *name, size_t arrays)
{
    snprintf(upsert->name, sizeof upsert->name, "%s_%s", prefix, name);
    strbuf_init(&upsert->sql, 1024, 1 << 20);
    upsert->count = arrays;
    for (size_t i = 0; i < arrays; i++)
        array_text_init(&upsert->arrays[i], MAX_PARAMETER);
}

void upsert_fini(struct upsert *upsert)
{
    strbuf_fini(&upsert->sql);
    for (size_t i = 0; i < upsert->count; i++)
        array_text_fini(&upsert->arrays[i]);
}

void upsert_reset(struct upsert *upsert)
{
    for (size_t i = 0; i < upsert->count; i++)
        array_text_reset(&upsert->arrays[i]);
}

void upsert_queue(struct upsert *upsert, struct postgres_transaction *transaction,
                  postgres_result_fn *result, void *context)
{
    if (upsert->arrays[0].count == 0)
        return;
    for (size_t i = 0; i < upsert->count; i++)
        upsert->values[i] = array_text_finish(&upsert->arrays[i]);
    postgres_transaction_add(transaction, &(struct postgres_statement){.name = upsert->name,
                                                                       .sql = upsert->sql.at,
                                                                       .values = upsert->values,
                                                                       .count = (int)upsert->count,
                                                                       .result = result,
                                                                       .context = context});
}
