/* SPDX-License-Identifier: Apache-2.0 */
/* How old a feed's newest record may be: as old as the stations that report by it allow. */
#pragma once

#include <stdint.h>

#include "aggregator/core/station_report.h"
#include "base/strbuf.h"

/* By when the first of its stations would have had to be heard, by it or by a heartbeat;
 * CADENCE_NEVER where no station reports by it: then nobody knows how often it is to come.
 * `alive`: of the moment it is asked, and what was heard of stations themselves. */
int64_t feed_report_due(const struct station_report_rules *rules, struct station_report *alive,
                        struct span feed, int64_t seen_ms);
/* {feed, newest, due, late} */
void feed_report_write(const struct station_report_rules *rules, struct station_report *alive,
                       struct span feed, int64_t seen_ms, struct strbuf *out);
