/* SPDX-License-Identifier: Apache-2.0 */
/* Opens what both doors need and asks the questions every request is asked first. */
#include "ingest/doors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "ingest/door_http.h"
#include "ingest/door_status.h"
#include "ingest/gate.h"
#include "ingest/receipt.h"

#define LOOK_EVERY_MS  200
#define LEAVE_LOOK_MS  20
#define LAST_MOMENT_MS 1000
#define UNDER_WAY_MAX  (24 << 20) /* of a request: the producer's queue is 32 MiB */

static const struct metric_row requests_row = {"citybrain_ingest_requests_total", METRIC_COUNTER,
                                               "feed", "Requests a door took on."};
static const struct metric_row items_row = {"citybrain_ingest_items_total", METRIC_COUNTER,
                                            "verdict", "Items by the verdict the sender got."};
static const struct metric_row acknowledged_row = {
    "citybrain_ingest_acknowledged_total", METRIC_COUNTER, "feed",
    "Items, accepted and rejected ones, a sender was told with 2xx that the brokers have. The "
    "ledger's read is never less."};

static const struct metric_row shed_row = {
    "citybrain_ingest_shed_total", METRIC_COUNTER, "problem",
    "Requests sent away before their body was read, by what they were told: over_quota is a "
    "station's own doing, busy and unavailable are ours."};
static const struct metric_row connections_row = {"citybrain_ingest_connections", METRIC_GAUGE,
                                                  NULL, "Connections of the doors."};

static void add_routes(struct doors *doors)
{
    size_t most = (size_t)doors->config->max_upload;
    doors->routes[0] = (struct http_route){"POST", "/v1/feeds/{feed}", most, door_http_post, doors};
    doors->routes[1] =
        (struct http_route){"POST", "/v1/feeds/{feed}/check", most, door_http_check, doors};
    doors->routes[2] =
        (struct http_route){"POST", "/v1/units/{unit}/status", most, door_status_post, doors};
}

static void look(uv_timer_t *timer)
{
    struct doors *doors = timer->data;
    if (!producer_is_connected(doors->producer))
        daemon_not_ready(doors->daemon, "doors", "no broker");
    else if (ingest_clock_now(doors->clock) == TIMESTAMP_NONE)
        daemon_not_ready(doors->daemon, "doors", "manual clock not set");
    else
        daemon_ready(doors->daemon, "doors");
    metric_set(doors->connections, SPAN(""), (int64_t)http_server_connections(doors->server));
    receipt_expire(doors);
}

static void open_server(struct doors *doors, struct error *error)
{
    const struct ingest_config *config = doors->config;
    doors->server =
        http_server_open_limited(daemon_loop(doors->daemon), config->listen, doors->routes,
                                 ARRAY_LENGTH(doors->routes), &config->limits, error);
    if (!doors->server)
        return;
    http_server_guard(doors->server, gate_ask);
    http_server_share(doors->server, config->pages);
}

struct doors *doors_open(struct daemon *daemon, const struct ingest_config *config,
                         const struct ingest_clock *clock, struct error *error)
{
    struct doors *doors = xcalloc(1, sizeof *doors);
    doors->daemon = daemon;
    doors->config = config;
    doors->clock = clock;
    doors->requests = metrics_add(daemon_metrics(daemon), &requests_row);
    doors->items = metrics_add(daemon_metrics(daemon), &items_row);
    doors->acknowledged = metrics_add(daemon_metrics(daemon), &acknowledged_row);
    doors->shed = metrics_add(daemon_metrics(daemon), &shed_row);
    doors->connections = metrics_add(daemon_metrics(daemon), &connections_row);
    doors->admission = admission_new(daemon, config);
    doors->last_receipt = &doors->receipts;
    quota_init(&doors->quota, &config->quota, (int64_t)uv_now(daemon_loop(daemon)));
    normalise_init(&doors->trial, config->feeds, config->kinds);
    raw_item_init(&doors->item, 2 * (size_t)config->max_upload);
    strbuf_init(&doors->envelope, 1024, 32 << 10);
    strbuf_init(&doors->value, 4096, 2 * (size_t)config->max_upload);
    strbuf_init(&doors->header, 512, 4096);
    strbuf_init(&doors->audit, 1024, 64 << 10);
    add_routes(doors);
    doors->producer =
        producer_open(daemon, &config->kafka, "doors", receipt_delivered, doors, error);
    if (doors->producer)
        open_server(doors, error);
    daemon_not_ready(daemon, "doors", "no broker");
    uv_timer_init(daemon_loop(daemon), &doors->look);
    doors->look.data = doors;
    if (doors->server)
        uv_timer_start(&doors->look, look, LOOK_EVERY_MS, LOOK_EVERY_MS);
    uv_timer_init(daemon_loop(daemon), &doors->grace);
    return doors->server ? doors : NULL; /* on failure the process leaves at once */
}

