/* SPDX-License-Identifier: Apache-2.0 */
/* Both passes of the router in one process, over as many partitions as the topics have: what they
 * write to `events` and `signals` comes back to them in the order a broker would give it. No
 * broker, no clock.
 *
 *   events ─┬─ case_flow_on_record ─> events, signals, dispatch.<unit>
 *           └─ the watcher             └─ window_flow_on_record ─> events
 */
#pragma once

#include <stdint.h>

#include "base/record.h"
#include "router/core/case_flow.h"

/* Each may be NULL. Borrowed during the call. */
struct passes_watch {
    void *context;
    /* A record of events, ticks too, after the router took it. */
    void (*event)(void *context, const struct record *record);
    /* Whatever the router writes. */
    void (*said)(void *context, const struct output *output);
};

struct passes;
struct passes *passes_new(const struct case_flow_rules *rules, const struct passes_watch *watch);
void passes_free(struct passes *passes);
/* A record to the end of events, by its key where partition is OUTPUT_BY_KEY; time of writing. */
void passes_add(struct passes *passes, int32_t partition, struct span key, struct span value,
                int64_t written_ms);
void passes_add_tick(struct passes *passes, int64_t t_ms);          /* to every partition */
void passes_run(struct passes *passes);                             /* until all is read */
struct case_flow_counts passes_counts(const struct passes *passes); /* of all partitions */
int64_t passes_firings(const struct passes *passes);                /* each opened a case */
