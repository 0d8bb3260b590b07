-- SPDX-License-Identifier: Apache-2.0
-- Open cases by their limit alone (docs/decisions/0393): the longest overdue first, and what falls due within some hours. In the place
-- of the one without those on hold, which are few.
CREATE INDEX case_now_limit ON core.case_now (due_ms, case_id) WHERE closed_ms IS NULL AND resolved_ms IS NULL AND due_ms IS NOT NULL;
DROP INDEX core.case_now_due_soon;
