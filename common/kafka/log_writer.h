/* SPDX-License-Identifier: Apache-2.0 */
/* Records to topics, one after the other: idempotent, acks=all; blocks, for the command line. What
 * is under way is bounded; after a refusal nothing more is taken. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/record.h"
#include "kafka/client.h"

struct log_writer;
/* NULL when the brokers do not answer. `role`: the client's name in their logs. */
struct log_writer *log_writer_open(const struct kafka_settings *settings, const char *role,
                                   struct error *error);
/* Topic with prefix; its partition by key or explicit. Copies everything; waits where too much is
 * under way. False: it was not taken, or one before it was refused. */
bool log_writer_add(struct log_writer *writer, const char *topic, const struct output *output,
                    struct error *error);
/* True once the brokers have all that was added. */
bool log_writer_flush(struct log_writer *writer, struct error *error);
int64_t log_writer_written(const struct log_writer *writer); /* the brokers have them */
void log_writer_close(struct log_writer *writer);            /* what is under way may be lost */
