/* SPDX-License-Identifier: Apache-2.0 */
/* The transactional producer of one slot. begin is called on the loop; start and commit block and
 * belong to the worker; nobody else touches the producer meanwhile. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "kafka/client.h"

struct transaction {
    const struct kafka_settings *settings;
    rd_kafka_t *producer; /* owned */
    bool started;         /* init_transactions succeeded */
    bool open;
    int64_t records, outputs, bytes; /* of the open one */
    int64_t failed; /* records the brokers refused; written by delivery reports only */
    int failed_code;
};

bool transaction_init(struct transaction *transaction, const struct kafka_settings *settings,
                      struct error *error);
/* init_transactions once, fencing and aborting a predecessor. RETRY: call again, for as long as it
 * takes. */
bool transaction_start(struct transaction *transaction, struct error *error);
bool transaction_begin(struct transaction *transaction, struct error *error);
/* How long one stays open, if nothing ends it sooner. */
#define TRANSACTION_BEHIND_LONGER 5 /* so many times as long in a backlog */
int64_t transaction_longest_ms(const struct kafka_settings *settings, bool behind);
/* `member` = the group metadata's bytes as they were at assignment: they must still hold. */
bool transaction_commit(struct transaction *transaction, rd_kafka_t *consumer,
                        const struct span *member, const rd_kafka_topic_partition_list_t *offsets,
                        struct error *error);
/* Before an unclean exit: flush, abort if possible; a few seconds at most. */
void transaction_abandon(struct transaction *transaction);
/* Did somebody else take our place? */
bool transaction_is_fenced(int code);
/* The consumer's group metadata as bytes to compare. */
bool transaction_member(rd_kafka_t *consumer, struct span *member, struct error *error);
void transaction_free_member(struct span *member);
