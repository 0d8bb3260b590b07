-- SPDX-License-Identifier: Apache-2.0
-- What waits at the desk is counted by cause and listed the oldest first, those without an opening before all others, whatever
-- else is stored: one index in that order, of those rows alone, that answers the count without a look at the table.
CREATE INDEX case_now_waiting ON core.case_now (opened_ms NULLS FIRST, case_id) INCLUDE (desk_cause)
WHERE desk_cause IS NOT NULL AND live;
DROP INDEX core.case_now_desk;

-- The rows of a day that were refused and name a station (docs/decisions/0220), among all that is observed.
CREATE INDEX observation_refused ON core.observation (day) WHERE kind = 'refused';
