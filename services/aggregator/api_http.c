/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/views, /api/views/<name>?by=&from=&to=, /api/cases/<id>, /api/clock, and the files of
 * web/. A question waits in a bounded queue for the one worker and its own read-only connection; a
 * full queue is 503. PostgreSQL writes the JSON, so nothing is translated here. */
#include "aggregator/api_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/ledger_sql.h"
#include "aggregator/store/view_sql.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "daemon/log.h"
#include "postgres/connection.h"

#define MAX_WAITING    32
#define MAX_FILES      3
#define MAX_FILE_BYTES (4 << 20)
#define MAX_ROUTES     8

struct question {
    struct http_request *request;
    char *sql;          /* owned */
    char *parameter[2]; /* owned; NULL = SQL's NULL */
    int parameter_count;
    struct question *next;
};

struct file {
    struct strbuf bytes;
    const char *type;
};

struct api_http {
    struct daemon *daemon;
    const struct aggregator_config *config;
    struct http_server *server;
    struct http_route routes[MAX_ROUTES]; /* the server borrows them */
    struct postgres_connection *connection;
    struct question *first, *last;
    size_t waiting;
    struct file files[MAX_FILES];
    /* The worker's while busy. */
    uv_work_t work;
    bool busy;
    struct question *asked;
    struct strbuf answer;
    bool good, found;
    struct error error;
};

static const char session[] = "SET default_transaction_read_only = on; SET statement_timeout = "
                              "'10s'; SET lock_timeout = '2s'; SET jit = off";

static void run_question(uv_work_t *work)
{
    struct api_http *api = work->data;
    struct question *question = api->asked;
    api->error = (struct error){0};
    api->good = postgres_connection_open(api->connection, &api->error);
    if (!api->good)
        return;
    const char *const values[2] = {question->parameter[0], question->parameter[1]};
    PGresult *result = PQexecParams(postgres_connection_handle(api->connection), question->sql,
                                    question->parameter_count, NULL, values, NULL, NULL, 0);
    api->good = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!api->good)
        postgres_connection_fail(api->connection, result, &api->error);
    api->found = api->good && PQntuples(result) > 0 && !PQgetisnull(result, 0, 0);
    strbuf_reset(&api->answer);
    if (api->found)
        strbuf_add(&api->answer,
                   span_from(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0)));
    PQclear(result);
}

static void answer_question(struct api_http *api, struct http_request *request)
{
    if (!api->good) {
        log_warn("api.question_failed", LOG_ERROR(&api->error));
        http_request_problem(request, 503, "database_away", "数据库暂不可用",
                             "the database cannot answer now; try again");
    } else if (!api->found) {
        http_request_problem(request, 404, "not_found", "没有此记录", "there is no such thing");
    } else if (strbuf_is_full(&api->answer)) {
        http_request_problem(request, 413, "answer_too_large", "结果过大",
                             "ask for fewer days or groups");
    } else {
        http_request_answer(request,
                            &(struct http_answer){.status = 200,
                                                  .content_type = "application/json; charset=utf-8",
                                                  .body = strbuf_span(&api->answer),
                                                  .more = {{"Cache-Control", "no-store"}}});
    }
}

static void ask_next(struct api_http *api);

static void on_answered(uv_work_t *work, int status)
{
    struct api_http *api = work->data;
    struct question *question = api->asked;
    (void)status; /* never cancelled */
    answer_question(api, question->request);
    free(question->sql);
    free(question->parameter[0]);
    free(question->parameter[1]);
    free(question);
    api->busy = false;
    ask_next(api);
}

static void ask_next(struct api_http *api)
{
    if (api->busy || !api->first)
        return;
    api->asked = api->first;
    api->first = api->first->next;
    api->last = api->first ? api->last : NULL;
    api->waiting--;
    api->busy = true;
    uv_queue_work(daemon_loop(api->daemon), &api->work, run_question, on_answered);
}

static char *copy_or_null(struct span text)
{
    return text.len ? xspandup(text) : NULL;
}

static void ask(struct api_http *api, struct http_request *request, const char *sql,
                const struct span *parameters, int count)
{
    if (api->waiting == MAX_WAITING) {
        http_request_problem(request, 503, "busy", "查询繁忙",
                             "too many questions wait; try again");
        return;
    }
    struct question *question = xcalloc(1, sizeof *question);
    question->request = request;
    question->sql = xstrdup(sql);
    question->parameter_count = count;
    for (int i = 0; i < count; i++)
        question->parameter[i] = copy_or_null(parameters[i]);
    if (api->last)
        api->last->next = question;
    else
        api->first = question;
    api->last = question;
    api->waiting++;
    ask_next(api);
}

static bool is_date(struct span text)
{
    int64_t ms;
    return text.len == 0 || (text.len == 10 && timestamp_parse(text, "%Y-%m-%d", 0, &ms));
}

