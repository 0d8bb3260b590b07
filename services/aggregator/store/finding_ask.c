/* SPDX-License-Identifier: Apache-2.0 */
/* A case is open, or it is over: that it is not among the open ones is read from an index alone
 * (sql/0026_what_a_finding_is_about.sql, 0028). What the clock has not passed yet may speak of a
 * case that was not read yet. A finding of many cases has no subject: that they are done does not
 * make it untrue. Its trigger stands in its id (router/core/firing.c). */
#include "aggregator/store/finding_ask.h"

struct finding_ask finding_ask_take(struct sql_ask *ask, const struct trigger_forms *forms)
{
    return (struct finding_ask){.limits = sql_ask_take(ask, strbuf_span(&forms->limits)),
                                .silences = sql_ask_take(ask, strbuf_span(&forms->silences))};
}

void finding_ask_is_over(struct sql_ask *ask, const struct finding_ask *finding)
{
    strbuf_addf(
        &ask->sql,
        "(n.subject IS NOT NULL AND CASE WHEN strpos(n.subject, ':') > 0 THEN "
        "coalesce(n.opened_ms, 1) "
        "<= (SELECT t_ms FROM core.clock) AND NOT EXISTS (SELECT FROM core.case_now AS o WHERE "
        "o.case_id = n.subject AND o.closed_ms IS NULL AND o.resolved_ms IS NULL AND o.state NOT "
        "IN ('resolved', 'closed', 'merged') AND (o.due_ms IS NULL OR o.due_ms > least(o.held_ms, "
        "(SELECT t_ms FROM core.clock)) OR split_part(n.case_id, ':', 2) <> ALL "
        "(string_to_array($%d, ',')))) ELSE "
        "split_part(n.case_id, ':', 2) = ANY (string_to_array($%d, ',')) AND EXISTS (SELECT FROM "
        "core.station_seen AS s WHERE s.station = n.subject AND s.seen_ms > "
        "coalesce(n.opened_ms, 0)) END)",
        finding->limits, finding->silences);
}

bool finding_ask_walks(const struct api_query *query)
{
    return api_query_get(query, "over")->text.at && !api_query_get(query, "case")->text.at &&
           !api_query_get(query, "evidence")->text.at;
}

/* With two ends, though nothing is found in days to come: of one the planner thinks that it leaves
 * a third of all there ever were. */
static void add_newest(struct sql_ask *ask)
{
    sql_ask_compare(ask, "f.fired_ms", ">= (SELECT t_ms FROM core.clock) -", FINDING_ASK_SPAN_MS);
    sql_ask_compare(ask, "f.fired_ms", "< (SELECT t_ms FROM core.clock) +", INT64_C(86400000));
}

static void add_days(struct sql_ask *ask, const struct api_query *query)
{
    const struct api_value *from = api_query_get(query, "from"), *to = api_query_get(query, "to");
    bool walks = finding_ask_walks(query);
    if (from->text.at)
        sql_ask_compare(ask, "f.fired_ms", ">=", from->number);
    else if (walks && to->text.at)
        sql_ask_compare(ask, "f.fired_ms", ">=", to->number - FINDING_ASK_SPAN_MS);
    else if (walks)
        add_newest(ask);
    if (to->text.at)
        sql_ask_compare(ask, "f.fired_ms", "<", to->number);
    else if (walks && from->text.at)
        sql_ask_compare(ask, "f.fired_ms", "<", from->number + FINDING_ASK_SPAN_MS);
}

static void add_key(struct sql_ask *ask, const struct api_query *query)
{
    const struct api_value *after = api_query_get(query, "after");
    char text[SPAN_DECIMAL];
    if (!after->text.at)
        return;
    int number = sql_ask_take(ask, span_decimal(text, after->number));
    strbuf_addf(&ask->sql, " AND (f.fired_ms, f.case_id) < ($%d::bigint, $%d)", number,
                sql_ask_take(ask, after->rest));
}

