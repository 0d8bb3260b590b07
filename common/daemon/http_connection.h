/* SPDX-License-Identifier: Apache-2.0 */
/* Who is connected, from where, and what we wait for: what may enter, who makes room, who is late.
 * No socket is touched here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/http_server.h"

enum { HTTP_ADDRESS = 16 }; /* bytes; IPv4 mapped into IPv6 */

enum http_phase {
    HTTP_PHASE_HEAD,   /* of the first request, from the connection's beginning */
    HTTP_PHASE_BODY,   /* is being read */
    HTTP_PHASE_WORK,   /* a handler has it */
    HTTP_PHASE_ANSWER, /* is being sent */
    HTTP_PHASE_IDLE    /* answered; whether another request comes, and its head */
};

struct http_connection {
    struct http_connection *next, **previous; /* oldest first */
    int fd;
    unsigned char address[HTTP_ADDRESS];
    enum http_phase phase;
    int64_t since_ms;  /* the phase began */
    size_t body;       /* bytes of it that came */
    int64_t requests;  /* answered */
    const void *known; /* who proved to be there; NULL = nobody yet */
    bool begun;        /* the library told of it */
    bool cut;          /* was ended by us, the library does not know yet */
};

struct http_connections {
    const struct http_limits *limits; /* borrowed */
    struct http_connection *first, **last;
    size_t count; /* without those that are cut */
};

void http_connections_init(struct http_connections *connections, const struct http_limits *limits);
void http_connections_fini(struct http_connections *connections);

enum http_entry { HTTP_ENTRY_FREE, HTTP_ENTRY_TOO_MANY, HTTP_ENTRY_FULL };
/* May one more come from there? TOO_MANY: as many are there from that address of whom nobody knows
 * who they are. Where all places are taken, the one that has let us wait longest for a request,
 * else the stranger who has sent longest, may have to go: *victim, else FULL. */
enum http_entry http_connections_may_enter(struct http_connections *connections,
                                           const unsigned char address[HTTP_ADDRESS],
                                           struct http_connection **victim);
struct http_connection *http_connections_add(struct http_connections *connections, int fd,
                                             const unsigned char address[HTTP_ADDRESS],
                                             int64_t now_ms);
struct http_connection *http_connections_find(struct http_connections *connections, int fd);
void http_connections_cut(struct http_connections *connections, struct http_connection *one);
void http_connections_remove(struct http_connections *connections, struct http_connection *one);
/* How many have asked for something, or may yet: all but the idle. */
size_t http_connections_busy(const struct http_connections *connections);
/* How many are known to be his. */
size_t http_connections_known(const struct http_connections *connections, const void *who);

void http_connection_enter(struct http_connection *one, enum http_phase phase, int64_t now_ms);
/* Has its phase lasted longer than it may? */
bool http_connection_is_late(const struct http_connection *one, const struct http_limits *limits,
                             int64_t now_ms);
