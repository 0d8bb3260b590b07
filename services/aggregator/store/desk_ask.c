/* SPDX-License-Identifier: Apache-2.0 */
/* Two orders, each over an index of its own (sql/0022_the_desk_in_its_orders.sql, sql/0027). */
#include "aggregator/store/desk_ask.h"

#include "aggregator/store/finding_ask.h"
#include "aggregator/store/urgency.h"

#define CODE_IS(line, field, space, code)                                                          \
    "split_part(" line ", '|', " field ") ~ '^[0-9a-z]+$' AND core.base36(split_part(" line        \
    ", '|', " field ")) = (SELECT number FROM core.code WHERE space = '" space                     \
    "' AND code = '" code "')"
#define PUT_BY_ROUTER                                                                              \
    CODE_IS("put.line", "4", "stage", "escalated")                                                 \
    " AND " CODE_IS("put.line", "8", "party", "router")

/* The reason on the line that asks, which is the one that the router put to the desk: whoever else
 * said the same word asked nothing by it. Of the few cases of a page. A key stands behind a bar
 * that nothing escapes (model/case_line.h); an event's id and a cause need no escape. */
#define SAID                                                                                       \
    "SELECT core.unescape((regexp_match(a.line, '(?<!\\\\)\\|i=((?:\\\\.|[^|\\\\])*)'))[1]) FROM " \
    "core.case_set AS s CROSS JOIN LATERAL string_to_table(s.lines, E'\\n') WITH ORDINALITY AS "   \
    "a(line, n) CROSS JOIN LATERAL string_to_table(s.lines, E'\\n') AS put(line) WHERE "           \
    "s.case_id = n.case_id AND strpos(put.line || '|', '|r=' || n.desk_cause || '|') > 0 "         \
    "AND strpos(put.line || '|', '|u=' || split_part(a.line, '|', 2) || '|') > 0 "                 \
    "AND split_part(a.line, '|', 2) <> '' AND " PUT_BY_ROUTER " ORDER BY a.n DESC LIMIT 1"

/* Once for counts and page, by the very words of sql/0026_what_a_finding_is_about.sql. */
static void add_past(struct sql_ask *ask, const struct finding_ask *finding)
{
    sql_ask_add(ask, "WITH past AS MATERIALIZED (SELECT n.case_id FROM core.case_now AS n WHERE "
                     "n.desk_cause = 'confirm' AND n.live AND ");
    finding_ask_is_over(ask, finding);
    sql_ask_add(ask, ") ");
}

static void add_counts(struct sql_ask *ask, struct span over)
{
    sql_ask_add(ask, "SELECT c.t_ms, t.key, t.row, (SELECT coalesce(json_object_agg(w.cause, w.n), "
                     "'{}') FROM (");
    if (!over.at)
        sql_ask_add(ask, "SELECT desk_cause AS cause, count(*) AS n FROM core.case_now WHERE "
                         "desk_cause IS NOT NULL AND live GROUP BY 1");
    else if (span_is(over, "yes"))
        sql_ask_add(ask, "SELECT 'confirm' AS cause, count(*) AS n FROM past");
    else
        sql_ask_add(ask, "SELECT desk_cause AS cause, count(*) - CASE desk_cause WHEN 'confirm' "
                         "THEN (SELECT count(*) FROM past) ELSE 0 END AS n FROM core.case_now "
                         "WHERE desk_cause IS NOT NULL AND live GROUP BY 1");
    sql_ask_add(ask, ") AS w WHERE w.n > 0) AS waiting, ");
    sql_ask_add(ask, over.at ? "(SELECT count(*) FROM past)" : "NULL::bigint");
    sql_ask_add(ask, " AS over");
}

/* Along the queue's order, up to the page's end: IS TRUE keeps it from being a join, which would
 * read and sort all of them. */
static void keep_over(struct sql_ask *ask, struct span over)
{
    if (over.at)
        sql_ask_add(ask, span_is(over, "yes")
                             ? " AND (n.case_id IN (SELECT case_id FROM past)) IS TRUE"
                             : " AND n.case_id NOT IN (SELECT case_id FROM past)");
}

void desk_ask_list(struct sql_ask *ask, const struct api_query *query,
                   const struct trigger_forms *forms)
{
    struct span over = api_query_get(query, "over")->text;
    const struct api_value *after = api_query_get(query, "after");
    bool due = span_is(api_query_get(query, "order")->text, "due");
    const char *order = due ? URGENCY : "coalesce(n.opened_ms, 0)";
    char text[SPAN_DECIMAL];
    if (over.at) {
        struct finding_ask finding = finding_ask_take(ask, forms);
        add_past(ask, &finding);
    }
    add_counts(ask, over);
    sql_ask_add(ask, " FROM core.clock AS c LEFT JOIN (SELECT p.key, p.row, p.ord FROM (");
    strbuf_addf(&ask->sql,
                "SELECT %s || '.' || n.case_id AS key, row_number() OVER (ORDER BY %s, n.case_id) "
                "AS ord",
                order, order);
    sql_ask_add(
        ask,
        ", (SELECT row_to_json(i)::text FROM (SELECT n.case_id AS case, n.desk_cause AS cause, "
        "n.kind, n.stage, n.state, n.lead AS unit, n.type_code, n.street_code, "
        "n.community_code, core.of_ms(n.opened_ms) AS opened, core.of_ms(n.due_ms) AS "
        "due, core.of_ms(n.held_ms) AS held, core.of_ms(n.changed_ms) AS changed, f.trigger, "
        "n.subject, "
        "f.data->>'reason' AS "
        "reason, CASE WHEN n.desk_cause IN ('dispute', 'hold') THEN (" SAID
        ") END AS said) AS i) AS row FROM core.case_now AS n LEFT JOIN core.firing AS f USING "
        "(case_id) WHERE n.desk_cause IS NOT NULL AND n.live");
    sql_ask_any(ask, "n.desk_cause", api_query_get(query, "cause")->text);
    sql_ask_any_or_none(ask, "n.street_code", api_query_get(query, "street_code")->text);
    sql_ask_any(ask, "n.kind", api_query_get(query, "kind")->text);
    keep_over(ask, over);
    if (after->text.at) {
        int number = sql_ask_take(ask, span_decimal(text, after->number));
        strbuf_addf(&ask->sql, " AND (%s, n.case_id) > ($%d::bigint, $%d)", order, number,
                    sql_ask_take(ask, after->rest));
    }
    strbuf_addf(&ask->sql, " ORDER BY %s, n.case_id", order);
}
