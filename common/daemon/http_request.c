/* SPDX-License-Identifier: Apache-2.0 */
/* One request: what it asks for, its body within the bounds, its one answer.
 *
 * Promises: nothing is read that would be refused anyway, all bodies together stay within
 * MOST_RESERVED, a request is answered once whoever is first, and a handler may answer at any later
 * time: after the client left or the server stopped its answer has no effect but to let go of the
 * request. Connections and the loop are http_server.c's. */
#include "daemon/http_server.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/http_internal.h"

#define MOST_RESERVED ((size_t)64 << 20)
#define FIRST_RESERVE ((size_t)4096)
#define MOST_IGNORED  ((int64_t)65536)

struct http_request *http_request_new(struct http_server *server, struct MHD_Connection *connection,
                                      const char *target)
{
    struct http_request *request = xcalloc(1, sizeof *request);
    request->server = server;
    request->connection = connection;
    request->target = xstrdup(target);
    request->next = server->first;
    request->previous = &server->first;
    if (server->first)
        server->first->previous = &request->next;
    server->first = request;
    server->connected++;
    return request;
}

static void drop_body(struct http_request *request)
{
    if (request->server)
        request->server->reserved -= request->reserved;
    request->reserved = 0;
    strbuf_fini(&request->body);
}

static void free_if_forgotten(struct http_request *request)
{
    if (request->held || request->connection)
        return;
    if (request->server) {
        *request->previous = request->next;
        if (request->next)
            request->next->previous = request->previous;
    }
    drop_body(request);
    http_server_drop_response(request);
    free(request->target);
    free(request->text);
    free(request);
}

void http_request_disconnect(struct http_request *request)
{
    request->connection = NULL;
    request->server->connected--;
    free_if_forgotten(request);
}

static void add_problem(struct strbuf *out, int status, const char *code, const char *title,
                        const char *detail)
{
    strbuf_add(out, SPAN("{\"type\":\"about:blank#"));
    strbuf_addf(out, "%s\",\"title\":", code);
    strbuf_add_json(out, span_of(title));
    strbuf_addf(out, ",\"status\":%d,\"detail\":", status);
    strbuf_add_json(out, span_of(detail));
    strbuf_add(out, SPAN("}\n"));
}

void http_request_write_refusal(struct strbuf *out, int status)
{
    struct strbuf body;
    strbuf_init(&body, 256, 1024);
    if (status == 413)
        add_problem(&body, status, "too_large", "内容过大 / too large",
                    "split the upload into parts");
    else
        add_problem(&body, status, "busy", "繁忙 / busy", "try again after a second");
    strbuf_addf(
        out,
        "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nContent-Length: %zu\r\n"
        "%sConnection: close\r\n\r\n",
        status, status == 413 ? "Content Too Large" : "Service Unavailable", body.len,
        status == 413 ? "" : "Retry-After: 1\r\n");
    strbuf_add(out, strbuf_span(&body));
    strbuf_fini(&body);
}

static void respond_problem(struct http_request *request, int status, const char *code,
                            const char *title, const char *detail)
{
    struct strbuf body;
    strbuf_init(&body, 256, 16384);
    add_problem(&body, status, code, title, detail);
    struct http_answer answer = {status, "application/problem+json", strbuf_span(&body), {{0}}};
    if (status == 503 || status == 429)
        answer.more[0] = (struct http_header){"Retry-After", "1"};
    if (status == 405)
        answer.more[0] = (struct http_header){"Allow", request->match.allow};
    http_server_respond(request, &answer);
    strbuf_fini(&body);
}

void http_request_refuse(struct http_request *request, int status, const char *code,
                         const char *title, const char *detail)
{
    if (!request->response)
        respond_problem(request, status, code, title, detail);
}

struct query_reader {
    struct http_request *request;
    char *out;
    bool bad;
};

