/* SPDX-License-Identifier: Apache-2.0 */
/* A static member of our group, as the transform loop and follow both need it: read_committed, no
 * automatic offsets, every position explicit. One place, because each of these settings is about
 * correctness. */
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/error.h"
#include "kafka/client.h"

struct group_consumer_callbacks {
    void *opaque;
    void (*rebalance)(rd_kafka_t *consumer, rd_kafka_resp_err_t code,
                      rd_kafka_topic_partition_list_t *partitions, void *opaque);
    void (*error)(rd_kafka_t *consumer, int code, const char *reason, void *opaque);
};

/* `role` names the handle in logs; its main queue is forwarded to the consumer's. NULL on error;
 * the caller owns it. */
rd_kafka_t *group_consumer_open(const struct kafka_settings *settings, const char *role,
                                const char *assignor,
                                const struct group_consumer_callbacks *callbacks,
                                struct error *error);
