/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL writes the JSON, but of stations, whose silence is judged by a calendar. */
#include "aggregator/api_views.h"

#include <string.h>

#include "aggregator/core/view_shape.h"
#include "aggregator/store/ledger_sql.h"
#include "aggregator/store/stations_sql.h"
#include "aggregator/store/view_query.h"

static const struct api_parameter nothing[1];

/* And one a group of the view: only its rows of those codes; with types, one for groups of them. */
static const struct api_parameter view_parameters[] = {
    {"by", API_TEXT, NULL, 0, 0},
    {"from", API_DATE, NULL, 0, 0},
    {"to", API_DATE, NULL, 0, 0},
    {"scope", API_WORD, "all net", 0, 0},
    {"method", API_WORD, "pooled mean", 0, 0},
    {"audience", API_WORD, "public", 0, 0},
    {"limit", API_NUMBER, NULL, 1, VIEW_QUERY_MOST_ROWS},
    {"after", API_KEY, NULL, 0, 0}};
#define OWN_PARAMETERS ARRAY_LENGTH(view_parameters)

static bool is_ledger(const struct api_call *call)
{
    return span_is(http_request_part(call->request, 0), "ledger");
}

static struct view_question question_of(const struct api_call *call, const struct view *view)
{
    struct view_question question = {.by = api_query_get(&call->query, "by")->text,
                                     .scope = api_query_get(&call->query, "scope")->text,
                                     .method = api_query_get(&call->query, "method")->text,
                                     .open =
                                         api_query_get(&call->query, "audience")->text.at != NULL};
    for (size_t i = 0; view && i < view->group_count; i++)
        question.filtered[i] = call->query.value[OWN_PARAMETERS + i].text.at != NULL;
    return question;
}

static bool is_paged(const struct api_call *call)
{
    return api_query_get(&call->query, "limit")->text.at ||
           api_query_get(&call->query, "after")->text.at;
}

/* False where `by`, scope or method names what there is not. */
static bool write_sql(const struct api_call *call, struct strbuf *sql)
{
    const struct aggregator_config *config = call->api->config;
    const struct view *view = views_find(config->views, http_request_part(call->request, 0));
    const struct view_question question = question_of(call, view);
    if (is_ledger(call))
        return ledger_sql_query(sql, question.by, config->rules.zone_minutes);
    return is_paged(call) ? view_query_rows(sql, view, &question)
                          : view_query_write(sql, view, &question);
}

static void build_view(struct api_call *call, struct sql_ask *ask)
{
    const struct view *view =
        views_find(call->api->config->views, http_request_part(call->request, 0));
    char text[SPAN_DECIMAL];
    bool paged = view && is_paged(call);
    if (paged)
        sql_ask_add(ask, "SELECT c.t_ms, t.n || '.row', t.row FROM core.clock AS c LEFT JOIN "
                         "(SELECT r.n, r.row FROM (SELECT row_number() OVER () AS n, "
                         "row_to_json(q)::text AS row FROM (");
    (void)write_sql(call, &ask->sql); /* it was tried before */
    sql_ask_take(ask, api_query_get(&call->query, "from")->text);
    sql_ask_take(ask, api_query_get(&call->query, "to")->text);
    for (size_t i = 0; view && i < view->group_count; i++)
        if (call->query.value[OWN_PARAMETERS + i].text.at)
            sql_ask_take(ask, call->query.value[OWN_PARAMETERS + i].text);
    if (!paged)
        return;
    int before =
        sql_ask_take(ask, span_decimal(text, api_query_get(&call->query, "after")->number));
    strbuf_addf(&ask->sql,
                ") AS q) AS r WHERE r.n > $%d::bigint ORDER BY r.n LIMIT $%d::integer) AS t ON "
                "true ORDER BY t.n",
                before, sql_ask_take(ask, span_decimal(text, call->limit + 1)));
}

static bool write_view(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    strbuf_addf(body, "{\"view\":\"%.*s\",", SPAN_ARG(http_request_part(call->request, 0)));
    bool found = api_call_write_members(call, result, body);
    strbuf_add(body, SPAN("}\n"));
    return found;
}

static bool can_group(struct api_call *call)
{
    static const struct api_words words = {
        .detail = {
            "以逗号分隔，各一次：该视图的分组与一个时段（day、noon_day、month、period_"
            "19，按小时的视图另有 "
            "hour）；scope 为 all 或 net，method 为 pooled 或 mean；ledger 为 "
            "day、hour、feed、unit",
            "a list of the view's groups and one of its buckets (day, noon_day, month, period_19; "
            "hour beside it where there are hours), each once; scope is all or net, method pooled "
            "or "
            "mean (of units); the ledger's are day, hour, feed and unit"}};
    struct strbuf sql;
    strbuf_init(&sql, 4096, 1 << 20);
    bool good = write_sql(call, &sql);
    strbuf_fini(&sql);
    if (good)
        return true;
    api_reply_bad(call->request, "by", &words);
    api_call_end(call);
    return false;
}

