/* SPDX-License-Identifier: Apache-2.0 */
/* Two orders, each over an index of its own (sql/0022_the_desk_in_its_orders.sql). */
#include "aggregator/store/desk_ask.h"

/* The reason beside the last line that asks: of the few cases of a page. A key stands behind a bar
 * that nothing escapes (model/case_line.h). */
#define SAID                                                                                       \
    "SELECT core.unescape((regexp_match(l.line, '(?<!\\\\)\\|i=((?:\\\\.|[^|\\\\])*)'))[1]) FROM " \
    "core.case_set AS s CROSS JOIN LATERAL string_to_table(s.lines, E'\\n') WITH ORDINALITY AS "   \
    "l(line, n) WHERE s.case_id = n.case_id AND split_part(l.line, '|', 4) ~ '^[0-9a-z]+$' AND "   \
    "core.base36(split_part(l.line, '|', 4)) = (SELECT number FROM core.code WHERE space = "       \
    "'stage' AND code = CASE n.desk_cause WHEN 'dispute' THEN 'disputed' ELSE 'hold_requested' "   \
    "END) ORDER BY l.n DESC LIMIT 1"

void desk_ask_list(struct sql_ask *ask, const struct api_query *query)
{
    const struct api_value *after = api_query_get(query, "after");
    bool due = span_is(api_query_get(query, "order")->text, "due");
    /* What has no limit comes behind all that has one. */
    const char *order = due ? "coalesce(n.due_ms, 253402300800000)" : "coalesce(n.opened_ms, 0)";
    char text[SPAN_DECIMAL];
    sql_ask_add(ask, "SELECT c.t_ms, t.key, t.row, (SELECT coalesce(json_object_agg(w.cause, w.n), "
                     "'{}') FROM (SELECT desk_cause AS cause, count(*) AS n FROM core.case_now "
                     "WHERE desk_cause IS NOT NULL AND live GROUP BY 1) AS w) AS waiting FROM "
                     "core.clock AS c LEFT JOIN (SELECT p.key, p.row, p.ord FROM (");
    strbuf_addf(&ask->sql,
                "SELECT %s || '.' || n.case_id AS key, row_number() OVER (ORDER BY %s, n.case_id) "
                "AS ord",
                order, order);
    sql_ask_add(
        ask,
        ", (SELECT row_to_json(i)::text FROM (SELECT n.case_id AS case, n.desk_cause AS cause, "
        "n.kind, n.stage, n.state, n.lead AS unit, n.type_code, n.street_code, "
        "n.community_code, core.of_ms(n.opened_ms) AS opened, core.of_ms(n.due_ms) AS "
        "due, core.of_ms(n.changed_ms) AS changed, f.trigger, f.data->>'reason' AS "
        "reason, CASE WHEN n.desk_cause IN ('dispute', 'hold') THEN (" SAID
        ") END AS said) AS i) AS row FROM core.case_now AS n LEFT JOIN core.firing AS f USING "
        "(case_id) WHERE n.desk_cause IS NOT NULL AND n.live");
    sql_ask_any(ask, "n.desk_cause", api_query_get(query, "cause")->text);
    sql_ask_any(ask, "n.street_code", api_query_get(query, "street_code")->text);
    sql_ask_any(ask, "n.kind", api_query_get(query, "kind")->text);
    if (after->text.at) {
        int number = sql_ask_take(ask, span_decimal(text, after->number));
        strbuf_addf(&ask->sql, " AND (%s, n.case_id) > ($%d::bigint, $%d)", order, number,
                    sql_ask_take(ask, after->rest));
    }
    strbuf_addf(&ask->sql, " ORDER BY %s, n.case_id", order);
}
