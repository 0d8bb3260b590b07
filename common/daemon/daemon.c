/* SPDX-License-Identifier: Apache-2.0 */
/* Loop, signals, phases, watchdog and the admin port. Every state change goes through enter(). */
#include "daemon/daemon.h"

#include <assert.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/version.h"

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

#define MOST_REASONS     16
#define MOST_ROUTES      32
#define WATCH_EVERY_MS   100
#define SLOW_MS          50
#define MOST_DESCRIPTORS 4096
#define LAST_TURNS       8 /* of the loop after the end: answers given last are written */

struct reason {
    const char *room, *text; /* constants of the callers; text NULL = ready */
};

struct daemon {
    uv_loop_t loop;
    uv_signal_t term, interrupt, hangup;
    uv_timer_t watch, deadline;
    uv_idle_t last;
    int last_turns;
    enum phase phase;
    int64_t drain_deadline_ms;
    uint64_t watched_at, notified_at; /* uv_hrtime */
    int64_t notify_every_ms;          /* WATCHDOG=1; 0 = never */
    struct reason reasons[MOST_REASONS];
    size_t reason_count;
    struct metrics *metrics; /* owned */
    struct metric *lag, *up, *waiting, *resident, *processor, *watching;
    struct cpu_meter watched; /* what `watching` tells */
    struct http_server *admin;
    bool admin_closed;
    struct http_route routes[MOST_ROUTES];
    void (*drain)(void *context);
    void *drain_context;
    void (*reload)(void *context);
    void *reload_context;
    bool announced;
};

static const struct metric_row lag_row = {
    "citybrain_loop_lag_seconds", METRIC_HISTOGRAM, NULL,
    "How late the loop's watchdog timer runs. Above 0.05 something blocks the "
    "loop, and HTTP answers wait."};

static const struct metric_row build_row = {
    "citybrain_build_info", METRIC_GAUGE, "version",
    "Always 1; the label says which release this process is."};
static const struct metric_row up_row = {
    "citybrain_ready", METRIC_GAUGE, NULL,
    "1 while the process serves; 0 while it starts, waits or drains, /readyz says for what."};
static const struct metric_row waiting_row = {"citybrain_waiting", METRIC_GAUGE, "reason",
                                              "1 while the process is not ready for that reason, 0 "
                                              "once it is no more: what /readyz says. Not "
                                              "there for what was never waited for."};
static const struct metric_row resident_row = {
    "citybrain_resident_memory_bytes", METRIC_GAUGE, NULL,
    "Memory of the process that is in RAM. Bounded by configuration: growth is a leak."};
static const struct metric_row processor_row = {"citybrain_cpu_milliseconds_total", METRIC_COUNTER,
                                                NULL,
                                                "Processor time, user and system, of all threads."};
static const struct metric_row watching_row = {
    "citybrain_watching_cpu_milliseconds_total", METRIC_COUNTER, NULL,
    "Of it, what was spent on those who only look: this port, and the aggregator's read API and "
    "page. Above 3 % of all for long: somebody asks too often."};

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
    if (daemon->notify_every_ms > 0 &&
        now - daemon->notified_at >= (uint64_t)daemon->notify_every_ms * 1000000) {
        daemon->notified_at = now;
        notify_send("WATCHDOG=1");
    }
    metric_observe_ms(daemon->lag, SPAN(""), late_ms > 0 ? late_ms : 0);
    if (late_ms > SLOW_MS)
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
    if (daemon->drain)
        daemon->drain(daemon->drain_context);
    else
        daemon_stopped(daemon);
}

static void tell_reloaded(const struct daemon *daemon)
{
    if (daemon->announced && daemon->phase == PHASE_RUNNING)
        notify_send("READY=1");
}

