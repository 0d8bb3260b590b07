/* SPDX-License-Identifier: Apache-2.0 */
/* How far behind a reader is, in records and in time: ends of topics, its positions, and the oldest
 * record it has not read. Blocks, for the command line; reads without joining any group. In this
 * order: lag_open, lag_list, positions (either way), lag_measure, lag_rows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "kafka/client.h"

struct lag_row {
    const char *topic; /* with prefix; owned by the lag */
    int32_t partition;
    int64_t position;  /* next offset to be read; -1 = nothing read yet: from the beginning */
    int64_t end;       /* for a read_committed reader */
    int64_t records;   /* unread offsets; 0 where nothing but transaction markers is left */
    int64_t oldest_ms; /* when the oldest unread record was written; -1 = none, or not known */
};

struct lag;
struct lag *lag_open(const struct kafka_settings *settings, struct error *error);
void lag_close(struct lag *lag);
/* Every partition of the topics that match (without prefix; a family ends in '*') and their ends.
 */
bool lag_list(struct lag *lag, const char *const *topics, size_t count, struct error *error);
/* Positions the group of the settings has committed. */
bool lag_ask_committed(struct lag *lag, struct error *error);
/* A position kept elsewhere. */
void lag_set_position(struct lag *lag, const char *topic, int32_t partition, int64_t position);
/* Reads the first unread record of each partition that has one. */
bool lag_measure(struct lag *lag, struct error *error);
const struct lag_row *lag_rows(const struct lag *lag, size_t *count);
