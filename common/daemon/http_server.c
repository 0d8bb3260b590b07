/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd in external epoll mode: its epoll fd is polled by the loop, its timeout is a loop
 * timer. A request is gathered whole (bounded), handed to its route, suspended until answered, and
 * queued when resumed.
 *
 *   on_target -> on_access first call -> http_request_begin -> body pieces -> last call -> dispatch
 * -> handler
 * ... http_request_answer -> resume -> on_access again -> queue_answer
 *
 * MHD does not look at a suspended connection, so a client that left is noticed when its answer is
 * written; and MHD_stop_daemon() aborts while one is suspended, so a close answers them first. What
 * a request holds and may be asked is http_request.c's, which address means which route
 * http_route.c's. */
#include "daemon/http_server.h"

#include <assert.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/http_head.h"
#include "daemon/http_internal.h"
#include "daemon/http_origin.h"

#define CUT_CONNECTIONS  64 /* that the library has not closed yet */
#define CONNECTION_BYTES ((size_t)32 << 10)
#define IDLE_SECONDS     30U  /* the library's own, of any silence */
#define GRACE_MS         1000 /* of a close, for bodies and answers under way */
#define SWEEP_EVERY_MS   250
#define ANSWER_BYTES     2048 /* of one that is written without the library */

const struct http_limits http_limits_default = {.connections = 512,
                                                .in_flight = (size_t)64 << 20,
                                                .head_bytes = 16384,
                                                .head_lines = 64,
                                                .head_ms = 10000,
                                                .body_ms = 60000,
                                                .body_rate = 1024,
                                                .answer_ms = 60000,
                                                .idle_ms = 30000,
                                                .requests = INT64_MAX,
                                                .retry_least_s = 1,
                                                .retry_most_s = 1};

/* Addresses reach us as they were sent; http_route.c decodes them. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

int64_t http_server_now(const struct http_server *server)
{
    return (int64_t)uv_now(server->timer.loop);
}

static void enter(struct http_request *request, enum http_phase phase)
{
    if (request->peer)
        http_connection_enter(request->peer, phase, http_server_now(request->server));
}

static enum MHD_Result queue_answer(struct http_request *request)
{
    enter(request, HTTP_PHASE_ANSWER);
    return MHD_queue_response(request->connection, (unsigned)request->status, request->response);
}

/* MHD cannot answer in the middle of a body. Nothing of an answer was sent yet, so the socket's
 * buffer has room for these few bytes; then the connection ends. */
static enum MHD_Result refuse_in_body(struct http_request *request, enum http_problem problem)
{
    struct http_server *server = request->server;
    int64_t wait_s = retry_after_seconds(&server->retry, http_server_now(server));
    struct strbuf answer;

    strbuf_init(&answer, 512, ANSWER_BYTES);
    http_request_write_refusal(&answer, problem, http_request_language(request), wait_s);
    if (request->peer)
        (void)!send(request->peer->fd, answer.at, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    strbuf_fini(&answer);
    return MHD_NO;
}

static void dispatch(struct http_request *request)
{
    const struct http_route *route = request->match.route;

    if (!request->server->closing) {
        request->handed = request->held = true;
        enter(request, HTTP_PHASE_WORK);
        route->handler(route->context, request);
    }
    if (request->server->closing) /* also when the handler closed the server */
        http_request_refuse(request, HTTP_PROBLEM_STOPPING, NULL);
}

static struct http_connection *peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The request line was read. Whatever is returned becomes on_access's slot. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    return http_request_new(context, connection, target);
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **slot)
{
    struct http_request *request = *slot;
    enum http_problem problem;

    (void)context;
    (void)connection;
    if (!request->begun) {
        request->begun = true;
        request->peer = peer_of(connection);
        enter(request, HTTP_PHASE_BODY);
        request->may_lack_host = strcmp(version, "HTTP/1.1") != 0;
        http_request_begin(request, method, url);
        return request->response && request->early ? queue_answer(request) : MHD_YES;
    }
    if (*size > 0) {
        if (request->peer)
            request->peer->body += *size;
        bool taken = http_request_take_body(request, span_from(data, *size), &problem);
        *size = 0;
        return taken ? MHD_YES : refuse_in_body(request, problem);
    }
    if (!request->response && !request->handed)
        dispatch(request);
    if (request->response)
        return queue_answer(request);
    request->suspended = true;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct http_request *request = *slot;

    (void)context;
    (void)connection;
    (void)code;
    *slot = NULL;
    if (!request)
        return;
    enter(request, HTTP_PHASE_IDLE);
    http_request_disconnect(request);
}

/* What was accepted is found again by its descriptor. */
static void on_connection(void *context, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    struct http_connection *one = *slot;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *slot = one = http_connections_find(&server->connections, info->connect_fd);
        if (one)
            one->begun = true;
    } else if (one) {
        *slot = NULL;
        http_connections_remove(&server->connections, one);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;

    if (--server->handles_open > 0)
        return;
    if (server->closed)
        server->closed(server->closed_context);
    free(server);
}

