/* SPDX-License-Identifier: Apache-2.0 */
/* A time zone as wall clocks have it: an offset, or a name of the system's time zone database with
 * its summer times. Read once; nothing is looked up per record but one table. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/timestamp.h"

struct zone;
/* "UTC", "Asia/Shanghai" (both built in), "+08:00", or any name below $TZDIR (default
 * /usr/share/zoneinfo); NULL for others, and for a file that ends before 2037 though its zone still
 * has summer time. */
struct zone *zone_new(struct span name);
void zone_free(struct zone *zone);
/* False for parts out of range and for an hour that the clocks skipped; an hour that came twice is
 * the first one. */
bool zone_to_utc(const struct zone *zone, const struct civil *civil, int64_t *ms);
/* Where the zone's clocks stand at that moment. */
void zone_to_civil(const struct zone *zone, int64_t ms, struct civil *civil);
/* timestamp_parse in a zone; an offset in the text (%z) wins over it. */
bool zone_parse(const struct zone *zone, struct span s, const char *pattern, int64_t *ms);