static bool read_query(void *context, const char *name, const char *value)
{
    struct query_reader *reader = context;
    struct http_request *request = reader->request;
    struct http_query query;

    reader->bad = true;
    if (request->query_count == HTTP_MOST_QUERIES ||
        !http_route_decode(span_of(name), reader->out, &query.name))
        return false;
    reader->out += query.name.len;
    if (!http_route_decode(span_of(value), reader->out, &query.value))
        return false;
    reader->out += query.value.len;
    request->queries[request->query_count++] = query;
    reader->bad = false;
    return true;
}

static bool add_query_length(void *context, const char *name, const char *value)
{
    *(size_t *)context += strlen(name) + strlen(value);
    return true;
}

/* Decodes path and query into one piece of text. */
static bool read_address(struct http_request *request, const char *url)
{
    size_t path_len = strlen(url), len = path_len;

    http_server_each_query(request, add_query_length, &len);
    request->text = xmalloc(len + 1);
    struct query_reader reader = {request, request->text + path_len, false};
    if (!http_route_split(span_from(url, path_len), request->text, &request->path))
        return false;
    http_server_each_query(request, read_query, &reader);
    return !reader.bad;
}

/* 0 without a body, -1 for chunks. */
static int64_t announced_length(const struct http_request *request)
{
    const char *length = http_server_header(request, "Content-Length");
    int64_t value;
    if (http_server_header(request, "Transfer-Encoding"))
        return -1;
    if (!length)
        return 0;
    return span_to_int64(span_of(length), &value) && value >= 0 ? value : INT64_MAX;
}

static bool reserve(struct http_request *request, size_t bytes)
{
    struct http_server *server = request->server;
    if (bytes > MOST_RESERVED || server->reserved - request->reserved > MOST_RESERVED - bytes)
        return false;
    server->reserved += bytes - request->reserved;
    request->reserved = bytes;
    return true;
}

/* A name is a token: "Content-Length :" would be another header to us than to a proxy before us.
 * Of the controls a value may hold the tab alone. */
static bool is_sound_header(void *context, struct span name, struct span value)
{
    (void)context;
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.at[i]) && !strchr("!#$%&'*+-.^_`|~", name.at[i]))
            return false;
    for (size_t i = 0; i < value.len; i++)
        if (iscntrl((unsigned char)value.at[i]) && value.at[i] != '\t')
            return false;
    return name.len > 0;
}

/* Faults after which nobody can be sure where the request ends: the connection ends with it. */
static void judge_form(struct http_request *request)
{
    const char *transfer = http_server_header(request, "Transfer-Encoding");
    int hosts = http_server_count_headers(request, "Host");
    bool was_early = request->early;

    request->early = true;
    if (!http_server_each_header(request, is_sound_header, NULL))
        http_request_refuse(request, 400, "bad_header", "请求头无效 / bad header",
                            "name: value on one line, without control characters");
    else if (hosts > 1 || (hosts == 0 && !request->may_lack_host))
        http_request_refuse(request, 400, "bad_host", "缺少或重复 Host / no Host, or several",
                            "one Host header");
    else if (http_server_count_headers(request, "Content-Length") +
                 http_server_count_headers(request, "Transfer-Encoding") >
             1)
        http_request_refuse(request, 400, "two_lengths", "长度不明确 / ambiguous length",
                            "one Content-Length or one Transfer-Encoding");
    else if (transfer && strcasecmp(transfer, "chunked") != 0)
        http_request_refuse(request, 501, "transfer_encoding",
                            "不支持的传输编码 / transfer encoding not supported", "use chunked");
    else
        request->early = was_early;
}

static bool lacks_length(const struct http_request *request)
{
    bool has_body = strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0;
    return has_body && request->match.route->max_body > 0 &&
           !http_server_header(request, "Content-Length") &&
           !http_server_header(request, "Transfer-Encoding");
}

