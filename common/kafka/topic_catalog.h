/* SPDX-License-Identifier: Apache-2.0 */
/* The topics a cluster has, with their partition counts, as one answer of metadata says. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct topic_catalog_entry {
    char *name; /* owned */
    int32_t partitions;
};

struct topic_catalog {
    struct topic_catalog_entry *entries; /* sorted by name; owned */
    size_t count;
    int32_t brokers;
};

/* Blocks up to the timeout; only names that start with `prefix`. Asking for all topics creates
 * none. */
bool topic_catalog_read(struct topic_catalog *catalog, rd_kafka_t *handle, const char *prefix,
                        int64_t timeout_ms, struct error *error);
void topic_catalog_fini(struct topic_catalog *catalog);
/* 0 = there is no such topic. */
int32_t topic_catalog_partitions(const struct topic_catalog *catalog, const char *name);
