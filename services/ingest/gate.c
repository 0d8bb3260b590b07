/* SPDX-License-Identifier: Apache-2.0 */
/* The order is what it costs to be wrong: first whether we can serve anybody, then who it is, then
 * his own quota (429), then what all of them may (503). A signature is proven with the body only,
 * so until then its station is a claim: it may be refused for it, and is charged nothing. */
#include "ingest/gate.h"

#include "base/timestamp.h"
#include "ingest/admission.h"

static int64_t now_ms(const struct doors *doors)
{
    return (int64_t)uv_now(daemon_loop(doors->daemon));
}

static bool refuse(struct doors *doors, struct http_request *request, enum http_problem problem,
                   int64_t wait_s)
{
    metric_add(doors->shed, span_of(http_problem_code(problem)), 1);
    if (wait_s > 0)
        http_request_fail_for(request, problem, NULL, wait_s);
    else
        http_request_fail(request, problem, NULL);
    return false;
}

/* Tokens are proven by the header alone; their connection is known from here on. */
static bool is_within(struct doors *doors, struct http_request *request, struct span name,
                      bool proven)
{
    struct quota_station *station = quota_station(&doors->quota, name, now_ms(doors));
    int64_t wait_s = quota_wait_s(&doors->quota, station, now_ms(doors));
    if (wait_s > 0)
        return refuse(doors, request, HTTP_PROBLEM_OVER_QUOTA, wait_s);
    if (proven && (int64_t)http_request_known(request, station) > doors->config->per_station)
        return refuse(doors, request, HTTP_PROBLEM_CONNECTIONS, 0);
    return true;
}

bool gate_ask(void *context, struct http_request *request)
{
    struct doors *doors = context;
    bool unit = http_request_route(request) == doors_status_route(doors), proven;
    enum principal_kind kind = unit ? PRINCIPAL_UNIT : PRINCIPAL_FEED;
    struct span station;
    if (!doors_ready(doors, request))
        return false;
    if (!admission_greet(doors->admission, request, kind, http_request_part(request, 0), &station,
                         &proven))
        return false;
    if (station.len > 0 && !is_within(doors, request, station, proven))
        return false;
    if (quota_wait_s(&doors->quota, NULL, now_ms(doors)) > 0)
        return refuse(doors, request, HTTP_PROBLEM_BUSY, 0);
    return true;
}

bool gate_take(struct doors *doors, struct http_request *request, const struct principal *principal,
               int64_t records)
{
    struct quota_station *station =
        quota_station(&doors->quota, principal_station(principal), now_ms(doors));
    if ((int64_t)http_request_known(request, station) > doors->config->per_station)
        return refuse(doors, request, HTTP_PROBLEM_CONNECTIONS, 0);
    quota_take(&doors->quota, station, records > 0 ? records : 1);
    return true;
}