static void on_hangup(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;
    (void)number;
    log_info("daemon.reload", LOG_BOOL("supported", daemon->reload != NULL));
    if (daemon->announced)
        notify_reloading();
    if (daemon->reload && daemon->phase == PHASE_RUNNING)
        daemon->reload(daemon->reload_context);
    else
        tell_reloaded(daemon);
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
        if (!first)
            strbuf_add_char(&body, ',');
        strbuf_add_json(&body, span_of(daemon->reasons[i].room));
        strbuf_add_char(&body, ':');
        strbuf_add_json(&body, span_of(daemon->reasons[i].text));
        first = false;
    }
    strbuf_add(&body, SPAN("}}\n"));
    http_request_answer(
        request, &(struct http_answer){
                     is_ready(daemon) ? 200 : 503, "application/json", strbuf_span(&body), {{0}}});
    strbuf_fini(&body);
}

/* The process as the kernel sees it, at the moment of asking. */
static void measure_process(struct daemon *daemon)
{
    struct rusage usage;
    char line[128], *resident = NULL;
    FILE *file = fopen("/proc/self/statm", "re"); /* pages: all, resident, ... */
    if (file && fgets(line, sizeof line, file))
        resident = strchr(line, ' ');
    if (resident)
        metric_set(daemon->resident, SPAN(""), strtol(resident, NULL, 10) * sysconf(_SC_PAGESIZE));
    if (file)
        fclose(file);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metric_set(daemon->processor, SPAN(""),
                   (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
    metric_set(daemon->watching, SPAN(""), daemon->watched.ns / 1000000);
    metric_set(daemon->up, SPAN(""), is_ready(daemon));
}

static void get_metrics(void *context, struct http_request *request)
{
    struct daemon *daemon = context;
    struct strbuf body;
    measure_process(daemon);
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
    assert(options->admin_route_count <= MOST_ROUTES - n);
    for (size_t i = 0; i < options->admin_route_count; i++)
        daemon->routes[n++] = options->admin_routes[i];
    daemon->admin =
        http_server_open(&daemon->loop, options->admin_listen, daemon->routes, n, error);
    if (daemon->admin)
        http_server_meter(daemon->admin, &daemon->watched);
    return daemon->admin != NULL;
}

static void add_metrics(struct daemon *daemon)
{
    daemon->metrics = metrics_new();
    daemon->lag = metrics_add(daemon->metrics, &lag_row);
    daemon->up = metrics_add(daemon->metrics, &up_row);
    daemon->waiting = metrics_add(daemon->metrics, &waiting_row);
    daemon->resident = metrics_add(daemon->metrics, &resident_row);
    daemon->processor = metrics_add(daemon->metrics, &processor_row);
    daemon->watching = metrics_add(daemon->metrics, &watching_row);
    metric_set(metrics_add(daemon->metrics, &build_row), SPAN(CITYBRAIN_VERSION), 1);
}

/* A full house of connections, and those who are just being refused, are more than the usual 1,024.
 */
static void want_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= MOST_DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < MOST_DESCRIPTORS ? limit.rlim_max : MOST_DESCRIPTORS;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* The client library's threads take what ours gives back: with an arena a thread much of the memory
 * lies fallow in the others', with few they wait for each other. What is larger than usual is
 * mapped and given back: left alone, the border rises to the largest file that was read at the
 * start, and large buffers lie among small ones for good. What is usual stays, for it comes again
 * at once: the three or four MiB that packing a batch with zstd takes above all. Mapped for each
 * batch they were nearly a third of a door's CPU, and all threads waited for what was unmapped. */
static void share_memory(void)
{
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 4);
    mallopt(M_MMAP_THRESHOLD, 8 << 20);
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
    mallopt(M_TOP_PAD, 1 << 20);
#endif
}

struct daemon *daemon_new(const struct daemon_options *options, struct error *error)
{
    share_memory();
    struct daemon *daemon = xcalloc(1, sizeof *daemon);
    signal(SIGPIPE, SIG_IGN);
    want_descriptors();
    uv_loop_init(&daemon->loop);
    uv_signal_init(&daemon->loop, &daemon->term);
    uv_signal_init(&daemon->loop, &daemon->interrupt);
    uv_signal_init(&daemon->loop, &daemon->hangup);
    uv_timer_init(&daemon->loop, &daemon->watch);
    uv_timer_init(&daemon->loop, &daemon->deadline);
    uv_idle_init(&daemon->loop, &daemon->last);
    daemon->term.data = daemon->interrupt.data = daemon->hangup.data = daemon;
    daemon->drain_deadline_ms = options->drain_deadline_ms;
    daemon->notify_every_ms = notify_watchdog_ms();
    add_metrics(daemon);
    if (open_admin(daemon, options, error))
        return daemon;
    daemon_free(daemon);
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

struct cpu_meter *daemon_watching(struct daemon *daemon)
{
    return &daemon->watched;
}

/* Two rooms may wait for the same. */
static void tell_waiting(struct daemon *daemon, const char *before)
{
    if (before)
        metric_set(daemon->waiting, span_of(before), 0);
    for (size_t i = 0; i < daemon->reason_count; i++)
        if (daemon->reasons[i].text)
            metric_set(daemon->waiting, span_of(daemon->reasons[i].text), 1);
}

static void set_reason(struct daemon *daemon, const char *room, const char *text)
{
    size_t i = 0;
    while (i < daemon->reason_count && strcmp(daemon->reasons[i].room, room) != 0)
        i++;
    assert(i < MOST_REASONS);
    if (i == daemon->reason_count)
        daemon->reasons[daemon->reason_count++] = (struct reason){room, NULL};
    const char *before = daemon->reasons[i].text;
    daemon->reasons[i].text = text;
    tell_waiting(daemon, before);
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
    uv_signal_start(&daemon->hangup, on_hangup, SIGHUP);
    daemon->watched_at = uv_hrtime();
    uv_timer_start(&daemon->watch, on_watch, WATCH_EVERY_MS, WATCH_EVERY_MS);
    uv_unref((uv_handle_t *)&daemon->watch);
    enter(daemon, PHASE_RUNNING);
    set_reason(daemon, "daemon", NULL);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    return 0;
}

static void on_last_turn(uv_idle_t *idle)
{
    struct daemon *daemon = container_of(idle, struct daemon, last);
    if (++daemon->last_turns == LAST_TURNS) {
        uv_idle_stop(idle);
        uv_stop(&daemon->loop);
    }
}

/* A service may come to its end on two ways at once: the first one counts. */
void daemon_stopped(struct daemon *daemon)
{
    if (daemon->phase == PHASE_STOPPED)
        return;
    enter(daemon, PHASE_STOPPED);
    uv_timer_stop(&daemon->deadline);
    uv_idle_start(&daemon->last, on_last_turn);
}

void daemon_on_reload(struct daemon *daemon, void (*reload)(void *context), void *context)
{
    daemon->reload = reload;
    daemon->reload_context = context;
}

void daemon_reloaded(struct daemon *daemon)
{
    tell_reloaded(daemon);
}

int daemon_port(const struct daemon *daemon)
{
    return http_server_port(daemon->admin);
}

static void on_admin_closed(void *context)
{
    ((struct daemon *)context)->admin_closed = true;
}

/* Only our own handles are closed: one a service left open is its fault and ends in the assert. */
void daemon_free(struct daemon *daemon)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&daemon->term,     (uv_handle_t *)&daemon->interrupt,
                              (uv_handle_t *)&daemon->hangup,   (uv_handle_t *)&daemon->watch,
                              (uv_handle_t *)&daemon->deadline, (uv_handle_t *)&daemon->last};
    daemon->admin_closed = !daemon->admin;
    if (daemon->admin)
        http_server_close(daemon->admin, on_admin_closed, daemon);
    while (!daemon->admin_closed)
        uv_run(&daemon->loop, UV_RUN_ONCE);
    for (size_t i = 0; i < ARRAY_LENGTH(handles); i++)
        uv_close(handles[i], NULL);
    uv_run(&daemon->loop, UV_RUN_NOWAIT);
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

/* A wrong command line is a configuration error whose code says EX_USAGE. */
int daemon_refuse(const struct error *error)
{
    fprintf(stderr, "%s\n", error->text);
    return error->kind == ERROR_CONFIG && error->code == EX_USAGE ? EX_USAGE
                                                                  : error_exit_status(error);
}
