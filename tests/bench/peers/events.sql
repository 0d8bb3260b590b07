-- SPDX-License-Identifier: Apache-2.0
-- From events to the flat rows by statement triggers: an event is a row, of two with one id the greater revision holds, and
-- the cases that a batch touches are folded anew from their events. So repeats, late events and corrections come out right,
-- as the aggregator's sets do. Needs cases.sql.
CREATE TABLE peer.event (
    case_id text,
    id text,
    revision text NOT NULL,
    stage text NOT NULL,
    time_ms bigint NOT NULL,
    recorded_ms bigint NOT NULL,
    unit text,
    party text NOT NULL,
    lead text,
    type_code text,
    street_code text,
    limit_class text,
    due_ms bigint,
    PRIMARY KEY (case_id, id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
GRANT SELECT, INSERT, UPDATE ON peer.event TO agg_writer;

CREATE FUNCTION peer.fold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO peer.case_row (case_id, lead, type_code, street_code, limit_class, opened_ms, dispatched_ms, due_ms, signed_ms,
                               contacted_ms, resolved_ms, closed_ms)
    SELECT e.case_id, coalesce((array_agg(e.lead ORDER BY e.time_ms DESC) FILTER (WHERE e.stage = 'dispatched'))[1], ''),
           max(e.type_code) FILTER (WHERE e.stage = 'opened'), max(e.street_code) FILTER (WHERE e.stage = 'opened'),
           coalesce((array_agg(e.limit_class ORDER BY e.time_ms DESC) FILTER (WHERE e.stage = 'dispatched'))[1], ''),
           min(e.time_ms) FILTER (WHERE e.stage = 'opened'), min(e.time_ms) FILTER (WHERE e.stage = 'dispatched'),
           (array_agg(e.due_ms ORDER BY e.time_ms DESC) FILTER (WHERE e.stage = 'dispatched'))[1],
           min(e.time_ms) FILTER (WHERE e.stage = 'signed'), min(e.time_ms) FILTER (WHERE e.stage = 'contacted'),
           min(e.time_ms) FILTER (WHERE e.stage = 'resolved'), max(e.time_ms) FILTER (WHERE e.stage = 'closed')
    FROM (SELECT DISTINCT case_id FROM now) AS t JOIN peer.event AS e USING (case_id)
    GROUP BY e.case_id
    HAVING bool_or(e.stage = 'opened')
    ORDER BY e.case_id
    ON CONFLICT (case_id) DO UPDATE SET lead = excluded.lead, type_code = excluded.type_code, street_code = excluded.street_code,
        limit_class = excluded.limit_class, opened_ms = excluded.opened_ms, dispatched_ms = excluded.dispatched_ms,
        due_ms = excluded.due_ms, signed_ms = excluded.signed_ms, contacted_ms = excluded.contacted_ms,
        resolved_ms = excluded.resolved_ms, closed_ms = excluded.closed_ms;
    RETURN NULL;
END
$$;
CREATE TRIGGER is_told AFTER INSERT ON peer.event REFERENCING NEW TABLE AS now FOR EACH STATEMENT EXECUTE FUNCTION peer.fold();
CREATE TRIGGER is_corrected AFTER UPDATE ON peer.event REFERENCING NEW TABLE AS now FOR EACH STATEMENT EXECUTE FUNCTION peer.fold();
