/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd in external epoll mode: its epoll fd is polled by the loop, its timeout is a loop
 * timer. A request is gathered whole (bounded), handed to its route, suspended until answered, and
 * queued when resumed.
 *
 *   access() first call -> take_request -> body bytes -> last call -> dispatch -> handler ...
 * http_request_answer
 *        -> resume -> access() again -> queue_answer
 */
#include "daemon/http_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/strbuf.h"

#define MOST_PARTS       8
#define MOST_CONNECTIONS 512
#define MOST_BUFFERED    ((size_t)64 << 20)

struct http_server {
    struct MHD_Daemon *mhd; /* owned */
    uv_loop_t *loop;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_idle_t kick;
    const struct http_route *routes;
    size_t count;
    struct http_request *first; /* every request not yet freed */
    size_t buffered;
    int port;
    bool closing;
    int handles_open;
    void (*closed)(void *);
    void *closed_context;
};

enum request_phase { REQUEST_READING, REQUEST_HANDED, REQUEST_ANSWERED, REQUEST_QUEUED };

struct http_request {
    struct http_server *server;
    struct MHD_Connection *connection; /* NULL once the client is gone */
    struct http_request *next, **previous;
    const struct http_route *route;
    enum request_phase phase;
    bool suspended, gone;
    char *path; /* owned, decoded */
    const char *method;
    struct span parts[MOST_PARTS];
    struct strbuf body;
    int status; /* of the answer */
    struct MHD_Response *response;
};

static void run_soon(struct http_server *server);

static void problem_text(struct strbuf *out, int status, const char *code, const char *title,
                         const char *detail)
{
    strbuf_add(out, SPAN("{\"type\":\"about:blank#"));
    strbuf_addf(out, "%s\",\"title\":", code);
    strbuf_add_json(out, span_of(title));
    strbuf_addf(out, ",\"status\":%d,\"detail\":", status);
    strbuf_add_json(out, span_of(detail));
    strbuf_add(out, SPAN("}\n"));
}

static struct MHD_Response *make_response(const struct http_answer *answer)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.len, (void *)(uintptr_t)(answer->body.at ? answer->body.at : ""),
        MHD_RESPMEM_MUST_COPY);
    if (answer->content_type)
        MHD_add_response_header(response, "Content-Type", answer->content_type);
    for (size_t i = 0; i < ARRAY_LENGTH(answer->more) && answer->more[i].name; i++)
        MHD_add_response_header(response, answer->more[i].name, answer->more[i].value);
    return response;
}

/* An answer before any request object exists or while its body is still coming. */
static enum MHD_Result refuse(struct MHD_Connection *connection, int status, const char *code,
                              const char *title, const char *detail, const struct http_header *more)
{
    struct strbuf body;
    strbuf_init(&body, 256, 4096);
    problem_text(&body, status, code, title, detail);
    struct http_answer answer = {status, "application/problem+json", strbuf_span(&body), {{0}}};
    if (more)
        answer.more[0] = *more;
    struct MHD_Response *response = make_response(&answer);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    strbuf_fini(&body);
    return result;
}

/* "/v1/feeds/{feed}" against a decoded path; parts are spans of path. A trailing "*" takes the
 * rest. */
static bool path_matches(const char *pattern, struct span path, struct span *parts)
{
    struct span wanted = span_of(pattern), rest = path;
    size_t n = 0;
    while (wanted.at && rest.at) {
        struct span want = span_cut(&wanted, '/');
        if (span_is(want, "*")) {
            if (n < MOST_PARTS)
                parts[n] = rest;
            return true;
        }
        struct span got = span_cut(&rest, '/');
        if (want.len > 1 && want.at[0] == '{') {
            if (got.len == 0 || n == MOST_PARTS)
                return false;
            parts[n++] = got;
        } else if (!span_equal(want, got)) {
            return false;
        }
    }
    return !wanted.at && !rest.at;
}

static const struct http_route *find_route(const struct http_server *server,
                                           struct http_request *request, const char **allow)
{
    *allow = NULL;
    for (size_t i = 0; i < server->count; i++) {
        const struct http_route *route = &server->routes[i];
        if (!path_matches(route->path, span_of(request->path), request->parts))
            continue;
        bool head = strcmp(request->method, "HEAD") == 0 && strcmp(route->method, "GET") == 0;
        if (head || strcmp(route->method, request->method) == 0)
            return route;
        *allow = route->method;
    }
    return NULL;
}

static struct http_request *take_request(struct http_server *server,
                                         struct MHD_Connection *connection, const char *url,
                                         const char *method)
{
    struct http_request *request = xcalloc(1, sizeof *request);
    request->server = server;
    request->connection = connection;
    request->path = xstrdup(url);
    request->method = strcmp(method, "POST") == 0   ? "POST"
                      : strcmp(method, "HEAD") == 0 ? "HEAD"
                      : strcmp(method, "GET") == 0  ? "GET"
                                                    : "OTHER";
    strbuf_init(&request->body, 0, 1);
    request->next = server->first;
    request->previous = &server->first;
    if (server->first)
        server->first->previous = &request->next;
    server->first = request;
    return request;
}

