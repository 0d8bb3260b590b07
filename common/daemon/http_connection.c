/* SPDX-License-Identifier: Apache-2.0 */
/* One list, walked: it has some hundred entries at most. Slow senders are cheap to have
 * and cheap to lose: the slowest are the first to make room, so they never keep others out. */
#include "daemon/http_connection.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BODY_GRACE_MS 5000 /* before a body's rate is looked at */
#define UNBEGUN_MS    2000 /* the library did not take it */

void http_connections_init(struct http_connections *connections, const struct http_limits *limits)
{
    *connections = (struct http_connections){.limits = limits};
    connections->last = &connections->first;
}

void http_connections_fini(struct http_connections *connections)
{
    for (struct http_connection *one = connections->first, *next; one; one = next) {
        next = one->next;
        free(one);
    }
    http_connections_init(connections, connections->limits);
}

/* Whose going hurts least: who has not asked for anything; then a stranger who is still sending.
 * 0 = nobody's. */
static int expendable(const struct http_connection *one)
{
    if (one->phase == HTTP_PHASE_HEAD || one->phase == HTTP_PHASE_IDLE)
        return 2;
    return one->phase == HTTP_PHASE_BODY && one->known == NULL ? 1 : 0;
}

static bool goes_before(const struct http_connection *one, const struct http_connection *other)
{
    int by = other ? expendable(one) - expendable(other) : expendable(one);
    return by > 0 || (by == 0 && other && one->since_ms < other->since_ms);
}

enum http_entry http_connections_may_enter(struct http_connections *connections,
                                           const unsigned char address[HTTP_ADDRESS],
                                           struct http_connection **victim)
{
    size_t same = 0;
    struct http_connection *first = NULL;
    for (struct http_connection *one = connections->first; one; one = one->next) {
        if (one->cut)
            continue;
        same += one->known == NULL && memcmp(one->address, address, HTTP_ADDRESS) == 0;
        if (expendable(one) && goes_before(one, first))
            first = one;
    }
    *victim = NULL;
    if (connections->limits->per_address > 0 && same >= connections->limits->per_address)
        return HTTP_ENTRY_TOO_MANY;
    if (connections->count < connections->limits->connections)
        return HTTP_ENTRY_FREE;
    *victim = first;
    return first ? HTTP_ENTRY_FREE : HTTP_ENTRY_FULL;
}

struct http_connection *http_connections_add(struct http_connections *connections, int fd,
                                             const unsigned char address[HTTP_ADDRESS],
                                             int64_t now_ms)
{
    struct http_connection *gone = http_connections_find(connections, fd);
    if (gone) /* the library closed it without a word: the number is used again */
        http_connections_remove(connections, gone);
    struct http_connection *one = xcalloc(1, sizeof *one);
    one->fd = fd;
    memcpy(one->address, address, HTTP_ADDRESS);
    one->phase = HTTP_PHASE_HEAD;
    one->since_ms = now_ms;
    one->previous = connections->last;
    *connections->last = one;
    connections->last = &one->next;
    connections->count++;
    return one;
}

struct http_connection *http_connections_find(struct http_connections *connections, int fd)
{
    struct http_connection *one = connections->first;
    while (one && one->fd != fd)
        one = one->next;
    return one;
}

void http_connections_cut(struct http_connections *connections, struct http_connection *one)
{
    connections->count -= !one->cut;
    one->cut = true;
}

void http_connections_remove(struct http_connections *connections, struct http_connection *one)
{
    connections->count -= !one->cut;
    *one->previous = one->next;
    if (one->next)
        one->next->previous = one->previous;
    else
        connections->last = one->previous;
    free(one);
}

size_t http_connections_busy(const struct http_connections *connections)
{
    size_t count = 0;
    for (const struct http_connection *one = connections->first; one; one = one->next)
        count += !one->cut && one->phase != HTTP_PHASE_IDLE;
    return count;
}

size_t http_connections_known(const struct http_connections *connections, const void *who)
{
    size_t count = 0;
    for (const struct http_connection *one = connections->first; one; one = one->next)
        count += !one->cut && one->known == who;
    return count;
}

void http_connection_enter(struct http_connection *one, enum http_phase phase, int64_t now_ms)
{
    one->phase = phase;
    one->since_ms = now_ms;
    if (phase == HTTP_PHASE_BODY)
        one->body = 0;
    one->requests += phase == HTTP_PHASE_IDLE;
}

static bool is_trickle(const struct http_connection *one, const struct http_limits *limits,
                       int64_t took_ms)
{
    return took_ms > BODY_GRACE_MS && (int64_t)one->body * 1000 < limits->body_rate * took_ms;
}

bool http_connection_is_late(const struct http_connection *one, const struct http_limits *limits,
                             int64_t now_ms)
{
    int64_t took_ms = now_ms - one->since_ms;
    if (!one->begun)
        return took_ms > UNBEGUN_MS;
    switch (one->phase) {
    case HTTP_PHASE_HEAD: return took_ms > limits->head_ms;
    case HTTP_PHASE_BODY: return took_ms > limits->body_ms || is_trickle(one, limits, took_ms);
    case HTTP_PHASE_ANSWER: return took_ms > limits->answer_ms;
    case HTTP_PHASE_IDLE: return took_ms > limits->idle_ms;
    case HTTP_PHASE_WORK: break;
    }
    return false;
}
