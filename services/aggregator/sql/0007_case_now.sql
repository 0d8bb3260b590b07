-- SPDX-License-Identifier: Apache-2.0
-- What each case is now: one narrow row, written in the transaction that changes the case's set, from the same fold.
-- part and log_offset say where in `events` its newest line stands. Within a partition commits follow the log, so
-- whoever has read up to an offset has missed nothing before it: the cursor of orders and progress
-- (docs/decisions/0088). Whose row it is: lead, and units (helpers, and those whose duty was taken back).
CREATE TABLE core.case_now (
    case_id text PRIMARY KEY,
    kind text NOT NULL,
    part integer NOT NULL,
    log_offset bigint NOT NULL,
    stage text,
    state text NOT NULL,
    lead text,
    units text[],
    helpers jsonb,
    desk_cause text,
    type_code text,
    street_code text,
    community_code text,
    limit_class text,
    rule text,
    station text,
    order_id text,
    parent text,
    opened_ms bigint,
    dispatched_ms bigint,
    due_ms bigint,
    resolved_ms bigint,
    closed_ms bigint,
    changed_ms bigint,
    live boolean NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX case_now_lead ON core.case_now (lead, part, log_offset);
CREATE INDEX case_now_units ON core.case_now USING gin (units) WHERE units IS NOT NULL;
CREATE INDEX case_now_station ON core.case_now (station, part, log_offset) WHERE station IS NOT NULL;
CREATE INDEX case_now_opened ON core.case_now (opened_ms, case_id);
CREATE INDEX case_now_due ON core.case_now (due_ms, case_id) WHERE closed_ms IS NULL AND resolved_ms IS NULL;
CREATE INDEX case_now_desk ON core.case_now (opened_ms, case_id) WHERE desk_cause IS NOT NULL;

-- Whose row it is: the lead's, and that of who helps now. Who had the duty and has it no more is told so by the API,
-- which asks for him; the rest of the row is not his.
SELECT core.guard('core.case_now', NULL);
CREATE POLICY read_by_part ON core.case_now FOR SELECT TO dash
USING (lead = (SELECT core.my_unit())
       OR (units @> ARRAY[(SELECT core.my_unit())]
           AND NOT helpers @> jsonb_build_array(jsonb_build_object('unit', (SELECT core.my_unit()), 'role', 'past'))));
GRANT SELECT (topic, part, next_offset) ON core.kafka_offset TO dash, dash_all;

-- Without the columns that only reading orders needs; of a unit, those that it leads.
CREATE VIEW api.case_now AS
SELECT case_id, kind, stage, state, coalesce(lead, '') AS unit, units, desk_cause, type_code, street_code,
       community_code, limit_class, rule, station, order_id, parent, core.of_ms(opened_ms) AS opened,
       core.of_ms(dispatched_ms) AS dispatched, core.of_ms(due_ms) AS due, core.of_ms(resolved_ms) AS resolved,
       core.of_ms(closed_ms) AS closed, core.of_ms(changed_ms) AS changed, live
FROM core.case_now
WHERE core.my_unit() IS NULL OR lead = core.my_unit();
SELECT core.show('api.case_now');

-- What a trigger found: the data of a proactive case's opening, the greatest revision of it. Whose row it is: the desk's.
CREATE TABLE core.firing (
    case_id text PRIMARY KEY,
    revision text NOT NULL,
    fired_ms bigint NOT NULL,
    trigger text NOT NULL,
    data json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX firing_time ON core.firing (fired_ms, case_id);
CREATE INDEX firing_trigger ON core.firing (trigger, fired_ms);
SELECT core.guard('core.firing', NULL);
