-- SPDX-License-Identifier: Apache-2.0
-- Four of the district's views kept by statement triggers: what a batch's rows added before goes out, what they add now
-- goes in, summed by cell first, so that each cell is touched once a batch. Needs cases.sql.
CREATE TABLE peer.closure_rate (
    day date, unit text, type_code text, street_code text,
    opened bigint NOT NULL, closed bigint NOT NULL, closed_in bigint NOT NULL,
    PRIMARY KEY (day, unit, type_code, street_code)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE TABLE peer.backlog (
    day date, unit text, type_code text, entered bigint NOT NULL,
    PRIMARY KEY (day, unit, type_code)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE TABLE peer.on_time (
    day date, unit text, type_code text, limit_class text,
    due bigint NOT NULL, done bigint NOT NULL, on_time bigint NOT NULL,
    PRIMARY KEY (day, unit, type_code, limit_class)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE TABLE peer.response_time (
    day date, unit text, type_code text, street_code text, limit_class text, measure smallint,
    n bigint NOT NULL, ms bigint NOT NULL,
    PRIMARY KEY (day, unit, type_code, street_code, limit_class, measure)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE TABLE peer.response_bins (
    day date, unit text, type_code text, street_code text, limit_class text, measure smallint, bin smallint,
    n bigint NOT NULL,
    PRIMARY KEY (day, unit, type_code, street_code, limit_class, measure, bin)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA peer TO agg_writer;

-- One body for both triggers: `was` and `now` are transition tables, of rows that are new only `now`.
CREATE FUNCTION peer.body(changed text) RETURNS text
LANGUAGE sql IMMUTABLE AS $body$
    SELECT replace($$
BEGIN
    IF NOT EXISTS (SELECT FROM now) THEN
        RETURN NULL;
    END IF;
    INSERT INTO peer.closure_rate AS c
    SELECT * FROM (
        SELECT day, unit, type_code, street_code, sum(opened) AS opened, sum(closed) AS closed, sum(closed_in) AS closed_in
        FROM (SELECT peer.day(opened_ms) AS day, lead AS unit, type_code, street_code, sign AS opened,
                     CASE WHEN closed_ms IS NOT NULL THEN sign ELSE 0 END AS closed, 0 AS closed_in
              FROM @
              UNION ALL
              SELECT peer.day(closed_ms), lead, type_code, street_code, 0, 0, sign FROM @ WHERE closed_ms IS NOT NULL) AS one
        GROUP BY 1, 2, 3, 4) AS s
    WHERE opened <> 0 OR closed <> 0 OR closed_in <> 0
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (day, unit, type_code, street_code) DO UPDATE SET opened = c.opened + excluded.opened,
        closed = c.closed + excluded.closed, closed_in = c.closed_in + excluded.closed_in;

    INSERT INTO peer.backlog AS c
    SELECT * FROM (
        SELECT day, unit, type_code, sum(entered) AS entered
        FROM (SELECT peer.day(coalesce(dispatched_ms, opened_ms)) AS day, lead AS unit, type_code, sign AS entered FROM @
              UNION ALL
              SELECT day, '', type_code, part * sign FROM @
              CROSS JOIN LATERAL (VALUES (peer.day(opened_ms), 1), (peer.day(dispatched_ms), -1)) AS night(day, part)
              WHERE peer.day(opened_ms) <> peer.day(dispatched_ms)
              UNION ALL
              SELECT peer.day(closed_ms), lead, type_code, -sign FROM @ WHERE closed_ms IS NOT NULL) AS one
        GROUP BY 1, 2, 3) AS s
    WHERE entered <> 0
    ORDER BY 1, 2, 3
    ON CONFLICT (day, unit, type_code) DO UPDATE SET entered = c.entered + excluded.entered;

    INSERT INTO peer.on_time AS c
    SELECT * FROM (
        SELECT peer.day(due_ms) AS day, lead, type_code, limit_class, sum(sign) AS due,
               sum(CASE WHEN coalesce(resolved_ms, closed_ms) IS NOT NULL THEN sign ELSE 0 END) AS done,
               sum(CASE WHEN coalesce(resolved_ms, closed_ms) <= due_ms THEN sign ELSE 0 END) AS on_time
        FROM @ WHERE due_ms IS NOT NULL
        GROUP BY 1, 2, 3, 4) AS s
    WHERE due <> 0 OR done <> 0 OR on_time <> 0
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (day, unit, type_code, limit_class) DO UPDATE SET due = c.due + excluded.due,
        done = c.done + excluded.done, on_time = c.on_time + excluded.on_time;

    WITH lasted AS MATERIALIZED (
        SELECT peer.day(opened_ms) AS day, lead, type_code, street_code, limit_class, measure::smallint, ms, sign
        FROM @ CROSS JOIN LATERAL (VALUES (0, closed_ms - opened_ms), (1, closed_ms - opened_ms - paused_ms),
             (2, dispatched_ms - opened_ms), (3, signed_ms - dispatched_ms), (4, contacted_ms - dispatched_ms),
             (5, resolved_ms - dispatched_ms), (6, resolved_ms - dispatched_ms - paused_ms)) AS m(measure, ms)
        WHERE ms IS NOT NULL),
    cells AS (
        INSERT INTO peer.response_time AS c
        SELECT * FROM (SELECT day, lead, type_code, street_code, limit_class, measure, sum(sign) AS n, sum(sign * ms) AS ms
                       FROM lasted GROUP BY 1, 2, 3, 4, 5, 6) AS s
        WHERE n <> 0 OR ms <> 0
        ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (day, unit, type_code, street_code, limit_class, measure) DO UPDATE SET n = c.n + excluded.n,
            ms = c.ms + excluded.ms)
    INSERT INTO peer.response_bins AS c
    SELECT * FROM (SELECT day, lead, type_code, street_code, limit_class, measure, peer.bin(ms), sum(sign) AS n
                   FROM lasted GROUP BY 1, 2, 3, 4, 5, 6, 7) AS s
    WHERE n <> 0
    ORDER BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (day, unit, type_code, street_code, limit_class, measure, bin) DO UPDATE SET n = c.n + excluded.n;
    RETURN NULL;
END
$$, '@', changed)
$body$;

DO $$
BEGIN
    EXECUTE format('CREATE FUNCTION peer.is_new() RETURNS trigger LANGUAGE plpgsql AS %L',
                   peer.body('(SELECT *, 1 AS sign FROM now) AS r'));
    EXECUTE format('CREATE FUNCTION peer.has_changed() RETURNS trigger LANGUAGE plpgsql AS %L',
                   peer.body('(SELECT *, 1 AS sign FROM now UNION ALL SELECT *, -1 FROM was) AS r'));
END
$$;
CREATE TRIGGER is_new AFTER INSERT ON peer.case_row REFERENCING NEW TABLE AS now
FOR EACH STATEMENT EXECUTE FUNCTION peer.is_new();
CREATE TRIGGER has_changed AFTER UPDATE ON peer.case_row REFERENCING OLD TABLE AS was NEW TABLE AS now
FOR EACH STATEMENT EXECUTE FUNCTION peer.has_changed();
