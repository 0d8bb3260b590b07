/* SPDX-License-Identifier: Apache-2.0 */
/* Lists are pages in PostgreSQL's order. One case is its set, folded here as everybody folds it: in
 * the database the same words would be another reading of the same lines. */
#include "aggregator/api_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/core/case_story.h"
#include "aggregator/store/case_ask.h"
#include "aggregator/store/desk_ask.h"
#include "aggregator/store/finding_ask.h"
#include "base/memory.h"
#include "model/desk.h"

#define STORY_ARENA ((size_t)1 << 20)
#define MOST_IDS    ((size_t)64 << 10)

/* A page behind what was counted (api_call_begin_page). */
#define COUNTED_PAGE " FROM core.clock AS c LEFT JOIN (SELECT p.key, p.row, p.ord FROM ("

static const struct api_parameter list_parameters[] = {CASE_ASK_PARAMETERS};

static void add_ids(const struct api_call *call, struct sql_ask *ask, struct span number)
{
    struct strbuf ids;
    strbuf_init(&ids, 1024, MOST_IDS);
    namespace_list_ids(call->api->config->namespaces, number, &ids);
    sql_ask_any(ask, "n.case_id", ids.len ? strbuf_span(&ids) : number);
    strbuf_fini(&ids);
}

static bool is_counted(const struct api_call *call)
{
    return span_is(api_query_get(&call->query, "count")->text, "yes");
}

static void add_conditions(struct api_call *call, struct sql_ask *ask)
{
    struct span number = api_query_get(&call->query, "number")->text;
    case_ask_conditions(ask, &call->query);
    if (number.at)
        add_ids(call, ask, number);
    api_call_add_own(call, ask);
}

/* The same conditions twice, with the same values. */
static void build_counted(struct api_call *call, struct sql_ask *ask)
{
    sql_ask_add(ask, "SELECT c.t_ms, t.key, t.row, ");
    case_ask_begin_count(ask);
    size_t at = ask->sql.len;
    add_conditions(call, ask);
    char *conditions = xspandup(span_from(ask->sql.at + at, ask->sql.len - at));
    case_ask_end_count(ask, &call->query);
    sql_ask_add(ask, COUNTED_PAGE);
    case_ask_list(ask, &call->query);
    sql_ask_add(ask, conditions);
    free(conditions);
}

static void build_list(struct api_call *call, struct sql_ask *ask)
{
    if (is_counted(call)) {
        build_counted(call, ask);
    } else {
        api_call_begin_page(ask);
        case_ask_list(ask, &call->query);
        add_conditions(call, ask);
    }
    case_ask_order(ask, &call->query);
    api_call_end_page(call, ask);
}

/* Its fourth column is what was counted. */
static bool write_counted(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    if (!api_call_write_page(call, result, body))
        return false;
    if (!is_counted(call))
        return true;
    body->len -= 2; /* the end of the object, and of its line */
    strbuf_addf(body, ",\"counted\":%s}\n", PQgetvalue(result, 0, 3));
    return true;
}

/* Of what is not done alone: of all there ever were, a count could walk through all. False when it
 * has answered. */
static bool may_be_counted(struct api_call *call)
{
    static const struct api_words words = {
        .detail = {"仅与 due_within 或 overdue=yes 同用", "with due_within or overdue=yes alone"}};
    if (!is_counted(call) || api_query_get(&call->query, "due_within")->text.at ||
        span_is(api_query_get(&call->query, "overdue")->text, "yes"))
        return true;
    api_reply_bad(call->request, "count", &words);
    api_call_end(call);
    return false;
}

/* Both or none, and not of years: each day is looked for. */
static bool has_days(struct api_call *call, const char *from, const char *to)
{
    static const struct api_words alone = {
        .detail = {"起止须成对给出", "it goes with the other end of its time"}};
    static const struct api_words long_ = {
        .detail = {"起止相距不得超过 366 天", "more than 366 days behind the beginning"}};
    const struct api_value *first = api_query_get(&call->query, from);
    const struct api_value *last = api_query_get(&call->query, to);
    bool both = first->text.at && last->text.at;
    if (!first->text.at && !last->text.at)
        return true;
    if (both && !api_call_has_range(call, from, to))
        return false;
    if (both && last->number - first->number <= CASE_ASK_MOST_DAYS * INT64_C(86400000))
        return true;
    api_reply_bad(call->request, first->text.at ? (both ? to : from) : to, both ? &long_ : &alone);
    api_call_end(call);
    return false;
}

void api_cases_list(void *api, struct http_request *request)
{
    struct api_parameter table[API_QUERY_MOST];
    memcpy(table, list_parameters, sizeof list_parameters);
    struct api_call *call = api_call_begin(
        api, request, table, api_call_offer_groups(api, table, ARRAY_LENGTH(list_parameters)));
    if (!call || !api_call_has_range(call, "from", "to") ||
        !has_days(call, "reopened_from", "reopened_to") ||
        !has_days(call, "upheld_from", "upheld_to") || !may_be_counted(call))
        return;
    call->build = build_list;
    call->write = write_counted;
    api_call_ask(call);
}

static const struct api_parameter one_parameters[] = {{"lang", API_LANGUAGE, NULL, 0, 0},
                                                      {"lines", API_WORD, "yes no", 0, 0}};

