/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 on our loop: libmicrohttpd in external epoll mode, no thread. A handler gets the whole
 * body (bounded by its route) and answers now or later; an unanswered request is suspended, costs
 * no CPU and is answered 503 when the server stops. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "base/language.h"
#include "base/span.h"
#include "daemon/cpu_meter.h"
#include "daemon/http_problem.h"

struct http_server;
/* Lives until its handler has answered, which it must do once, at any time: after the client left
 * or the server stopped, the answer goes nowhere. */
struct http_request;

struct http_header {
    const char *name, *value;
};

struct http_answer {
    int status;
    const char *content_type;   /* constant */
    struct span body;           /* copied by http_request_answer */
    struct http_header more[5]; /* name == NULL ends; values copied */
};

/* Asked before the body is read, with the route's context: false when it has answered
 * (http_request_fail). */
typedef bool http_admit_fn(void *context, struct http_request *request);
typedef void http_handler_fn(void *context, struct http_request *request);

struct http_route {
    const char *method; /* "GET", "POST" */
    const char
        *path; /* "/v1/feeds/{feed}": {x} matches one segment; a trailing "/" + "*" the rest */
    size_t max_body; /* bytes; larger is answered 413 without reading on */
    http_handler_fn *handler;
    void *context;
};

/* What clients may take of the server. */
struct http_limits {
    size_t connections; /* the one that has let us wait longest for a request makes room */
    size_t per_address; /* before they are known; 0 = any */
    size_t in_flight;   /* bytes of all bodies and answers; a new body beyond it is answered 503 */
    size_t head_bytes, head_lines;       /* of a request's header */
    int64_t head_ms;                     /* from a connection's beginning to its first request */
    int64_t body_ms, body_rate;          /* a body's longest time, and its least bytes a second */
    int64_t answer_ms;                   /* until it was read */
    int64_t idle_ms;                     /* to another request of the connection */
    int64_t requests;                    /* of one connection */
    int64_t retry_least_s, retry_most_s; /* Retry-After of a 503 */
};
extern const struct http_limits http_limits_default;

/* Listens on "127.0.0.1:8080" or "[::1]:8080"; routes are borrowed. Unknown path 404, wrong method
 * 405 with Allow, both RFC 9457 problem bodies. */
struct http_server *http_server_open(uv_loop_t *loop, const char *listen,
                                     const struct http_route *routes, size_t count,
                                     struct error *error);
/* The same under limits of its own, which are borrowed. */
struct http_server *http_server_open_limited(uv_loop_t *loop, const char *listen,
                                             const struct http_route *routes, size_t count,
                                             const struct http_limits *limits, struct error *error);
/* Every request is first asked for there; none at the beginning. */
void http_server_guard(struct http_server *server, http_admit_fn *admit);
/* Pages of these origins may ask too (http_origin.h); a list with commas, borrowed. */
void http_server_share(struct http_server *server, const char *origins);
/* What the loop spends on this server is added there; borrowed. */
void http_server_meter(struct http_server *server, struct cpu_meter *meter);
/* Nobody new comes in, and each answer ends its connection. */
void http_server_retire(struct http_server *server);
size_t http_server_connections(const struct http_server *server);
size_t http_server_busy(const struct http_server *server); /* without the idle ones */
/* Stops accepting, answers what waits with 503; `closed` is called once no request is left, at most
 * a second later. Handlers still answer what they hold, to no effect. */
void http_server_close(struct http_server *server, void (*closed)(void *), void *context);
int http_server_port(const struct http_server *server); /* for port 0 */

const struct http_route *http_request_route(const struct http_request *request);
struct span http_request_method(const struct http_request *request);
struct span http_request_target(const struct http_request *request); /* path?query as sent */
struct span http_request_path(const struct http_request *request);   /* decoded */
struct span http_request_part(const struct http_request *request,
                              size_t index); /* n-th {x}, decoded */
struct span http_request_header(const struct http_request *request,
                                const char *name); /* absent -> at NULL */
/* Every header in its order; false when `visit` ended it with false. */
bool http_request_each_header(const struct http_request *request,
                              bool (*visit)(void *context, struct span name, struct span value),
                              void *context);
/* The address at the other end without its port, "-" when it is not known; 46 bytes hold any. */
void http_request_peer(const struct http_request *request, char *text, size_t size);
struct span http_request_query(const struct http_request *request, const char *name); /* decoded */
/* Every parameter in its order; false when `visit` ended it with false. */
bool http_request_each_query(const struct http_request *request,
                             bool (*visit)(void *context, struct span name, struct span value),
                             void *context);
struct span http_request_body(const struct http_request *request); /* until answered */
/* The body is not needed any more; `bytes` of what grew from it are counted in its place. False:
 * that is more than the server has left (it is counted all the same). */
bool http_request_trade_body(struct http_request *request, size_t bytes);
enum language http_request_language(const struct http_request *request);
/* This connection is `who`'s; how many of his there are now. */
size_t http_request_known(struct http_request *request, const void *who);
/* False: the client is gone or was answered by the server. */
bool http_request_is_waiting(const struct http_request *request);
/* From a handler, or from the guard. */
void http_request_answer(struct http_request *request, const struct http_answer *answer);
/* A problem of the table, in the language asked for, with a growing Retry-After where it is a 503;
 * `about` says what exactly, or NULL. From a handler or from admit. */
void http_request_fail(struct http_request *request, enum http_problem problem, const char *about);
/* The same with a Retry-After of its own. */
void http_request_fail_for(struct http_request *request, enum http_problem problem,
                           const char *about, int64_t retry_after_s);
/* RFC 9457 problem: type "about:blank#<code>", title, status, detail. */
void http_request_problem(struct http_request *request, int status, const char *code,
                          const char *title, const char *detail);

/* GET `target` (path?query) of the same routes, inside of a request that is answered later than all
 * that is asked so: by the same person, in the same language. Its handler has a request as any; the
 * answer goes to `answered`, once, perhaps before this returns, and holds until that does. */
typedef void http_inner_fn(void *context, const struct http_answer *answer);
void http_request_ask(struct http_request *around, struct span target, http_inner_fn *answered,
                      void *context);
bool http_request_is_inner(const struct http_request *request);
