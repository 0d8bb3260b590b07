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
#include "base/span.h"

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
    struct http_header more[4]; /* name == NULL ends; values copied */
};

typedef void http_handler_fn(void *context, struct http_request *request);

struct http_route {
    const char *method; /* "GET", "POST" */
    const char
        *path; /* "/v1/feeds/{feed}": {x} matches one segment; a trailing "/" + "*" the rest */
    size_t max_body; /* bytes; larger is answered 413 without reading on */
    http_handler_fn *handler;
    void *context;
};

/* Listens on "127.0.0.1:8080" or "[::1]:8080"; routes are borrowed. Unknown path 404, wrong method
 * 405 with Allow, both RFC 9457 problem bodies. */
struct http_server *http_server_open(uv_loop_t *loop, const char *listen,
                                     const struct http_route *routes, size_t count,
                                     struct error *error);
/* Stops accepting, answers what waits with 503; `closed` is called once no request is left, at most
 * a second later. Handlers still answer what they hold, to no effect. */
void http_server_close(struct http_server *server, void (*closed)(void *), void *context);
int http_server_port(const struct http_server *server); /* for port 0 */

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
struct span http_request_body(const struct http_request *request); /* until answered */
void http_request_answer(struct http_request *request, const struct http_answer *answer);
/* RFC 9457 problem: type "about:blank#<code>", title, status, detail. */
void http_request_problem(struct http_request *request, int status, const char *code,
                          const char *title, const char *detail);
