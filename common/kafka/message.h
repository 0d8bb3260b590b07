/* SPDX-License-Identifier: Apache-2.0 */
/* Between librdkafka's messages and our records. */
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/record.h"

/* A view of `message`, valid until it is destroyed. Headers beyond RECORD_MAX_HEADERS are not
 * shown. */
void message_to_record(const rd_kafka_message_t *message, int source, struct record *record);
/* Queues `output` for the topic's partition; everything is copied. */
rd_kafka_error_t *message_produce(rd_kafka_t *handle, rd_kafka_topic_t *topic, int32_t partition,
                                  const struct output *output, void *tag);
/* Explicit, or by Java's murmur2; -1 when the topic has no such partition. */
int32_t message_partition(const struct output *output, int32_t partitions);
/* Key, value and headers: what it weighs in a transaction. */
size_t message_size(const struct output *output);
