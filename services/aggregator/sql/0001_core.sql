-- SPDX-License-Identifier: Apache-2.0
-- core: what the aggregator writes. api: what people and pages read.
-- The tables of cells are made from config/views/*.yaml by the aggregator, not here.
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS api;

CREATE TABLE core.meta (
    key text PRIMARY KEY,
    value text NOT NULL
);

-- The position in `events` lives beside what it made: one transaction moves both.
CREATE TABLE core.kafka_offset (
    topic text NOT NULL,
    part integer NOT NULL,
    next_offset bigint NOT NULL, -- -1: nothing read yet
    epoch bigint NOT NULL,       -- goes up at every takeover: an owner of an older one is fenced
    owner text NOT NULL,
    PRIMARY KEY (topic, part)
);

-- One case, one set: a line an event (docs/contracts.md §3).
CREATE TABLE core.case_set (
    case_id text PRIMARY KEY,
    kind text NOT NULL,
    lines text COMPRESSION lz4 NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

CREATE TABLE core.clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    t_ms bigint NOT NULL -- the newest tick seen
);
INSERT INTO core.clock (t_ms) VALUES (0);

CREATE TABLE core.code (
    space text NOT NULL,
    number integer NOT NULL,
    code text NOT NULL,
    PRIMARY KEY (space, number)
);

CREATE FUNCTION core.base36(digits text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT sum((strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(d, i, 1)) - 1)
               * power(36::numeric, length(d) - i))::bigint
           * CASE WHEN starts_with(digits, '-') THEN -1 ELSE 1 END
    FROM (SELECT ltrim(digits, '-') AS d) AS bare, generate_series(1, length(d)) AS i
$$;

-- Values in a case line escape '|' and the backslash, and write a line feed as \n.
CREATE FUNCTION core.unescape(field text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN strpos(field, '\') = 0 THEN field
                ELSE (SELECT string_agg(CASE WHEN part = '\n' THEN E'\n'
                                             WHEN starts_with(part, '\') THEN substr(part, 2)
                                             ELSE part END, '' ORDER BY n)
                      FROM (SELECT m[1] AS part, n
                            FROM regexp_matches(field, '\\.|[^\\]+', 'g') WITH ORDINALITY AS r(m, n)) AS parts)
           END
$$;

CREATE FUNCTION core.of_ms(ms bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT to_timestamp(0) + ms * interval '1 millisecond'
$$;

-- Middle of a bin, in milliseconds (gamma = 1.04: at most 2 % off).
CREATE FUNCTION api.histogram_value(bin integer) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN bin <= 0 THEN 0 ELSE 2 * power(1.04::float8, bin) / 2.04 END
$$;

-- The value at rank ceil(q * n). Bins of any number of groups may be thrown together, so that a
-- total is asked for like this:
--   SELECT api.histogram_quantile(array_agg(bin), array_agg(n), 0.9) / 1000
--   FROM api.response_time_bins WHERE measure = 'full';
CREATE FUNCTION api.histogram_quantile(bins integer[], counts bigint[], q double precision)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT api.histogram_value(min(bin))
    FROM (SELECT bin, sum(n) OVER (ORDER BY bin) AS upto, sum(n) OVER () AS total
          FROM (SELECT bin, sum(n) AS n FROM unnest(bins, counts) AS u(bin, n) GROUP BY bin) AS m
          WHERE n > 0) AS ranked
    WHERE upto >= ceil(q * total)
$$;

CREATE VIEW api.clock AS
SELECT core.of_ms(t_ms) AS now, t_ms FROM core.clock WHERE t_ms > 0;

-- What was said about a case, in the order it holds.
CREATE VIEW api.case_timeline AS
SELECT s.case_id,
       s.kind,
       l.n::integer AS n,
       coalesce(stage.code, split_part(l.line, '|', 4)) AS stage,
       core.of_ms(core.base36(split_part(l.line, '|', 5))) AS "time",
       core.of_ms(core.base36(split_part(l.line, '|', 6))) AS recorded,
       CASE WHEN starts_with(split_part(l.line, '|', 7), '=')
            THEN substr(split_part(l.line, '|', 7), 2) ELSE unit.code END AS unit,
       party.code AS party,
       coalesce(more.live, false) AS live,
       more.lead,
       core.of_ms(more.due_ms) AS due,
       more.limit_class,
       more.type_code,
       more.street_code,
       more.community_code,
       more.rule,
       split_part(l.line, '|', 2) AS event_id
FROM core.case_set AS s
CROSS JOIN LATERAL string_to_table(s.lines, E'\n') WITH ORDINALITY AS l(line, n)
LEFT JOIN core.code AS stage
       ON stage.space = 'stage' AND stage.number = core.base36(nullif(split_part(l.line, '|', 4), ''))
LEFT JOIN core.code AS unit
       ON unit.space = 'unit'
      AND unit.number = CASE WHEN split_part(l.line, '|', 7) ~ '^[0-9a-z]+$'
                             THEN core.base36(split_part(l.line, '|', 7)) END
LEFT JOIN core.code AS party
       ON party.space = 'party'
      AND party.number = CASE WHEN split_part(l.line, '|', 8) ~ '^[0-9a-z]+$'
                              THEN core.base36(split_part(l.line, '|', 8)) END
CROSS JOIN LATERAL (
    SELECT bool_or(field = 'v=1') AS live,
           max(core.unescape(substr(field, 3))) FILTER (WHERE field LIKE 'l=%') AS lead,
           max(CASE WHEN field ~ '^d=-?[0-9]+$' THEN substr(field, 3)::bigint END) AS due_ms,
           max(core.unescape(substr(field, 3))) FILTER (WHERE field LIKE 'c=%') AS limit_class,
           max(core.unescape(substr(field, 3))) FILTER (WHERE field LIKE 't=%') AS type_code,
           max(core.unescape(substr(field, 3))) FILTER (WHERE field LIKE 's=%') AS street_code,
           max(core.unescape(substr(field, 3))) FILTER (WHERE field LIKE 'm=%') AS community_code,
           max(core.unescape(substr(field, 3))) FILTER (WHERE field LIKE 'r=%') AS rule
    FROM (SELECT m[1] AS field FROM regexp_matches(l.line, '(?:\\.|[^|\\])+', 'g') AS m) AS fields
) AS more
WHERE l.line <> '';
