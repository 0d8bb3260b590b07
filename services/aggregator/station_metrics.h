/* SPDX-License-Identifier: Apache-2.0 */
/* How many stations are in which state, for the metrics an alert stands on. Before the first tick
 * no station is counted (docs/decisions/0389). */
#pragma once

#include "aggregator/core/station_report.h"
#include "daemon/metrics.h"

struct station_metrics { /* borrowed, as long as the metrics */
    struct metrics *metrics;
    struct metric *states[STATION_UNKNOWN], *unknown, *heard, *clock;
};
void station_metrics_open(struct station_metrics *here, struct metrics *metrics);
void station_metrics_take(struct station_metrics *here, struct station_report *report);
