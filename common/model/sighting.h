/* SPDX-License-Identifier: Apache-2.0 */
/* A word of a station: what its silence is judged by, in every reader of `events`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "model/event.h"

#define SIGHTING_STATION_MAX 64
#define SIGHTING_HEARTBEAT   "heartbeat"

struct sighting {
    struct span station, via; /* via: the feed, or SIGHTING_HEARTBEAT; borrowed from the event */
    int64_t seen_ms;          /* when ingest received it, whatever it tells of */
};

/* An event of a feed that names a station in its data. Replays tell nothing of today, decisions
 * are ours: false. */
bool sighting_of_event(const struct event *event, struct sighting *sighting);
/* Does it show that a station of that family lives? Another's feed may name it too. */
bool sighting_is_of(struct span via, struct span family);
