-- SPDX-License-Identifier: Apache-2.0
-- What peers of the aggregator keep of a case: one flat row with all that the views below need, the fold done for them.
-- No set; so no correction, no late fact and no repeat could be told from news.
CREATE SCHEMA peer;
GRANT USAGE ON SCHEMA peer TO agg_writer;

CREATE TABLE peer.case_row (
    case_id text PRIMARY KEY,
    lead text NOT NULL,
    type_code text NOT NULL,
    street_code text NOT NULL,
    limit_class text NOT NULL,
    opened_ms bigint NOT NULL,
    dispatched_ms bigint,
    due_ms bigint,
    signed_ms bigint,
    contacted_ms bigint,
    resolved_ms bigint,
    closed_ms bigint,
    paused_ms bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
GRANT SELECT, INSERT, UPDATE ON peer.case_row TO agg_writer;

-- The civil day in Beijing, and the bin of a duration: as the aggregator has them.
CREATE FUNCTION peer.day(ms bigint) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT date '1970-01-01' + ((ms + 28800000) / 86400000)::integer
$$;
CREATE FUNCTION peer.bin(ms bigint) RETURNS smallint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN ms <= 0 THEN 0 WHEN ms = 1 THEN 1 ELSE ceil(ln(ms::float8) / ln(1.04::float8)) END::smallint
$$;
