-- SPDX-License-Identifier: Apache-2.0
-- Sets -> folded cases, written from DESIGN §5, §6 and contracts §6 and not from the daemons' fold. All of it
-- lives in the session's own temporary schema. cells.py fills verify_stage, verify_unit and verify_party;
-- numbers stand in them as in case lines, in base 36.
CREATE TEMP TABLE verify_stage (
    kind text, number text, name text, place integer, stage_bit bigint, rank integer,
    parties bigint,     -- bits of party numbers
    after_any bigint,   -- bits of stages; 0 = may come first
    first bigint,       -- the kind's stages that may come first
    counts_as text, new_round boolean
);
CREATE TEMP TABLE verify_unit (number text, code text);
CREATE TEMP TABLE verify_party (number text, name text, party_bit bigint);
CREATE TEMP TABLE verify_set (case_id text, kind text, lines text); -- of the log
CREATE TEMP VIEW verify_source AS SELECT case_id, kind, lines FROM @SOURCE@;
CREATE TEMP TABLE verify_fold (
    case_id text, kind text, unreadable integer,
    unit text, type_code text, street_code text, community_code text,
    opened bigint, response bigint, resolution bigint, closure bigint,
    stages bigint[] -- by place in the kind: when it first happened in the present round
);

-- Twelve digits, padded on the left.
CREATE FUNCTION pg_temp.verify_base36(d text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT @BASE36@
$$;

-- Escapes stand as three characters that no text has, so that the line may be cut at '|'.
CREATE FUNCTION pg_temp.verify_guard(line text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT replace(replace(replace(line, '\\', U&'\+0F0001'), '\|', U&'\+0F0002'), '\n', U&'\+0F0003')
$$;
CREATE FUNCTION pg_temp.verify_plain(field text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT replace(replace(replace(field, U&'\+0F0001', '\'), U&'\+0F0002', '|'), U&'\+0F0003', E'\n')
$$;
CREATE FUNCTION pg_temp.verify_value(more text, key text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN strpos(more, key) > 0
                THEN pg_temp.verify_plain(split_part(split_part(more, key, 2), '|', 1)) END
$$;

-- One row a line, in the order that holds.
CREATE FUNCTION pg_temp.verify_lines() RETURNS TABLE (
    case_id text, kind text, readable boolean, "time" bigint, unit text, party text, party_bit bigint,
    stage text, place integer, stage_bit bigint, parties bigint, after_any bigint, first bigint, counts_as text, new_round boolean,
    lead text, type_code text, street_code text, community_code text
) LANGUAGE sql STABLE AS $$
    WITH cut AS MATERIALIZED (
        SELECT s.case_id, s.kind, a[2] AS id, a[4] AS stage,
               coalesce(a[1] = '1' AND cardinality(a) >= 8 AND a[5] ~ '^-?[0-9a-z]{1,12}$', false) AS readable,
               starts_with(a[5], '-') AS before_1970, lpad(ltrim(a[5], '-'), 12, '0') AS digits,
               a[7] AS unit, a[8] AS party, '|' || array_to_string(a[9:], '|') AS more
        FROM verify_source AS s
        CROSS JOIN LATERAL string_to_table(s.lines, E'\n') AS l(line)
        CROSS JOIN LATERAL (SELECT string_to_array(pg_temp.verify_guard(l.line), '|') OFFSET 0) AS f(a)
        WHERE s.lines <> ''
    ), line AS (
        SELECT c.*, CASE WHEN readable THEN pg_temp.verify_base36(digits)
                                            * CASE WHEN before_1970 THEN -1 ELSE 1 END END AS "time"
        FROM cut AS c
    )
    SELECT l.case_id, l.kind, l.readable, l."time",
           CASE WHEN starts_with(l.unit, '=') THEN pg_temp.verify_plain(substr(l.unit, 2)) ELSE u.code END,
           p.name, p.party_bit, s.name, s.place, s.stage_bit, s.parties, s.after_any, s.first, s.counts_as, s.new_round,
           pg_temp.verify_value(l.more, '|l='), pg_temp.verify_value(l.more, '|t='),
           pg_temp.verify_value(l.more, '|s='), pg_temp.verify_value(l.more, '|m=')
    FROM line AS l
    LEFT JOIN verify_stage AS s ON s.kind = l.kind AND s.number = l.stage
    LEFT JOIN verify_unit AS u ON u.number = l.unit
    LEFT JOIN verify_party AS p ON p.number = l.party
    ORDER BY l.case_id COLLATE "C", l."time", s.rank NULLS LAST, pg_temp.verify_plain(l.id) COLLATE "C"
$$;

-- Who says what, in order. A move by a party that may not make it, or before what it comes after has happened
-- in the present round, changes nothing. A new round forgets dispatch, answers and closure and goes back to
-- whom the opening names.
CREATE FUNCTION pg_temp.verify_fold() RETURNS SETOF verify_fold LANGUAGE plpgsql STABLE AS $$
DECLARE
    said record;
    f verify_fold;
    happened bigint;
    moments bigint[];
    named text;
BEGIN
    FOR said IN SELECT * FROM pg_temp.verify_lines() LOOP
        IF f.case_id IS DISTINCT FROM said.case_id THEN
            IF f.opened IS NOT NULL OR f.unreadable > 0 THEN
                f.stages := moments;
                RETURN NEXT f;
            END IF;
            f := NULL;
            f.case_id := said.case_id;
            f.kind := said.kind;
            f.unreadable := 0;
            happened := 0;
            moments := array_fill(NULL::bigint, ARRAY[@STAGES@]);
            named := NULL;
        END IF;
        IF NOT said.readable THEN
            f.unreadable := f.unreadable + 1;
            CONTINUE;
        END IF;
        -- may this party make this move?
        CONTINUE WHEN said.stage_bit IS NULL OR said.party_bit IS NULL OR said.parties & said.party_bit = 0
            OR (said.party = 'lead' AND (said.unit IS NULL OR f.unit IS NULL OR said.unit <> f.unit));
        -- and now?
        CONTINUE WHEN CASE WHEN said.after_any = 0 THEN happened & said.stage_bit <> 0
                           ELSE happened & said.after_any = 0 END;
        IF said.new_round THEN
            happened := happened & said.first;
            FOR i IN 1..cardinality(moments) LOOP
                moments[i] := CASE WHEN (said.first >> (i - 1)) & 1 = 1 THEN moments[i] END;
            END LOOP;
            f.response := NULL;
            f.resolution := NULL;
            f.closure := NULL;
            f.unit := named;
        END IF;
        happened := happened | said.stage_bit;
        moments[said.place] := coalesce(moments[said.place], said."time");
        IF said.stage = 'opened' THEN
            f.opened := said."time";
            named := said.lead;
            f.unit := coalesce(said.lead, f.unit);
        ELSIF said.stage = 'dispatched' THEN
            f.unit := coalesce(said.lead, f.unit);
        END IF;
        IF said.party = 'router' THEN -- repeats what it decided from: fills gaps only
            f.type_code := coalesce(f.type_code, said.type_code);
            f.street_code := coalesce(f.street_code, said.street_code);
            f.community_code := coalesce(f.community_code, said.community_code);
        ELSE
            f.type_code := coalesce(said.type_code, f.type_code);
            f.street_code := coalesce(said.street_code, f.street_code);
            f.community_code := coalesce(said.community_code, f.community_code);
        END IF;
        IF said.counts_as = 'response' THEN
            f.response := coalesce(f.response, said."time");
        ELSIF said.counts_as = 'resolution' THEN
            f.resolution := coalesce(f.resolution, said."time");
        ELSIF said.counts_as = 'closure' THEN
            f.closure := said."time"; -- the last
        END IF;
    END LOOP;
    IF f.opened IS NOT NULL OR f.unreadable > 0 THEN
        f.stages := moments;
        RETURN NEXT f;
    END IF;
END
$$;
