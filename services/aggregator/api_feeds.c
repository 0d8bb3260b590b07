/* SPDX-License-Identifier: Apache-2.0 */
/* Both are the district's: an account of feeds is not a unit's. */
#include "aggregator/api_feeds.h"

#include "aggregator/store/feeds_sql.h"

static const struct api_parameter nothing[1];

static void build_feeds(struct api_call *call, struct sql_ask *ask)
{
    sql_ask_add(ask, feeds_sql_ask);
    sql_ask_take(ask, span_of(call->api->events));
}

static bool write_feeds(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    feeds_sql_write(result, &call->api->config->report, body);
    return true;
}

void api_feeds_list(void *api, struct http_request *request)
{
    struct api_call *call = api_call_begin(api, request, nothing, 0);
    if (!call || !api_call_is_for_all(call))
        return;
    call->build = build_feeds;
    call->write = write_feeds;
    api_call_ask(call);
}

static const struct api_parameter refused_parameters[] = {{"from", API_DATE, NULL, 0, 0},
                                                          {"to", API_DATE, NULL, 0, 0},
                                                          {"feed", API_CODE, NULL, 0, 0},
                                                          {"station", API_CODE, NULL, 0, 0}};

static void build_refused(struct api_call *call, struct sql_ask *ask)
{
    sql_ask_add(ask, feeds_sql_refused);
    for (size_t i = 0; i < ARRAY_LENGTH(refused_parameters); i++)
        sql_ask_take(ask, call->query.value[i].text);
}

static bool write_refused(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    (void)call;
    feeds_sql_write_refused(result, body);
    return true;
}

void api_feeds_refused(void *api, struct http_request *request)
{
    struct api_call *call =
        api_call_begin(api, request, refused_parameters, ARRAY_LENGTH(refused_parameters));
    if (!call || !api_call_is_for_all(call) || !api_call_has_range(call, "from", "to"))
        return;
    call->build = build_refused;
    call->write = write_refused;
    api_call_ask(call);
}
