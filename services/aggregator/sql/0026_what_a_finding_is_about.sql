-- SPDX-License-Identifier: Apache-2.0
-- Whether a finding still holds (docs/decisions/0371) is asked of thousands at once. So its row keeps of which case or station it
-- speaks, where that is one, written with what was found (store/firing_sql.c); and two indexes answer without a look at the table,
-- by the very words of the question (store/finding_ask.c): the findings that wait, and the cases that are still open.
CREATE FUNCTION core.subject(data json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(data #>> '{group,case}', data #>> '{group,station}')
$$;
ALTER TABLE core.case_now ADD COLUMN subject text;
-- Not even the owner sees rows as such, but for this.
ALTER TABLE core.case_now NO FORCE ROW LEVEL SECURITY;
ALTER TABLE core.firing NO FORCE ROW LEVEL SECURITY;
UPDATE core.case_now AS n SET subject = core.subject(f.data)
FROM core.firing AS f WHERE f.case_id = n.case_id AND core.subject(f.data) IS NOT NULL;
ALTER TABLE core.firing FORCE ROW LEVEL SECURITY;
ALTER TABLE core.case_now FORCE ROW LEVEL SECURITY;
CREATE INDEX case_now_finding ON core.case_now (case_id) INCLUDE (subject, opened_ms)
WHERE desk_cause = 'confirm' AND live AND subject IS NOT NULL;
CREATE INDEX case_now_open ON core.case_now (case_id) INCLUDE (due_ms)
WHERE closed_ms IS NULL AND resolved_ms IS NULL AND state NOT IN ('resolved', 'closed', 'merged');
