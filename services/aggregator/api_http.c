/* SPDX-License-Identifier: Apache-2.0 */
/* The read API's addresses (docs/openapi.yaml) and the page's files.
 *
 *   request -> api_call_begin (who asks, how often, parameters) -> api_pool (a few connections)
 *           -> rows -> api_reply (JSON, tag) or api_wait (until there is news)
 *   api_together: several such requests inside of one
 *
 * Nothing here writes, and nothing here runs on the loop but reading a request and sending bytes.
 */
#include "aggregator/api_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/api_cases.h"
#include "aggregator/api_duty.h"
#include "aggregator/api_feeds.h"
#include "aggregator/api_files.h"
#include "aggregator/api_freshness.h"
#include "aggregator/api_open311.h"
#include "aggregator/api_page.h"
#include "aggregator/api_together.h"
#include "aggregator/api_views.h"
#include "aggregator/api_wait.h"
#include "base/memory.h"

#define API_ROUTES   21
#define SHARED_MOST  ((size_t)32) /* answers that others may be given, and how large one may be */
#define SHARED_BYTES ((size_t)256 << 10)

struct api_http {
    struct api api;
    struct http_server *server;
    struct http_limits limits;                             /* the server borrows them */
    struct http_route routes[API_ROUTES + API_FILES_MOST]; /* and these */
    struct api_files *files;
};

static void free_api(struct api_http *http)
{
    if (http->files)
        api_files_close(http->files);
    api_pool_free(http->api.pool);
    api_access_free(http->api.access);
    api_freshness_free(http->api.freshness);
    shared_answers_free(http->api.shared);
    free(http);
}

static void set_routes(struct api_http *http)
{
    struct api *api = &http->api;
    const struct http_route routes[API_ROUTES] = {
        {"GET", "/api/views/{name}", 0, api_views_one, api},
        {"GET", "/api/views", 0, api_views_list, api},
        {"GET", "/api/cases/{id}", 0, api_cases_one, api},
        {"GET", "/api/cases", 0, api_cases_list, api},
        {"GET", "/api/desk", 0, api_cases_desk, api},
        {"GET", "/api/triggers", 0, api_cases_triggers, api},
        {"GET", "/api/together", 0, api_together_answer, api},
        {"GET", "/api/clock", 0, api_views_clock, api},
        {"GET", "/api/freshness", 0, api_freshness_answer, api},
        {"GET", "/api/units", 0, api_views_units, api},
        {"GET", "/api/stations", 0, api_views_stations, api},
        {"GET", "/api/feeds", 0, api_feeds_list, api},
        {"GET", "/api/refused", 0, api_feeds_refused, api},
        {"GET", "/api/page", 0, api_page_start, api},
        {"GET", "/api/names", 0, api_page_names, api},
        {"GET", "/v1/units/{unit}/orders", 0, api_duty_orders, api},
        {"GET", "/v1/stations/{station}/cases", 0, api_duty_progress, api},
        {"GET", "/open311/v2/{resource}", 0, api_open311_resource, api},
        {"GET", "/open311/v2/services/{service}", 0, api_open311_service, api},
        {"GET", "/open311/v2/requests/{request}", 0, api_open311_request, api},
        {"GET", "/open311/{discovery}", 0, api_open311_discovery, api},
    };
    memcpy(http->routes, routes, sizeof routes);
}

struct api_http *api_http_open(struct daemon *daemon, const struct aggregator_config *config,
                               struct error *error)
{
    struct api_http *http = xcalloc(1, sizeof *http);
    struct api *api = &http->api;
    api->daemon = daemon;
    api->config = config;
    snprintf(api->events, sizeof api->events, "%sevents", config->kafka.prefix);
    api->pool = api_pool_open(daemon, config);
    api->access = api_access_open(daemon, config);
    api->freshness = api_freshness_new();
    api->shared = shared_answers_new(SHARED_MOST, SHARED_BYTES);
    set_routes(http);
    http->limits = http_limits_default;
    http->limits.connections = (size_t)config->api_connections;
    http->limits.in_flight = (size_t)32 << 20;
    http->limits.head_bytes = 8192;
    size_t files = 0;
    http->files = api_files_open(config, http->routes + API_ROUTES, &files, error);
    if (http->files)
        http->server = http_server_open_limited(daemon_loop(daemon), config->api, http->routes,
                                                API_ROUTES + files, &http->limits, error);
    if (!http->server) {
        free_api(http);
        return NULL;
    }
    http_server_meter(http->server, daemon_watching(daemon));
    api->wait = api_wait_open(api); /* lives as long as the process, as its timer does */
    return http;
}
