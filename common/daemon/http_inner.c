/* SPDX-License-Identifier: Apache-2.0 */
/* A question inside another: a request without a connection, whose answer goes to who asked it. The
 * one around it is held until then, so its head can be read. */
#include <stdio.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/http_internal.h"

/* As libmicrohttpd reads an address: a plus is a space, a name without a value has an empty one. */
static bool read_query(struct http_request *inner, struct span query, char *out)
{
    while (query.at) {
        struct span value = span_cut(&query, '&'), name = span_cut(&value, '=');
        struct http_query *one = &inner->queries[inner->query_count];
        if (name.len == 0 && !value.at)
            continue;
        if (inner->query_count == HTTP_MOST_QUERIES || !http_route_decode(name, out, &one->name))
            return false;
        out += one->name.len;
        if (!http_route_decode(value.at ? value : SPAN(""), out, &one->value))
            return false;
        out += one->value.len;
        inner->query_count++;
    }
    return true;
}

static bool read_target(struct http_request *inner)
{
    struct span query = span_of(inner->target), path = span_cut(&query, '?');
    inner->text = xmalloc(strlen(inner->target) + 1);
    if (!http_route_split(path, inner->text, &inner->path))
        return false;
    char *plain = inner->text + path.len;
    for (size_t i = 0; i < query.len; i++)
        plain[i] = (char)(query.at[i] == '+' ? ' ' : query.at[i]);
    return read_query(inner, query.at ? span_from(plain, query.len) : SPAN_NONE, plain);
}

void http_request_ask(struct http_request *around, struct span target, http_inner_fn *answered,
                      void *context)
{
    struct http_request *inner = xcalloc(1, sizeof *inner);
    inner->around = around->around ? around->around : around; /* who has a connection */
    const struct http_server *server = inner->around->server;
    inner->answered = answered;
    inner->context = context;
    inner->held = inner->handed = true;
    inner->target = xspandup(target);
    snprintf(inner->method, sizeof inner->method, "GET");
    if (!read_target(inner)) {
        http_request_fail(inner, HTTP_PROBLEM_BAD_ADDRESS, NULL);
        return;
    }
    http_route_find(&inner->match, server->routes, server->count, inner->method, &inner->path);
    const struct http_route *route = inner->match.route;
    if (route)
        route->handler(route->context, inner);
    else
        http_request_fail(inner, HTTP_PROBLEM_NOT_FOUND, NULL);
}
