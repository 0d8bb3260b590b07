/* SPDX-License-Identifier: Apache-2.0 */
/* Residents' requests alone, and of them what the district publishes: no text, no place but the
 * community. Without dates the last 90 days of the district's clock; at most 1,000 a page. */
#include "aggregator/store/open311_ask.h"

static const char head[] =
    "SELECT n.case_id, n.state, n.stage, n.type_code, n.lead, to_char(core.of_ms(n.opened_ms), "
    "'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM'), to_char(core.of_ms(n.changed_ms), "
    "'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM'), to_char(core.of_ms(CASE WHEN n.held_ms "
    "IS NULL OR n.due_ms <= n.held_ms THEN n.due_ms END), "
    "'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM'), n.community_code FROM core.case_now AS n WHERE n.kind = "
    "'request' AND n.opened_ms IS NOT NULL";

static void add_span(struct sql_ask *ask, const struct api_query *query)
{
    const struct api_value *from = api_query_get(query, "start_date"),
                           *to = api_query_get(query, "end_date");
    if (from->text.at)
        sql_ask_compare(ask, "n.opened_ms", ">=", from->number);
    else if (to->text.at)
        sql_ask_compare(ask, "n.opened_ms", ">=", to->number - OPEN311_ASK_SPAN_MS);
    else
        sql_ask_compare(ask, "n.opened_ms", ">= (SELECT t_ms FROM core.clock) -",
                        OPEN311_ASK_SPAN_MS);
    if (to->text.at)
        sql_ask_compare(ask, "n.opened_ms", "<=", to->number);
    else if (from->text.at)
        sql_ask_compare(ask, "n.opened_ms", "<=", from->number + OPEN311_ASK_SPAN_MS);
}

static void add_status(struct sql_ask *ask, struct span status)
{
    static const char closed[] = "n.state IN ('resolved', 'closed', 'merged')";
    bool wants_open = false, wants_closed = false;
    while (status.at) {
        struct span one = span_cut(&status, ',');
        wants_open |= span_is(one, "open");
        wants_closed |= span_is(one, "closed");
    }
    if (wants_open != wants_closed)
        strbuf_addf(&ask->sql, " AND %s(%s)", wants_closed ? "" : "NOT ", closed);
}

static void add_page(struct sql_ask *ask, const struct api_query *query)
{
    char text[SPAN_DECIMAL];
    int64_t size = api_query_number(query, "page_size", 1000);
    int64_t before = (api_query_number(query, "page", 1) - 1) * size;
    int limit = sql_ask_take(ask, span_decimal(text, size));
    strbuf_addf(&ask->sql,
                " ORDER BY n.opened_ms DESC, n.case_id DESC LIMIT $%d::bigint OFFSET $%d::bigint",
                limit, sql_ask_take(ask, span_decimal(text, before)));
}

void open311_ask_list(struct sql_ask *ask, const struct api_query *query)
{
    struct span ids = api_query_get(query, "service_request_id")->text;
    sql_ask_add(ask, head);
    if (ids.at) { /* overrides whatever else is asked */
        sql_ask_any(ask, "n.case_id", ids);
    } else {
        sql_ask_any(ask, "n.type_code", api_query_get(query, "service_code")->text);
        add_span(ask, query);
        add_status(ask, api_query_get(query, "status")->text);
    }
    add_page(ask, query);
}

void open311_ask_one(struct sql_ask *ask, struct span id)
{
    sql_ask_add(ask, head);
    strbuf_addf(&ask->sql, " AND n.case_id = $%d", sql_ask_take(ask, id));
}
