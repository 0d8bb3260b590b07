/* SPDX-License-Identifier: Apache-2.0 */
/* A station is heard by its own feed or by a heartbeat; that others tell of it proves nothing. */
#include "model/sighting.h"

#include "base/timestamp.h"

bool sighting_of_event(const struct event *event, struct sighting *sighting)
{
    bool heartbeat = event->family == EVENT_OBSERVATION && span_is(event->name, SIGHTING_HEARTBEAT);
    if ((event->family != EVENT_CASE && event->family != EVENT_OBSERVATION) || !event->data ||
        !event->feed.len || event->replayof.at || event->causationid.at ||
        event->recorded_ms == TIMESTAMP_NONE)
        return false;
    *sighting = (struct sighting){.station = json_text(event->data, "station"),
                                  .via = heartbeat ? SPAN(SIGHTING_HEARTBEAT) : event->feed,
                                  .seen_ms = event->recorded_ms};
    return sighting->station.len > 0 && sighting->station.len <= SIGHTING_STATION_MAX;
}

bool sighting_is_of(struct span via, struct span family)
{
    return span_equal(via, family) || span_is(via, SIGHTING_HEARTBEAT);
}
