/* SPDX-License-Identifier: Apache-2.0 */
/* Librdkafka before 2.2.0 lets a broker thread sleep up to a second when the bounded queue is full,
 * and nothing wakes it when there is room again. Any request to that broker does: a watermark
 * query, made in the pool. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct nudge {
    uv_loop_t *loop;
    rd_kafka_t *consumer; /* borrowed */
    uv_work_t work;
    bool needed, under_way;
    int64_t records, bytes; /* taken since the last one */
    int64_t most_bytes;
    size_t turn; /* partitions are asked in turn, so that each leader is woken */
    char topic[256];
    int32_t partition;
    void (*stopped)(void *context); /* once no query is under way */
    void *stopped_context;
};

/* Is this library one that needs it? (Later ones have fetch.queue.backoff.ms.) */
bool nudge_is_needed(void);
void nudge_init(struct nudge *nudge, uv_loop_t *loop, rd_kafka_t *consumer, int64_t queued_bytes);
/* Counts a record; true when a query is due: the caller answers with nudge_send and one of its
 * partitions. */
bool nudge_count(struct nudge *nudge, size_t bytes);
/* The queue has nothing more: true when a query is due, because the thread may have gone to sleep
 * after the last one. */
bool nudge_dry(const struct nudge *nudge);
void nudge_send(struct nudge *nudge, const char *topic, int32_t partition);
/* No more queries; `stopped` is called when none is under way, perhaps at once. */
void nudge_stop(struct nudge *nudge, void (*stopped)(void *context), void *context);