void api_views_one(void *api, struct http_request *request)
{
    static const struct api_words words = {
        .title = {"没有此视图", "no such view"},
        .detail = {"GET /api/views 列出全部视图", "GET /api/views has the list"}};
    struct api_parameter table[API_QUERY_MOST];
    const struct view *view =
        views_find(((struct api *)api)->config->views, http_request_part(request, 0));
    size_t count = OWN_PARAMETERS;
    memcpy(table, view_parameters, sizeof view_parameters);
    for (size_t i = 0; view && i < view->group_count; i++)
        table[count++] = (struct api_parameter){view->group_names[i], API_CODES, NULL, 0, 0};
    if (view && view_group_index(view, FACT_TYPE) >= 0)
        count = api_call_offer_groups(api, table, count);
    struct api_call *call = api_call_begin(api, request, table, count);
    if (!call)
        return;
    if (call->asker.station.at) { /* a station is told of its own cases, not of the district */
        api_call_forbid(call);
        return;
    }
    if (!is_ledger(call) && !view) {
        api_reply_problem(request, 404, "no_such_view", &words);
        api_call_end(call);
        return;
    }
    if (!api_call_has_range(call, "from", "to") || !can_group(call))
        return;
    call->build = build_view;
    if (view && is_paged(call))
        call->write = write_view;
    api_call_ask(call);
}

void api_views_list(void *api, struct http_request *request)
{
    struct api_call *call = api_call_begin(api, request, nothing, 0);
    struct strbuf out;
    if (!call)
        return;
    const struct views *views = call->api->config->views;
    strbuf_init(&out, 1 << 14, 1 << 20);
    strbuf_add(&out, SPAN("{\"views\":["));
    for (size_t i = 0; i < views_count(views); i++) {
        view_shape_write(&out, views_at(views, i));
        strbuf_add_char(&out, ',');
    }
    ledger_sql_write_shape(&out);
    strbuf_add(&out, SPAN("]}"));
    api_call_reply(call, &out);
}

/* What people call the units that rows name by code. */
void api_views_units(void *api, struct http_request *request)
{
    static const char *const columns[][2] = {{"code", "unit"}, {"name", "name"}, {"kind", "kind"}};
    struct api_call *call = api_call_begin(api, request, nothing, 0);
    const struct registry_row *row;
    struct strbuf out;
    if (!call)
        return;
    const struct registry *units = call->api->config->units;
    strbuf_init(&out, 1 << 13, 1 << 20);
    strbuf_add(&out, SPAN("{\"units\":["));
    for (size_t i = 0; (row = registry_at(units, i)); i++) {
        for (size_t k = 0; k < ARRAY_LENGTH(columns); k++) {
            strbuf_addf(&out, "%s\"%s\":", k ? "," : i ? ",{" : "{", columns[k][1]);
            strbuf_add_json(&out, registry_cell(units, row, columns[k][0]));
        }
        struct span english = registry_cell(units, row, "name_en");
        if (english.len) {
            strbuf_add(&out, SPAN(",\"name_en\":"));
            strbuf_add_json(&out, english);
        }
        strbuf_add_char(&out, '}');
    }
    strbuf_add(&out, SPAN("]}"));
    api_call_reply(call, &out);
}

static const struct api_parameter station_parameters[] = {
    {"state", API_WORDS, "alive late silent never unknown", 0, 0},
    {"open", API_WORD, "yes no", 0, 0}};

static void build_stations(struct api_call *call, struct sql_ask *ask)
{
    sql_ask_add(ask, stations_sql_wall);
    sql_ask_take(ask, span_of(call->api->events));
}

static bool write_stations(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    unsigned states = 0;
    struct station_report *report = stations_sql_report(result, &call->api->config->report);
    (void)station_report_read_states(api_query_get(&call->query, "state")->text, &states);
    struct span open = api_query_get(&call->query, "open")->text;
    station_report_write(report, states,
                         !open.at              ? STATION_ANY_HOURS
                         : span_is(open, "no") ? STATION_OUT_OF_HOURS
                                               : STATION_IN_HOURS,
                         body);
    station_report_free(report);
    return true;
}

void api_views_stations(void *api, struct http_request *request)
{
    struct api_call *call =
        api_call_begin(api, request, station_parameters, ARRAY_LENGTH(station_parameters));
    if (!call || !api_call_is_for_all(call))
        return;
    call->build = build_stations;
    call->write = write_stations;
    api_call_ask(call);
}

/* `day` is the civil day of the newest tick, as the views count it. */
static void build_clock(struct api_call *call, struct sql_ask *ask)
{
    int zone = call->api->config->rules.zone_minutes;
    strbuf_addf(&ask->sql,
                "SELECT json_build_object('now', t_ms, 'age_ms', CASE WHEN t_ms > 0 THEN (extract("
                "epoch FROM clock_timestamp()) * 1000)::bigint - t_ms END, 'day', date "
                "'1970-01-01' + div(t_ms + %d, 86400000)::integer, 'zone_minutes', %d)::text FROM "
                "core.clock",
                zone * 60000, zone);
}

void api_views_clock(void *api, struct http_request *request)
{
    struct api_call *call = api_call_begin(api, request, nothing, 0);
    if (!call)
        return;
    call->build = build_clock;
    api_call_ask(call);
}
