-- SPDX-License-Identifier: Apache-2.0
-- Open cases by how soon they are due, emergencies before all others and those without a limit among them: by the very words of the
-- question (store/case_ask.c). In the place of the one by due_ms alone.
CREATE INDEX case_now_urgent ON core.case_now
    ((coalesce(due_ms, 253402300800000) + CASE WHEN desk_cause = 'emergency' AND live THEN 0 ELSE 253402300800000 END), case_id)
WHERE closed_ms IS NULL AND resolved_ms IS NULL AND (due_ms IS NOT NULL OR desk_cause = 'emergency' AND live);
DROP INDEX core.case_now_due;