static void free_request(struct http_request *request)
{
    *request->previous = request->next;
    if (request->next)
        request->next->previous = request->previous;
    request->server->buffered -= request->body.len;
    if (request->response)
        MHD_destroy_response(request->response);
    strbuf_fini(&request->body);
    free(request->path);
    free(request);
}

/* First look at a request: everything that can be refused before its body is read. */
static enum MHD_Result begin(struct http_request *request, bool *refused)
{
    struct MHD_Connection *connection = request->connection;
    const char *allow,
        *encoding = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Encoding");
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    *refused = true;
    request->route = find_route(request->server, request, &allow);
    if (!request->route && allow)
        return refuse(connection, 405, "method_not_allowed", "方法不允许 / method not allowed",
                      allow, &(struct http_header){"Allow", allow});
    if (!request->route)
        return refuse(connection, 404, "not_found", "无此地址 / no such address", request->path,
                      NULL);
    if (encoding && strcmp(encoding, "identity") != 0)
        return refuse(connection, 415, "content_encoding",
                      "不支持的内容编码 / content encoding not supported",
                      "send the bytes as they are, without Content-Encoding", NULL);
    if (length && strtoull(length, NULL, 10) > request->route->max_body)
        return refuse(connection, 413, "too_large", "内容过大 / too large",
                      "split the upload into parts", NULL);
    if (request->server->closing || request->server->buffered > MOST_BUFFERED)
        return refuse(connection, 503, "busy", "繁忙 / busy", "try again after a second",
                      &(struct http_header){"Retry-After", "1"});
    *refused = false;
    strbuf_fini(&request->body);
    strbuf_init(&request->body, length ? (size_t)strtoull(length, NULL, 10) + 1 : 256,
                request->route->max_body + 2);
    return MHD_YES;
}

static enum MHD_Result queue_answer(struct http_request *request)
{
    request->phase = REQUEST_QUEUED;
    return MHD_queue_response(request->connection, (unsigned)request->status, request->response);
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **slot)
{
    struct http_server *server = context;
    struct http_request *request = *slot;
    (void)version;
    if (!request) {
        bool refused;
        request = *slot = take_request(server, connection, url, method);
        return begin(request, &refused);
    }
    if (*size > 0) {
        bool fits = request->body.len + *size <= request->route->max_body;
        if (fits) {
            strbuf_add(&request->body, span_from(data, *size));
            server->buffered += *size;
        }
        *size = 0;
        /* MHD cannot answer in the middle of a body it does not know the length of: the connection
         * ends. */
        return fits ? MHD_YES : MHD_NO;
    }
    if (request->phase == REQUEST_READING) {
        request->phase = REQUEST_HANDED;
        request->route->handler(request->route->context, request);
        if (request->phase == REQUEST_HANDED) {
            MHD_suspend_connection(connection);
            request->suspended = true;
            return MHD_YES;
        }
    }
    return request->phase == REQUEST_ANSWERED ? queue_answer(request) : MHD_YES;
}

/* The connection's request is over (answered, or the client went away): forget it unless its
 * handler still holds it. */
static void on_completed(void *context, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct http_request *request = *slot;
    (void)context;
    (void)connection;
    (void)code;
    if (!request)
        return;
    *slot = NULL;
    if (request->phase == REQUEST_HANDED) {
        request->gone = true;
        request->connection = NULL;
    } else {
        free_request(request);
    }
}

static void arm_timer(struct http_server *server);

static void on_timer(uv_timer_t *timer)
{
    struct http_server *server = container_of(timer, struct http_server, timer);
    MHD_run(server->mhd);
    arm_timer(server);
}

static void arm_timer(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (server->closing)
        return;
    if (MHD_get_timeout(server->mhd, &ms) == MHD_YES)
        uv_timer_start(&server->timer, on_timer, ms, 0);
    else
        uv_timer_stop(&server->timer);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct http_server *server = container_of(poll, struct http_server, poll);
    (void)status;
    (void)events;
    MHD_run(server->mhd);
    arm_timer(server);
}

static void on_kick(uv_idle_t *idle)
{
    struct http_server *server = container_of(idle, struct http_server, kick);
    uv_idle_stop(idle);
    MHD_run(server->mhd);
    arm_timer(server);
}

/* A resumed connection is looked at by MHD_run only; never from inside a handler, so that calls do
 * not nest. */
static void run_soon(struct http_server *server)
{
    uv_idle_start(&server->kick, on_kick);
}

