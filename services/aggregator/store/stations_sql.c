/* SPDX-License-Identifier: Apache-2.0 */
/* One statement gives words and clock of one snapshot: a partition's words and its ticks are
 * committed together, so no word from before that clock is missing. */
#include "aggregator/store/stations_sql.h"

#include <stdlib.h>

/* Sorted: two writers lock rows in one order. */
const char stations_sql_seen[] =
    "INSERT INTO core.station_seen AS s (station, via, seen_ms) SELECT u.station, u.via, u.seen_ms "
    "FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u(station, via, seen_ms) ORDER BY "
    "u.station, u.via ON CONFLICT (station, via, shard) DO UPDATE SET seen_ms = excluded.seen_ms "
    "WHERE "
    "s.seen_ms < excluded.seen_ms";

const char stations_sql_seen_types[] = "tti";

const char stations_sql_ask[] =
    "SELECT c.now_ms, s.station, s.via, s.seen_ms FROM (SELECT coalesce(min(tick_ms), 0) AS now_ms "
    "FROM core.kafka_offset WHERE topic = $1) AS c LEFT JOIN (SELECT station, via, "
    "max(seen_ms) AS seen_ms FROM core.station_seen GROUP BY station, via) AS s ON true ORDER BY "
    "s.station, s.via";

static struct span cell(const PGresult *result, int row, int column)
{
    return span_from(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

/* And, without a way, how many of its rows were refused on the day of the newest tick. */
const char stations_sql_wall[] =
    "SELECT c.now_ms, s.station, s.via, s.n FROM (SELECT coalesce(min(tick_ms), 0) AS now_ms FROM "
    "core.kafka_offset WHERE topic = $1) AS c LEFT JOIN (SELECT station, via, max(seen_ms) AS n "
    "FROM core.station_seen GROUP BY station, via UNION ALL SELECT station, NULL, "
    "sum(\"rows\")::bigint FROM core.refused WHERE day = core.civil_now()::date AND station <> '' "
    "GROUP BY 1) AS s ON true ORDER BY s.station, s.via";

static void take_row(struct station_report *report, const PGresult *result, int row)
{
    int64_t n = strtoll(PQgetvalue(result, row, 3), NULL, 10);
    if (PQgetisnull(result, row, 2))
        station_report_refuse(report, cell(result, row, 1), n);
    else
        station_report_hear(report,
                            &(struct sighting){cell(result, row, 1), cell(result, row, 2), n});
}

struct station_report *stations_sql_report(const PGresult *result,
                                           const struct station_report_rules *rules)
{
    int count = PQntuples(result);
    int64_t now_ms = count ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    struct station_report *report = station_report_new(rules, now_ms);
    for (int i = 0; i < count; i++)
        if (!PQgetisnull(result, i, 1))
            take_row(report, result, i);
    return report;
}