const struct http_route *doors_status_route(const struct doors *doors)
{
    return &doors->routes[2];
}

/* The last answers are still to be sent. */
static void on_server_closed(void *context)
{
    struct doors *doors = context;
    doors->drained(doors->drained_context);
}

void doors_answered(struct doors *doors)
{
    doors->waiting--;
}

/* Whoever is connected and has not asked yet gets a moment to do so, and is told that we leave. */
static void on_leaving(uv_timer_t *timer)
{
    struct doors *doors = container_of(timer, struct doors, grace);
    int64_t past_ms = (int64_t)uv_now(timer->loop) - doors->leaving_ms;
    if (doors->waiting > 0 || (http_server_busy(doors->server) > 0 && past_ms < LAST_MOMENT_MS))
        return;
    uv_timer_stop(timer);
    http_server_close(doors->server, on_server_closed, doors);
}

static void leave(uv_timer_t *timer)
{
    struct doors *doors = container_of(timer, struct doors, grace);
    doors->leaving_ms = (int64_t)uv_now(timer->loop);
    http_server_retire(doors->server);
    uv_timer_start(timer, on_leaving, 0, LEAVE_LOOK_MS);
}

void doors_drain(struct doors *doors, void (*done)(void *context), void *context)
{
    doors->drain_ms = (int64_t)uv_now(daemon_loop(doors->daemon));
    doors->drained = done;
    doors->drained_context = context;
    uv_timer_start(&doors->grace, leave, (uint64_t)doors->config->drain_grace_ms, 0);
}

const struct principal *doors_admit(struct doors *doors, struct http_request *request,
                                    enum principal_kind kind, struct span name)
{
    return admission_admit(doors->admission, request, kind, name);
}

static bool refuse(struct doors *doors, struct http_request *request, enum http_problem problem)
{
    metric_add(doors->shed, span_of(http_problem_code(problem)), 1);
    http_request_fail(request, problem, NULL);
    return false;
}

bool doors_ready(struct doors *doors, struct http_request *request)
{
    if (doors->leaving_ms > 0)
        return refuse(doors, request, HTTP_PROBLEM_STOPPING);
    if (!producer_is_connected(doors->producer))
        return refuse(doors, request, HTTP_PROBLEM_UNAVAILABLE);
    if (producer_is_crowded(doors->producer))
        return refuse(doors, request, HTTP_PROBLEM_BUSY);
    if (ingest_clock_now(doors->clock) == TIMESTAMP_NONE)
        return refuse(doors, request, HTTP_PROBLEM_NO_TIME);
    return true;
}

bool doors_count(struct doors *doors, struct http_request *request, enum framing_form form,
                 struct csv_form csv, int64_t item_most, int64_t *rows)
{
    struct framing framing;
    struct framing_item item;
    int64_t bytes = 0;
    char about[96];
    *rows = 0;
    framing_begin(&framing, form, http_request_body(request), 1, -1);
    framing.csv = csv;
    while (framing_next(&framing, &item)) {
        int64_t size = (int64_t)(item.header.len + 1 + item.body.len);
        bytes += size;
        if (size > item_most) {
            snprintf(about, sizeof about, "#%lld: %lld > %lld B", (long long)item.row,
                     (long long)size, (long long)item_most);
            http_request_fail(request, HTTP_PROBLEM_ITEM_TOO_LARGE, about);
            return false;
        }
        if (++*rows > doors->config->max_records || bytes > UNDER_WAY_MAX) {
            snprintf(about, sizeof about, "%lld, %d MiB", (long long)doors->config->max_records,
                     UNDER_WAY_MAX >> 20);
            http_request_fail(request, HTTP_PROBLEM_TOO_MANY_RECORDS, about);
            return false;
        }
    }
    return true;
}
