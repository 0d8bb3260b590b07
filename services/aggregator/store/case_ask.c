/* SPDX-License-Identifier: Apache-2.0 */
/* Three orders, each over an index of its own: the newest opened first, and what is not done by how
 * urgent it is or by its limit alone. A page goes on behind the last row's key. */
#include "aggregator/store/case_ask.h"

#include "aggregator/store/urgency.h"

#define DAY_MS INT64_C(86400000)

#define IS_URGENT                                                                                  \
    "n.closed_ms IS NULL AND n.resolved_ms IS NULL AND (n.due_ms IS NOT NULL "                     \
    "OR " URGENCY_EMERGENCY ")"
#define HAS_LIMIT "n.closed_ms IS NULL AND n.resolved_ms IS NULL AND n.due_ms IS NOT NULL"

/* What a case's own clock shows: it stands still since it is on hold. */
#define OWN_CLOCK "least(n.held_ms, (SELECT t_ms FROM core.clock))"

static bool is_by_due(const struct api_query *query)
{
    return span_is(api_query_get(query, "order")->text, "due");
}

static bool is_by_limit(const struct api_query *query)
{
    return span_is(api_query_get(query, "order")->text, "limit");
}

/* The newest opened first, the nearest limit first. */
static const char *way_of(const struct api_query *query)
{
    return is_by_due(query) || is_by_limit(query) ? "" : " DESC";
}

static void add_moment(struct sql_ask *ask, const struct api_query *query, const char *name,
                       const char *comparison)
{
    const struct api_value *value = api_query_get(query, name);
    if (value->text.at)
        sql_ask_compare(ask, "n.opened_ms", comparison, value->number);
}

static void add_overdue(struct sql_ask *ask, const struct api_query *query)
{
    struct span asked = api_query_get(query, "overdue")->text;
    if (span_is(asked, "yes"))
        sql_ask_add(
            ask, " AND n.resolved_ms IS NULL AND n.closed_ms IS NULL AND n.due_ms <= " OWN_CLOCK);
    if (span_is(asked, "no"))
        sql_ask_add(ask, " AND (n.resolved_ms IS NOT NULL OR n.closed_ms IS NOT NULL OR n.due_ms "
                         "IS NULL OR n.due_ms > " OWN_CLOCK ")");
}

/* What comes due on its own: not what is overdue, nor what stands still. */
static void add_due_within(struct sql_ask *ask, const struct api_query *query)
{
    const struct api_value *hours = api_query_get(query, "due_within");
    char text[SPAN_DECIMAL];
    if (!hours->text.at)
        return;
    strbuf_addf(&ask->sql,
                " AND n.resolved_ms IS NULL AND n.closed_ms IS NULL AND n.held_ms IS NULL AND "
                "n.due_ms > (SELECT t_ms FROM core.clock) AND n.due_ms <= (SELECT t_ms FROM "
                "core.clock) + $%d::bigint * 3600000",
                sql_ask_take(ask, span_decimal(text, hours->number)));
}

/* Days by an index of days, moments by each row (sql/0027). */
static void add_between(struct sql_ask *ask, const struct api_query *query, const char *from,
                        const char *to, const char *column)
{
    const struct api_value *first = api_query_get(query, from), *last = api_query_get(query, to);
    char text[SPAN_DECIMAL];
    if (!first->text.at)
        return;
    strbuf_addf(&ask->sql, " AND n.%s IS NOT NULL AND core.days_of(n.%s) && '{", column, column);
    for (int64_t day = first->number / DAY_MS; day <= last->number / DAY_MS; day++)
        strbuf_addf(&ask->sql, day == first->number / DAY_MS ? "%lld" : ",%lld", (long long)day);
    strbuf_addf(&ask->sql,
                "}'::integer[] AND EXISTS (SELECT FROM unnest(n.%s) AS at WHERE at >= ", column);
    strbuf_addf(&ask->sql, "$%d::bigint", sql_ask_take(ask, span_decimal(text, first->number)));
    strbuf_addf(&ask->sql, " AND at < $%d::bigint)",
                sql_ask_take(ask, span_decimal(text, last->number)));
}

/* At any time of its life, by the words of its index (sql/0025). Of a row that knows nothing of it:
 * not. */
static void add_ever(struct sql_ask *ask, const struct api_query *query, const char *name,
                     const char *is)
{
    struct span asked = api_query_get(query, name)->text;
    if (asked.at)
        strbuf_addf(&ask->sql, " AND (%s)%s", is, span_is(asked, "yes") ? "" : " IS NOT TRUE");
}

/* Who asks for a number is told of cases without an opening too: those come first, and have a place
 * among the pages. */
