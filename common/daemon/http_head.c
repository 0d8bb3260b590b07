/* SPDX-License-Identifier: Apache-2.0 */
/* What libmicrohttpd read of a request's head, for a request that is still connected. */
#include "daemon/http_head.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>

#include "daemon/http_internal.h"

const char *http_head_value(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

struct head {
    size_t bytes, lines;
};

static enum MHD_Result measure_one(void *context, enum MHD_ValueKind kind, const char *name,
                                   size_t name_size, const char *value, size_t value_size)
{
    struct head *head = context;

    (void)kind;
    (void)name;
    (void)value;
    head->bytes += name_size + value_size;
    head->lines++;
    return MHD_YES;
}

void http_head_measure(const struct http_request *request, size_t *bytes, size_t *lines)
{
    struct head head = {0};

    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, measure_one, &head);
    *bytes = head.bytes;
    *lines = head.lines;
}

struct counter {
    const char *name;
    int n;
};

static enum MHD_Result count_one(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct counter *counter = context;

    (void)kind;
    (void)value;
    counter->n += strcasecmp(name, counter->name) == 0;
    return MHD_YES;
}

int http_head_count(const struct http_request *request, const char *name)
{
    struct counter counter = {name, 0};

    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_one, &counter);
    return counter.n;
}

struct header_visitor {
    bool (*visit)(void *context, struct span name, struct span value);
    void *context;
    bool all;
};

static enum MHD_Result visit_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    size_t name_size, const char *value, size_t value_size)
{
    struct header_visitor *visitor = context;

    (void)kind;
    visitor->all = visitor->visit(visitor->context, span_from(name, name_size),
                                  span_from(value ? value : "", value ? value_size : 0));
    return visitor->all ? MHD_YES : MHD_NO;
}

bool http_head_each(const struct http_request *request,
                    bool (*visit)(void *context, struct span name, struct span value),
                    void *context)
{
    struct header_visitor visitor = {visit, context, true};

    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, visit_header, &visitor);
    return visitor.all;
}

void http_head_peer(const struct http_request *request, char *text, size_t size)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const void *host = NULL;

    if (address && address->sa_family == AF_INET)
        host = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address && address->sa_family == AF_INET6)
        host = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (!host || !inet_ntop(address->sa_family, host, text, (socklen_t)size))
        snprintf(text, size, "-");
}

struct visitor {
    bool (*visit)(void *context, const char *name, const char *value);
    void *context;
};

static enum MHD_Result visit_one(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct visitor *visitor = context;

    (void)kind;
    return visitor->visit(visitor->context, name, value ? value : "") ? MHD_YES : MHD_NO;
}

void http_head_each_query(const struct http_request *request,
                          bool (*visit)(void *context, const char *name, const char *value),
                          void *context)
{
    struct visitor visitor = {visit, context};

    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, visit_one, &visitor);
}
