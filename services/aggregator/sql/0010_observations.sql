-- SPDX-License-Identifier: Apache-2.0
-- Observations: what is not followed to an end (weather, works notice, outage, visits, a reading). A
-- row is a set of one; the civil day is part of its id, so it never moves to another partition.
CREATE TABLE core.observation (
    day date NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    feed text NOT NULL,
    subject text NOT NULL,
    unit text NOT NULL, -- that told it; '' = none did
    time_ms bigint NOT NULL,
    recorded_ms bigint NOT NULL,
    live boolean NOT NULL, -- any of its events was no replay
    revision text COLLATE "C" NOT NULL,
    data json COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);

-- Days that no calendar of ours will see: what a sender says is kept, it makes no partition.
CREATE TABLE core.observation_before PARTITION OF core.observation
    FOR VALUES FROM (MINVALUE) TO ('2000-01-01');
CREATE TABLE core.observation_after PARTITION OF core.observation
    FOR VALUES FROM ('2100-01-01') TO (MAXVALUE);

SELECT core.guard('core.observation', 'unit');

-- The writer makes no tables, so it asks for the days it is about to write. Attached rather than made
-- in place: that locks out neither writers nor readers.
CREATE FUNCTION core.make_observation_days(days date[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    wanted date;
    part text;
BEGIN
    FOR wanted IN SELECT DISTINCT d FROM unnest(days) AS u(d)
                  WHERE d >= '2000-01-01' AND d < '2100-01-01' ORDER BY d LOOP
        part := 'observation_' || to_char(wanted, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('core.' || part) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(20120347);
        CONTINUE WHEN to_regclass('core.' || part) IS NOT NULL;
        EXECUTE format('CREATE TABLE core.%I (LIKE core.observation INCLUDING ALL)', part);
        EXECUTE format('ALTER TABLE core.observation ATTACH PARTITION core.%I FOR VALUES FROM (%L) TO (%L)',
                       part, wanted, wanted + 1);
    END LOOP;
END
$$;

-- What retention leaves: days older than so many before the newest tick go, whole. Returns how many
-- went. Who reads just now is not waited for: the day goes the next time.
CREATE FUNCTION core.forget_observations(keep_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '1s' AS $$
DECLARE
    part text;
    gone integer := 0;
    now_ms bigint := (SELECT coalesce(max(tick_ms), 0) FROM core.kafka_offset);
    first_kept text := to_char(to_timestamp(now_ms / 1000.0) - keep_days * interval '1 day', 'YYYYMMDD');
BEGIN
    IF now_ms = 0 THEN
        RETURN 0;
    END IF;
    FOR part IN SELECT relname FROM pg_class AS c JOIN pg_inherits AS i ON i.inhrelid = c.oid
                WHERE inhparent = 'core.observation'::regclass AND relname ~ '^observation_[0-9]{8}$'
                  AND right(relname, 8) < first_kept ORDER BY 1 LOOP
        BEGIN
            EXECUTE format('DROP TABLE core.%I', part);
            gone := gone + 1;
        EXCEPTION WHEN lock_not_available THEN
            RETURN gone;
        END;
    END LOOP;
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION core.make_observation_days(date[]), core.forget_observations(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.make_observation_days(date[]), core.forget_observations(integer)
    TO agg_writer;

CREATE VIEW api.observation AS
SELECT day, kind, feed, unit, subject, core.of_ms(time_ms) AS "time", core.of_ms(recorded_ms) AS recorded,
       live, data, id
FROM core.observation;
SELECT core.show('api.observation');
