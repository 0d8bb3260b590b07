/* SPDX-License-Identifier: Apache-2.0 */
/* Loop, signals, phases, watchdog and the admin port. Every state change goes through enter(). */
#include "daemon/daemon.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "daemon/notify.h"

#define PHASES(X) X(STARTING) X(RUNNING) X(DRAINING) X(STOPPED)
enum phase {
#define PHASE_ENUM(name) PHASE_##name,
    PHASES(PHASE_ENUM)
#undef PHASE_ENUM
};
static const char *const phase_names[] = {
#define PHASE_NAME(name) #name,
    PHASES(PHASE_NAME)
#undef PHASE_NAME
};

#define MOST_REASONS   16
#define MOST_ROUTES    32
#define WATCH_EVERY_MS 100

struct reason {
    const char *room, *text; /* constants of the callers; text NULL = ready */
};

struct daemon {
    uv_loop_t loop;
    uv_signal_t term, interrupt;
    uv_timer_t watch, deadline;
    enum phase phase;
    int64_t drain_deadline_ms;
    uint64_t watched_at;
    struct reason reasons[MOST_REASONS];
    size_t reason_count;
    struct metrics *metrics; /* owned */
    struct metric *lag;
    struct http_server *admin;
    struct http_route routes[MOST_ROUTES];
    void (*drain)(void *context);
    void *drain_context;
    bool announced;
};

static const struct metric_row lag_row = {
    "citybrain_loop_lag_seconds", METRIC_HISTOGRAM, NULL,
    "How late the loop's watchdog timer runs. Above 0.05 something blocks the "
    "loop, and HTTP answers wait."};

static void enter(struct daemon *daemon, enum phase phase)
{
    static const unsigned allowed[] = {
        [PHASE_STARTING] = 1U << PHASE_RUNNING | 1U << PHASE_STOPPED,
        [PHASE_RUNNING] = 1U << PHASE_DRAINING | 1U << PHASE_STOPPED,
        [PHASE_DRAINING] = 1U << PHASE_STOPPED,
        [PHASE_STOPPED] = 0,
    };
    assert(allowed[daemon->phase] >> phase & 1);
    log_info("daemon.phase", LOG_STR("from", phase_names[daemon->phase]),
             LOG_STR("to", phase_names[phase]));
    daemon->phase = phase;
}

static void on_watch(uv_timer_t *timer)
{
    struct daemon *daemon = container_of(timer, struct daemon, watch);
    uint64_t now = uv_hrtime();
    double late_ms = (double)(now - daemon->watched_at) / 1e6 - WATCH_EVERY_MS;
    daemon->watched_at = now;
    metric_observe_ms(daemon->lag, SPAN(""), late_ms > 0 ? late_ms : 0);
    if (late_ms > 50)
        log_warn("loop.slow", LOG_INT("late_ms", late_ms));
}

static void on_deadline(uv_timer_t *timer)
{
    (void)timer;
    daemon_die("daemon.drain_deadline",
               &(struct error){.kind = ERROR_FATAL,
                               .text = "the drain did not end in time; left as a crash would"});
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;
    if (daemon->phase != PHASE_RUNNING)
        _exit(128 + number);
    enter(daemon, PHASE_DRAINING);
    notify_send("STOPPING=1");
    uv_timer_start(&daemon->deadline, on_deadline, (uint64_t)daemon->drain_deadline_ms, 0);
    daemon->drain(daemon->drain_context);
}

static bool is_ready(const struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->reason_count; i++)
        if (daemon->reasons[i].text)
            return false;
    return daemon->phase == PHASE_RUNNING;
}

static void get_live(void *context, struct http_request *request)
{
    (void)context;
    http_request_answer(request, &(struct http_answer){200, "text/plain", SPAN("ok\n"), {{0}}});
}

static void get_ready(void *context, struct http_request *request)
{
    const struct daemon *daemon = context;
    struct strbuf body;
    bool first = true;
    strbuf_init(&body, 256, 4096);
    strbuf_addf(&body, "{\"ready\":%s,\"phase\":\"%s\",\"waiting\":{",
                is_ready(daemon) ? "true" : "false", phase_names[daemon->phase]);
    for (size_t i = 0; i < daemon->reason_count; i++) {
        if (!daemon->reasons[i].text)
            continue;
        strbuf_addf(&body, "%s\"%s\":\"%s\"", first ? "" : ",", daemon->reasons[i].room,
                    daemon->reasons[i].text);
        first = false;
    }
    strbuf_add(&body, SPAN("}}\n"));
    http_request_answer(
        request, &(struct http_answer){
                     is_ready(daemon) ? 200 : 503, "application/json", strbuf_span(&body), {{0}}});
    strbuf_fini(&body);
}

