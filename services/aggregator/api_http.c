/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/views, /api/views/<name>?by=&from=&to=, /api/cases/<id>, /api/clock, /api/units,
 * /api/stations?state=, and the page's files. A question waits in a bounded queue for the one
 * worker and its own read-only connection; a full queue is 503. PostgreSQL writes the JSON, but of
 * stations, whose silence is judged by a calendar. */
#include "aggregator/api_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/api_files.h"
#include "aggregator/store/ledger_sql.h"
#include "aggregator/store/stations_sql.h"
#include "aggregator/store/view_sql.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "daemon/log.h"
#include "postgres/connection.h"

#define MAX_WAITING 32
#define API_ROUTES  6

struct question {
    struct http_request *request;
    char *sql;          /* owned */
    char *parameter[2]; /* owned; NULL = SQL's NULL */
    int parameter_count;
    unsigned stations; /* their states, where it asks for stations */
    struct question *next;
};

struct api_http {
    struct daemon *daemon;
    const struct aggregator_config *config;
    struct http_server *server;
    struct http_route routes[API_ROUTES + API_FILES_ROUTES]; /* the server borrows them */
    struct postgres_connection *connection;
    struct question *first, *last;
    size_t waiting;
    struct api_files *files;
    struct strbuf units; /* the answer of /api/units */
    char *clock_sql;     /* owned */
    char events[256];    /* the topic's full name */
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

static void write_answer(struct api_http *api, const PGresult *result)
{
    if (api->asked->stations) {
        struct station_report *report = stations_sql_report(result, &api->config->report);
        station_report_write(report, api->asked->stations, &api->answer);
        station_report_free(report);
        return;
    }
    strbuf_add(&api->answer,
               span_from(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0)));
}

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
        write_answer(api, result);
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
    } else if (strbuf_is_full(&api->answer) || api->answer.len == 0) {
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

static void free_question(struct question *question)
{
    free(question->sql);
    free(question->parameter[0]);
    free(question->parameter[1]);
    free(question);
}

static void ask_next(struct api_http *api);

static void on_answered(uv_work_t *work, int status)
{
    struct api_http *api = work->data;
    struct question *question = api->asked;
    (void)status; /* never cancelled */
    answer_question(api, question->request);
    free_question(question);
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

static struct question *question_of(struct http_request *request, const char *sql,
                                    const struct span *parameters, int count)
{
    struct question *question = xcalloc(1, sizeof *question);
    question->request = request;
    question->sql = xstrdup(sql);
    question->parameter_count = count;
    for (int i = 0; i < count; i++)
        question->parameter[i] = copy_or_null(parameters[i]);
    return question;
}

static void take_question(struct api_http *api, struct question *question)
{
    if (api->waiting == MAX_WAITING) {
        http_request_problem(question->request, 503, "busy", "查询繁忙",
                             "too many questions wait; try again");
        free_question(question);
        return;
    }
    if (api->last)
        api->last->next = question;
    else
        api->first = question;
    api->last = question;
    api->waiting++;
    ask_next(api);
}

static void ask(struct api_http *api, struct http_request *request, const char *sql,
                const struct span *parameters, int count)
{
    take_question(api, question_of(request, sql, parameters, count));
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
            "by is a list of day (hour too where a view has hours) and the view's groups, each "
            "once; the ledger's are "
            "hour, feed and unit");
    strbuf_fini(&sql);
}

static void on_case(void *context, struct http_request *request)
{
    static const char sql[] =
        "SELECT json_build_object('case', s.case_id, 'kind', s.kind, 'lines', s.lines, 'timeline', "
        "(SELECT json_agg(row_to_json(t) ORDER BY t.n) FROM (SELECT * FROM api.case_timeline WHERE "
        "case_id = s.case_id) AS t))::text FROM core.case_set AS s WHERE s.case_id = $1";
    struct span id = http_request_part(request, 0);
    ask(context, request, sql, &id, 1);
}

static void on_stations(void *context, struct http_request *request)
{
    struct api_http *api = context;
    unsigned states;
    if (!station_report_read_states(http_request_query(request, "state"), &states)) {
        http_request_problem(request, 400, "bad_state", "状态无效",
                             "state is a list of alive, late, silent, never and unknown");
        return;
    }
    struct span topic = span_of(api->events);
    struct question *question = question_of(request, stations_sql_ask, &topic, 1);
    question->stations = states;
    take_question(api, question);
}

/* `day` is the civil day of the newest tick, as the views count it. */
static char *write_clock_sql(int zone_minutes)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "SELECT json_build_object('now', t_ms, 'age_ms', CASE WHEN t_ms > 0 THEN (extract("
             "epoch FROM clock_timestamp()) * 1000)::bigint - t_ms END, 'day', date '1970-01-01' + "
             "div(t_ms + %d, 86400000)::integer, 'zone_minutes', %d)::text FROM core.clock",
             zone_minutes * 60000, zone_minutes);
    return xstrdup(sql);
}

