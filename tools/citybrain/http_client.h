/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking HTTP for the command line (libcurl behind this file only). Connections are kept
 * between calls. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"
#include "base/strbuf.h"

#define HTTP_CLIENT_AT_ONCE 16

struct http_client;
struct http_client *http_client_new(void);
void http_client_free(struct http_client *client);

struct http_call {
    const char *method, *url;
    struct span body;        /* absent = none */
    const char *headers[10]; /* "Name: value"; NULL ends */
    int status;              /* out; 0 = no answer */
    struct strbuf *answer;   /* out: the body, bounded by the buffer's max */
    long retry_after_s;      /* out: 0 where the answer names none */
};
/* False only when no answer came at all (RETRY); any status is an answer. */
bool http_client_call(struct http_client *client, struct http_call *call, struct error *error);
/* Several at once, at most HTTP_CLIENT_AT_ONCE; a call without an answer has status 0, and *error
 * is that of one of them (kind NONE: all were answered). */
void http_client_call_all(struct http_client *client, struct http_call *calls, size_t count,
                          struct error *error);
