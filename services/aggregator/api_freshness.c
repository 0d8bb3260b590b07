/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger has a page a commit: a week of a busy district is some hundred thousand rows, and
 * every page that is open asks each five seconds. So its part of the answer is added up at most
 * each fifteen seconds, whoever looks, and given to the question as a value in between. */
#include "aggregator/api_freshness.h"

#include <stdlib.h>
#include <string.h>

#include "aggregator/core/kept_answer.h"
#include "aggregator/store/ledger_sql.h"
#include "base/memory.h"

#define KEPT_MS    15000
#define USABLE_MS  60000 /* where nobody could add it up since: then it is not told */
#define MOST_BYTES ((size_t)256 << 10)

struct api_freshness {
    struct kept_answer ledger; /* as the database said it last: an object */
};

static const struct api_parameter nothing[1];

struct api_freshness *api_freshness_new(void)
{
    struct api_freshness *freshness = xcalloc(1, sizeof *freshness);
    kept_answer_init(&freshness->ledger, MOST_BYTES, KEPT_MS, USABLE_MS);
    return freshness;
}

void api_freshness_free(struct api_freshness *freshness)
{
    if (!freshness)
        return;
    kept_answer_fini(&freshness->ledger);
    free(freshness);
}

/* What is known of the ledger already; absent where it is to be asked for. */
static struct span known_ledger(struct api_call *call)
{
    int64_t now_ms = (int64_t)uv_now(daemon_loop(call->api->daemon));
    return kept_answer_take(&call->api->freshness->ledger, now_ms, &call->ticket);
}

/* Two objects: the second is $2, or is made. */
static void build(struct api_call *call, struct sql_ask *ask)
{
    sql_ask_add(ask,
                "SELECT json_build_object('now', c.t_ms, 'age_ms', CASE WHEN c.t_ms > 0 THEN "
                "(extract(epoch FROM clock_timestamp()) * 1000)::bigint - c.t_ms END, "
                "'partitions', (SELECT coalesce(json_agg(json_build_object('part', part, 'next', "
                "next_offset, 'tick_ms', nullif(tick_ms, 0), 'behind_ms', CASE WHEN tick_ms > 0 "
                "THEN c.t_ms - tick_ms END) ORDER BY part), '[]') FROM core.kafka_offset WHERE "
                "topic = $1), 'newest_change', (SELECT core.of_ms(max(changed_ms)) FROM (SELECT "
                "changed_ms FROM core.case_now WHERE opened_ms IS NOT NULL ORDER BY opened_ms "
                "DESC LIMIT 1000) AS n), 'newest_record', (SELECT core.of_ms(max(seen_ms)) FROM "
                "core.feed_seen WHERE feed <> 'status'))::text, coalesce($2::text, (SELECT "
                "json_build_object('feeds', (SELECT coalesce(json_agg(json_build_object('feed', "
                "feed, 'hour', hour, 'closes', closes) ORDER BY feed), '[]') FROM (SELECT "
                "DISTINCT ON (feed) feed, hour, closes FROM api.ledger WHERE hour >= "
                "core.of_ms(c.t_ms) - interval '7 days' ORDER BY feed, hour DESC) AS l), "
                "'first_hour', (SELECT min(hour) FROM core.ledger_said), 'ledger_open', (");
    sql_ask_add(ask, ledger_sql_open);
    sql_ask_add(ask, "))::text)) FROM core.clock AS c");
    sql_ask_take(ask, span_of(call->api->events));
    sql_ask_take(ask, known_ledger(call));
}

static struct span cell(const PGresult *result, int column)
{
    return span_from(PQgetvalue(result, 0, column), (size_t)PQgetlength(result, 0, column));
}

/* One object of both; `rows` says where the ledger's begins. */
static bool write_both(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    if (PQntuples(result) != 1)
        return false;
    struct span first = cell(result, 0), ledger = cell(result, 1);
    strbuf_add(body, span_from(first.at, first.len - 1));
    strbuf_add_char(body, ',');
    call->rows = body->len;
    strbuf_add(body, span_from(ledger.at + 1, ledger.len - 1));
    return true;
}

static bool keep_ledger(struct api_call *call, enum api_outcome outcome, struct span body)
{
    if (outcome != API_FOUND)
        return false;
    /* What was written behind the first object, and the brace that it shares with it. */
    struct span members = span_from(body.at + call->rows, body.len - call->rows);
    struct strbuf whole;
    strbuf_init(&whole, members.len + 2, MOST_BYTES);
    strbuf_add_char(&whole, '{');
    strbuf_add(&whole, members);
    if (!strbuf_is_full(&whole))
        kept_answer_put(&call->api->freshness->ledger, call->ticket, strbuf_span(&whole));
    strbuf_fini(&whole);
    return false; /* the body is the answer */
}

void api_freshness_answer(void *api, struct http_request *request)
{
    struct api_call *call = api_call_begin(api, request, nothing, 0);
    if (!call || !api_call_is_for_all(call))
        return;
    call->build = build;
    call->write = write_both;
    call->found = keep_ledger;
    api_call_ask(call);
}
