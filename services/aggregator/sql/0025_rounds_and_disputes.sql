-- SPDX-License-Identifier: Apache-2.0
-- How often a case began anew and was disputed, decided or not: what the present round alone does not tell (docs/decisions/0370).
-- Rows of before have it when the case changes again, or by a rebuild from the log.
ALTER TABLE core.case_now ADD COLUMN rounds integer, ADD COLUMN disputes integer;
CREATE OR REPLACE VIEW api.case_now AS
SELECT case_id, kind, stage, state, coalesce(lead, '') AS unit, units, desk_cause, type_code, street_code,
       community_code, limit_class, rule, station, order_id, parent, core.of_ms(opened_ms) AS opened,
       core.of_ms(dispatched_ms) AS dispatched, core.of_ms(due_ms) AS due, core.of_ms(resolved_ms) AS resolved,
       core.of_ms(closed_ms) AS closed, core.of_ms(changed_ms) AS changed, live, core.of_ms(held_ms) AS held, rounds, disputes
FROM core.case_now
WHERE core.my_unit() IS NULL OR lead = core.my_unit();
SELECT core.show('api.case_now'); -- a view that is replaced forgets whose eyes it reads with
-- Few cases ever are: who asks for them does not walk through the others.
CREATE INDEX case_now_reopened ON core.case_now (opened_ms, case_id) WHERE rounds > 1;
CREATE INDEX case_now_disputed ON core.case_now (opened_ms, case_id) WHERE disputes > 0;
