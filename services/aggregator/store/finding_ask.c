/* SPDX-License-Identifier: Apache-2.0 */
/* A case is open, or it is over: that it is not among the open ones is read from an index alone
 * (sql/0026_what_a_finding_is_about.sql). What the clock has not passed yet may speak of a case
 * that was not read yet. A finding of many cases has no subject: that they are done does not make
 * it untrue. Its trigger stands in its id (router/core/firing.c). */
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
        "coalesce(n.opened_ms, 0) "
        "<= (SELECT t_ms FROM core.clock) AND NOT EXISTS (SELECT FROM core.case_now AS o WHERE "
        "o.case_id = n.subject AND o.closed_ms IS NULL AND o.resolved_ms IS NULL AND o.state NOT "
        "IN ('resolved', 'closed', 'merged') AND (o.due_ms IS NULL OR o.due_ms > (SELECT t_ms FROM "
        "core.clock) OR split_part(n.case_id, ':', 2) <> ALL (string_to_array($%d, ',')))) ELSE "
        "split_part(n.case_id, ':', 2) = ANY (string_to_array($%d, ',')) AND EXISTS (SELECT FROM "
        "core.station_seen AS s WHERE s.station = n.subject AND s.seen_ms > "
        "coalesce(n.opened_ms, 0)) END)",
        finding->limits, finding->silences);
}
