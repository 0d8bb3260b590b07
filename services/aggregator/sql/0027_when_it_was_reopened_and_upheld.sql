-- SPDX-License-Identifier: Apache-2.0
-- When a case began anew and when a dispute of it was upheld, each time (docs/decisions/0378): what happened on a day is asked for by
-- day, so the index has days, of UTC, and the question says the moments. Rows of before have them when the case changes again, or
-- by `citybrain views apply` (0387).
ALTER TABLE core.case_now ADD COLUMN reopened_at bigint[], ADD COLUMN upheld_at bigint[];
CREATE FUNCTION core.days_of(moments bigint[]) RETURNS integer[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT (ms / 86400000)::integer) FROM unnest(moments) AS ms
$$;
CREATE INDEX case_now_reopened_at ON core.case_now USING gin (core.days_of(reopened_at)) WHERE reopened_at IS NOT NULL;
CREATE INDEX case_now_upheld_at ON core.case_now USING gin (core.days_of(upheld_at)) WHERE upheld_at IS NOT NULL;

-- The most urgent first, in lists and at the desk by one rule (docs/decisions/0379; store/urgency.h has its words): emergencies before
-- all others, who has no limit among them as if it were a day behind its opening; then by limit, and what has none last.
DROP INDEX core.case_now_urgent, core.case_now_desk_due;
CREATE INDEX case_now_urgent ON core.case_now
    ((CASE WHEN desk_cause = 'emergency' AND live THEN coalesce(due_ms, opened_ms + 86400000, 253402300800000)
           ELSE coalesce(due_ms, 253402300800000) + 253402300800000 END), case_id)
WHERE closed_ms IS NULL AND resolved_ms IS NULL AND (due_ms IS NOT NULL OR desk_cause = 'emergency' AND live);
CREATE INDEX case_now_desk_due ON core.case_now
    ((CASE WHEN desk_cause = 'emergency' AND live THEN coalesce(due_ms, opened_ms + 86400000, 253402300800000)
           ELSE coalesce(due_ms, 253402300800000) + 253402300800000 END), case_id) INCLUDE (desk_cause)
WHERE desk_cause IS NOT NULL AND live;

-- What falls due within some hours (临期), among what is not done and whose clock runs.
CREATE INDEX case_now_due_soon ON core.case_now (due_ms, case_id) WHERE closed_ms IS NULL AND resolved_ms IS NULL AND held_ms IS NULL;
-- What nobody could place (未定位): of all cases few.
CREATE INDEX case_now_no_street ON core.case_now (opened_ms, case_id) WHERE street_code IS NULL;
CREATE INDEX case_now_no_community ON core.case_now (opened_ms, case_id) WHERE community_code IS NULL;
