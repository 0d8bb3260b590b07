/* SPDX-License-Identifier: Apache-2.0 */
/* Of each case the newest state is given, not each step to it: the unit's whole present duty, as on
 * its topic once compacted. `next` is the place behind the last row; who keeps it loses nothing. */
#include "aggregator/api_duty.h"

#include <stdio.h>
#include <stdlib.h>

#include "aggregator/api_wait.h"
#include "aggregator/store/duty_ask.h"

#define MOST_WAIT_S 60

static const struct api_parameter parameters[] = {{"after", API_PLACE, NULL, 0, 0},
                                                  {"wait", API_NUMBER, NULL, 0, MOST_WAIT_S},
                                                  {"limit", API_NUMBER, NULL, 1, 1000}};

static struct duty_ask duty_of(const struct api_call *call)
{
    return (struct duty_ask){.who = http_request_part(call->request, 0),
                             .topic = span_of(call->api->events),
                             .after = &call->place,
                             .limit = call->limit};
}

static void build_orders(struct api_call *call, struct sql_ask *ask)
{
    struct duty_ask duty = duty_of(call);
    duty_ask_orders(ask, &duty);
}

static void build_progress(struct api_call *call, struct sql_ask *ask)
{
    struct duty_ask duty = duty_of(call);
    duty_ask_progress(ask, &duty);
}

static bool write_rows(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    int count = PQntuples(result);
    if (count == 0)
        return false;
    call->gone = PQgetvalue(result, 0, 1)[0] == 't';
    call->rows = PQgetisnull(result, 0, 2) ? 0 : (size_t)count;
    strbuf_addf(body, "{\"now\":%s,\"rows\":[", PQgetvalue(result, 0, 0));
    for (int i = 0; i < (int)call->rows; i++) {
        strbuf_add(body, i ? SPAN(",\n") : SPAN("\n"));
        strbuf_add(body, span_from(PQgetvalue(result, i, 4), (size_t)PQgetlength(result, i, 4)));
        if (!api_place_move(&call->place, (int32_t)strtol(PQgetvalue(result, i, 2), NULL, 10),
                            strtoll(PQgetvalue(result, i, 3), NULL, 10)))
            return false;
    }
    strbuf_addf(body, "],\"more\":%s,\"next\":\"",
                (int64_t)call->rows == call->limit ? "true" : "false");
    api_place_write(body, &call->place);
    strbuf_add(body, SPAN("\"}\n"));
    return true;
}

static bool found_rows(struct api_call *call, enum api_outcome outcome, struct span body)
{
    static const struct api_words gone = {
        .title = {"游标已失效", "the cursor is of another log"},
        .detail = {"请不带 after 重新读取；已知的事项编号不变",
                   "begin again without after; what you know comes again under the same ids"}};
    (void)body;
    if (outcome != API_FOUND)
        return false;
    if (call->gone) {
        api_reply_problem(call->request, 410, "cursor_gone", &gone);
        api_call_end(call);
        return true;
    }
    bool late = call->until_ms <= (int64_t)uv_now(daemon_loop(call->api->daemon)) ||
                !http_request_is_waiting(call->request);
    return call->rows == 0 && !late && api_wait_add(call->api->wait, call);
}

static void ask(struct api_call *call, void (*build)(struct api_call *, struct sql_ask *))
{
    const struct api_value *after = api_query_get(&call->query, "after");
    /* It was seen that it is his own; the row of a duty that was taken back is not his any more,
     * and yet he has to be told. */
    snprintf(call->asker.role, sizeof call->asker.role, "dash_all");
    int64_t wait_s = api_query_number(&call->query, "wait", 0);
    if (after->text.at)
        (void)api_place_read(&call->place, after->text); /* it was read before */
    call->until_ms = (int64_t)uv_now(daemon_loop(call->api->daemon)) + wait_s * 1000;
    call->build = build;
    call->write = write_rows;
    call->found = found_rows;
    api_call_ask(call);
}

void api_duty_orders(void *api, struct http_request *request)
{
    struct api_call *call = api_call_begin(api, request, parameters, ARRAY_LENGTH(parameters));
    if (!call)
        return;
    struct span unit = http_request_part(request, 0);
    if (!call->asker.all && !span_equal(call->asker.unit, unit)) {
        api_call_forbid(call);
    } else if (!registry_find(call->api->config->units, unit, INT64_MIN)) {
        api_reply_outcome(request, API_NOT_FOUND);
        api_call_end(call);
    } else {
        ask(call, build_orders);
    }
}

void api_duty_progress(void *api, struct http_request *request)
{
    struct api_call *call = api_call_begin(api, request, parameters, ARRAY_LENGTH(parameters));
    if (!call)
        return;
    if (call->asker.all || span_equal(call->asker.station, http_request_part(request, 0)))
        ask(call, build_progress);
    else
        api_call_forbid(call);
}
