-- SPDX-License-Identifier: Apache-2.0
-- Which files made the cells, and rows of which each writer has its own.

-- The views whose cells are here: core.cell_<name>, core.hist_<name>.
CREATE TABLE core.view (
    name text PRIMARY KEY,
    hash text NOT NULL, -- of all that shapes its cells
    sql text NOT NULL   -- of the SQL of its views in api
);

-- Sums of many cases are kept in shards: a writer adds to its own, the readers sum over all. So two
-- writers never wait for each other's rows. Which shard a number was added to says nothing.
CREATE FUNCTION core.shard() RETURNS smallint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('citybrain.shard', true), ''), '0')::smallint
$$;

ALTER TABLE core.ledger_came ADD COLUMN shard smallint NOT NULL DEFAULT core.shard(),
    DROP CONSTRAINT ledger_came_pkey, ADD PRIMARY KEY (hour, feed, shard);

ALTER TABLE core.station_seen ADD COLUMN shard smallint NOT NULL DEFAULT core.shard(),
    DROP CONSTRAINT station_seen_pkey, ADD PRIMARY KEY (station, via, shard);
CREATE OR REPLACE VIEW api.station_seen AS
SELECT station, via, core.of_ms(max(seen_ms)) AS seen FROM core.station_seen GROUP BY station, via;

-- The newest tick seen stands beside the positions already (tick_ms): one row less to wait for.
DROP VIEW api.clock;
DROP TABLE core.clock;
CREATE VIEW core.clock AS
SELECT coalesce(max(tick_ms), 0) AS t_ms FROM core.kafka_offset;
CREATE VIEW api.clock AS
SELECT core.of_ms(t_ms) AS now, t_ms FROM core.clock WHERE t_ms > 0;
