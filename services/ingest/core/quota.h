/* SPDX-License-Identifier: Apache-2.0 */
/* How many records a second may come in: a bucket of tokens for each station, and one for all.
 * Whoever has anything left may send one more upload, whatever its size, and owes the rest. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct quota_limits {
    int64_t rate, burst;             /* of a station: records a second, and at once */
    int64_t total_rate, total_burst; /* of all; 0 = any */
};

struct quota_bucket {
    int64_t level; /* thousandths of a record; below 0 = owed */
    int64_t at_ms; /* it was filled up to then */
};

struct quota_station {
    struct quota_station *next;
    struct quota_bucket bucket;
    struct span name; /* owned */
};

struct quota {
    struct quota_limits limits;
    struct quota_bucket total;
    struct quota_station *first; /* of late first; as many as there are credentials */
};

void quota_init(struct quota *quota, const struct quota_limits *limits, int64_t now_ms);
void quota_fini(struct quota *quota);
/* Made with a full bucket where it was not seen yet: only for names that are known to be
 * somebody's. It stays where it is. */
struct quota_station *quota_station(struct quota *quota, struct span name, int64_t now_ms);
/* Seconds until it may send again; 0 = now. NULL: for the total. */
int64_t quota_wait_s(struct quota *quota, struct quota_station *station, int64_t now_ms);
/* From the station and from the total. */
void quota_take(struct quota *quota, struct quota_station *station, int64_t records);
