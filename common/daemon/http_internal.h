/* SPDX-License-Identifier: Apache-2.0 */
/* What http_server.c (sockets, libmicrohttpd, the loop) and http_request.c (one request) share.
 * libmicrohttpd itself stays in http_server.c and http_head.c. */
#pragma once

#include <uv.h>

#include "base/strbuf.h"
#include "daemon/http_connection.h"
#include "daemon/http_listener.h"
#include "daemon/http_route.h"
#include "daemon/http_server.h"
#include "daemon/retry_after.h"

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;

enum { HTTP_MOST_QUERIES = 16 };

struct http_server {
    struct MHD_Daemon *mhd; /* owned */
    uv_poll_t poll;         /* of MHD's epoll fd */
    uv_timer_t timer;       /* MHD's own timeouts */
    uv_timer_t grace;       /* of a close */
    uv_timer_t sweep;       /* of the late, while somebody is there */
    uv_idle_t kick;         /* one turn of MHD, soon */
    struct http_listener listener;
    struct http_connections connections;
    const struct http_limits *limits;
    http_admit_fn *admit; /* NULL = whoever comes */
    const char *origins;  /* borrowed: whose pages may ask; NULL = none */
    struct retry_after retry;
    const struct http_route *routes;
    size_t count;
    struct http_request *first; /* every request not yet freed */
    size_t connected;           /* requests MHD still knows */
    size_t reserved;            /* bytes of all bodies, promised or here, and of all answers */
    bool closing, stopped;
    bool retiring; /* nobody new, and each answer is a connection's last */
    int handles_open;
    void (*closed)(void *);
    void *closed_context;
};

struct http_query {
    struct span name, value; /* decoded, in the request's text */
};

/* Two know a request: MHD (connection) and its handler (held). The last one to let go frees it. Of
 * one that is asked inside another MHD knows nothing, nor does the server. */
struct http_request {
    struct http_server *server;        /* NULL once the server is gone */
    struct MHD_Connection *connection; /* NULL once MHD is done with it */
    struct http_connection *peer;      /* as long as there is a connection; NULL = not ours */
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
    size_t reserved;             /* of the server's budget */
    struct http_request *around; /* it is asked inside of this one; or NULL */
    http_inner_fn *answered;     /* then this has its answer */
    void *context;
    int status;                    /* of the answer */
    struct MHD_Response *response; /* owned; NULL = not answered */
};

struct http_request *http_request_new(struct http_server *server, struct MHD_Connection *connection,
                                      const char *target);
/* Looks at everything that can be refused before a body is read; a refusal becomes the answer. */
void http_request_begin(struct http_request *request, const char *method, const char *url);
/* False: the body is too large or the budget is spent; *problem says which. */
bool http_request_take_body(struct http_request *request, struct span piece,
                            enum http_problem *problem);
/* The server's own answer, whoever holds the request. */
void http_request_refuse(struct http_request *request, enum http_problem problem,
                         const char *about);
/* MHD's side lets go. */
void http_request_disconnect(struct http_request *request);
/* A whole HTTP/1.1 answer as bytes, for the places where MHD cannot answer. */
void http_request_write_refusal(struct strbuf *out, enum http_problem problem,
                                enum language language, int64_t retry_after_s);

int64_t http_server_now(const struct http_server *server);
/* Makes the answer; a suspended connection is woken, never from inside MHD's own callback. */
void http_server_respond(struct http_request *request, const struct http_answer *answer);
void http_server_drop_response(struct http_request *request);
