/* SPDX-License-Identifier: Apache-2.0 */
/* One index scan a partition, from the place on. A unit whose duty was taken back is told that, and
 * nothing more of the case: it is another's now. A helper's own limit stands as it did while the
 * case is on hold (docs/decisions/0368): its row says nothing of a clock that stands still. */
#include "aggregator/store/duty_ask.h"

/* $1 who, $2 topic, $3 limit, $4 and $5 the place. */
static void begin(struct sql_ask *ask, const struct duty_ask *duty)
{
    char text[SPAN_DECIMAL];
    struct strbuf parts, nexts;
    strbuf_init(&parts, 64, 8192);
    strbuf_init(&nexts, 128, 8192);
    for (size_t i = 0; i < duty->after->count; i++) {
        strbuf_addf(&parts, "%s%d", i ? "," : "", duty->after->at[i].part);
        strbuf_addf(&nexts, "%s%lld", i ? "," : "", (long long)duty->after->at[i].next);
    }
    sql_ask_take(ask, duty->who);
    sql_ask_take(ask, duty->topic);
    sql_ask_take(ask, span_decimal(text, duty->limit));
    sql_ask_take(ask, strbuf_span(&parts));
    sql_ask_take(ask, strbuf_span(&nexts));
    strbuf_fini(&parts);
    strbuf_fini(&nexts);
    sql_ask_add(ask,
                "WITH log AS (SELECT o.part, coalesce(a.next, 0) AS next, coalesce(a.next, 0) > "
                "o.base + greatest(o.next_offset, 0) AS gone FROM core.kafka_offset AS o LEFT JOIN "
                "unnest(string_to_array($4, ',')::integer[], string_to_array($5, "
                "',')::bigint[]) AS a(part, next) USING (part) WHERE o.topic = $2) SELECT "
                "c.t_ms, (SELECT coalesce(bool_or(gone), false) FROM log), t.part, "
                "t.log_offset, t.row FROM core.clock AS c LEFT JOIN (");
}

static void end(struct sql_ask *ask)
{
    sql_ask_add(ask, " ORDER BY part, log_offset LIMIT $3::integer) AS t ON true ORDER BY t.part, "
                     "t.log_offset");
}

void duty_ask_orders(struct sql_ask *ask, const struct duty_ask *duty)
{
    begin(ask, duty);
    sql_ask_add(
        ask,
        "SELECT n.part, n.log_offset, CASE WHEN n.role = 'past' THEN json_build_object('case', "
        "n.case_id, 'kind', n.kind, 'role', n.role, 'state', 'recalled')::text ELSE (SELECT "
        "row_to_json(i)::text FROM (SELECT n.case_id AS case, n.kind, n.role, n.state, n.stage, "
        "n.own_order AS order, n.type_code, n.street_code, n.community_code, n.limit_class, "
        "n.rule, "
        "n.parent, n.lead, core.of_ms(n.opened_ms) AS opened, core.of_ms(n.dispatched_ms) AS "
        "dispatched, core.of_ms(n.own_due) AS due, core.of_ms(n.own_held) AS held, "
        "core.of_ms(n.resolved_ms) AS resolved, "
        "core.of_ms(n.closed_ms) AS closed, core.of_ms(n.changed_ms) AS changed) AS i) END AS row "
        "FROM (SELECT m.*, 'lead' AS role, m.order_id AS own_order, m.due_ms AS own_due, m.held_ms "
        "AS own_held FROM log, "
        "LATERAL (SELECT * FROM core.case_now AS n WHERE n.lead = $1 AND n.part = log.part AND "
        "n.log_offset >= log.next AND n.live AND n.order_id IS NOT NULL ORDER BY n.log_offset "
        "LIMIT "
        "$3::integer) AS m UNION ALL SELECT g.*, e.mine->>'role', e.mine->>'order', "
        "coalesce((e.mine->>'due_ms')::bigint, g.due_ms), CASE WHEN e.mine->>'due_ms' IS NULL THEN "
        "g.held_ms END FROM log JOIN core.case_now AS g ON "
        "g.part "
        "= log.part AND g.log_offset >= log.next, LATERAL (SELECT h AS mine FROM "
        "jsonb_array_elements(g.helpers) AS h WHERE h->>'unit' = $1 LIMIT 1) AS e WHERE g.units @> "
        "ARRAY[$1] AND g.live) AS n");
    end(ask);
}

void duty_ask_progress(struct sql_ask *ask, const struct duty_ask *duty)
{
    begin(ask, duty);
    sql_ask_add(
        ask,
        "SELECT n.part, n.log_offset, (SELECT row_to_json(i)::text FROM (SELECT n.case_id AS case, "
        "n.kind, n.state, n.stage, n.lead AS unit, n.type_code, core.of_ms(n.opened_ms) AS opened, "
        "core.of_ms(n.due_ms) AS due, core.of_ms(n.held_ms) AS held, core.of_ms(n.resolved_ms) AS "
        "resolved, core.of_ms(n.closed_ms) AS closed, core.of_ms(n.changed_ms) AS changed) AS i) "
        "AS row FROM log, LATERAL (SELECT * FROM core.case_now AS n WHERE n.station = $1 AND "
        "n.part = log.part "
        "AND n.log_offset >= log.next ORDER BY n.log_offset LIMIT $3::integer) AS n");
    end(ask);
}
