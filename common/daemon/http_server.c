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

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/http_internal.h"

#define MOST_CONNECTIONS 512U
#define CONNECTION_BYTES ((size_t)32 << 10)
#define IDLE_SECONDS     30U
#define GRACE_MS         1000 /* of a close, for bodies and answers under way */

/* Addresses reach us as they were sent; http_route.c decodes them. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static enum MHD_Result queue_answer(struct http_request *request)
{
    return MHD_queue_response(request->connection, (unsigned)request->status, request->response);
}

/* MHD cannot answer in the middle of a body. Nothing of an answer was sent yet, so the socket's
 * buffer has room for these few bytes; then the connection ends. */
static enum MHD_Result refuse_in_body(struct http_request *request, int status)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct strbuf answer;

    strbuf_init(&answer, 512, 2048);
    http_request_write_refusal(&answer, status);
    if (info)
        (void)!send(info->connect_fd, answer.at, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    strbuf_fini(&answer);
    return MHD_NO;
}

static void dispatch(struct http_request *request)
{
    const struct http_route *route = request->match.route;

    if (!request->server->closing) {
        request->handed = request->held = true;
        route->handler(route->context, request);
    }
    if (request->server->closing) /* also when the handler closed the server */
        http_request_refuse(request, 503, "stopping", "正在停止 / stopping", "send it again");
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
    int status;

    (void)context;
    (void)connection;
    if (!request->begun) {
        request->begun = true;
        request->may_lack_host = strcmp(version, "HTTP/1.1") != 0;
        http_request_begin(request, method, url);
        return request->response && request->early ? queue_answer(request) : MHD_YES;
    }
    if (*size > 0) {
        bool taken = http_request_take_body(request, span_from(data, *size), &status);
        *size = 0;
        return taken ? MHD_YES : refuse_in_body(request, status);
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
    if (request)
        http_request_disconnect(request);
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
    uv_handle_t *handles[] = {(uv_handle_t *)&server->poll, (uv_handle_t *)&server->timer,
                              (uv_handle_t *)&server->grace, (uv_handle_t *)&server->kick};

    server->stopped = true;
    uv_poll_stop(&server->poll);
    MHD_stop_daemon(server->mhd);
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
    MHD_run(server->mhd);
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

static void on_grace(uv_timer_t *timer)
{
    struct http_server *server = container_of(timer, struct http_server, grace);

    if (!server->stopped)
        stop(server);
}

const char *http_server_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

struct counter {
    const char *name;
    int n;
};

static enum MHD_Result count_one(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct counter *counter = context;

    (void)kind;
    (void)value;
    counter->n += strcasecmp(name, counter->name) == 0;
    return MHD_YES;
}

int http_server_count_headers(const struct http_request *request, const char *name)
{
    struct counter counter = {name, 0};

    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_one, &counter);
    return counter.n;
}

struct header_visitor {
    bool (*visit)(void *context, struct span name, struct span value);
    void *context;
    bool all;
};

static enum MHD_Result visit_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    size_t name_size, const char *value, size_t value_size)
{
    struct header_visitor *visitor = context;

    (void)kind;
    visitor->all = visitor->visit(visitor->context, span_from(name, name_size),
                                  span_from(value ? value : "", value ? value_size : 0));
    return visitor->all ? MHD_YES : MHD_NO;
}

bool http_server_each_header(const struct http_request *request,
                             bool (*visit)(void *context, struct span name, struct span value),
                             void *context)
{
    struct header_visitor visitor = {visit, context, true};

    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, visit_header, &visitor);
    return visitor.all;
}

void http_server_peer(const struct http_request *request, char *text, size_t size)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const void *host = NULL;

    if (address && address->sa_family == AF_INET)
        host = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address && address->sa_family == AF_INET6)
        host = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (!host || !inet_ntop(address->sa_family, host, text, (socklen_t)size))
        snprintf(text, size, "-");
}

struct visitor {
    bool (*visit)(void *context, const char *name, const char *value);
    void *context;
};

static enum MHD_Result visit_one(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct visitor *visitor = context;

    (void)kind;
    return visitor->visit(visitor->context, name, value ? value : "") ? MHD_YES : MHD_NO;
}