static void build_one(struct api_call *call, struct sql_ask *ask)
{
    sql_ask_add(ask, "SELECT s.lines FROM core.case_set AS s WHERE s.case_id = $1");
    sql_ask_take(ask, http_request_part(call->request, 0));
    if (call->asker.all)
        return;
    sql_ask_add(ask, " AND EXISTS (SELECT FROM core.case_now AS n WHERE n.case_id = s.case_id");
    api_call_add_own(call, ask);
    sql_ask_add(ask, ")");
}

static bool write_one(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    const struct aggregator_config *config = call->api->config;
    const struct case_story story = {
        .codes = config->codes,
        .kinds = config->kinds,
        .names = {config->units, config->types, config->divisions},
        .fields = config->fields,
        .zone_minutes = config->rules.zone_minutes,
        .language = call->language,
        .lines = call->asker.all && span_is(api_query_get(&call->query, "lines")->text, "yes"),
        .reasons = call->asker.all,
        .unit = call->asker.unit};
    struct arena arena;
    if (PQntuples(result) == 0)
        return false;
    arena_init(&arena, STORY_ARENA);
    bool good = case_story_write(
        &story, http_request_part(call->request, 0),
        span_from(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0)), &arena, body);
    arena_fini(&arena);
    return good;
}

void api_cases_one(void *api, struct http_request *request)
{
    struct api_call *call =
        api_call_begin(api, request, one_parameters, ARRAY_LENGTH(one_parameters));
    if (!call)
        return;
    /* A helper reads the case he helps with, and its set is its lead's: the question says whose. */
    snprintf(call->asker.role, sizeof call->asker.role, "dash_all");
    call->build = build_one;
    call->write = write_one;
    api_call_ask(call);
}

static const struct api_parameter desk_parameters[] = {DESK_ASK_PARAMETERS};

static void build_desk(struct api_call *call, struct sql_ask *ask)
{
    desk_ask_list(ask, &call->query, &call->api->config->forms);
    api_call_end_page(call, ask);
}

/* A page, and what its causes are called and answered by. */
static bool write_desk(struct api_call *call, const PGresult *result, struct strbuf *body)
{
    if (!api_call_write_page(call, result, body))
        return false;
    body->len -= 2; /* the end of the object, and of its line */
    strbuf_addf(body, ",\"waiting\":%s,\"causes\":[", PQgetvalue(result, 0, 3));
    for (int cause = DESK_NOTHING + 1; cause < DESK_CAUSE_COUNT; cause++) {
        const struct desk_row *row = desk_row((enum desk_cause)cause);
        strbuf_addf(body, "%s{\"cause\":\"%s\",\"name\":", cause > 1 ? "," : "", row->code);
        strbuf_add_json(body, span_of(row->name));
        strbuf_add(body, SPAN(",\"ask\":"));
        strbuf_add_json(body, span_of(row->ask));
        strbuf_addf(body, ",\"answers\":\"%s\"}", row->answers);
    }
    strbuf_add_char(body, ']');
    if (!PQgetisnull(result, 0, 4))
        strbuf_addf(body, ",\"over\":%s", PQgetvalue(result, 0, 4));
    strbuf_add(body, SPAN("}\n"));
    return true;
}

void api_cases_desk(void *api, struct http_request *request)
{
    struct api_call *call =
        api_call_begin(api, request, desk_parameters, ARRAY_LENGTH(desk_parameters));
    if (!call || !api_call_is_for_all(call))
        return;
    call->build = build_desk;
    call->write = write_desk;
    api_call_ask(call);
}

static const struct api_parameter trigger_parameters[] = {FINDING_ASK_PARAMETERS};

static void build_triggers(struct api_call *call, struct sql_ask *ask)
{
    if (is_counted(call)) {
        sql_ask_add(ask, "SELECT c.t_ms, t.key, t.row, ");
        finding_ask_count(ask, &call->query, &call->api->config->forms);
        sql_ask_add(ask, COUNTED_PAGE);
    } else {
        api_call_begin_page(ask);
    }
    finding_ask_list(ask, &call->query, &call->api->config->forms);
    api_call_end_page(call, ask);
}

/* False when it has answered. */
static bool has_end(struct api_call *call)
{
    static const struct api_words words = {
        .detail = {"按 over 查询时，起止相距不得超过 92 天",
                   "with over, at most 92 days behind the beginning"}};
    const struct api_value *from = api_query_get(&call->query, "from"),
                           *to = api_query_get(&call->query, "to");
    if (!finding_ask_walks(&call->query) || !from->text.at || !to->text.at ||
        to->number - from->number <= FINDING_ASK_SPAN_MS)
        return true;
    api_reply_bad(call->request, "to", &words);
    api_call_end(call);
    return false;
}

void api_cases_triggers(void *api, struct http_request *request)
{
    struct api_call *call =
        api_call_begin(api, request, trigger_parameters, ARRAY_LENGTH(trigger_parameters));
    if (!call || !api_call_is_for_all(call) || !api_call_has_range(call, "from", "to") ||
        !has_end(call))
        return;
    call->build = build_triggers;
    call->write = write_counted;
    api_call_ask(call);
}
