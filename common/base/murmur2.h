/* SPDX-License-Identifier: Apache-2.0 */
/* Kafka's partitioner: org.apache.kafka.common.utils.Utils.murmur2, bit for bit. */
#pragma once

#include <stdint.h>

#include "base/span.h"

uint32_t murmur2(struct span key);
/* (murmur2(key) & 0x7fffffff) % partitions, as Java's default partitioner places keyed records. */
int32_t murmur2_partition(struct span key, int32_t partitions);
