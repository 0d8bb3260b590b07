/* SPDX-License-Identifier: Apache-2.0 */
/* One request: what it asks for, its body within the bounds, its one answer.
 *
 * Promises: nothing is read that would be refused anyway, all bodies together stay within
 * the server's limit, a request is answered once whoever is first, and a handler may answer at any
 * later time: after the client left or the server stopped its answer has no effect but to let go of
 * the request. Connections and the loop are http_server.c's. */
#include "daemon/http_server.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/http_head.h"
#include "daemon/http_internal.h"
#include "daemon/http_origin.h"

#define FIRST_RESERVE ((size_t)4096)
#define MOST_IGNORED  ((int64_t)2 << 20)

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

static void count_as(struct http_request *request, size_t bytes)
{
    if (request->server)
        request->server->reserved += bytes - request->reserved;
    request->reserved = bytes;
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
    count_as(request, 0);
    strbuf_fini(&request->body);
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

static const char *reason_of(int status)
{
    switch (status) {
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 429: return "Too Many Requests";
    default: return "Service Unavailable";
    }
}

static bool is_for_later(int status)
{
    return status == 503 || status == 429;
}

void http_request_write_refusal(struct strbuf *out, enum http_problem problem,
                                enum language language, int64_t retry_after_s)
{
    struct strbuf body;
    int status = http_problem_status(problem);
    strbuf_init(&body, 256, 1024);
    http_problem_write(&body, problem, language, NULL);
    strbuf_addf(
        out, "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nContent-Length: %zu\r\n",
        status, reason_of(status), body.len);
    if (is_for_later(status))
        strbuf_addf(out, "Retry-After: %lld\r\n", (long long)retry_after_s);
    strbuf_add(out, SPAN("Connection: close\r\n\r\n"));
    strbuf_add(out, strbuf_span(&body));
    strbuf_fini(&body);
}

/* What some statuses have to say in their header. */
static void add_headers(const struct http_request *request, enum http_problem problem,
                        struct http_answer *answer, const char *retry_after)
{
    size_t n = 0;
    const char *tag = language_tag(http_request_language(request));
    if (is_for_later(answer->status))
        answer->more[n++] = (struct http_header){"Retry-After", retry_after};
    if (problem == HTTP_PROBLEM_METHOD)
        answer->more[n++] = (struct http_header){"Allow", request->match.allow};
    if (problem == HTTP_PROBLEM_UNAUTHORIZED)
        answer->more[n++] = (struct http_header){"WWW-Authenticate", "Bearer"};
    if (problem == HTTP_PROBLEM_CONTENT_ENCODING)
        answer->more[n++] = (struct http_header){"Accept-Encoding", "identity"};
    if (tag)
        answer->more[n++] = (struct http_header){"Content-Language", tag};
}

static void respond(struct http_request *request, const struct http_answer *answer)
{
    if (request->around)
        request->answered(request->context, answer);
    else
        http_server_respond(request, answer);
}

static void respond_problem(struct http_request *request, enum http_problem problem,
                            const char *about, int64_t retry_after_s)
{
    struct strbuf body;
    char wait[SPAN_DECIMAL];
    snprintf(wait, sizeof wait, "%lld", (long long)retry_after_s);
    strbuf_init(&body, 512, 16384);
    http_problem_write(&body, problem, http_request_language(request), about);
    struct http_answer answer = {.status = http_problem_status(problem),
                                 .content_type = "application/problem+json",
                                 .body = strbuf_span(&body)};
    add_headers(request, problem, &answer, wait);
    respond(request, &answer);
    strbuf_fini(&body);
}

/* Only who is sent away counts as trouble. */
static int64_t wait_of(struct http_request *request, enum http_problem problem)
{
    struct http_server *server = request->server;
    if (!is_for_later(http_problem_status(problem)))
        return 0;
    return retry_after_seconds(&server->retry, http_server_now(server));
}

void http_request_refuse(struct http_request *request, enum http_problem problem, const char *about)
{
    if (!request->response)
        respond_problem(request, problem, about, wait_of(request, problem));
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

    http_head_each_query(request, add_query_length, &len);
    request->text = xmalloc(len + 1);
    struct query_reader reader = {request, request->text + path_len, false};
    if (!http_route_split(span_from(url, path_len), request->text, &request->path))
        return false;
    http_head_each_query(request, read_query, &reader);
    return !reader.bad;
}

/* 0 without a body, -1 for chunks. */
static int64_t announced_length(const struct http_request *request)
{
    const char *length = http_head_value(request, "Content-Length");
    int64_t value;
    if (http_head_value(request, "Transfer-Encoding"))
        return -1;
    if (!length)
        return 0;
    return span_to_int64(span_of(length), &value) && value >= 0 ? value : INT64_MAX;
}

static bool reserve(struct http_request *request, size_t bytes)
{
    struct http_server *server = request->server;
    size_t most = server->limits->in_flight;
    if (bytes > most || server->reserved - request->reserved > most - bytes)
        return false;
    count_as(request, bytes);
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

static bool is_long_head(const struct http_request *request)
{
    size_t bytes, lines;
    http_head_measure(request, &bytes, &lines);
    return bytes > request->server->limits->head_bytes ||
           lines > request->server->limits->head_lines;
}

/* Faults after which nobody can be sure where the request ends: the connection ends with it. */
static void judge_form(struct http_request *request)
{
    const char *transfer = http_head_value(request, "Transfer-Encoding");
    int hosts = http_head_count(request, "Host");
    bool was_early = request->early;

    request->early = true;
    if (!http_head_each(request, is_sound_header, NULL))
        http_request_refuse(request, HTTP_PROBLEM_BAD_HEADER, NULL);
    else if (hosts > 1 || (hosts == 0 && !request->may_lack_host))
        http_request_refuse(request, HTTP_PROBLEM_BAD_HOST, NULL);
    else if (http_head_count(request, "Content-Length") +
                 http_head_count(request, "Transfer-Encoding") >
             1)
        http_request_refuse(request, HTTP_PROBLEM_TWO_LENGTHS, NULL);
    else if (transfer && strcasecmp(transfer, "chunked") != 0)
        http_request_refuse(request, HTTP_PROBLEM_TRANSFER_ENCODING, NULL);
    else if (is_long_head(request))
        http_request_refuse(request, HTTP_PROBLEM_HEAD_TOO_LARGE, NULL);
    else
        request->early = was_early;
}

static bool lacks_length(const struct http_request *request)
{
    bool has_body = strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0;
    return has_body && request->match.route->max_body > 0 &&
           !http_head_value(request, "Content-Length") &&
           !http_head_value(request, "Transfer-Encoding");
}

/* Of whom we know, all he announced; a stranger has what he has sent, or a few of them could keep
 * everybody else out by announcing much. */
static size_t promised(const struct http_request *request, int64_t length)
{
    bool known = !request->server->admit || (request->peer && request->peer->known);
    if (length <= 0)
        return 0;
    return known || (size_t)length < FIRST_RESERVE ? (size_t)length : FIRST_RESERVE;
}

static void judge(struct http_request *request, const char *url, int64_t length)
{
    const char *encoding = http_head_value(request, "Content-Encoding");
    struct http_server *server = request->server;

    judge_form(request);
    if (!request->response && !read_address(request, url))
        http_request_refuse(request, HTTP_PROBLEM_BAD_ADDRESS, NULL);
    if (request->response)
        return;
    http_route_find(&request->match, server->routes, server->count, request->method,
                    &request->path);
    const struct http_route *route = request->match.route;
    if (!route && http_origin_preflight(request))
        return;
    if (!route && request->match.allow[0])
        http_request_refuse(request, HTTP_PROBLEM_METHOD, request->match.allow);
    else if (!route)
        http_request_refuse(request, HTTP_PROBLEM_NOT_FOUND, NULL);
    else if (encoding && strcasecmp(encoding, "identity") != 0)
        http_request_refuse(request, HTTP_PROBLEM_CONTENT_ENCODING, NULL);
    else if (lacks_length(request))
        http_request_refuse(request, HTTP_PROBLEM_LENGTH_REQUIRED, NULL);
    else if (length >= 0 && (uint64_t)length > route->max_body)
        http_request_refuse(request, HTTP_PROBLEM_TOO_LARGE, NULL);
    else if (server->closing)
        http_request_refuse(request, HTTP_PROBLEM_STOPPING, NULL);
    else if (server->admit && !server->admit(route->context, request))
        assert(request->response);
    else if (!reserve(request, promised(request, length)))
        http_request_refuse(request, HTTP_PROBLEM_BUSY, NULL);
}

void http_request_begin(struct http_request *request, const char *method, const char *url)
{
    int64_t length = announced_length(request);

    snprintf(request->method, sizeof request->method, "%s", method);
    /* An answer that overtakes a body ends the connection, and the client, still sending, may never
     * see it. So what is short is read and ignored; what is long, or asked first, is not. */
    request->early =
        length < 0 || length > MOST_IGNORED || http_head_value(request, "Expect") != NULL;
    judge(request, url, length);
    if (request->response)
        return;
    request->early = false;
    if (length > 0)
        strbuf_init(&request->body, request->reserved, request->match.route->max_body);
}

bool http_request_take_body(struct http_request *request, struct span piece,
                            enum http_problem *problem)
{
    size_t max = request->match.route ? request->match.route->max_body : 0;
    size_t need = request->body.len + piece.len;

    if (request->response) /* refused already: read and ignored */
        return true;
    *problem = HTTP_PROBLEM_TOO_LARGE;
    if (need > max)
        return false;
    if (need > request->reserved) {
        size_t more = request->reserved * 2 > FIRST_RESERVE ? request->reserved * 2 : FIRST_RESERVE;
        more = more < need ? need : more;
        *problem = HTTP_PROBLEM_BUSY;
        if (!reserve(request, more < max ? more : max))
            return false;
    }
    if (!request->body.at)
        strbuf_init(&request->body, request->reserved, max);
    strbuf_add(&request->body, piece);
    return true;
}

struct span http_request_body(const struct http_request *request)
{
    return request->body.at ? strbuf_span(&request->body) : SPAN("");
}

bool http_request_trade_body(struct http_request *request, size_t bytes)
{
    bool fits = request->server == NULL || reserve(request, bytes);
    strbuf_fini(&request->body);
    request->body = (struct strbuf){0};
    if (!fits)
        count_as(request, bytes);
    return fits;
}

size_t http_request_known(struct http_request *request, const void *who)
{
    if (!request->connection || !request->peer)
        return 0;
    request->peer->known = who;
    return http_connections_known(&request->server->connections, who);
}

bool http_request_is_waiting(const struct http_request *request)
{
    return request->around ? request->held : request->connection && !request->response;
}

/* The handler's side lets go; what is left to send is counted until it was sent. */
static void release(struct http_request *request, size_t answer)
{
    request->held = false;
    strbuf_fini(&request->body);
    request->body = (struct strbuf){0};
    count_as(request, request->connection ? answer : 0);
    free_if_forgotten(request);
}

void http_request_answer(struct http_request *request, const struct http_answer *answer)
{
    assert(request->held || !request->handed);
    if (http_request_is_waiting(request))
        respond(request, answer);
    if (request->held)
        release(request, answer->body.len);
}

void http_request_fail_for(struct http_request *request, enum http_problem problem,
                           const char *about, int64_t retry_after_s)
{
    if (http_request_is_waiting(request))
        respond_problem(request, problem, about, retry_after_s);
    if (request->held)
        release(request, 0);
}

void http_request_fail(struct http_request *request, enum http_problem problem, const char *about)
{
    http_request_fail_for(request, problem, about, request->server ? wait_of(request, problem) : 0);
}

void http_request_problem(struct http_request *request, int status, const char *code,
                          const char *title, const char *detail)
{
    struct strbuf body;
    struct http_answer answer = {.status = status, .content_type = "application/problem+json"};
    strbuf_init(&body, 256, 16384);
    http_problem_write_words(&body, status, code, title, detail);
    answer.body = strbuf_span(&body);
    if (is_for_later(status))
        answer.more[0] = (struct http_header){"Retry-After", "1"};
    http_request_answer(request, &answer);
    strbuf_fini(&body);
}
