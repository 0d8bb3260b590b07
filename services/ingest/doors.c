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
#include "ingest/receipt.h"

#define LOOK_EVERY_MS 200
#define UNDER_WAY_MAX (24 << 20) /* of a request: the producer's queue is 32 MiB */

static const struct metric_row requests_row = {"citybrain_ingest_requests_total", METRIC_COUNTER,
                                               "feed", "Requests a door took on."};
static const struct metric_row items_row = {"citybrain_ingest_items_total", METRIC_COUNTER,
                                            "verdict", "Items by the verdict the sender got."};
static const struct metric_row acknowledged_row = {
    "citybrain_ingest_acknowledged_total", METRIC_COUNTER, "feed",
    "Items, accepted and rejected ones, a sender was told with 2xx that the brokers have. The "
    "ledger's read is never less."};

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
    doors->admission = admission_new(daemon, config);
    normalise_init(&doors->trial, config->feeds, config->kinds);
    raw_item_init(&doors->item, 2 * (size_t)config->max_upload);
    strbuf_init(&doors->envelope, 1024, 32 << 10);
    strbuf_init(&doors->value, 4096, 2 * (size_t)config->max_upload);
    strbuf_init(&doors->header, 512, 4096);
    add_routes(doors);
    doors->producer =
        producer_open(daemon, &config->kafka, "doors", receipt_delivered, doors, error);
    if (doors->producer)
        doors->server = http_server_open(daemon_loop(daemon), config->listen, doors->routes,
                                         ARRAY_LENGTH(doors->routes), error);
    daemon_not_ready(daemon, "doors", "no broker");
    uv_timer_init(daemon_loop(daemon), &doors->look);
    doors->look.data = doors;
    uv_timer_start(&doors->look, look, LOOK_EVERY_MS, LOOK_EVERY_MS);
    return doors->server ? doors : NULL; /* on failure the process leaves at once */
}

void doors_drain(struct doors *doors, void (*done)(void *context), void *context)
{
    doors->draining = true;
    doors->drained = done;
    doors->drained_context = context;
    if (doors->waiting == 0)
        done(context);
}

static void answer_problem(struct http_request *request, int status, struct span body)
{
    struct http_answer answer = {.status = status,
                                 .content_type = "application/problem+json",
                                 .body = body,
                                 .more = {{"Retry-After", "1"}}};
    http_request_answer(request, &answer);
}

const struct principal *doors_admit(struct doors *doors, struct http_request *request,
                                    enum principal_kind kind, struct span name)
{
    return admission_admit(doors->admission, request, kind, name);
}

bool doors_ready(struct doors *doors, struct http_request *request)
{
    if (doors->draining || !producer_is_connected(doors->producer)) {
        answer_problem(request, 503,
                       SPAN("{\"type\":\"about:blank#unavailable\",\"title\":\"nothing can be "
                            "stored now\",\"status\":503,\"detail\":\"send again later\"}\n"));
        return false;
    }
    if (ingest_clock_now(doors->clock) == TIMESTAMP_NONE) {
        answer_problem(request, 503,
                       SPAN("{\"type\":\"about:blank#no_time\",\"title\":\"the manual clock was "
                            "not set\",\"status\":503,\"detail\":\"POST /clock on the admin "
                            "port\"}\n"));
        return false;
    }
    return true;
}

bool doors_count(struct doors *doors, struct http_request *request, enum framing_form form,
                 struct csv_form csv, int64_t item_most, int64_t *rows)
{
    struct framing framing;
    struct framing_item item;
    int64_t bytes = 0;
    char detail[128];
    *rows = 0;
    framing_begin(&framing, form, http_request_body(request), 1, -1);
    framing.csv = csv;
    while (framing_next(&framing, &item)) {
        int64_t size = (int64_t)(item.header.len + 1 + item.body.len);
        bytes += size;
        if (size > item_most) {
            snprintf(detail, sizeof detail,
                     "item %lld of the request has %lld bytes; at most %lld are taken",
                     (long long)item.row, (long long)size, (long long)item_most);
            http_request_problem(request, 413, "item_too_large", "an item is too large", detail);
            return false;
        }
        if (++*rows > doors->config->max_records || bytes > UNDER_WAY_MAX) {
            http_request_problem(request, 413, "too_many_records", "too many records",
                                 "send it in parts");
            return false;
        }
    }
    return true;
}
