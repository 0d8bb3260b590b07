-- SPDX-License-Identifier: Apache-2.0
-- A fill that was begun keeps no moments aside (0387). First, for its triggers lie on the sets, which writers lock first too.
DROP SCHEMA IF EXISTS fill CASCADE;

-- A case on hold is past its limit by its own clock, which stands (docs/decisions/0388): with since when it does, the open cases
-- answer that without a look at the table, as before.
DROP INDEX core.case_now_open;
CREATE INDEX case_now_open ON core.case_now (case_id) INCLUDE (due_ms, held_ms)
WHERE closed_ms IS NULL AND resolved_ms IS NULL AND state NOT IN ('resolved', 'closed', 'merged');

-- What is written goes to its place at once: each of our batches has few such rows, and a list of what is not in its place yet would be
-- read through by every question until it is cleared, at once by whoever comes then.
ALTER INDEX core.case_now_units SET (fastupdate = off);
ALTER INDEX core.firing_evidence SET (fastupdate = off);
ALTER INDEX core.case_now_reopened_at SET (fastupdate = off);
ALTER INDEX core.case_now_upheld_at SET (fastupdate = off);
SELECT gin_clean_pending_list('core.case_now_units'), gin_clean_pending_list('core.firing_evidence'),
       gin_clean_pending_list('core.case_now_reopened_at'), gin_clean_pending_list('core.case_now_upheld_at');
