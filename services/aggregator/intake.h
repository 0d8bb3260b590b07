/* SPDX-License-Identifier: Apache-2.0 */
/* What one record of `events` adds to a batch. */
#pragma once

#include "aggregator/aggregator_config.h"
#include "aggregator/freshness.h"
#include "aggregator/store/writer.h"

struct intake {
    const struct aggregator_config *config; /* borrowed */
    struct freshness *freshness;            /* borrowed; set by the owner */
    struct json_reader *reader;             /* owned */
    struct arena arena;                     /* one record */
};

void intake_init(struct intake *intake, const struct aggregator_config *config);
/* *taken is false when the batch has no room: the record comes again. `empty`: the batch holds
 * nothing, so what has no room in it has none anywhere. */
enum reject intake_take(struct intake *intake, struct batch *batch, bool empty,
                        const struct record *record, struct writer_position *position, bool *taken);
