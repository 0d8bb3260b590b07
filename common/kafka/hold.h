/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs for partitions that the open transaction has not written to yet. Each new partition is
 * added to a transaction by a request of its own, unless others wait for theirs at the same moment:
 * so what is for new ones waits here, and all are added at once. Bounded. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/record.h"

#define HOLD_BYTES   ((size_t)1 << 20)
#define HOLD_OUTPUTS 2048

struct held {
    rd_kafka_topic_t *topic; /* borrowed */
    uint32_t *opened;        /* the partition's mark; the owner's */
    int32_t partition;
    struct output output; /* spans into the arena */
};

struct hold {
    struct arena arena;
    struct held *at; /* owned; in the order they came */
    size_t count;
};

void hold_init(struct hold *hold);
/* Copies; false: there is no room. */
bool hold_add(struct hold *hold, const struct held *held);
void hold_clear(struct hold *hold);
