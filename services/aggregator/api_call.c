/* SPDX-License-Identifier: Apache-2.0 */
/* The database's roles guard the rows; what stands here holds without them too. */
#include "aggregator/api_call.h"

#include <stdlib.h>
#include <string.h>

#include "aggregator/api_wait.h"
#include "base/memory.h"

#define MOST_TYPES ((size_t)256 << 10)

struct api_call *api_call_admit(struct api *api, struct http_request *request)
{
    if (!api_access_admit(api->access, request))
        return NULL;
    struct api_call *call = xcalloc(1, sizeof *call);
    call->api = api;
    call->request = request;
    call->asker = api_access_asker(api->access, request);
    call->limit = API_CALL_ROWS;
    return call;
}

size_t api_call_offer_groups(const struct api *api, struct api_parameter *table, size_t count)
{
    const char *words = type_groups_words(api->config->type_groups);
    if (words)
        table[count++] = (struct api_parameter){"type_group", API_WORDS, words, 0, 0};
    return count;
}

static struct api_value *value_named(struct api_query *query, const char *name)
{
    for (size_t i = 0; i < query->count; i++)
        if (strcmp(query->table[i].name, name) == 0)
            return &query->value[i];
    return NULL;
}

/* From here on a group is its types; false when it has answered that they are too many. */
static bool join_types(struct api_call *call)
{
    static const struct api_words words = {
        .detail = {"所列合称的类型过多，请分几次查询",
                   "these groups have too many types for one question: ask in several"}};
    const struct api_value *asked = value_named(&call->query, "type_group");
    struct api_value *codes = value_named(&call->query, "type_code");
    if (!codes || !asked || !asked->text.at)
        return true;
    strbuf_init(&call->types, 256, MOST_TYPES);
    type_groups_join(call->api->config->type_groups, codes->text, asked->text, &call->types);
    codes->text = strbuf_span(&call->types);
    if (strbuf_is_full(&call->types)) {
        api_reply_bad(call->request, "type_group", &words);
        return false;
    }
    return true;
}

struct api_call *api_call_begin(struct api *api, struct http_request *request,
                                const struct api_parameter *table, size_t count)
{
    struct api_call *call = api_call_admit(api, request);
    if (!call)
        return NULL;
    if (!api_reply_query(request, &call->query, table, count, api->config->rules.zone_minutes)) {
        free(call);
        return NULL;
    }
    if (!join_types(call)) {
        strbuf_fini(&call->types);
        free(call);
        return NULL;
    }
    struct span lang = SPAN_NONE;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, "limit") == 0 && call->query.value[i].text.at)
            call->limit = call->query.value[i].number;
        if (table[i].form == API_LANGUAGE)
            lang = call->query.value[i].text;
    }
    call->language = api_reply_language(request, lang);
    return call;
}

void api_call_end(struct api_call *call)
{
    if (call->waits)
        api_wait_leave(call->api->wait);
    strbuf_fini(&call->types);
    free(call);
}

void api_call_reply(struct api_call *call, struct strbuf *body)
{
    static const struct api_words words = {
        .title = {"结果过大", "the answer is too large"},
        .detail = {"本区配置的内容超出一次回答的上限，请精简 views/ 或 registries/ 中的名称与行",
                   "what the district's files say is more than one answer holds: shorten names or "
                   "rows in views/ or registries/"}};
    if (strbuf_is_full(body))
        api_reply_problem(call->request, 413, "answer_too_large", &words);
    else
        api_reply_json(call->request, strbuf_span(body));
    strbuf_fini(body);
    api_call_end(call);
}

void api_call_forbid(struct api_call *call)
{
    http_request_fail(call->request, HTTP_PROBLEM_FORBIDDEN, NULL);
    api_call_end(call);
}

bool api_call_is_for_all(struct api_call *call)
{
    bool all = call->asker.all;
    if (!all)
        api_call_forbid(call);
    return all;
}

