/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 2 in the daemon: what its flows are told of the bundle, and their numbers. */
#pragma once

#include <stdint.h>

#include "daemon/metrics.h"
#include "router/core/rule_bundle.h"
#include "router/core/window_flow.h"

struct window_pass {
    struct window_flow_rules rules; /* of every partition; borrows from the bundle */
    struct metric *facts, *unused, *firings, *held, *lapsed, *anew, *groups, *clock, *dead;
};

void window_pass_init(struct window_pass *pass, struct metrics *metrics, int64_t most_groups);
/* Before the first partition, and when there is another bundle. */
void window_pass_set_bundle(struct window_pass *pass, const struct rule_bundle *bundle,
                            int32_t event_partitions);
/* What came since; `before` becomes `now`. */
void window_pass_count(struct window_pass *pass, struct window_flow_counts *before,
                       const struct window_flow_counts *now);
/* After a state was taken up: what of it begins anew. */
void window_pass_taken_up(struct window_pass *pass, const struct window_flow *flow,
                          int32_t partition);
/* Once a commit. */
void window_pass_show(struct window_pass *pass, int32_t partition,
                      const struct window_flow_counts *now);
