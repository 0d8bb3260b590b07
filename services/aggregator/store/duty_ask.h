/* SPDX-License-Identifier: Apache-2.0 */
/* What changed for a unit or a station since a place in the log. Columns now, gone, part,
 * log_offset, row (JSON), in the log's order; gone where the place lies beyond the log. */
#pragma once

#include "aggregator/core/api_place.h"
#include "aggregator/store/sql_ask.h"

struct duty_ask {
    struct span who, topic;
    const struct api_place *after;
    int64_t limit;
};

/* The unit's orders: those it leads, helps with, or had. */
void duty_ask_orders(struct sql_ask *ask, const struct duty_ask *duty);
/* The cases that the station told of. */
void duty_ask_progress(struct sql_ask *ask, const struct duty_ask *duty);
