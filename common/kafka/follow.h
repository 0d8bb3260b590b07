/* SPDX-License-Identifier: Apache-2.0 */
/* A group consumer whose offsets live elsewhere (PostgreSQL): the group only distributes
 * partitions. Eager `range`, static member. The owner answers each assignment with explicit
 * offsets; nothing is polled before. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"
#include "daemon/daemon.h"
#include "kafka/client.h"

struct follow;

struct follow_partition {
    int32_t partition;
    int64_t next_offset; /* -1 = none stored: from the low watermark */
};

struct follow_handler {
    void *context;
    /* The whole new assignment. Later, from the loop: follow_start. */
    void (*assigned)(void *context, const struct follow_partition *partitions, size_t count);
    /* Everything is taken away now: the open batch must be dropped or refused by its
     * compare-and-set. */
    void (*revoked)(void *context);
    /* One record; borrowed during the call. False: full, it was NOT taken; resume with
     * follow_resume and it comes again. */
    bool (*on_record)(void *context, const struct record *record);
    /* The queue is empty for now. */
    void (*drained)(void *context);
    /* The partition's position moved without a record (control batches, aborted transactions). */
    void (*at_end)(void *context, int32_t partition, int64_t next_offset);
};

struct follow *follow_open(struct daemon *daemon, const struct kafka_settings *settings,
                           const char *topic, const struct follow_handler *handler,
                           struct error *error);
struct follow_range {
    int32_t partition;
    int64_t first, end; /* as far as it is committed */
};
/* Where the log begins and ends, for the owner's worker thread: waits. ERROR_RETRY while brokers
 * are away. */
bool follow_ask_ranges(struct follow *follow, struct follow_range *ranges, size_t count,
                       struct error *error);
void follow_start(struct follow *follow, const struct follow_partition *partitions, size_t count);
void follow_resume(struct follow *follow);
/* Where the log ends as far as the consumer has heard; -1 = not known. */
int64_t follow_end(const struct follow *follow, int32_t partition);
/* After the sink committed: asynchronous offset commit, only so that lag tools work. */
void follow_committed(struct follow *follow, const struct follow_partition *partitions,
                      size_t count);
/* Ask for the whole assignment anew (the sink lost its connection): drops position, calls assigned
 * again. */
void follow_restart(struct follow *follow);
void follow_close(struct follow *follow); /* bounded; frees */