/* Each finding's own case by its key, and never all cases beside them: hence LIMIT 1. */
#define FOUND                                                                                      \
    " FROM core.firing AS f LEFT JOIN LATERAL (SELECT * FROM core.case_now AS c WHERE c.case_id "  \
    "= f.case_id LIMIT 1) AS n ON true WHERE true"

static void add_conditions(struct sql_ask *ask, const struct api_query *query)
{
    struct span evidence = api_query_get(query, "evidence")->text;
    sql_ask_any(ask, "f.trigger", api_query_get(query, "trigger")->text);
    sql_ask_any(ask, "f.case_id", api_query_get(query, "case")->text);
    if (evidence.at)
        strbuf_addf(&ask->sql, " AND core.evidence(f.data) ? $%d", sql_ask_take(ask, evidence));
    add_days(ask, query);
}

void finding_ask_count(struct sql_ask *ask, const struct api_query *query,
                       const struct trigger_forms *forms)
{
    struct finding_ask finding = finding_ask_take(ask, forms);
    sql_ask_add(ask, "(SELECT json_build_object('holds', count(*) FILTER (WHERE NOT k.over AND "
                     "k.ord <= 1000), 'over', count(*) FILTER (WHERE k.over AND k.ord <= 1000), "
                     "'more', count(*) > 1000) FROM (SELECT row_number() OVER (ORDER BY f.fired_ms "
                     "DESC, f.case_id DESC) AS ord, ");
    finding_ask_is_over(ask, &finding);
    sql_ask_add(ask, " AS over" FOUND);
    add_conditions(ask, query);
    sql_ask_add(ask, " ORDER BY f.fired_ms DESC, f.case_id DESC LIMIT 1001) AS k)");
}

void finding_ask_list(struct sql_ask *ask, const struct api_query *query,
                      const struct trigger_forms *forms)
{
    struct span over = api_query_get(query, "over")->text;
    struct finding_ask finding = finding_ask_take(ask, forms);
    sql_ask_add(
        ask,
        "SELECT f.fired_ms || '.' || f.case_id AS key, row_number() OVER (ORDER BY f.fired_ms "
        "DESC, f.case_id DESC) AS ord, (SELECT row_to_json(i)::text FROM (SELECT f.case_id AS "
        "case, f.trigger, core.of_ms(f.fired_ms) AS fired, f.data->>'reason' AS reason, "
        "CASE json_typeof(f.data->'group') WHEN 'object' THEN (SELECT "
        "coalesce(json_object_agg(g.key, g.value), '{}') FROM json_each(f.data->'group') AS g "
        "WHERE g.key <> 'caller_ref') END AS \"group\", f.data->'window_from' AS window_from, "
        "f.data->'window_to' AS window_to, f.data->'count' AS count, f.data->'distinct' AS "
        "\"distinct\", core.evidence(f.data) AS evidence, f.data->>'type_code' AS type_code, "
        "f.data->>'street_code' AS street_code, f.data->>'community_code' AS community_code, "
        "n.stage, n.state, n.lead AS unit, n.desk_cause, (SELECT json_object_agg(e.case_id, "
        "json_build_object('state', m.state, 'stage', m.stage)) FROM jsonb_array_elements_text("
        "core.evidence(f.data)) AS e(case_id) JOIN core.case_now AS m ON m.case_id = e.case_id) AS "
        "evidence_now, ");
    finding_ask_is_over(ask, &finding);
    sql_ask_add(ask, " AS over) AS i) AS row" FOUND);
    if (over.at) {
        sql_ask_add(ask, span_is(over, "yes") ? " AND " : " AND NOT ");
        finding_ask_is_over(ask, &finding);
    }
    add_conditions(ask, query);
    add_key(ask, query);
    sql_ask_add(ask, " ORDER BY f.fired_ms DESC, f.case_id DESC");
}
