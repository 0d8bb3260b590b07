/* SPDX-License-Identifier: Apache-2.0 */
/* What http_server.c (sockets, libmicrohttpd, the loop) and http_request.c (one request) share.
 * libmicrohttpd itself stays in http_server.c. */
#pragma once

#include <uv.h>

#include "base/strbuf.h"
#include "daemon/http_route.h"
#include "daemon/http_server.h"

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;

enum { HTTP_MOST_QUERIES = 16 };

struct http_server {
    struct MHD_Daemon *mhd; /* owned */
    uv_poll_t poll;         /* of MHD's epoll fd */
    uv_timer_t timer;       /* MHD's own timeouts */
    uv_timer_t grace;       /* of a close */
    uv_idle_t kick;         /* one turn of MHD, soon */
    const struct http_route *routes;
    size_t count;
    struct http_request *first; /* every request not yet freed */
    size_t connected;           /* requests MHD still knows */
    size_t reserved;            /* bytes of all bodies, promised or here */
    int port;
    bool closing, stopped;
    int handles_open;
    void (*closed)(void *);
    void *closed_context;
};

struct http_query {
    struct span name, value; /* decoded, in the request's text */
};

/* Two know a request: MHD (connection) and its handler (held). The last one to let go frees it. */
struct http_request {
    struct http_server *server;        /* NULL once the server is gone */
    struct MHD_Connection *connection; /* NULL once MHD is done with it */
    struct http_request *next, **previous;
    bool begun;         /* its head was looked at */
    bool handed;        /* the handler was called */
    bool held;          /* and has not answered */
    bool suspended;     /* and MHD waits for us */
    bool early;         /* answered before its body: the connection ends with it */
    bool may_lack_host; /* HTTP/1.0 */
    char method[16];
    char *target; /* owned: path?query as it was sent */
    char *text;   /* owned: the decoded path and query */
    struct http_path path;
    struct http_match match;
    struct http_query queries[HTTP_MOST_QUERIES];
    size_t query_count;
    struct strbuf body;
    size_t reserved;               /* of the server's budget */
    int status;                    /* of the answer */
    struct MHD_Response *response; /* owned; NULL = not answered */
};

struct http_request *http_request_new(struct http_server *server, struct MHD_Connection *connection,
                                      const char *target);
/* Looks at everything that can be refused before a body is read; a refusal becomes the answer. */
void http_request_begin(struct http_request *request, const char *method, const char *url);
/* False: the body is too large or the budget is spent; *status says which (413, 503). */
bool http_request_take_body(struct http_request *request, struct span piece, int *status);
/* The server's own answer, whoever holds the request. */
void http_request_refuse(struct http_request *request, int status, const char *code,
                         const char *title, const char *detail);
/* MHD's side lets go. */
void http_request_disconnect(struct http_request *request);
/* A whole HTTP/1.1 answer as bytes, for the one place where MHD cannot answer. */
void http_request_write_refusal(struct strbuf *out, int status);

/* What libmicrohttpd is asked for a request that is still connected. */
const char *http_server_header(const struct http_request *request, const char *name);
int http_server_count_headers(const struct http_request *request, const char *name);
/* Each header in its order; false when `visit` ended it with false. */
bool http_server_each_header(const struct http_request *request,
                             bool (*visit)(void *context, struct span name, struct span value),
                             void *context);
void http_server_peer(const struct http_request *request, char *text, size_t size);
/* Each query parameter as it was sent, `value` may be ""; ends early when `visit` returns false. */
void http_server_each_query(const struct http_request *request,
                            bool (*visit)(void *context, const char *name, const char *value),
                            void *context);
/* Makes the answer; a suspended connection is woken, never from inside MHD's own callback. */
void http_server_respond(struct http_request *request, const struct http_answer *answer);
void http_server_drop_response(struct http_request *request);
