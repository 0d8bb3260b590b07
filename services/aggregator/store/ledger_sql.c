/* SPDX-License-Identifier: Apache-2.0 */
/* What ingest said is a set of rows; what came is a sum, written where the offsets move. */
#include "aggregator/store/ledger_sql.h"

#include "aggregator/store/view_query.h"
#include "base/base.h"

const char ledger_sql_said[] =
    "INSERT INTO core.ledger_said (hour, feed, id, input, read, normalised, dead, dropped, "
    "filtered, events) SELECT core.of_ms(u.hour_ms), u.feed, u.id, u.input, u.read, u.normalised, "
    "u.dead, u.dropped, u.filtered, u.events FROM unnest($1::bigint[], $2::text[], $3::text[], "
    "$4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], "
    "$10::bigint[]) AS u(hour_ms, feed, id, input, read, normalised, dead, dropped, filtered, "
    "events) ON CONFLICT DO NOTHING";

const char ledger_sql_came[] =
    "INSERT INTO core.ledger_came AS c (hour, feed, distinct_events, repeated_events, "
    "refused_events) SELECT core.of_ms(u.hour_ms), u.feed, u.d, u.r, u.x FROM "
    "unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) AS u(hour_ms, "
    "feed, d, r, x) ON CONFLICT (hour, feed, shard) DO UPDATE SET distinct_events = "
    "c.distinct_events + "
    "excluded.distinct_events, repeated_events = c.repeated_events + excluded.repeated_events, "
    "refused_events = c.refused_events + excluded.refused_events";

const char ledger_sql_said_types[] = "itttiiiiii";
const char ledger_sql_came_types[] = "itiii";

static const char *const groups[] = {"day", "hour", "feed", "unit"};
static const struct {
    const char *name, *title, *english;
} counts[] = {{"read", "读取", "Read"},
              {"normalised", "规整", "Normalised"},
              {"dead", "拒收", "Refused"},
              {"dropped", "去重", "Dropped"},
              {"filtered", "过滤", "Filtered"},
              {"events", "事件", "Events"},
              {"distinct_events", "不同", "Distinct"},
              {"repeated_events", "重复", "Repeated"},
              {"refused_events", "未计", "Not counted"}};

static bool read_by(struct span by, struct strbuf *columns)
{
    unsigned seen = 0;
    struct span rest = by;
    while (rest.len > 0) {
        struct span word = span_cut(&rest, ',');
        unsigned bit = 0;
        for (unsigned i = 0; i < ARRAY_LENGTH(groups); i++)
            if (span_is(word, groups[i]))
                bit = 1U << i;
        if (!bit || (seen & bit))
            return false;
        seen |= bit;
        strbuf_addf(columns, "%.*s, ", SPAN_ARG(word));
    }
    return true;
}

bool ledger_sql_query(struct strbuf *out, struct span by, int zone_minutes)
{
    struct strbuf columns;
    strbuf_init(&columns, 64, 256);
    bool good = read_by(by, &columns);
    strbuf_addf(out, VIEW_QUERY_ANSWER("ledger") " FROM (SELECT %.*s", VIEW_QUERY_MOST_ROWS,
                SPAN_ARG(strbuf_span(&columns)));
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++)
        strbuf_addf(out, "sum(%s)::bigint AS %s, ", counts[i].name, counts[i].name);
    strbuf_addf(out,
                "bool_and(closes) AS closes FROM (SELECT *, (hour AT TIME ZONE 'UTC' + %d * "
                "interval '1 minute')::date AS day FROM api.ledger) AS l WHERE ($1::date IS NULL "
                "OR hour >= ($1::date - %d * interval '1 minute') AT TIME ZONE 'UTC') AND "
                "($2::date IS NULL OR hour < ($2::date + 1 - %d * interval '1 minute') AT TIME "
                "ZONE 'UTC')",
                zone_minutes, zone_minutes, zone_minutes);
    if (columns.len > 0)
        strbuf_addf(out, " GROUP BY %.*s ORDER BY %.*s", (int)columns.len - 2, columns.at,
                    (int)columns.len - 2, columns.at);
    else
        strbuf_add(out, SPAN(" HAVING count(*) > 0"));
    strbuf_addf(out, " LIMIT %d + 1) AS t", VIEW_QUERY_MOST_ROWS);
    strbuf_fini(&columns);
    return good;
}

void ledger_sql_write_shape(struct strbuf *out)
{
    strbuf_add(out, SPAN("{\"view\":\"ledger\",\"name\":\"收发对账\",\"name_en\":\"Ledger\","
                         "\"kind\":null,\"each\":null,"
                         "\"cohort\":null,\"groups\":[\"feed\",\"unit\"],\"buckets\":[\"day\","
                         "\"hour\"],\"scopes\":[\"all\"],\"methods\":[\"pooled\"],\"columns\":["));
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++)
        strbuf_addf(out,
                    "{\"column\":\"%s\",\"measure\":\"%s\",\"name\":\"%s\",\"name_en\":\"%s\","
                    "\"form\":\"count\"},",
                    counts[i].name, counts[i].name, counts[i].title, counts[i].english);
    strbuf_add(out, SPAN("{\"column\":\"closes\",\"measure\":\"closes\",\"name\":\"平\",\"name_"
                         "en\":\"Closes\",\"form\":\"truth\"}]}"));
}

const char ledger_sql_open[] =
    "SELECT count(*) FROM api.ledger, core.clock WHERE NOT closes AND hour < core.of_ms(t_ms) - "
    "interval '2 hours' AND hour >= core.of_ms(t_ms) - interval '7 days'";

const char ledger_sql_add_up[] = "SELECT core.add_up_ledger($1::integer)";
