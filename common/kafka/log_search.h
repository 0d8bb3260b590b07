/* SPDX-License-Identifier: Apache-2.0 */
/* The records of one key in a topic, read once through; blocks, for the command line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "kafka/client.h"

/* True = that was the last one wanted. */
typedef bool log_search_fn(void *context, struct span value);

/* Committed records of `key`, in order, from about from_ms (time of writing; 0 = the beginning) to
 * the end. Topic without prefix. False when the brokers do not answer or it takes too long. */
bool log_search(const struct kafka_settings *settings, const char *topic, struct span key,
                int64_t from_ms, log_search_fn *found, void *context, struct error *error);