static const char *order_of(const struct api_query *query)
{
    if (is_by_due(query))
        return URGENCY;
    if (is_by_limit(query))
        return "n.due_ms";
    return api_query_get(query, "number")->text.at ? "coalesce(n.opened_ms, " URGENCY_NEVER ")"
                                                   : "n.opened_ms";
}

static void add_key(struct sql_ask *ask, const struct api_query *query)
{
    const struct api_value *after = api_query_get(query, "after");
    char text[SPAN_DECIMAL];
    if (!after->text.at)
        return;
    int number = sql_ask_take(ask, span_decimal(text, after->number));
    strbuf_addf(&ask->sql, " AND (%s, n.case_id) %s ($%d::bigint, $%d)", order_of(query),
                *way_of(query) ? "<" : ">", number, sql_ask_take(ask, after->rest));
}

void case_ask_list(struct sql_ask *ask, const struct api_query *query)
{
    const char *order = order_of(query), *down = way_of(query);
    strbuf_addf(&ask->sql,
                "SELECT %s || '.' || n.case_id AS key, row_number() OVER (ORDER BY %s%s, "
                "n.case_id%s) AS ord",
                order, order, down, down);
    sql_ask_add(
        ask, ", (SELECT row_to_json(i)::text FROM (SELECT n.case_id AS case, n.kind, "
             "n.stage, n.state, n.lead "
             "AS unit, n.type_code, n.street_code, n.community_code, n.station, "
             "n.limit_class, n.rule, n.parent, n.desk_cause, core.of_ms(n.opened_ms) AS "
             "opened, core.of_ms(n.dispatched_ms) AS dispatched, core.of_ms(n.due_ms) AS "
             "due, core.of_ms(n.held_ms) AS held, core.of_ms(n.resolved_ms) AS resolved, "
             "core.of_ms(n.closed_ms) AS "
             "closed, core.of_ms(n.changed_ms) AS changed, n.rounds, n.disputes) AS i) AS row FROM "
             "core.case_now AS n WHERE ");
}

void case_ask_conditions(struct sql_ask *ask, const struct api_query *query)
{
    static const char *const lists[][2] = {
        {"n.lead", "unit"},       {"n.kind", "kind"},   {"n.type_code", "type_code"},
        {"n.station", "station"}, {"n.state", "state"},
    };
    sql_ask_add(ask, is_by_due(query)                          ? IS_URGENT
                     : is_by_limit(query)                      ? HAS_LIMIT
                     : api_query_get(query, "number")->text.at ? "true"
                                                               : "n.opened_ms IS NOT NULL");
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        sql_ask_any(ask, lists[i][0], api_query_get(query, lists[i][1])->text);
    sql_ask_any_or_none(ask, "n.street_code", api_query_get(query, "street_code")->text);
    sql_ask_any_or_none(ask, "n.community_code", api_query_get(query, "community_code")->text);
    add_moment(ask, query, "from", ">=");
    add_moment(ask, query, "to", "<");
    add_overdue(ask, query);
    add_due_within(ask, query);
    add_ever(ask, query, "reopened", "n.rounds > 1");
    add_ever(ask, query, "disputed", "n.disputes > 0");
    add_between(ask, query, "reopened_from", "reopened_to", "reopened_at");
    add_between(ask, query, "upheld_from", "upheld_to", "upheld_at");
}

void case_ask_begin_count(struct sql_ask *ask)
{
    sql_ask_add(ask, "(SELECT json_build_object('cases', least(count(*) FILTER (WHERE k.wanted), "
                     "1000), 'more', count(*) FILTER (WHERE k.wanted) > 1000 OR count(*) > 2000) "
                     "FROM (SELECT (");
}

void case_ask_end_count(struct sql_ask *ask, const struct api_query *query)
{
    const struct api_value *hours = api_query_get(query, "due_within");
    char text[SPAN_DECIMAL];
    sql_ask_add(ask, ") AS wanted FROM (SELECT * FROM core.case_now AS w WHERE w.closed_ms IS NULL "
                     "AND w.resolved_ms IS NULL AND w.due_ms IS NOT NULL AND w.due_ms ");
    if (hours->text.at)
        strbuf_addf(&ask->sql,
                    "> (SELECT t_ms FROM core.clock) AND w.due_ms <= (SELECT t_ms FROM "
                    "core.clock) + $%d::bigint * 3600000",
                    sql_ask_take(ask, span_decimal(text, hours->number)));
    else
        sql_ask_add(ask, "<= (SELECT t_ms FROM core.clock)");
    sql_ask_add(ask, " ORDER BY w.due_ms, w.case_id LIMIT 2001) AS n) AS k)");
}

void case_ask_order(struct sql_ask *ask, const struct api_query *query)
{
    const char *down = way_of(query);
    add_key(ask, query);
    strbuf_addf(&ask->sql, " ORDER BY %s%s, n.case_id%s", order_of(query), down, down);
}
