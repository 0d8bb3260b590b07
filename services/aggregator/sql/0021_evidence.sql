-- SPDX-License-Identifier: Apache-2.0
-- Which findings a case is evidence of (docs/decisions/0347). Texts one by one: json holds numbers that jsonb refuses, and an
-- index that refuses a row stops who writes it.
CREATE FUNCTION core.evidence(data json) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE json_typeof(data->'evidence') WHEN 'array' THEN
        (SELECT coalesce(jsonb_agg(one), '[]') FROM json_array_elements_text(data->'evidence') AS one) END
$$;
CREATE INDEX firing_evidence ON core.firing USING gin (core.evidence(data));