/* No connection is suspended any more. What handlers still hold outlives the server. */
static void stop(struct http_server *server)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&server->poll,  (uv_handle_t *)&server->timer,
                              (uv_handle_t *)&server->grace, (uv_handle_t *)&server->kick,
                              (uv_handle_t *)&server->sweep, (uv_handle_t *)&server->listener.poll};

    server->stopped = true;
    uv_poll_stop(&server->poll);
    MHD_stop_daemon(server->mhd);
    http_connections_fini(&server->connections);
    http_listener_sweep(&server->listener, INT64_MAX);
    for (struct http_request *request = server->first; request; request = request->next)
        request->server = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(handles); i++) {
        handles[i]->data = server;
        uv_close(handles[i], on_handle_closed);
    }
}

static void on_timer(uv_timer_t *timer);

/* One turn of MHD and what follows from it; the only caller of MHD_run. */
static void turn(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG ms;

    if (server->stopped)
        return;
    int64_t began = cpu_meter_begin(server->listener.meter);
    MHD_run(server->mhd);
    cpu_meter_end(server->listener.meter, began);
    if (server->closing && server->connected == 0)
        stop(server);
    else if (MHD_get_timeout(server->mhd, &ms) == MHD_YES)
        uv_timer_start(&server->timer, on_timer, ms, 0);
    else
        uv_timer_stop(&server->timer);
}

static void on_timer(uv_timer_t *timer)
{
    turn(container_of(timer, struct http_server, timer));
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    turn(container_of(poll, struct http_server, poll));
}

static void on_kick(uv_idle_t *idle)
{
    uv_idle_stop(idle);
    turn(container_of(idle, struct http_server, kick));
}

/* The library sees the end of the connection in its next turn. Whoever has an answer coming, and
 * was not sent a byte of it, is told why. */
static void cut(struct http_server *server, struct http_connection *one, enum http_problem problem)
{
    struct strbuf answer;

    http_connections_cut(&server->connections, one);
    if (!one->begun) {
        http_connections_remove(&server->connections, one);
        return;
    }
    if (one->phase == HTTP_PHASE_BODY || one->phase == HTTP_PHASE_HEAD) {
        strbuf_init(&answer, 512, ANSWER_BYTES);
        http_request_write_refusal(&answer, problem, LANGUAGE_BOTH,
                                   retry_after_seconds(&server->retry, http_server_now(server)));
        (void)!send(one->fd, answer.at, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        strbuf_fini(&answer);
    }
    shutdown(one->fd, SHUT_RDWR);
}

static void on_sweep(uv_timer_t *timer)
{
    struct http_server *server = container_of(timer, struct http_server, sweep);
    int64_t now_ms = http_server_now(server);
    struct http_connection *next;
    bool cut_one = false;

    for (struct http_connection *one = server->connections.first; one; one = next) {
        next = one->next;
        if (one->cut || !http_connection_is_late(one, server->limits, now_ms))
            continue;
        cut(server, one, HTTP_PROBLEM_SLOW);
        cut_one = true;
    }
    bool quiet = http_listener_sweep(&server->listener, now_ms);
    http_listener_resume(&server->listener);
    if (quiet && !server->connections.first)
        uv_timer_stop(&server->sweep);
    if (cut_one)
        turn(server);
}

static void refuse_entry(struct http_server *server, int fd, enum http_problem problem)
{
    int64_t now_ms = http_server_now(server);
    struct strbuf answer;

    strbuf_init(&answer, 512, ANSWER_BYTES);
    http_request_write_refusal(&answer, problem, LANGUAGE_BOTH,
                               retry_after_seconds(&server->retry, now_ms));
    http_listener_refuse(&server->listener, fd, strbuf_span(&answer), now_ms);
    strbuf_fini(&answer);
}

static void address_of(const struct sockaddr_storage *from, unsigned char address[HTTP_ADDRESS])
{
    memset(address, 0, HTTP_ADDRESS);
    if (from->ss_family == AF_INET6)
        memcpy(address, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr,
               HTTP_ADDRESS);
    else
        memcpy(address + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
}

static void on_accepted(void *context, int fd, const struct sockaddr_storage *from, socklen_t size)
{
    struct http_server *server = context;
    unsigned char address[HTTP_ADDRESS];
    struct http_connection *victim;

    address_of(from, address);
    if (!uv_is_active((uv_handle_t *)&server->sweep))
        uv_timer_start(&server->sweep, on_sweep, SWEEP_EVERY_MS, SWEEP_EVERY_MS);
    switch (http_connections_may_enter(&server->connections, address, &victim)) {
    case HTTP_ENTRY_TOO_MANY: refuse_entry(server, fd, HTTP_PROBLEM_CONNECTIONS); return;
    case HTTP_ENTRY_FULL: refuse_entry(server, fd, HTTP_PROBLEM_BUSY); return;
    case HTTP_ENTRY_FREE: break;
    }
    if (victim)
        cut(server, victim, HTTP_PROBLEM_BUSY);
    http_connections_add(&server->connections, fd, address, http_server_now(server));
    if (MHD_add_connection(server->mhd, fd, (const struct sockaddr *)from, size) != MHD_YES)
        http_connections_remove(&server->connections,
                                http_connections_find(&server->connections, fd));
    uv_idle_start(&server->kick, on_kick);
}

static void on_grace(uv_timer_t *timer)
{
    struct http_server *server = container_of(timer, struct http_server, grace);

    if (!server->stopped)
        stop(server);
}

/* Every answer says it, a refusal too: without it the page could not read why. */
static void add_origin(struct MHD_Response *response, const struct http_request *request)
{
    const char *origins = request->server->origins;
    const char *origin = origins ? http_head_value(request, "Origin") : NULL;
    if (!origin || !http_origin_is_of(origins, span_of(origin)))
        return;
    MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
    MHD_add_response_header(response, "Vary", "Origin");
}

void http_server_respond(struct http_request *request, const struct http_answer *answer)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.len, (void *)(uintptr_t)(answer->body.at ? answer->body.at : ""),
        MHD_RESPMEM_MUST_COPY);

    assert(response);
    if (answer->content_type)
        MHD_add_response_header(response, "Content-Type", answer->content_type);
    for (size_t i = 0; i < ARRAY_LENGTH(answer->more) && answer->more[i].name; i++)
        MHD_add_response_header(response, answer->more[i].name, answer->more[i].value);
    add_origin(response, request);
    if (request->server->closing || request->server->retiring || request->early ||
        request->may_lack_host || /* HTTP/1.0 knows no lasting connections */
        (request->peer && request->peer->requests + 1 >= request->server->limits->requests))
        MHD_add_response_header(response, "Connection", "close");
    request->response = response;
    request->status = answer->status;
    if (!request->suspended)
        return;
    request->suspended = false;
    MHD_resume_connection(request->connection);
    uv_idle_start(&request->server->kick, on_kick);
}

