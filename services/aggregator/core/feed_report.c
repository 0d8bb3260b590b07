/* SPDX-License-Identifier: Apache-2.0 */
/* Each station has its own cadence and hours. What was heard of one since is no newer than the
 * feed's newest record and its own heartbeat, so once both are too old for it, that one is late. */
#include "aggregator/core/feed_report.h"

int64_t feed_report_due(const struct station_report_rules *rules, struct station_report *alive,
                        struct span feed, int64_t seen_ms)
{
    int64_t first_ms = CADENCE_NEVER;
    const struct station_report_row *row;
    for (size_t i = 0; (row = station_report_at(alive, i)); i++) {
        if (!row->station || !span_equal(row->station->family, feed))
            continue;
        int64_t heard_ms = row->heard.seen_ms > seen_ms ? row->heard.seen_ms : seen_ms;
        int64_t due_ms =
            cadence_due(&row->station->cadence, rules->calendar, rules->zone_minutes, heard_ms, 1);
        if (due_ms < first_ms)
            first_ms = due_ms;
    }
    return first_ms;
}

void feed_report_write(const struct station_report_rules *rules, struct station_report *alive,
                       struct span feed, int64_t seen_ms, struct strbuf *out)
{
    int64_t due_ms = feed_report_due(rules, alive, feed, seen_ms);
    strbuf_add(out, SPAN("{\"feed\":"));
    strbuf_add_json(out, feed);
    strbuf_add(out, SPAN(",\"newest\":"));
    station_report_add_moment(rules, seen_ms, out);
    strbuf_add(out, SPAN(",\"due\":"));
    station_report_add_moment(rules, due_ms, out);
    strbuf_addf(out, ",\"late\":%s}", due_ms < station_report_now(alive) ? "true" : "false");
}
