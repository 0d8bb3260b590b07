/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a position in PostgreSQL and a log in Kafka belong together. Beside the position stands
 * the last record before it, by offset and mark: a log that has another one there is another log
 * (the topic was made anew), wherever it ends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/record.h"

#define LOG_PLACE_MARK 48

struct log_mark { /* of a record: when it was written, its key, its length */
    int64_t timestamp_ms;
    uint32_t key, length;
};

struct log_place {
    const char *topic;
    int32_t partition;
    int64_t next;  /* the position; -1 = none: from the beginning, whichever log it is */
    int64_t last;  /* offset of the last record before it; -1 = none known */
    int64_t first; /* of the log */
    int64_t end;   /* of the log, as far as it is committed */
};

struct log_mark log_mark_of(const struct record *record);
void log_mark_write(char text[LOG_PLACE_MARK], const struct log_mark *mark);

/* Where to read from: `last` where it can be looked at again (*looks), else `next`. ERROR_CONFIG
 * with reason and runbook where the log does not reach the position, from either side. */
bool log_place_start(const struct log_place *place, int64_t *start, bool *looks,
                     struct error *error);
/* The record at or behind `last` that came first; `mark` is what the database says of it. Absent
 * (NULL): the log ended without one. */
bool log_place_check(const struct log_place *place, const char *mark, const struct record *record,
                     struct error *error);