void http_server_drop_response(struct http_request *request)
{
    if (request->response)
        MHD_destroy_response(request->response);
    request->response = NULL;
}

static bool start_mhd(struct http_server *server)
{
    server->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
        on_access, server, MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->limits->connections + CUT_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        IDLE_SECONDS, MHD_OPTION_END);
    return server->mhd != NULL;
}

struct http_server *http_server_open(uv_loop_t *loop, const char *listen_at,
                                     const struct http_route *routes, size_t count,
                                     struct error *error)
{
    return http_server_open_limited(loop, listen_at, routes, count, &http_limits_default, error);
}

struct http_server *http_server_open_limited(uv_loop_t *loop, const char *listen_at,
                                             const struct http_route *routes, size_t count,
                                             const struct http_limits *limits, struct error *error)
{
    struct http_server *server = xcalloc(1, sizeof *server);
    server->routes = routes;
    server->count = count;
    server->limits = limits;
    http_connections_init(&server->connections, limits);
    retry_after_init(&server->retry, limits->retry_least_s, limits->retry_most_s, uv_hrtime());
    if (!http_listener_open(&server->listener, loop, listen_at, on_accepted, server, error)) {
        free(server);
        return NULL;
    }
    if (!start_mhd(server)) { /* the process leaves at once: the poll handle stays on its loop */
        error_set(error, ERROR_FATAL, 0, "libmicrohttpd did not start on %s", listen_at);
        return NULL;
    }
    uv_poll_init(loop, &server->poll,
                 MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    uv_timer_init(loop, &server->timer);
    uv_timer_init(loop, &server->grace);
    uv_timer_init(loop, &server->sweep);
    uv_idle_init(loop, &server->kick);
    server->handles_open = 6;
    uv_poll_start(&server->poll, UV_READABLE, on_poll);
    return server;
}

void http_server_guard(struct http_server *server, http_admit_fn *admit)
{
    server->admit = admit;
}

void http_server_share(struct http_server *server, const char *origins)
{
    server->origins = origins;
}

void http_server_meter(struct http_server *server, struct cpu_meter *meter)
{
    server->listener.meter = meter;
}

void http_server_retire(struct http_server *server)
{
    server->retiring = true;
    http_listener_stop(&server->listener);
}

size_t http_server_connections(const struct http_server *server)
{
    return server->connections.count;
}

size_t http_server_busy(const struct http_server *server)
{
    return http_connections_busy(&server->connections);
}

void http_server_close(struct http_server *server, void (*closed)(void *), void *context)
{
    http_listener_stop(&server->listener);
    server->closing = true;
    server->closed = closed;
    server->closed_context = context;
    for (struct http_request *request = server->first; request; request = request->next)
        if (request->suspended)
            http_request_refuse(request, HTTP_PROBLEM_STOPPING, NULL);
    uv_timer_start(&server->grace, on_grace, GRACE_MS, 0);
    uv_idle_start(&server->kick, on_kick);
}

int http_server_port(const struct http_server *server)
{
    return server->listener.port;
}