bool api_call_has_range(struct api_call *call, const char *from, const char *to)
{
    static const struct api_words words = {
        .detail = {"早于起始时间", "it is before the beginning"}};
    const struct api_value *first = api_query_get(&call->query, from);
    const struct api_value *last = api_query_get(&call->query, to);
    if (!first->text.at || !last->text.at || first->number <= last->number)
        return true;
    api_reply_bad(call->request, to, &words);
    api_call_end(call);
    return false;
}

static bool write_rows(struct api_question *question, const PGresult *result, struct strbuf *body)
{
    struct api_call *call = question->context;
    return call->write(call, result, body);
}

static void on_answered(struct api_question *question, enum api_outcome outcome, struct span body)
{
    struct api_call *call = question->context;
    if (call->found && call->found(call, outcome, body))
        return;
    if (outcome != API_FOUND)
        api_reply_outcome(call->request, outcome);
    else if (call->content_type)
        api_reply_body(call->request, call->content_type, body);
    else
        api_reply_json(call->request, body);
    api_call_end(call);
}

void api_call_ask(struct api_call *call)
{
    struct api_question *question = api_pool_question(call);
    memcpy(question->role, call->asker.role, sizeof question->role);
    question->write = call->write ? write_rows : NULL;
    question->answered = on_answered;
    question->admitted = call->waits;
    call->build(call, &question->ask);
    if (api_pool_ask(call->api->pool, question))
        return;
    api_pool_forget(question);
    http_request_fail(call->request, HTTP_PROBLEM_BUSY, NULL);
    api_call_end(call);
}

static struct span cell(const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column))
        return SPAN_NONE;
    return span_from(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

bool api_call_write_members(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    int count = PQntuples(result);
    if (count == 0)
        return false;
    if (PQgetisnull(result, 0, 1))
        count = 0; /* the clock alone */
    int shown = count > call->limit ? (int)call->limit : count;
    strbuf_addf(body, "\"now\":%s,\"rows\":[", PQgetvalue(result, 0, 0));
    for (int i = 0; i < shown; i++) {
        strbuf_add(body, i ? SPAN(",\n") : SPAN("\n"));
        strbuf_add(body, cell(result, i, 2));
    }
    strbuf_add(body, SPAN("],\"next\":"));
    if (count > shown)
        strbuf_add_json(body, cell(result, shown - 1, 1));
    else
        strbuf_add(body, SPAN("null"));
    call->rows = (size_t)shown;
    return true;
}

bool api_call_write_page(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    strbuf_add_char(body, '{');
    bool found = api_call_write_members(call, result, body);
    strbuf_add(body, SPAN("}\n"));
    return found;
}

void api_call_begin_page(struct sql_ask *ask)
{
    sql_ask_add(ask, "SELECT c.t_ms, t.key, t.row FROM core.clock AS c LEFT JOIN (SELECT p.key, "
                     "p.row, p.ord FROM (");
}

void api_call_end_page(struct api_call *call, struct sql_ask *ask)
{
    char text[SPAN_DECIMAL];
    strbuf_addf(&ask->sql, " LIMIT $%d::integer) AS p) AS t ON true ORDER BY t.ord",
                sql_ask_take(ask, span_decimal(text, call->limit + 1)));
}

void api_call_add_own(const struct api_call *call, struct sql_ask *ask)
{
    if (call->asker.all)
        return;
    if (call->asker.station.at) {
        strbuf_addf(&ask->sql, " AND n.station = $%d", sql_ask_take(ask, call->asker.station));
        return;
    }
    int unit = sql_ask_take(ask, call->asker.unit);
    strbuf_addf(&ask->sql,
                " AND (n.lead = $%d OR (n.units @> ARRAY[$%d] AND NOT n.helpers @> "
                "jsonb_build_array(jsonb_build_object('unit', $%d, 'role', 'past'))))",
                unit, unit, unit);
}