static void on_view(void *context, struct http_request *request)
{
    struct api_http *api = context;
    struct span name = http_request_part(request, 0), by = http_request_query(request, "by");
    const struct view *view = views_find(api->config->views, name);
    bool ledger = span_is(name, "ledger");
    struct span range[2] = {http_request_query(request, "from"), http_request_query(request, "to")};
    if (!view && !ledger) {
        http_request_problem(request, 404, "no_such_view", "没有此视图", "there is no such view");
        return;
    }
    if (!is_date(range[0]) || !is_date(range[1])) {
        http_request_problem(request, 400, "bad_date", "日期格式错误",
                             "from and to are YYYY-MM-DD");
        return;
    }
    struct strbuf sql;
    strbuf_init(&sql, 4096, 1 << 20);
    if (ledger ? ledger_sql_query(&sql, by, api->config->rules.zone_minutes)
               : view_sql_query(&sql, view, by))
        ask(api, request, sql.at, range, 2);
    else
        http_request_problem(
            request, 400, "bad_grouping", "分组无效",
            "by is a list of day and the view's groups, each once; the ledger's are "
            "hour, feed and unit");
    strbuf_fini(&sql);
}

static void on_case(void *context, struct http_request *request)
{
    static const char sql[] =
        "SELECT json_build_object('case', s.case_id, 'kind', s.kind, 'timeline', (SELECT "
        "json_agg(row_to_json(t) ORDER BY t.n) FROM (SELECT * FROM api.case_timeline WHERE case_id "
        "= s.case_id) AS t))::text FROM core.case_set AS s WHERE s.case_id = $1";
    struct span id = http_request_part(request, 0);
    ask(context, request, sql, &id, 1);
}

static void on_clock(void *context, struct http_request *request)
{
    ask(context, request,
        "SELECT json_build_object('now', t_ms, 'age_ms', CASE WHEN t_ms > 0 THEN (extract(epoch "
        "FROM clock_timestamp()) * 1000)::bigint - t_ms END)::text FROM core.clock",
        NULL, 0);
}

static void on_views(void *context, struct http_request *request)
{
    struct api_http *api = context;
    struct strbuf out;
    strbuf_init(&out, 512, 1 << 16);
    strbuf_add(&out, SPAN("{\"views\":["));
    for (size_t i = 0; i < views_count(api->config->views); i++) {
        const struct view *view = views_at(api->config->views, i);
        strbuf_addf(&out, "{\"view\":\"%s\",\"name\":", view->name);
        strbuf_add_json(&out, span_of(view->title));
        strbuf_add(&out, SPAN("},"));
    }
    strbuf_add(&out, SPAN("{\"view\":\"ledger\",\"name\":\"收发对账\"}]}"));
    http_request_answer(request,
                        &(struct http_answer){.status = 200,
                                              .content_type = "application/json; charset=utf-8",
                                              .body = strbuf_span(&out)});
    strbuf_fini(&out);
}

static void on_file(void *context, struct http_request *request)
{
    const struct file *file = context;
    http_request_answer(
        request, &(struct http_answer){.status = 200,
                                       .content_type = file->type,
                                       .body = strbuf_span(&file->bytes),
                                       .more = {{"Cache-Control", "no-cache"},
                                                {"Content-Security-Policy", "default-src 'self'"},
                                                {"X-Content-Type-Options", "nosniff"}}});
}

static bool load_file(struct file *file, const char *folder, const char *name, struct error *error)
{
    char path[4096], bytes[8192];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    if (!in)
        return error_set(error, ERROR_CONFIG, 0, "%s: cannot be read; set aggregator.web", path);
    strbuf_init(&file->bytes, 4096, MAX_FILE_BYTES);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
        strbuf_add(&file->bytes, span_from(bytes, n));
    fclose(in);
    return true;
}

static bool load_files(struct api_http *api, struct http_route *routes, struct error *error)
{
    static const char *const rows[MAX_FILES][3] = {
        {"index.html", "/", "text/html; charset=utf-8"},
        {"app.js", "/app.js", "text/javascript; charset=utf-8"},
        {"style.css", "/style.css", "text/css; charset=utf-8"}};
    for (size_t i = 0; i < MAX_FILES; i++) {
        if (!load_file(&api->files[i], api->config->web, rows[i][0], error))
            return false;
        api->files[i].type = rows[i][2];
        routes[i] = (struct http_route){"GET", rows[i][1], 0, on_file, &api->files[i]};
    }
    return true;
}

struct api_http *api_http_open(struct daemon *daemon, const struct aggregator_config *config,
                               struct error *error)
{
    struct api_http *api = xcalloc(1, sizeof *api);
    api->daemon = daemon;
    api->config = config;
    api->work.data = api;
    strbuf_init(&api->answer, 1 << 16, 32 << 20);
    api->connection = postgres_connection_new(config->postgres, "citybrain-api", session);
    api->routes[0] = (struct http_route){"GET", "/api/views/{name}", 0, on_view, api};
    api->routes[1] = (struct http_route){"GET", "/api/views", 0, on_views, api};
    api->routes[2] = (struct http_route){"GET", "/api/cases/{id}", 0, on_case, api};
    api->routes[3] = (struct http_route){"GET", "/api/clock", 0, on_clock, api};
    if (load_files(api, api->routes + 4, error))
        api->server =
            http_server_open(daemon_loop(daemon), config->api, api->routes, 4 + MAX_FILES, error);
    if (api->server)
        return api;
    postgres_connection_free(api->connection);
    strbuf_fini(&api->answer);
    free(api);
    return NULL;
}
