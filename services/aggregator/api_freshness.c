/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger has a page a commit: a week of a busy district is some hundred thousand rows, and
 * every page that is open asks each five seconds. So its part of the answer is added up at most
 * each fifteen seconds, whoever looks, and given to the question as a value in between. */
#include "aggregator/api_freshness.h"

#include <stdlib.h>
#include <string.h>

#include "aggregator/store/ledger_sql.h"
#include "base/memory.h"

#define KEPT_MS    15000
#define USABLE_MS  60000 /* where nobody could add it up since: then it is not told */
#define MOST_BYTES ((size_t)256 << 10)

struct api_freshness {
    struct strbuf ledger; /* as the database said it last: an object; empty = nobody asked yet */
    int64_t asked_ms;     /* when somebody last asked for it: uv_now */
    int64_t kept_ms;      /* when it was last told */
};

static const struct api_parameter nothing[1];

struct api_freshness *api_freshness_new(void)
{
    struct api_freshness *freshness = xcalloc(1, sizeof *freshness);
    strbuf_init(&freshness->ledger, 1024, MOST_BYTES);
    return freshness;
}

void api_freshness_free(struct api_freshness *freshness)
{
    if (!freshness)
        return;
    strbuf_fini(&freshness->ledger);
    free(freshness);
}

/* What is known of the ledger already; absent where it is to be asked for. */
static struct span known_ledger(struct api_call *call)
{
    struct api_freshness *freshness = call->api->freshness;
    int64_t now_ms = (int64_t)uv_now(daemon_loop(call->api->daemon));
    bool usable = freshness->ledger.len > 0 && now_ms - freshness->kept_ms < USABLE_MS;
    if (usable && now_ms - freshness->asked_ms < KEPT_MS)
        return strbuf_span(&freshness->ledger);
    freshness->asked_ms = now_ms;
    return SPAN_NONE;
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
                "DESC LIMIT 1000) AS n))::text, coalesce($2::text, (SELECT "
                "json_build_object('feeds', (SELECT coalesce(json_agg(json_build_object('feed', "
                "feed, 'hour', hour, 'closes', closes) ORDER BY feed), '[]') FROM (SELECT "
                "DISTINCT ON (feed) feed, hour, closes FROM api.ledger WHERE hour >= "
                "core.of_ms(c.t_ms) - interval '7 days' ORDER BY feed, hour DESC) AS l), "
                "'ledger_open', (");
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
    struct strbuf *kept = &call->api->freshness->ledger;
    if (outcome != API_FOUND)
        return false;
    strbuf_reset(kept);
    strbuf_add_char(kept, '{');
    strbuf_add(kept, span_from(body.at + call->rows, body.len - call->rows));
    if (strbuf_is_full(kept))
        strbuf_reset(kept);
    call->api->freshness->kept_ms = (int64_t)uv_now(daemon_loop(call->api->daemon));
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
