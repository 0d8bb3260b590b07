/* SPDX-License-Identifier: Apache-2.0 */
/* The records of one key in a topic, or all of them, read once through; blocks, for the command
 * line. No group: nobody notices, and nothing is committed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/record.h"
#include "kafka/client.h"

/* True = that was the last one wanted. */
typedef bool log_search_fn(void *context, struct span value);

/* Committed records of `key`, in order, from about from_ms (time of writing; 0 = the beginning) to
 * the end. Topic without prefix. False when the brokers do not answer or it takes too long. */
bool log_search(const struct kafka_settings *settings, const char *topic, struct span key,
                int64_t from_ms, log_search_fn *found, void *context, struct error *error);

/* The same with the record's place, time and headers. */
typedef bool log_search_record_fn(void *context, const struct record *record);
bool log_search_records(const struct kafka_settings *settings, const char *topic, struct span key,
                        int64_t from_ms, log_search_record_fn *found, void *context,
                        struct error *error);

struct log_search_record {
    int32_t partition;
    struct span key, value;     /* value absent: a tombstone */
    const struct record *whole; /* with its place, time and headers */
    int64_t done, total;        /* how far the whole is */
};
typedef bool log_search_each(void *context, const struct log_search_record *record);
/* Every committed record of a topic from its beginning to its end as it was when asked, each
 * partition in order; what is not decided yet is waited for. False when `each` was, or when the
 * brokers are silent for longer than a transaction may be open. */
bool log_search_all(const struct kafka_settings *settings, const char *topic, log_search_each *each,
                    void *context, struct error *error);
/* The same from about from_ms on (time of writing; 0 = the beginning). */
bool log_search_since(const struct kafka_settings *settings, const char *topic, int64_t from_ms,
                      log_search_each *each, void *context, struct error *error);
/* The record at one place, if it is committed and still there. */
bool log_search_at(const struct kafka_settings *settings, const char *topic, int32_t partition,
                   int64_t offset, log_search_each *each, void *context, struct error *error);
/* log_search_since, and on as they come, until `each` is false; while nothing comes it is given
 * NULL. */
#define LOG_SEARCH_NOW (-1) /* as from_ms: what is there already is left out */
bool log_search_follow(const struct kafka_settings *settings, const char *topic, int64_t from_ms,
                       log_search_each *each, void *context, struct error *error);