static void judge(struct http_request *request, const char *url, int64_t length)
{
    const char *encoding = http_server_header(request, "Content-Encoding");
    struct http_server *server = request->server;

    judge_form(request);
    if (!request->response && !read_address(request, url))
        http_request_refuse(request, 400, "bad_address", "地址无效 / bad address",
                            "percent-encoded UTF-8 without spaces and control characters");
    if (request->response)
        return;
    http_route_find(&request->match, server->routes, server->count, request->method,
                    &request->path);
    if (!request->match.route && request->match.allow[0])
        http_request_refuse(request, 405, "method_not_allowed", "方法不允许 / method not allowed",
                            request->match.allow);
    else if (!request->match.route)
        http_request_refuse(request, 404, "not_found", "无此地址 / no such address", "");
    else if (encoding && strcasecmp(encoding, "identity") != 0)
        http_request_refuse(request, 415, "content_encoding",
                            "不支持的内容编码 / content encoding not supported",
                            "send the bytes as they are, without Content-Encoding");
    else if (lacks_length(request))
        http_request_refuse(request, 411, "length_required", "缺少长度 / length required",
                            "Content-Length, or Transfer-Encoding: chunked");
    else if (length >= 0 && (uint64_t)length > request->match.route->max_body)
        http_request_refuse(request, 413, "too_large", "内容过大 / too large",
                            "split the upload into parts");
    else if (server->closing || !reserve(request, length > 0 ? (size_t)length : 0))
        http_request_refuse(request, 503, "busy", "繁忙 / busy", "try again after a second");
}

void http_request_begin(struct http_request *request, const char *method, const char *url)
{
    int64_t length = announced_length(request);

    snprintf(request->method, sizeof request->method, "%s", method);
    /* An answer that overtakes a body ends the connection, and the client, still sending, may never
     * see it. So what is short is read and ignored; what is long, or asked first, is not. */
    request->early =
        length < 0 || length > MOST_IGNORED || http_server_header(request, "Expect") != NULL;
    judge(request, url, length);
    if (request->response)
        return;
    request->early = false;
    if (length > 0)
        strbuf_init(&request->body, (size_t)length, request->match.route->max_body);
}

bool http_request_take_body(struct http_request *request, struct span piece, int *status)
{
    size_t max = request->match.route ? request->match.route->max_body : 0;
    size_t need = request->body.len + piece.len;

    if (request->response) /* refused already: read and ignored */
        return true;
    *status = 413;
    if (need > max)
        return false;
    if (need > request->reserved) {
        size_t more = request->reserved * 2 > FIRST_RESERVE ? request->reserved * 2 : FIRST_RESERVE;
        more = more < need ? need : more;
        *status = 503;
        if (!reserve(request, more < max ? more : max))
            return false;
    }
    if (!request->body.at)
        strbuf_init(&request->body, request->reserved, max);
    strbuf_add(&request->body, piece);
    return true;
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
    return request->connection ? span_of(http_server_header(request, name)) : SPAN_NONE;
}

bool http_request_each_header(const struct http_request *request,
                              bool (*visit)(void *context, struct span name, struct span value),
                              void *context)
{
    return !request->connection || http_server_each_header(request, visit, context);
}

void http_request_peer(const struct http_request *request, char *text, size_t size)
{
    if (request->connection)
        http_server_peer(request, text, size);
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

struct span http_request_body(const struct http_request *request)
{
    return request->body.at ? strbuf_span(&request->body) : SPAN("");
}

/* The handler's side lets go. */
static void release(struct http_request *request)
{
    request->held = false;
    drop_body(request);
    free_if_forgotten(request);
}

void http_request_answer(struct http_request *request, const struct http_answer *answer)
{
    assert(request->held);
    if (request->connection && !request->response)
        http_server_respond(request, answer);
    release(request);
}

void http_request_problem(struct http_request *request, int status, const char *code,
                          const char *title, const char *detail)
{
    assert(request->held);
    if (request->connection && !request->response)
        respond_problem(request, status, code, title, detail);
    release(request);
}
