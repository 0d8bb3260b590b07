/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by admin.c and admin_describe.c. */
#pragma once

#include "kafka/admin.h"

struct admin {
    rd_kafka_t *handle; /* owned, as the queue of its answers */
    rd_kafka_queue_t *queue;
    const char *prefix; /* borrowed */
};
