/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences are those of the table of rejects: the database keeps the reason's name. */
#include "aggregator/store/feeds_sql.h"

#include <stdlib.h>

#include "model/reject.h"
#include "model/sighting.h"

#define DIGITS_OF(number) DIGITS(number)
#define DIGITS(number)    #number

const char feeds_sql_heard[] =
    "INSERT INTO core.feed_seen AS s (feed, seen_ms) SELECT u.feed, u.seen_ms FROM "
    "unnest($1::text[], $2::bigint[]) AS u(feed, seen_ms) ORDER BY u.feed ON CONFLICT (feed, "
    "shard) DO UPDATE SET seen_ms = excluded.seen_ms WHERE s.seen_ms < excluded.seen_ms";

const char feeds_sql_heard_types[] = "ti";

const char feeds_sql_add_refused[] =
    "INSERT INTO core.refused AS r (day, feed, reason, station, \"rows\", first_ms, last_ms) "
    "SELECT "
    "* FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], "
    "$7::bigint[]) ORDER BY 1, 2, 3, 4 ON CONFLICT (day, feed, reason, station, shard) DO UPDATE "
    "SET \"rows\" = r.\"rows\" + excluded.\"rows\", first_ms = least(r.first_ms, "
    "excluded.first_ms), last_ms = greatest(r.last_ms, excluded.last_ms)";

const char feeds_sql_add_refused_types[] = "dtttiii";

const char feeds_sql_ask[] =
    "SELECT c.now_ms, s.feed, s.station, s.seen_ms FROM (SELECT coalesce(min(tick_ms), 0) AS "
    "now_ms FROM core.kafka_offset WHERE topic = $1) AS c LEFT JOIN (SELECT feed, NULL AS station, "
    "max(seen_ms) AS seen_ms FROM core.feed_seen GROUP BY feed UNION ALL SELECT NULL, station, "
    "max(seen_ms) FROM core.station_seen WHERE via = '" SIGHTING_HEARTBEAT
    "' GROUP BY station) AS s ON true ORDER BY s.feed";

const char feeds_sql_refused[] =
    "SELECT c.t_ms, r.feed, r.reason, r.n, r.first, r.last, r.total FROM core.clock AS c LEFT JOIN "
    "(SELECT feed, reason, sum(\"rows\")::bigint AS n, to_json(min(first))::text AS first, "
    "to_json(max(last))::text AS last, count(*) OVER () AS total FROM api.refused WHERE "
    "($1::date IS NULL OR day >= $1::date) AND ($2::date IS NULL OR day <= $2::date) AND "
    "($3::text IS NULL OR feed = $3) AND ($4::text IS NULL OR station = $4) GROUP BY feed, reason "
    "ORDER BY n DESC, feed, reason LIMIT " DIGITS_OF(
        FEEDS_SQL_MOST_REASONS) ") AS r ON true ORDER BY r.n DESC, r.feed, r.reason";

static struct span cell(const PGresult *result, int row, int column)
{
    return span_from(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static int64_t number(const PGresult *result, int row, int column)
{
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

void feeds_sql_write(const PGresult *result, const struct station_report_rules *rules,
                     struct strbuf *out)
{
    int count = PQntuples(result);
    int64_t now_ms = count ? number(result, 0, 0) : 0;
    struct station_report *alive = station_report_new(rules, now_ms);
    for (int i = 0; i < count; i++)
        if (!PQgetisnull(result, i, 2))
            station_report_hear(alive,
                                &(struct sighting){cell(result, i, 2), SPAN(SIGHTING_HEARTBEAT),
                                                   number(result, i, 3)});
    strbuf_addf(out, "{\"now_ms\":%lld,\"rows\":[", (long long)now_ms);
    for (int i = 0; i < count && !PQgetisnull(result, i, 1); i++) { /* feeds come first */
        strbuf_add(out, i ? SPAN(",\n") : SPAN("\n"));
        feed_report_write(rules, alive, cell(result, i, 1), number(result, i, 3), out);
    }
    strbuf_add(out, SPAN("]}\n"));
    station_report_free(alive);
}

/* A reason that this program does not know, of a newer one, is told by its name alone. */
static void add_reason(struct strbuf *out, struct span reason)
{
    enum reject reject = reject_find(reason);
    strbuf_add(out, SPAN(",\"reason\":"));
    if (reason.len)
        strbuf_add_json(out, reason);
    else
        strbuf_add(out, SPAN("null"));
    if (reject == REJECT_NONE) {
        strbuf_add(out, SPAN(",\"zh\":null,\"en\":null"));
        return;
    }
    strbuf_add(out, SPAN(",\"zh\":"));
    strbuf_add_json(out, span_of(reject_chinese(reject)));
    strbuf_add(out, SPAN(",\"en\":"));
    strbuf_add_json(out, span_of(reject_english(reject)));
}

void feeds_sql_write_refused(const PGresult *result, struct strbuf *out)
{
    int count = PQntuples(result);
    bool found = count > 0 && !PQgetisnull(result, 0, 1);
    strbuf_addf(out, "{\"now\":%s,\"total\":%s,\"rows\":[", count ? PQgetvalue(result, 0, 0) : "0",
                found ? PQgetvalue(result, 0, 6) : "0");
    for (int i = 0; found && i < count; i++) {
        strbuf_add(out, i ? SPAN(",\n{\"feed\":") : SPAN("\n{\"feed\":"));
        strbuf_add_json(out, cell(result, i, 1));
        add_reason(out, cell(result, i, 2));
        strbuf_addf(out, ",\"rows\":%s,\"first\":%s,\"last\":%s}", PQgetvalue(result, i, 3),
                    PQgetvalue(result, i, 4), PQgetvalue(result, i, 5));
    }
    strbuf_add(out, SPAN("]}\n"));
}
