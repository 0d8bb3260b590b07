/* SPDX-License-Identifier: Apache-2.0 */
/* Where partitions begin and end, as the handle's isolation level sees it. The library's own query
 * for watermarks is not used: before 2.3.0 it waits for ever for a broker that is gone. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* As Kafka's ListOffsets has it. */
enum ends_which { ENDS_LAST = -1, ENDS_FIRST = -2 };

/* Fills the offsets of the list's partitions. False with ERROR_RETRY: at least one was not
 * answered; the leaders have been asked for anew. Waits twice `timeout_ms` at most. */
bool ends_ask(rd_kafka_t *handle, rd_kafka_topic_partition_list_t *list, enum ends_which which,
              int timeout_ms, struct error *error);
/* Of one partition. */
bool ends_ask_one(rd_kafka_t *handle, const char *topic, int32_t partition, enum ends_which which,
                  int timeout_ms, int64_t *offset, struct error *error);
