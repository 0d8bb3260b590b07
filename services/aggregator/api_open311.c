/* SPDX-License-Identifier: Apache-2.0 */
/* Errors here have GeoReport's form, not that of problems; parameters are read as everywhere. */
#include "aggregator/api_open311.h"

#include "aggregator/core/open311.h"
#include "aggregator/store/open311_ask.h"
#include "model/stage_words.h"

static const struct api_parameter parameters[] = {OPEN311_ASK_PARAMETERS};

static void send_text(struct http_request *request, enum open311_form form, int status,
                      struct span body)
{
    if (status == 200)
        api_reply_body(request, open311_content_type(form), body);
    else
        http_request_answer(
            request, &(struct http_answer){.status = status,
                                           .content_type = open311_content_type(form),
                                           .body = body,
                                           .more = {{"Cache-Control", "no-store"},
                                                    {status == 503 ? "Retry-After" : NULL, "1"}}});
}

static void fail(struct http_request *request, enum open311_form form, int status,
                 struct span description)
{
    struct strbuf body;
    strbuf_init(&body, 256, 16384);
    open311_write_error(&body, form, status, description);
    send_text(request, form, status, strbuf_span(&body));
    strbuf_fini(&body);
}

static enum open311_form form_of(const struct api_call *call)
{
    return call->content_type == open311_content_type(OPEN311_XML) ? OPEN311_XML : OPEN311_JSON;
}

static void end_with(struct api_call *call, int status, struct span description)
{
    fail(call->request, form_of(call), status, description);
    api_call_end(call);
}

/* The district: the first row of its divisions. */
static struct span jurisdiction_of(const struct api *api)
{
    const struct registry *divisions = api->config->divisions;
    const struct registry_row *row;
    for (size_t i = 0; (row = registry_at(divisions, i)); i++)
        if (span_is(registry_cell(divisions, row, "level"), "district"))
            return registry_cell(divisions, row, "code");
    return SPAN_NONE;
}

static bool take_query(void *context, struct span name, struct span value)
{
    return api_query_take(context, name, value);
}

static bool is_wide(const struct api_query *query)
{
    const struct api_value *from = api_query_get(query, "start_date"),
                           *to = api_query_get(query, "end_date");
    return from->text.at && to->text.at &&
           (to->number < from->number || to->number - from->number > OPEN311_ASK_SPAN_MS);
}

/* What is wrong with what was asked for; 0 = nothing. */
static int judge(const struct api_call *call, bool good, struct strbuf *why)
{
    struct span wanted = api_query_get(&call->query, "jurisdiction_id")->text;
    if (!call->asker.all) {
        strbuf_add(why, SPAN("this credential is a unit's or a station's"));
        return 403;
    }
    if (!good) {
        api_query_write_fault(&call->query, http_request_language(call->request), why);
        return 400;
    }
    if (is_wide(&call->query)) {
        strbuf_add(why, SPAN("end_date: at most 90 days behind start_date"));
        return 400;
    }
    if (!wanted.at || span_equal(wanted, jurisdiction_of(call->api)))
        return 0;
    strbuf_add(why, SPAN("jurisdiction_id: not found"));
    return 404;
}

/* NULL when it has answered. `name` loses its ending. */
static struct api_call *begin(struct api *api, struct http_request *request, struct span *name)
{
    enum open311_form form = OPEN311_JSON;
    bool formed = open311_read_form(name, &form);
    struct api_call *call = formed ? api_call_admit(api, request) : NULL;
    struct strbuf text;
    if (!formed)
        fail(request, OPEN311_JSON, 404, SPAN("there is .json and .xml"));
    if (!call)
        return NULL;
    call->content_type = open311_content_type(form);
    api_query_begin(&call->query, parameters, ARRAY_LENGTH(parameters),
                    api->config->rules.zone_minutes);
    strbuf_init(&text, 256, 8192);
    bool good = http_request_each_query(request, take_query, &call->query);
    int status = judge(call, good, &text);
    call->language = api_reply_language(request, api_query_get(&call->query, "lang")->text);
    if (status)
        end_with(call, status, strbuf_span(&text));
    strbuf_fini(&text);
    return status ? NULL : call;
}

