/* SPDX-License-Identifier: Apache-2.0 */
/* Other rules over past events. The log is read as the router read it: each case's set is folded up
 * to the record that asked for a decision, the clock stands where it stood, and the same code
 * decides; then what the log says was decided is compared and goes on. Nothing is written. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "citybrain/backtest_report.h"
#include "router/core/case_flow.h"

#define BACKTEST_PARTITIONS 1024

struct backtest_range {
    int64_t from_ms, to_ms; /* of decisions, half-open; all before is read for what it tells */
    /* The records may have been copied without ticks: until one comes, the time each was recorded
     * stands for the clock. */
    bool no_ticks;
};

struct backtest;
struct backtest *backtest_new(const struct case_flow_rules *rules,
                              const struct backtest_range *range, struct backtest_report *report);
void backtest_free(struct backtest *backtest);
/* Records of one partition in their order. */
void backtest_take(struct backtest *backtest, int32_t partition, struct span json);
/* What still waits for its decision is missing on the log. */
void backtest_finish(struct backtest *backtest);