static void on_clock(void *context, struct http_request *request)
{
    const struct api_http *api = context;
    ask(context, request, api->clock_sql, NULL, 0);
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

static void on_units(void *context, struct http_request *request)
{
    const struct api_http *api = context;
    http_request_answer(request,
                        &(struct http_answer){.status = 200,
                                              .content_type = "application/json; charset=utf-8",
                                              .body = strbuf_span(&api->units)});
}

/* What people call the units that rows name by code. */
static void write_units(struct strbuf *out, const struct registry *units)
{
    static const char *const columns[][2] = {{"code", "unit"}, {"name", "name"}, {"kind", "kind"}};
    const struct registry_row *row;
    strbuf_add(out, SPAN("{\"units\":["));
    for (size_t i = 0; (row = registry_at(units, i)); i++) {
        for (size_t k = 0; k < ARRAY_LENGTH(columns); k++) {
            strbuf_addf(out, "%s\"%s\":", k ? "," : i ? ",{" : "{", columns[k][1]);
            strbuf_add_json(out, registry_cell(units, row, columns[k][0]));
        }
        strbuf_add_char(out, '}');
    }
    strbuf_add(out, SPAN("]}"));
}

static void free_api(struct api_http *api)
{
    if (api->files)
        api_files_close(api->files);
    postgres_connection_free(api->connection);
    strbuf_fini(&api->answer);
    strbuf_fini(&api->units);
    free(api->clock_sql);
    free(api);
}

struct api_http *api_http_open(struct daemon *daemon, const struct aggregator_config *config,
                               struct error *error)
{
    struct api_http *api = xcalloc(1, sizeof *api);
    api->daemon = daemon;
    api->config = config;
    api->work.data = api;
    snprintf(api->events, sizeof api->events, "%sevents", config->kafka.prefix);
    strbuf_init(&api->answer, 1 << 16, 32 << 20);
    api->connection = postgres_connection_new(config->postgres, "citybrain-api", session);
    strbuf_init(&api->units, 1 << 13, 1 << 20);
    write_units(&api->units, config->units);
    api->clock_sql = write_clock_sql(config->rules.zone_minutes);
    const struct http_route routes[API_ROUTES] = {
        {"GET", "/api/views/{name}", 0, on_view, api},
        {"GET", "/api/views", 0, on_views, api},
        {"GET", "/api/cases/{id}", 0, on_case, api},
        {"GET", "/api/clock", 0, on_clock, api},
        {"GET", "/api/units", 0, on_units, api},
        {"GET", "/api/stations", 0, on_stations, api},
    };
    memcpy(api->routes, routes, sizeof routes);
    api->files = api_files_open(config, api->routes + API_ROUTES, error);
    if (api->files)
        api->server = http_server_open(daemon_loop(daemon), config->api, api->routes,
                                       API_ROUTES + API_FILES_ROUTES, error);
    if (api->server)
        return api;
    free_api(api);
    return NULL;
}
