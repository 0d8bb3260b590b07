/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata of all topics copied into a sorted table. A topic without a leader yet counts with the
 * partitions it has; one that answers with an error is left out, as if it were not there. */
#include "kafka/topic_catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct topic_catalog_entry *)a)->name,
                  ((const struct topic_catalog_entry *)b)->name);
}

bool topic_catalog_read(struct topic_catalog *catalog, rd_kafka_t *handle, const char *prefix,
                        int64_t timeout_ms, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    size_t prefix_len = strlen(prefix);
    *catalog = (struct topic_catalog){0};
    rd_kafka_resp_err_t code = rd_kafka_metadata(handle, 1, NULL, &metadata, (int)timeout_ms);
    if (code)
        return error_set(error, ERROR_RETRY, (int)code, "metadata: %s", rd_kafka_err2str(code));
    catalog->brokers = metadata->broker_cnt;
    catalog->entries = xcalloc((size_t)metadata->topic_cnt + 1, sizeof(catalog->entries[0]));
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];
        if (topic->err || topic->partition_cnt == 0 ||
            strncmp(topic->topic, prefix, prefix_len) != 0)
            continue;
        catalog->entries[catalog->count++] =
            (struct topic_catalog_entry){xstrdup(topic->topic), topic->partition_cnt};
    }
    rd_kafka_metadata_destroy(metadata);
    qsort(catalog->entries, catalog->count, sizeof(catalog->entries[0]), compare_entries);
    return true;
}

void topic_catalog_fini(struct topic_catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++)
        free(catalog->entries[i].name);
    free(catalog->entries);
    *catalog = (struct topic_catalog){0};
}

int32_t topic_catalog_partitions(const struct topic_catalog *catalog, const char *name)
{
    size_t low = 0, high = catalog->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, catalog->entries[middle].name);
        if (order == 0)
            return catalog->entries[middle].partitions;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}
