/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/upsert.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define MAX_PARAMETER (512U << 20)

void upsert_init(struct upsert *upsert, const char *prefix, const char *name, const char *types)
{
    snprintf(upsert->name, sizeof upsert->name, "%s_%s", prefix, name);
    strbuf_init(&upsert->sql, 1024, 1 << 20);
    upsert->count = strlen(types);
    assert(upsert->count <= UPSERT_MAX_ARRAYS);
    for (size_t i = 0; i < upsert->count; i++) {
        array_binary_init(&upsert->arrays[i], (enum array_type)types[i], MAX_PARAMETER);
        upsert->formats[i] = 1; /* binary */
    }
}

void upsert_fini(struct upsert *upsert)
{
    strbuf_fini(&upsert->sql);
    for (size_t i = 0; i < upsert->count; i++)
        array_binary_fini(&upsert->arrays[i]);
}

void upsert_reset(struct upsert *upsert)
{
    for (size_t i = 0; i < upsert->count; i++)
        array_binary_reset(&upsert->arrays[i]);
}

void upsert_queue(struct upsert *upsert, struct postgres_transaction *transaction,
                  postgres_result_fn *result, void *context)
{
    if (upsert->arrays[0].count == 0)
        return;
    for (size_t i = 0; i < upsert->count; i++) {
        struct span value = array_binary_finish(&upsert->arrays[i]);
        upsert->values[i] = value.at;
        upsert->lengths[i] = (int)value.len;
    }
    postgres_transaction_add(transaction, &(struct postgres_statement){.name = upsert->name,
                                                                       .sql = upsert->sql.at,
                                                                       .values = upsert->values,
                                                                       .lengths = upsert->lengths,
                                                                       .formats = upsert->formats,
                                                                       .count = (int)upsert->count,
                                                                       .result = result,
                                                                       .context = context});
}
