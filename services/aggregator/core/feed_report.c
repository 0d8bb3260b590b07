/* SPDX-License-Identifier: Apache-2.0 */
/* Each station has its own cadence and hours; no word of any of them is older than the newest word
 * of them all, so once that is too old for one, that one is late. */
#include "aggregator/core/feed_report.h"

#include "base/timestamp.h"

int64_t feed_report_due(const struct station_report_rules *rules, struct span feed, int64_t seen_ms,
                        int64_t now_ms)
{
    int64_t first_ms = CADENCE_NEVER, today = timestamp_day(now_ms, rules->zone_minutes);
    for (size_t i = 0; i < stations_count(rules->stations); i++) {
        const struct station *station = stations_at(rules->stations, i, today);
        if (!station || !span_equal(station->family, feed))
            continue;
        int64_t due_ms =
            cadence_due(&station->cadence, rules->calendar, rules->zone_minutes, seen_ms, 1);
        if (due_ms < first_ms)
            first_ms = due_ms;
    }
    return first_ms;
}

void feed_report_write(const struct station_report_rules *rules, struct span feed, int64_t seen_ms,
                       int64_t now_ms, struct strbuf *out)
{
    int64_t due_ms = feed_report_due(rules, feed, seen_ms, now_ms);
    strbuf_add(out, SPAN("{\"feed\":"));
    strbuf_add_json(out, feed);
    strbuf_add(out, SPAN(",\"newest\":"));
    station_report_add_moment(rules, seen_ms, out);
    strbuf_add(out, SPAN(",\"due\":"));
    station_report_add_moment(rules, due_ms, out);
    strbuf_addf(out, ",\"late\":%s}", due_ms < now_ms ? "true" : "false");
}
