-- SPDX-License-Identifier: Apache-2.0
-- The lists that a page and a unit ask for: of a unit's cases, of the newest, of those due next. Needs cases.sql.
CREATE INDEX case_row_lead ON peer.case_row (lead, opened_ms);
CREATE INDEX case_row_opened ON peer.case_row (opened_ms, case_id);
CREATE INDEX case_row_due ON peer.case_row (due_ms, case_id) WHERE closed_ms IS NULL AND resolved_ms IS NULL;
