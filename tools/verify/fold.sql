-- SPDX-License-Identifier: Apache-2.0
-- Sets -> folded cases, written from DESIGN §5, §6 and contracts §6 and not from the daemons' fold. All of it
-- lives in the session's own temporary schema. cells.py fills verify_stage, verify_unit and verify_party;
-- numbers stand in them as in case lines, in base 36.
CREATE TEMP TABLE verify_stage (
    kind text, number text, name text, place integer, stage_bit bigint, rank integer,
    parties bigint,     -- bits of party numbers
    after_any bigint,   -- bits of stages; 0 = may come first
    first bigint,       -- the kind's stages that may come first
    counts_as text, new_round boolean,
    unless_any bigint,  -- impossible while one of these holds
    ends bigint,        -- these hold no longer
    needs text[],       -- letters of what its line must say
    at_most integer,    -- times in a case's life; 0 = any number
    new_lead boolean, clock text,
    copied boolean      -- from a parent to its children
);
CREATE TEMP TABLE verify_unit (number text, code text);
CREATE TEMP TABLE verify_party (number text, name text, party_bit bigint);
CREATE TEMP TABLE verify_set (case_id text, kind text, lines text); -- of the log
CREATE TEMP VIEW verify_source AS SELECT case_id, kind, lines FROM @SOURCE@;
-- A round before the present one: by what it was sent out, disputes upheld, when each stage first happened in it.
CREATE TYPE pg_temp.verify_former AS (rule text, upheld integer, stages bigint[]);
CREATE TEMP TABLE verify_fold (
    case_id text, kind text, unreadable integer,
    unit text, type_code text, street_code text, community_code text,
    limit_class text, rule text, -- by which it was sent out first in the present round
    fields text[], -- kept fields of codes.csv, by number
    opened bigint, response bigint, resolution bigint, closure bigint, due bigint,
    own_due bigint, -- the order's own of this round
    excluded boolean, answer text, -- the last call-back's, one letter each
    rounds integer, upheld integer, child boolean,
    leads text[], lead_from bigint[], -- who had it, from when
    pause_from bigint[], pause_to bigint[], -- 挂账; NULL = still
    helpers text[], called bigint[], reported bigint[], helper_due bigint[], whistled boolean[],
    matter bigint,  -- opened, and no child of another case
    double bigint,  -- opened, and another system's case counts: then nothing else does
    stages bigint[], -- by place in the kind: when it first happened in the present round
    former pg_temp.verify_former[], -- the first fifteen
    upheld_at bigint[], upheld_rule text[] -- each time a dispute was, the first sixteen; by what its round was sent out
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

-- One row a line, in the order of its set: case_set.py says whether that is the right one.
CREATE FUNCTION pg_temp.verify_lines() RETURNS TABLE (
    case_id text, kind text, readable boolean, "time" bigint, unit text, party text, party_bit bigint,
    stage text, place integer, stage_bit bigint, parties bigint, after_any bigint, first bigint, counts_as text, new_round boolean,
    lead text, type_code text, street_code text, community_code text,
    id text, more text, cause text, co text, sub text, outcome text,
    unless_any bigint, ends bigint, needs text[], at_most integer, new_lead boolean, clock text,
    copied boolean, parent text, child text, via text, link text,
    due bigint, limit_class text, rule text, answer text, fields text[], recorded bigint
) LANGUAGE sql STABLE AS $$
    WITH cut AS MATERIALIZED (
        SELECT s.case_id, s.kind, l.n, a[2] AS id, a[4] AS stage,
               coalesce(a[1] = '1' AND cardinality(a) >= 8 AND a[5] ~ '^-?[0-9a-z]{1,12}$', false) AS readable,
               starts_with(a[5], '-') AS before_1970, lpad(ltrim(a[5], '-'), 12, '0') AS digits,
               a[6] AS heard, a[7] AS unit, a[8] AS party, '|' || array_to_string(a[9:], '|') AS more
        FROM verify_source AS s
        CROSS JOIN LATERAL string_to_table(s.lines, E'\n') WITH ORDINALITY AS l(line, n)
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
           pg_temp.verify_value(l.more, '|s='), pg_temp.verify_value(l.more, '|m='),
           pg_temp.verify_plain(l.id), l.more, pg_temp.verify_value(l.more, '|u='), pg_temp.verify_value(l.more, '|o='),
           pg_temp.verify_value(l.more, '|b='), pg_temp.verify_value(l.more, '|w='),
           s.unless_any, s.ends, s.needs, s.at_most, s.new_lead, s.clock, s.copied,
           pg_temp.verify_value(l.more, '|p='), pg_temp.verify_value(l.more, '|k='), pg_temp.verify_value(l.more, '|x='),
           pg_temp.verify_value(l.more, '|j='),
           CASE WHEN pg_temp.verify_value(l.more, '|d=') ~ '^-?[0-9]{1,18}$' THEN pg_temp.verify_value(l.more, '|d=')::bigint END,
           pg_temp.verify_value(l.more, '|c='), pg_temp.verify_value(l.more, '|r='), pg_temp.verify_value(l.more, '|y='),
           CASE WHEN l.more ~ '\|[1-8]=' THEN ARRAY(SELECT pg_temp.verify_value(l.more, '|' || k || '=') FROM generate_series(1, 8) AS k) END,
           CASE WHEN l.heard ~ '^-?[0-9a-z]{1,12}$' THEN pg_temp.verify_base36(lpad(ltrim(l.heard, '-'), 12, '0'))
                                                         * CASE WHEN starts_with(l.heard, '-') THEN -1 ELSE 1 END END
    FROM line AS l
    LEFT JOIN verify_stage AS s ON s.kind = l.kind AND s.number = l.stage
    LEFT JOIN verify_unit AS u ON u.number = l.unit
    LEFT JOIN verify_party AS p ON p.number = l.party
    ORDER BY l.case_id COLLATE "C", l.n
$$;

-- Of this round: whom the case has to do with.
CREATE TYPE pg_temp.verify_round AS (
    co text[], subs text[], pauses integer, held boolean, dispatched boolean, lead_cause text
);

-- As what may it speak? A unit is lead, co or sub by its relation to the case; the desk leads what is its own.
CREATE FUNCTION pg_temp.verify_roles(said record, unit text, r pg_temp.verify_round) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN (
    SELECT coalesce(bit_or(p.party_bit), 0) FROM verify_party AS p
    WHERE p.number <> '0' AND CASE
        WHEN p.name = said.party AND said.party NOT IN ('lead', 'co', 'sub') THEN true
        WHEN said.unit IS NULL THEN false
        WHEN p.name = 'lead' THEN said.party IN ('lead', 'desk') AND said.unit IS NOT DISTINCT FROM unit
        WHEN p.name = 'co' THEN said.party IN ('lead', 'co') AND said.unit = ANY (r.co)
        WHEN p.name = 'sub' THEN said.party IN ('lead', 'sub') AND said.unit = ANY (r.subs)
        ELSE false END
); END
$$;

-- Does it say what it has to, does it answer what was asked, is there room for whom it names?
CREATE FUNCTION pg_temp.verify_sound(said record, r pg_temp.verify_round) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN NOT EXISTS (SELECT FROM unnest(said.needs) AS n(letter) WHERE strpos(said.more, '|' || n.letter || '=') = 0)
       AND ('w' <> ALL (said.needs) OR said.outcome IN ('upheld', 'rejected'))
       AND (said.stage <> 'recalled' OR said.parent IS NOT NULL OR coalesce(r.lead_cause = said.cause, false))
       AND (said.clock IS DISTINCT FROM 'stops' OR r.pauses < 16)
       AND (said.stage <> 'forwarded' OR cardinality(r.subs) < 16 OR coalesce(said.sub = ANY (r.subs), false))
       AND (said.stage NOT IN ('co_assigned', 'whistle_blown') OR cardinality(r.co) < 16 OR coalesce(said.co = ANY (r.co), false));
END
$$;

-- Merging (docs/decisions/0038): whose child the case is and by which line; for which its lead was recalled; which
-- was ended last; its children, each with the line it came by.
CREATE TYPE pg_temp.verify_family AS (
    parent text, merged text, away text, ended text, children text[], came_by text[]
);
CREATE FUNCTION pg_temp.verify_leave(y pg_temp.verify_family) RETURNS pg_temp.verify_family LANGUAGE sql STABLE AS $$
    SELECT ROW(NULL, NULL, NULL, CASE WHEN y.parent IS NOT NULL THEN y.merged ELSE coalesce(y.away, y.ended) END,
               y.children, y.came_by)::pg_temp.verify_family
$$;

-- May the router give a case its own duty back?
CREATE FUNCTION pg_temp.verify_given_back(said record, y pg_temp.verify_family) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN coalesce(CASE WHEN y.parent IS NULL THEN said.cause = y.away
                           ELSE said.cause = y.merged AND coalesce(said.parent, y.parent) = y.parent END, false);
END
$$;

-- Can it be merged, unmerged, recalled, added or removed so?
CREATE FUNCTION pg_temp.verify_related(said record, y pg_temp.verify_family) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    at integer := array_position(y.children, said.child);
BEGIN RETURN CASE said.stage
    WHEN 'merged' THEN said.parent LIKE replace(said.kind, '_', '\_') || ':_%' AND y.parent IS NULL AND cardinality(y.children) = 0
    WHEN 'unmerged' THEN coalesce(coalesce(said.parent, y.parent) = y.parent, false)
    WHEN 'recalled' THEN said.parent IS NULL OR said.cause IS DISTINCT FROM y.ended OR y.ended IS NULL
    WHEN 'child_added' THEN said.child LIKE replace(said.kind, '_', '\_') || ':_%' AND y.parent IS NULL
                            AND (at IS NOT NULL OR cardinality(y.children) < 100)
    WHEN 'child_removed' THEN coalesce(y.came_by[at] = said.cause, false)
    ELSE true END;
END
$$;

-- What a case's walk came to. A double counts as nothing else.
CREATE FUNCTION pg_temp.verify_counts(f verify_fold, moments bigint[], y pg_temp.verify_family, is_double boolean)
RETURNS verify_fold LANGUAGE plpgsql STABLE AS $$
BEGIN
    f.stages := moments;
    f.matter := CASE WHEN y.parent IS NULL THEN f.opened END;
    f.child := y.parent IS NOT NULL;
    IF is_double THEN
        f.double := f.opened;
        f.opened := NULL;
        f.response := NULL;
        f.resolution := NULL;
        f.closure := NULL;
        f.matter := NULL;
        f.due := NULL;
        f.pause_from := '{}';
        f.pause_to := '{}';
        f.helpers := '{}';
        f.called := '{}';
        f.reported := '{}';
        f.helper_due := '{}';
        f.whistled := '{}';
        f.stages := array_fill(NULL::bigint, ARRAY[@STAGES@]);
        f.former := '{}';
        f.upheld_at := '{}';
        f.upheld_rule := '{}';
    END IF;
    RETURN f;
END
$$;

-- Who led at that time.
CREATE FUNCTION pg_temp.verify_lead_at(leads text[], since bigint[], at bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT t.unit FROM unnest(leads, since) WITH ORDINALITY AS t(unit, since, n) WHERE t.since <= at ORDER BY n DESC LIMIT 1
$$;

-- How long of a span the clock stood still.
CREATE FUNCTION pg_temp.verify_paused(since bigint[], until bigint[], f bigint, t bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(sum(greatest(0, least(coalesce(p.until, t), t) - greatest(p.since, f))), 0)::bigint
    FROM unnest(since, until) AS p(since, until)
$$;

-- Another lead; two of one time are the later one alone, and there is room for twelve.
CREATE FUNCTION pg_temp.verify_led(f verify_fold, at bigint) RETURNS verify_fold LANGUAGE plpgsql STABLE AS $$
DECLARE
    n integer := cardinality(f.leads);
BEGIN
    IF n > 0 AND f.leads[n] IS NOT DISTINCT FROM f.unit THEN
        RETURN f;
    END IF;
    IF n > 0 AND (at <= f.lead_from[n] OR n = 12) THEN
        f.leads[n] := f.unit;
    ELSE
        f.leads := f.leads || f.unit;
        f.lead_from := f.lead_from || at;
    END IF;
    RETURN f;
END
$$;

-- The clock runs again: what was not over when it stopped moves by as long as it stood.
CREATE FUNCTION pg_temp.verify_runs(f verify_fold, at bigint) RETURNS verify_fold LANGUAGE plpgsql STABLE AS $$
DECLARE
    n integer := cardinality(f.pause_from);
BEGIN
    f.pause_to[n] := at;
    f.own_due := CASE WHEN f.own_due > f.pause_from[n] THEN f.own_due + at - f.pause_from[n] ELSE f.own_due END;
    f.due := CASE WHEN f.due > f.pause_from[n] THEN f.due + at - f.pause_from[n] ELSE f.due END;
    RETURN f;
END
$$;

-- The desk or a lead calls for a unit; our own line only tells it.
CREATE FUNCTION pg_temp.verify_calls(f verify_fold, said record) RETURNS verify_fold LANGUAGE plpgsql STABLE AS $$
DECLARE
    n integer := array_position(f.helpers, said.co);
    told boolean := coalesce(said.party = 'router', false);
BEGIN
    IF n IS NULL THEN
        n := cardinality(f.helpers) + 1;
        f.helpers[n] := said.co;
        f.called[n] := said."time";
        f.reported[n] := NULL;
        f.helper_due[n] := NULL;
        f.whistled[n] := false;
    END IF;
    f.helper_due[n] := CASE WHEN said.due IS NOT NULL THEN said.due WHEN told THEN f.helper_due[n] END;
    IF NOT told THEN
        f.whistled[n] := said.stage = 'whistle_blown';
        f.reported[n] := NULL;
    END IF;
    RETURN f;
END
$$;

-- Who leads helps no more.
CREATE FUNCTION pg_temp.verify_helps_no_more(f verify_fold) RETURNS verify_fold LANGUAGE plpgsql STABLE AS $$
DECLARE
    n integer := array_position(f.helpers, f.unit);
BEGIN
    IF n IS NOT NULL THEN
        f.helpers := f.helpers[:n - 1] || f.helpers[n + 1:];
        f.called := f.called[:n - 1] || f.called[n + 1:];
        f.reported := f.reported[:n - 1] || f.reported[n + 1:];
        f.helper_due := f.helper_due[:n - 1] || f.helper_due[n + 1:];
        f.whistled := f.whistled[:n - 1] || f.whistled[n + 1:];
    END IF;
    RETURN f;
END
$$;

-- Who says what, in order. A move by a party that may not make it, or that is not possible now, changes nothing.
-- A new round forgets dispatch, answers, helpers and closure and goes back to whom the opening names.
CREATE FUNCTION pg_temp.verify_fold() RETURNS SETOF verify_fold LANGUAGE plpgsql STABLE AS $$
DECLARE
    said record;
    f verify_fold;
    r pg_temp.verify_round;
    y pg_temp.verify_family;
    is_copy boolean;
    is_double boolean;
    at integer;
    fresh pg_temp.verify_round := ROW('{}'::text[], '{}'::text[], 0, false, false, NULL);
    happened bigint;
    moments bigint[];
    times integer[];
    named text;
    ids text[];    -- of the lines so far
    earlier text[]; -- of those before this one
    former text[]; -- of those before the present round
    present text;  -- what the present lead is the answer to
    named_class text;
    opened_due bigint;
    decided_due bigint;
    desk_due bigint; -- named with the lead that was asked for
    desk_class text;
    amends boolean;
    moved bigint; -- when we heard of what moved the deadline
BEGIN
    FOR said IN SELECT * FROM pg_temp.verify_lines() LOOP
        IF f.case_id IS DISTINCT FROM said.case_id THEN
            IF f.opened IS NOT NULL OR f.unreadable > 0 THEN
                RETURN NEXT pg_temp.verify_counts(f, moments, y, is_double);
            END IF;
            f := NULL;
            f.case_id := said.case_id;
            f.kind := said.kind;
            f.unreadable := 0;
            happened := 0;
            moments := array_fill(NULL::bigint, ARRAY[@STAGES@]);
            times := array_fill(0, ARRAY[@STAGES@]);
            named := NULL;
            named_class := NULL;
            opened_due := NULL;
            decided_due := NULL;
            desk_due := NULL;
            desk_class := NULL;
            moved := NULL;
            f.excluded := false;
            f.rounds := 1;
            f.upheld := 0;
            f.former := '{}';
            f.upheld_at := '{}';
            f.upheld_rule := '{}';
            f.fields := array_fill(NULL::text, ARRAY[8]);
            f.leads := '{}';
            f.lead_from := '{}';
            f.pause_from := '{}';
            f.pause_to := '{}';
            f.helpers := '{}';
            f.called := '{}';
            f.reported := '{}';
            f.helper_due := '{}';
            f.whistled := '{}';
            r := fresh;
            y := ROW(NULL, NULL, NULL, NULL, '{}'::text[], '{}'::text[]);
            is_double := false;
            ids := '{}';
            former := '{}';
            present := NULL;
        END IF;
        IF NOT said.readable THEN
            f.unreadable := f.unreadable + 1;
            CONTINUE;
        END IF;
        earlier := ids;
        ids := ids || said.id;
        -- what the router said of an order that was in hand in a round before is no word of this one
        CONTINUE WHEN coalesce(said.party = 'router' AND said.cause = ANY (former)
            AND said.cause IS DISTINCT FROM present AND CASE said.stage
            WHEN 'amended' THEN pg_temp.verify_value(said.more, '|r=') IS DISTINCT FROM 'corrected'
            ELSE said.stage IN ('dispatched', 'co_assigned', 'overdue') END, false);
        -- what the present parent did is the child's as well, whoever may say it otherwise
        is_copy := coalesce(said.party = 'router' AND said.copied AND said.via IS NOT NULL, false);
        CONTINUE WHEN is_copy AND said.via IS DISTINCT FROM y.parent;
        -- may this party make this move? a child's handlers are silent
        CONTINUE WHEN NOT is_copy AND (said.stage_bit IS NULL OR said.party_bit IS NULL
            OR said.parties & pg_temp.verify_roles(said, f.unit, r) = 0
            OR (y.parent IS NOT NULL AND said.party IN ('lead', 'co', 'sub')));
        -- and now?
        CONTINUE WHEN NOT is_copy AND CASE WHEN said.stage = 'unmerged' AND said.party = 'router'
            THEN NOT pg_temp.verify_given_back(said, y) ELSE NOT coalesce(pg_temp.verify_related(said, y), false) OR CASE WHEN said.after_any = 0 THEN happened & said.stage_bit <> 0
                           ELSE happened & said.after_any = 0 END
            OR happened & said.unless_any <> 0 OR (said.at_most > 0 AND times[said.place] >= said.at_most)
            OR (said.stage IN ('co_assigned', 'whistle_blown') AND coalesce(said.co = f.unit, false))
            OR NOT pg_temp.verify_sound(said, r) END;
        IF said.new_round OR said.stage = 'unmerged' THEN
            former := earlier;
            present := said.id;
            y := pg_temp.verify_leave(y);
            happened := happened & said.first;
            IF cardinality(f.former) < 15 THEN
                f.former := f.former || ROW(f.rule, f.upheld, ARRAY(
                    SELECT CASE WHEN (said.first >> (m.n - 1)::integer) & 1 = 0 THEN m.at END
                    FROM unnest(moments) WITH ORDINALITY AS m(at, n) ORDER BY m.n))::pg_temp.verify_former;
            END IF;
            FOR i IN 1..cardinality(moments) LOOP
                moments[i] := CASE WHEN (said.first >> (i - 1)) & 1 = 1 THEN moments[i] END;
            END LOOP;
            f.response := NULL;
            f.resolution := NULL;
            f.closure := NULL;
            f.unit := named;
            f.limit_class := named_class;
            f.rule := NULL;
            f.upheld := 0;
            f.rounds := f.rounds + CASE WHEN said.new_round THEN 1 ELSE 0 END;
            f.due := CASE WHEN said.new_round THEN said.due ELSE coalesce(opened_due, said.due) END;
            moved := NULL;
            desk_due := NULL;
            desk_class := NULL;
            f.own_due := f.due;
            f.pause_from := '{}';
            f.pause_to := '{}';
            f.helpers := '{}';
            f.called := '{}';
            f.reported := '{}';
            f.helper_due := '{}';
            f.whistled := '{}';
            r := fresh;
        END IF;
        moments[said.place] := coalesce(moments[said.place], said."time");
        is_double := is_double OR coalesce(said.stage = 'linked' AND said.link LIKE 'same\_as:_%', false);
        IF is_copy THEN -- whose work it was
            f.unit := coalesce(said.lead, f.unit);
        END IF;
        IF said.stage = 'opened' THEN
            f.opened := said."time";
            present := said.id;
            named := said.lead;
            named_class := said.limit_class;
            f.unit := coalesce(said.lead, f.unit);
            f.limit_class := coalesce(said.limit_class, f.limit_class);
            f.due := coalesce(said.due, f.due);
            opened_due := said.due;
            f.own_due := f.due;
        ELSIF said.stage = 'dispatched' THEN
            f.unit := coalesce(said.lead, f.unit);
            f.limit_class := coalesce(said.limit_class, f.limit_class);
            f.rule := coalesce(f.rule, said.rule);
            f.due := coalesce(said.due, f.due);
            f.due := CASE WHEN moved IS NOT NULL THEN coalesce(f.own_due, f.due) ELSE f.due END;
            decided_due := said.due;
            f := pg_temp.verify_helps_no_more(f);
            r.dispatched := true;
            r.co := array_remove(r.co, f.unit); -- who leads helps no more
        ELSIF said.stage = 'recalled' THEN -- nobody's until the next decision, and for that one the clock runs
            IF r.held THEN
                f := pg_temp.verify_runs(f, said."time");
            END IF;
            f.unit := NULL;
            present := CASE WHEN said.parent IS NULL THEN r.lead_cause ELSE said.cause END;
            f.limit_class := named_class;
            IF said.parent IS NULL THEN -- what was named with the next lead is the order's own
                f.limit_class := coalesce(desk_class, named_class);
                f.own_due := coalesce(desk_due, f.own_due);
            END IF;
            desk_due := NULL;
            desk_class := NULL;
            f.due := f.own_due;
            r := ROW(r.co, '{}'::text[], r.pauses, false, false, NULL);
            IF said.parent IS NOT NULL THEN
                y.away := said.cause;
            END IF;
        ELSIF said.stage = 'merged' THEN
            y.parent := said.parent;
            y.merged := said.id;
        ELSIF said.stage IN ('child_added', 'child_removed') THEN
            at := array_position(y.children, said.child);
            IF at IS NOT NULL THEN
                y.came_by := y.came_by[:at - 1] || y.came_by[at + 1:];
                y.children := array_remove(y.children, said.child);
            END IF;
            IF said.stage = 'child_added' THEN
                y.children := y.children || said.child;
                y.came_by := y.came_by || said.cause;
            END IF;
        ELSIF said.stage = 'amended' THEN -- only a correction of the order's own, or working time, sets one
            amends := said.rule = 'corrected' AND f.rounds = 1 AND f.opened IS NOT NULL AND said.due = opened_due
                      AND said.due IS DISTINCT FROM decided_due;
            IF (coalesce(amends, false) OR (said.due IS NOT NULL AND coalesce(said.rule = 'working_time', false)))
                AND (moved IS NULL OR coalesce(said.recorded >= moved, false)) THEN
                f.due := said.due;
                f.own_due := CASE WHEN f.own_due IS NOT NULL THEN said.due END;
            ELSIF coalesce(amends, false) OR (said.rule = 'corrected' AND said.due IS NOT DISTINCT FROM f.own_due) THEN
                f.due := f.own_due;
            END IF;
        ELSIF said.stage = 'extended' THEN
            f.due := coalesce(said.due, f.due);
            f.own_due := f.due;
            moved := greatest(moved, said.recorded);
        ELSIF said.stage = 'exclusion_decided' THEN
            f.excluded := said.outcome IS DISTINCT FROM 'rejected';
        ELSIF said.stage = 'reviewed' THEN
            f.answer := coalesce(said.answer, f.answer);
        ELSIF said.stage = 'dispute_decided' THEN
            IF said.outcome = 'upheld' THEN
                f.upheld := f.upheld + 1;
                IF cardinality(f.upheld_at) < 16 THEN
                    f.upheld_at := f.upheld_at || said."time";
                    f.upheld_rule := f.upheld_rule || f.rule;
                END IF;
            END IF;
        ELSIF said.stage = 'whistle_reported' THEN
            at := array_position(f.helpers, said.unit);
            IF at IS NOT NULL THEN
                f.reported[at] := coalesce(f.reported[at], said."time");
            END IF;
        ELSIF said.stage = 'forwarded' AND said.sub IS NOT NULL AND said.sub <> ALL (r.subs) THEN
            r.subs := r.subs || said.sub;
        ELSIF said.stage IN ('co_assigned', 'whistle_blown') AND said.co IS NOT NULL THEN
            f := pg_temp.verify_calls(f, said);
            r.co := CASE WHEN said.co = ANY (r.co) THEN r.co ELSE r.co || said.co END;
        END IF;
        -- asks for another lead: a classification only while the desk leads, a dispute only where it is upheld
        IF said.new_lead AND (said.stage <> 'classified' OR coalesce(f.unit = 'desk', false))
            AND (said.stage <> 'dispute_decided' OR coalesce(said.outcome = 'upheld', false)) THEN
            IF r.dispatched THEN
                r.lead_cause := said.id;
                desk_due := CASE WHEN said.stage <> 'classified' THEN said.due END;
                desk_class := CASE WHEN said.stage <> 'classified' THEN said.limit_class END;
            ELSE
                present := said.id;
                IF said.stage <> 'classified' THEN
                    f.limit_class := coalesce(said.limit_class, f.limit_class);
                    f.due := coalesce(said.due, f.due);
                    f.own_due := coalesce(said.due, f.own_due);
                END IF;
            END IF;
        END IF;
        IF said.clock = 'stops' THEN
            IF NOT r.held THEN
                f.pause_from := f.pause_from || said."time";
                f.pause_to := f.pause_to || NULL::bigint;
            END IF;
            r.pauses := r.pauses + CASE WHEN r.held THEN 0 ELSE 1 END;
            r.held := true;
        ELSIF said.clock = 'runs' THEN
            IF r.held THEN
                f := pg_temp.verify_runs(f, said."time");
            END IF;
            moved := greatest(moved, said.recorded);
            r.held := false;
        END IF;
        f := pg_temp.verify_led(f, said."time");
        happened := (happened & (~said.ends)) | said.stage_bit;
        times[said.place] := times[said.place] + 1;
        IF coalesce(said.party, 'source') NOT IN ('source', 'desk') THEN -- what it is about is not theirs to say anew
            f.type_code := coalesce(f.type_code, said.type_code);
            f.street_code := coalesce(f.street_code, said.street_code);
            f.community_code := coalesce(f.community_code, said.community_code);
            FOR i IN 1..coalesce(cardinality(said.fields), 0) LOOP
                f.fields[i] := coalesce(f.fields[i], said.fields[i]);
            END LOOP;
        ELSE
            f.type_code := coalesce(said.type_code, f.type_code);
            f.street_code := coalesce(said.street_code, f.street_code);
            f.community_code := coalesce(said.community_code, f.community_code);
            FOR i IN 1..coalesce(cardinality(said.fields), 0) LOOP
                f.fields[i] := coalesce(said.fields[i], f.fields[i]);
            END LOOP;
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
        RETURN NEXT pg_temp.verify_counts(f, moments, y, is_double);
    END IF;
END
$$;
