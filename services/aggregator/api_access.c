/* SPDX-License-Identifier: Apache-2.0 */
/* A bucket of questions for each token and one for all who have none. It is filled by a rate and
 * holds a burst; a question takes one out. Who has no token sees everything, where
 * aggregator.api_open says so: the page on the loopback. */
#include "aggregator/api_access.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

struct bucket {
    int64_t level; /* thousandths of a question */
    int64_t at_ms;
};

struct api_access {
    struct daemon *daemon;
    const struct aggregator_config *config; /* borrowed */
    struct bucket *buckets;                 /* owned: nobody's, then one a token */
    struct metric *requests;
};

struct api_access *api_access_open(struct daemon *daemon, const struct aggregator_config *config)
{
    static const struct metric_row row = {
        "citybrain_aggregator_api_requests_total", METRIC_COUNTER, "verdict",
        "Requests to the read API: admitted, unauthorized (no valid token) or too_often (429: more "
        "than aggregator.api_rate a second)."};
    struct api_access *access = xcalloc(1, sizeof *access);
    size_t count = 1;
    while (config->tokens && token_table_at(config->tokens, count - 1))
        count++;
    access->daemon = daemon;
    access->config = config;
    access->buckets = xcalloc(count, sizeof *access->buckets);
    access->requests = metrics_add(daemon_metrics(daemon), &row);
    for (size_t i = 0; i < count; i++)
        access->buckets[i] = (struct bucket){config->api_burst * 1000, 0};
    return access;
}

void api_access_free(struct api_access *access)
{
    free(access->buckets);
    free(access);
}

static const struct token_row *row_of(const struct api_access *access,
                                      const struct http_request *request)
{
    const struct token_row *row =
        access->config->tokens ? token_table_find(access->config->tokens,
                                                  http_request_header(request, "Authorization"))
                               : NULL;
    return row && row->kind != TOKEN_FEED ? row : NULL;
}

struct api_asker api_access_asker(const struct api_access *access,
                                  const struct http_request *request)
{
    const struct token_row *row = row_of(access, request);
    struct api_asker asker = {.all = !row || row->kind == TOKEN_READER};
    if (row && row->kind == TOKEN_UNIT)
        asker.unit = row->name;
    if (row && row->kind == TOKEN_STATION)
        asker.station = row->name;
    /* The desk decides about all of them. */
    asker.all = asker.all || span_is(asker.unit, "desk");
    if (asker.unit.len && !asker.all)
        snprintf(asker.role, sizeof asker.role, "dash_%.*s", SPAN_ARG(asker.unit));
    else
        snprintf(asker.role, sizeof asker.role, "dash_all");
    return asker;
}

/* False: it is empty. */
static bool take_one(struct bucket *bucket, int64_t rate, int64_t burst, int64_t now_ms)
{
    if (bucket->at_ms)
        bucket->level += (now_ms - bucket->at_ms) * rate;
    bucket->level = bucket->level < burst * 1000 ? bucket->level : burst * 1000;
    bucket->at_ms = now_ms;
    if (bucket->level < 1000)
        return false;
    bucket->level -= 1000;
    return true;
}

static bool refuse(struct api_access *access, struct http_request *request,
                   enum http_problem problem, const char *verdict)
{
    metric_add(access->requests, span_of(verdict), 1);
    if (problem == HTTP_PROBLEM_TOO_OFTEN)
        http_request_fail_for(request, problem, NULL, 1);
    else
        http_request_fail(request, problem, NULL);
    return false;
}

bool api_access_admit(struct api_access *access, struct http_request *request)
{
    const struct aggregator_config *config = access->config;
    const struct token_row *row = row_of(access, request);
    bool stranger = http_request_header(request, "Authorization").at
                        ? !row
                        : config->api_open == AGGREGATOR_OPEN_NOBODY;
    if (stranger)
        return refuse(access, request, HTTP_PROBLEM_UNAUTHORIZED, "unauthorized");
    struct bucket *bucket =
        &access->buckets[row ? 1 + (row - token_table_at(config->tokens, 0)) : 0];
    int64_t now_ms = (int64_t)uv_now(daemon_loop(access->daemon));
    if (!take_one(bucket, config->api_rate, config->api_burst, now_ms))
        return refuse(access, request, HTTP_PROBLEM_TOO_OFTEN, "too_often");
    metric_add(access->requests, SPAN("admitted"), 1);
    return true;
}