void http_server_each_query(const struct http_request *request,
                            bool (*visit)(void *context, const char *name, const char *value),
                            void *context)
{
    struct visitor visitor = {visit, context};

    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, visit_one, &visitor);
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
    if (request->server->closing || request->early)
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

/* "127.0.0.1:8080" or "[::1]:8080"; names are not resolved. */
static bool parse_address(const char *listen_at, struct sockaddr_storage *address, socklen_t *size)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)address;
    const char *colon = strrchr(listen_at, ':');
    char host[64];
    int64_t port;

    if (!colon || !span_to_int64(span_of(colon + 1), &port) || port < 0 || port > 65535)
        return false;
    struct span name = span_from(listen_at, (size_t)(colon - listen_at));
    bool bracket = name.len > 2 && name.at[0] == '[' && name.at[name.len - 1] == ']';
    if (bracket)
        name = span_from(name.at + 1, name.len - 2);
    if (name.len >= sizeof host)
        return false;
    span_to_cstr(name, host, sizeof host);
    *size = bracket ? sizeof *v6 : sizeof *v4;
    address->ss_family = bracket ? AF_INET6 : AF_INET;
    if (bracket)
        v6->sin6_port = htons((uint16_t)port);
    else
        v4->sin_port = htons((uint16_t)port);
    return bracket ? inet_pton(AF_INET6, host, &v6->sin6_addr) == 1
                   : inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

static int open_socket(const char *listen_at, struct error *error)
{
    struct sockaddr_storage address = {0};
    socklen_t size;
    int one = 1;

    if (!parse_address(listen_at, &address, &size)) {
        error_set(error, ERROR_CONFIG, 0,
                  "\"%s\" is no address to listen on; write 127.0.0.1:8080 or [::1]:8080",
                  listen_at);
        return -1;
    }
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        bind(fd, (const struct sockaddr *)&address, size) == 0 && listen(fd, 128) == 0)
        return fd;
    error_set(error, ERROR_RETRY, errno, "cannot listen on %s: %s; is another daemon there?",
              listen_at, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The port lies at the same place in both families' addresses. */
static int port_of(int fd)
{
    struct sockaddr_in6 address = {0};
    socklen_t size = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return 0;
    return ntohs(address.sin6_port);
}

static bool start_mhd(struct http_server *server, int fd)
{
    server->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, server,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_UNESCAPE_CALLBACK,
        leave_escaped, NULL, MHD_OPTION_CONNECTION_LIMIT, MOST_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        IDLE_SECONDS, MHD_OPTION_END);
    return server->mhd != NULL;
}

struct http_server *http_server_open(uv_loop_t *loop, const char *listen_at,
                                     const struct http_route *routes, size_t count,
                                     struct error *error)
{
    int fd = open_socket(listen_at, error);
    if (fd < 0)
        return NULL;
    struct http_server *server = xcalloc(1, sizeof *server);
    server->routes = routes;
    server->count = count;
    server->port = port_of(fd);
    if (!start_mhd(server, fd)) {
        error_set(error, ERROR_FATAL, 0, "libmicrohttpd did not start on %s", listen_at);
        free(server);
        close(fd);
        return NULL;
    }
    uv_poll_init(loop, &server->poll,
                 MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    uv_timer_init(loop, &server->timer);
    uv_timer_init(loop, &server->grace);
    uv_idle_init(loop, &server->kick);
    server->handles_open = 4;
    uv_poll_start(&server->poll, UV_READABLE, on_poll);
    return server;
}

void http_server_close(struct http_server *server, void (*closed)(void *), void *context)
{
    MHD_socket listening = MHD_quiesce_daemon(server->mhd);

    if (listening != MHD_INVALID_SOCKET)
        close(listening);
    server->closing = true;
    server->closed = closed;
    server->closed_context = context;
    for (struct http_request *request = server->first; request; request = request->next)
        if (request->suspended)
            http_request_refuse(request, 503, "stopping", "正在停止 / stopping", "send it again");
    uv_timer_start(&server->grace, on_grace, GRACE_MS, 0);
    uv_idle_start(&server->kick, on_kick);
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}