static void get_metrics(void *context, struct http_request *request)
{
    const struct daemon *daemon = context;
    struct strbuf body;
    strbuf_init(&body, 16384, 16 << 20);
    metrics_write(daemon->metrics, &body);
    http_request_answer(request, &(struct http_answer){
                                     200, "text/plain; version=0.0.4", strbuf_span(&body), {{0}}});
    strbuf_fini(&body);
}

static bool open_admin(struct daemon *daemon, const struct daemon_options *options,
                       struct error *error)
{
    size_t n = 0;
    daemon->routes[n++] = (struct http_route){"GET", "/livez", 0, get_live, daemon};
    daemon->routes[n++] = (struct http_route){"GET", "/readyz", 0, get_ready, daemon};
    daemon->routes[n++] = (struct http_route){"GET", "/metrics", 0, get_metrics, daemon};
    for (size_t i = 0; i < options->admin_route_count && n < MOST_ROUTES; i++)
        daemon->routes[n++] = options->admin_routes[i];
    daemon->admin =
        http_server_open(&daemon->loop, options->admin_listen, daemon->routes, n, error);
    return daemon->admin != NULL;
}

struct daemon *daemon_new(const struct daemon_options *options, struct error *error)
{
    struct daemon *daemon = xcalloc(1, sizeof *daemon);
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&daemon->loop);
    uv_signal_init(&daemon->loop, &daemon->term);
    uv_signal_init(&daemon->loop, &daemon->interrupt);
    uv_timer_init(&daemon->loop, &daemon->watch);
    uv_timer_init(&daemon->loop, &daemon->deadline);
    daemon->term.data = daemon->interrupt.data = daemon;
    daemon->drain_deadline_ms = options->drain_deadline_ms;
    daemon->metrics = metrics_new();
    daemon->lag = metrics_add(daemon->metrics, &lag_row);
    if (open_admin(daemon, options, error))
        return daemon;
    metrics_free(daemon->metrics);
    free(daemon);
    return NULL;
}

uv_loop_t *daemon_loop(struct daemon *daemon)
{
    return &daemon->loop;
}

struct metrics *daemon_metrics(struct daemon *daemon)
{
    return daemon->metrics;
}

static void set_reason(struct daemon *daemon, const char *room, const char *text)
{
    size_t i = 0;
    while (i < daemon->reason_count && strcmp(daemon->reasons[i].room, room) != 0)
        i++;
    assert(i < MOST_REASONS);
    if (i == daemon->reason_count)
        daemon->reasons[daemon->reason_count++] = (struct reason){room, NULL};
    daemon->reasons[i].text = text;
    if (daemon->announced || !is_ready(daemon))
        return;
    daemon->announced = true;
    notify_send("READY=1");
    log_info("daemon.ready", LOG_INT("rooms", daemon->reason_count));
}

void daemon_not_ready(struct daemon *daemon, const char *room, const char *reason)
{
    set_reason(daemon, room, reason);
}

void daemon_ready(struct daemon *daemon, const char *room)
{
    set_reason(daemon, room, NULL);
}

int daemon_run(struct daemon *daemon, void (*drain)(void *context), void *context)
{
    daemon->drain = drain;
    daemon->drain_context = context;
    uv_signal_start(&daemon->term, on_signal, SIGTERM);
    uv_signal_start(&daemon->interrupt, on_signal, SIGINT);
    daemon->watched_at = uv_hrtime();
    uv_timer_start(&daemon->watch, on_watch, WATCH_EVERY_MS, WATCH_EVERY_MS);
    uv_unref((uv_handle_t *)&daemon->watch);
    enter(daemon, PHASE_RUNNING);
    set_reason(daemon, "daemon", NULL);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    return 0;
}

void daemon_stopped(struct daemon *daemon)
{
    enter(daemon, PHASE_STOPPED);
    uv_timer_stop(&daemon->deadline);
    uv_stop(&daemon->loop);
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void daemon_free(struct daemon *daemon)
{
    if (daemon->admin)
        http_server_close(daemon->admin, NULL, NULL);
    uv_walk(&daemon->loop, close_handle, NULL);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    int status = uv_loop_close(&daemon->loop);
    assert(status == 0);
    (void)status;
    metrics_free(daemon->metrics);
    free(daemon);
}

void daemon_die(const char *event, const struct error *error)
{
    log_error(event, LOG_ERROR(error), LOG_INT("code", error->code));
    _exit(error_exit_status(error));
}

int daemon_refuse(const struct error *error)
{
    fprintf(stderr, "%s\n", error->text);
    return error_exit_status(error);
}
