/* SPDX-License-Identifier: Apache-2.0 */
/* What became of each feed's items, for alerts: accepted, rejected by reason, and when the last
 * good one was received. Labels are declared feeds and reasons, never what a record says. */
#pragma once

#include "daemon/metrics.h"
#include "ingest/core/normalise.h"

#define FEED_METRICS_MOST 256 /* feeds; what is beyond them is counted as "other" */

struct feed_metrics_row {
    const char *feed; /* borrowed; "unknown" where a header names none of ours */
    int64_t accepted, last_ms;
};

struct feed_metrics {
    const struct feeds *feeds; /* borrowed */
    struct metric *accepted, *rejected, *dead, *last;
    struct feed_metrics_row rows[FEED_METRICS_MOST];
    size_t count;
    struct feed_metrics_row *current; /* of the record before: mostly of this one too */
};

void feed_metrics_open(struct feed_metrics *feed_metrics, struct metrics *metrics,
                       const struct feeds *feeds);
void feed_metrics_add(struct feed_metrics *feed_metrics, const struct normalise_result *result);
/* Shows what was added since: once a transaction, so that a good record costs an addition. */
void feed_metrics_show(struct feed_metrics *feed_metrics);
