-- SPDX-License-Identifier: Apache-2.0
-- Since when a case's clock stands still (挂账): what lay ahead of it then is not overdue now (docs/decisions/0368). Rows of before
-- have it when the case changes again, or by a rebuild from the log.
ALTER TABLE core.case_now ADD COLUMN held_ms bigint;
CREATE OR REPLACE VIEW api.case_now AS
SELECT case_id, kind, stage, state, coalesce(lead, '') AS unit, units, desk_cause, type_code, street_code,
       community_code, limit_class, rule, station, order_id, parent, core.of_ms(opened_ms) AS opened,
       core.of_ms(dispatched_ms) AS dispatched, core.of_ms(due_ms) AS due, core.of_ms(resolved_ms) AS resolved,
       core.of_ms(closed_ms) AS closed, core.of_ms(changed_ms) AS changed, live, core.of_ms(held_ms) AS held
FROM core.case_now
WHERE core.my_unit() IS NULL OR lead = core.my_unit();
SELECT core.show('api.case_now'); -- a view that is replaced forgets whose eyes it reads with
