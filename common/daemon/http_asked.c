/* SPDX-License-Identifier: Apache-2.0 */
/* What a request asks for, as its handler reads it. A question inside another (http_inner.c) has an
 * address of its own and is asked by whoever asks around it. */
#include <stdio.h>

#include "daemon/http_head.h"
#include "daemon/http_internal.h"

static const struct http_request *head_of(const struct http_request *request)
{
    return request->around ? request->around : request;
}

enum language http_request_language(const struct http_request *request)
{
    return language_of(http_request_header(request, "Accept-Language"));
}

const struct http_route *http_request_route(const struct http_request *request)
{
    return request->match.route;
}

struct span http_request_method(const struct http_request *request)
{
    return span_of(request->method);
}

struct span http_request_target(const struct http_request *request)
{
    return span_of(request->target);
}

struct span http_request_path(const struct http_request *request)
{
    return request->path.text;
}

struct span http_request_part(const struct http_request *request, size_t index)
{
    return index < HTTP_ROUTE_PARTS ? request->match.parts[index] : SPAN_NONE;
}

struct span http_request_header(const struct http_request *request, const char *name)
{
    const struct http_request *head = head_of(request);
    return head->connection ? span_of(http_head_value(head, name)) : SPAN_NONE;
}

bool http_request_each_header(const struct http_request *request,
                              bool (*visit)(void *context, struct span name, struct span value),
                              void *context)
{
    const struct http_request *head = head_of(request);
    return !head->connection || http_head_each(head, visit, context);
}

void http_request_peer(const struct http_request *request, char *text, size_t size)
{
    const struct http_request *head = head_of(request);
    if (head->connection)
        http_head_peer(head, text, size);
    else
        snprintf(text, size, "-");
}

struct span http_request_query(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->query_count; i++)
        if (span_is(request->queries[i].name, name))
            return request->queries[i].value;
    return SPAN_NONE;
}

bool http_request_each_query(const struct http_request *request,
                             bool (*visit)(void *context, struct span name, struct span value),
                             void *context)
{
    for (size_t i = 0; i < request->query_count; i++)
        if (!visit(context, request->queries[i].name, request->queries[i].value))
            return false;
    return true;
}

bool http_request_is_inner(const struct http_request *request)
{
    return request->around != NULL;
}