static struct span cell(const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column))
        return SPAN_NONE;
    return span_from(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static struct span name_in(const struct registry *registry, struct span code)
{
    const struct registry_row *row = code.len ? registry_find(registry, code, INT64_MIN) : NULL;
    return row ? registry_cell(registry, row, "name") : code.len ? code : SPAN_NONE;
}

static struct open311_request request_of(const struct api_call *call, const PGresult *result,
                                         int row)
{
    const struct aggregator_config *config = call->api->config;
    struct span state = cell(result, row, 1), stage = cell(result, row, 2);
    struct span rest = cell(result, row, 0);
    const struct case_kind *kind = kinds_find(config->kinds, span_cut(&rest, ':'));
    struct span words = stage_words_stage(kind, stage, call->language);
    return (struct open311_request){.id = cell(result, row, 0),
                                    .closed = span_is(state, "resolved") ||
                                              span_is(state, "closed") || span_is(state, "merged"),
                                    .notes = words.at ? words : stage,
                                    .service_code = cell(result, row, 3),
                                    .service_name = name_in(config->types, cell(result, row, 3)),
                                    .agency = name_in(config->units, cell(result, row, 4)),
                                    .requested = cell(result, row, 5),
                                    .updated = cell(result, row, 6),
                                    .expected = cell(result, row, 7),
                                    .area = cell(result, row, 8)};
}

static bool write_requests(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    enum open311_form form = form_of(call);
    open311_begin_requests(body, form);
    for (int i = 0; i < PQntuples(result); i++) {
        struct open311_request request = request_of(call, result, i);
        open311_add_request(body, form, &request, i == 0);
    }
    open311_end_requests(body, form);
    call->rows = (size_t)PQntuples(result);
    return true;
}

static bool found_requests(struct api_call *call, enum api_outcome outcome, struct span body)
{
    (void)body;
    if (outcome == API_TOO_LARGE)
        end_with(call, 413, SPAN("ask for fewer days, or for pages with page_size"));
    else if (outcome != API_FOUND)
        end_with(call, 503, SPAN("the database cannot answer now; try again"));
    return outcome != API_FOUND;
}

static bool found_request(struct api_call *call, enum api_outcome outcome, struct span body)
{
    if (outcome != API_FOUND || call->rows > 0)
        return found_requests(call, outcome, body);
    end_with(call, 404, SPAN("service_request_id: not found"));
    return true;
}

static void build_list(struct api_call *call, struct sql_ask *ask)
{
    open311_ask_list(ask, &call->query);
}

static void build_one(struct api_call *call, struct sql_ask *ask)
{
    struct span id = http_request_part(call->request, 0);
    enum open311_form form;
    (void)open311_read_form(&id, &form);
    open311_ask_one(ask, id);
}

static void send_services(struct api_call *call)
{
    struct strbuf body;
    strbuf_init(&body, 65536, 8 << 20);
    open311_write_services(&body, form_of(call), call->api->config->types);
    send_text(call->request, form_of(call), 200, strbuf_span(&body));
    strbuf_fini(&body);
    api_call_end(call);
}

void api_open311_resource(void *api, struct http_request *request)
{
    struct span name = http_request_part(request, 0);
    struct api_call *call = begin(api, request, &name);
    if (!call)
        return;
    if (span_is(name, "services")) {
        send_services(call);
    } else if (span_is(name, "requests")) {
        call->build = build_list;
        call->write = write_requests;
        call->found = found_requests;
        api_call_ask(call);
    } else {
        end_with(call, 404, SPAN("there are services and requests"));
    }
}

void api_open311_service(void *api, struct http_request *request)
{
    struct span code = http_request_part(request, 0);
    struct api_call *call = begin(api, request, &code);
    struct strbuf body;
    if (!call)
        return;
    strbuf_init(&body, 256, 4096);
    if (open311_write_definition(&body, form_of(call), call->api->config->types, code)) {
        send_text(request, form_of(call), 200, strbuf_span(&body));
        api_call_end(call);
    } else {
        end_with(call, 404, SPAN("service_code: not found"));
    }
    strbuf_fini(&body);
}

void api_open311_request(void *api, struct http_request *request)
{
    struct span id = http_request_part(request, 0);
    struct api_call *call = begin(api, request, &id);
    if (!call)
        return;
    call->build = build_one;
    call->write = write_requests;
    call->found = found_request;
    api_call_ask(call);
}

void api_open311_discovery(void *api, struct http_request *request)
{
    struct span name = http_request_part(request, 0);
    struct api_call *call = begin(api, request, &name);
    struct strbuf body;
    if (!call)
        return;
    if (!span_is(name, "discovery")) {
        end_with(call, 404, SPAN("there is discovery"));
        return;
    }
    strbuf_init(&body, 1024, 4096);
    open311_write_discovery(&body, form_of(call), jurisdiction_of(call->api));
    send_text(request, form_of(call), 200, strbuf_span(&body));
    strbuf_fini(&body);
    api_call_end(call);
}
