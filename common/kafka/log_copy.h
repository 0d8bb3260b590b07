/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded range of a topic, once through, and what the caller makes of each record into another
 * topic. Records and positions become durable in one transaction, under a name: whoever is killed
 * goes on where he stopped, and nothing is written twice. Blocks, for the command line. In this
 * order: log_copy_open, narrow the parts, log_copy_into or not at all, log_copy_run. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/record.h"
#include "kafka/client.h"

struct log_copy_part {
    int32_t partition;
    int64_t from, to; /* offsets, half-open; the caller may narrow them */
    int64_t next;     /* first that is not done */
};

struct log_copy;
/* `settings` are copied, their texts borrowed; its group is the reader's name. Topic without
 * prefix. The parts are all that is there now. */
struct log_copy *log_copy_open(const struct kafka_settings *settings, const char *topic,
                               struct error *error);
void log_copy_close(struct log_copy *copy);
struct log_copy_part *log_copy_parts(struct log_copy *copy, size_t *count);

/* What a copy was asked for. It is kept with the positions: who comes under its name with other
 * words does not go on where they stopped. */
struct log_copy_asked {
    const char *words; /* copied; LOG_COPY_WORDS bytes of them at most */
    bool in_name; /* the name is made of them: positions that were left without words are theirs */
};
#define LOG_COPY_WORDS 1000

/* ERROR_REFUSED: the positions of the settings' group are of other words, or of none. Nothing is
 * moved and nobody fenced; what the brokers cannot say now is good, log_copy_into asks again. */
bool log_copy_check(struct log_copy *copy, const struct log_copy_asked *asked, struct error *error);
/* What was done under that group before is not done again; refused as by log_copy_check, before
 * anybody is fenced. Topic without prefix. */
bool log_copy_into(struct log_copy *copy, const char *topic, const struct log_copy_asked *asked,
                   struct error *error);
int64_t log_copy_total(const struct log_copy *copy); /* offsets */
int64_t log_copy_done(const struct log_copy *copy);

/* What is added to `outputs` is written; nowhere without log_copy_into. False: stop. */
typedef bool log_copy_each(void *context, const struct record *record, struct outputs *outputs);
/* `rate`: records written a second, 0 = as fast as it goes. False when `each` was (*error is its
 * own), or when the brokers are silent for half a minute: what was not committed is not written. */
bool log_copy_run(struct log_copy *copy, log_copy_each *each, void *context, int64_t rate,
                  struct error *error);