static int open_socket(const char *listen_at, struct error *error)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&storage;
    char host[64];
    const char *colon = strrchr(listen_at, ':');
    int64_t port;
    if (!colon || !span_to_int64(span_of(colon + 1), &port) || port < 0 || port > 65535)
        return error_set(error, ERROR_CONFIG, 0, "\"%s\" is not host:port", listen_at) - 1;
    bool bracket = listen_at[0] == '[';
    span_to_cstr(span_from(listen_at + bracket, (size_t)(colon - listen_at) - (bracket ? 2 : 0)),
                 host, sizeof host);
    if (bracket ? inet_pton(AF_INET6, host, &v6->sin6_addr) != 1
                : inet_pton(AF_INET, host, &v4->sin_addr) != 1)
        return error_set(error, ERROR_CONFIG, 0, "\"%s\": the host must be an address", listen_at) -
               1;
    storage.ss_family = bracket ? AF_INET6 : AF_INET;
    if (bracket)
        v6->sin6_port = htons((uint16_t)port);
    else
        v4->sin_port = htons((uint16_t)port);
    int one = 1, fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 ||
        bind(fd, (const struct sockaddr *)&storage, bracket ? sizeof *v6 : sizeof *v4) < 0 ||
        listen(fd, 128) < 0) {
        error_set(error, ERROR_RETRY, 0, "cannot listen on %s: %m; is another daemon there?",
                  listen_at);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage storage;
    socklen_t size = sizeof storage;
    getsockname(fd, (struct sockaddr *)&storage, &size);
    return ntohs(storage.ss_family == AF_INET6
                     ? ((struct sockaddr_in6 *)(void *)&storage)->sin6_port
                     : ((struct sockaddr_in *)(void *)&storage)->sin_port);
}

struct http_server *http_server_open(uv_loop_t *loop, const char *listen_at,
                                     const struct http_route *routes, size_t count,
                                     struct error *error)
{
    int fd = open_socket(listen_at, error);
    if (fd < 0)
        return NULL;
    struct http_server *server = xcalloc(1, sizeof *server);
    server->loop = loop;
    server->routes = routes;
    server->count = count;
    server->port = port_of(fd);
    server->mhd =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, server,
                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                         server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MOST_CONNECTIONS,
                         MHD_OPTION_CONNECTION_TIMEOUT, 30U, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        server->mhd ? MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info) {
        error_set(error, ERROR_FATAL, 0, "libmicrohttpd did not start on %s", listen_at);
        free(server);
        close(fd);
        return NULL;
    }
    uv_poll_init(loop, &server->poll, info->epoll_fd);
    uv_timer_init(loop, &server->timer);
    uv_idle_init(loop, &server->kick);
    server->handles_open = 3;
    uv_poll_start(&server->poll, UV_READABLE, on_poll);
    return server;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;
    if (--server->handles_open > 0)
        return;
    MHD_stop_daemon(server->mhd);
    if (server->closed)
        server->closed(server->closed_context);
    free(server);
}

void http_server_close(struct http_server *server, void (*closed)(void *), void *context)
{
    server->closing = true;
    server->closed = closed;
    server->closed_context = context;
    for (struct http_request *request = server->first, *next; request; request = next) {
        next = request->next;
        if (request->phase == REQUEST_HANDED)
            http_request_problem(request, 503, "stopping", "正在停止 / stopping",
                                 "send it again to the next process");
    }
    /* Two turns: the first resumes, the second writes what was queued. */
    MHD_run(server->mhd);
    MHD_run(server->mhd);
    uv_handle_t *handles[] = {(uv_handle_t *)&server->poll, (uv_handle_t *)&server->timer,
                              (uv_handle_t *)&server->kick};
    for (size_t i = 0; i < ARRAY_LENGTH(handles); i++) {
        handles[i]->data = server;
        uv_close(handles[i], on_handle_closed);
    }
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

struct span http_request_method(const struct http_request *request)
{
    return span_of(request->method);
}

struct span http_request_path(const struct http_request *request)
{
    return span_of(request->path);
}

struct span http_request_part(const struct http_request *request, size_t index)
{
    return index < MOST_PARTS ? request->parts[index] : SPAN_NONE;
}

struct span http_request_header(const struct http_request *request, const char *name)
{
    return request->connection
               ? span_of(MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name))
               : SPAN_NONE;
}

struct span http_request_query(const struct http_request *request, const char *name)
{
    return request->connection ? span_of(MHD_lookup_connection_value(request->connection,
                                                                     MHD_GET_ARGUMENT_KIND, name))
                               : SPAN_NONE;
}

struct span http_request_body(const struct http_request *request)
{
    return strbuf_span(&request->body);
}

void http_request_answer(struct http_request *request, const struct http_answer *answer)
{
    assert(request->phase == REQUEST_HANDED);
    if (request->gone) { /* the client left while we worked: nothing to answer */
        request->phase = REQUEST_QUEUED;
        free_request(request);
        return;
    }
    request->phase = REQUEST_ANSWERED;
    request->status = answer->status;
    request->response = make_response(answer);
    if (!request->suspended)
        return;
    request->suspended = false;
    MHD_resume_connection(request->connection);
    run_soon(request->server);
}

void http_request_problem(struct http_request *request, int status, const char *code,
                          const char *title, const char *detail)
{
    struct strbuf body;
    strbuf_init(&body, 256, 8192);
    problem_text(&body, status, code, title, detail);
    struct http_answer answer = {status, "application/problem+json", strbuf_span(&body), {{0}}};
    if (status == 503 || status == 429)
        answer.more[0] = (struct http_header){"Retry-After", "1"};
    http_request_answer(request, &answer);
    strbuf_fini(&body);
}
