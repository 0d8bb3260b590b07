-- SPDX-License-Identifier: Apache-2.0
-- When ingest received the newest of each feed's records that became an event (docs/decisions/0342). A maximum, of
-- a shard each writer: order and repetition of events cannot matter, and nobody waits for another's row.
CREATE TABLE core.feed_seen (
    feed text NOT NULL,
    seen_ms bigint NOT NULL,
    shard smallint NOT NULL DEFAULT core.shard(),
    PRIMARY KEY (feed, shard)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
SELECT core.guard('core.feed_seen', NULL);

CREATE VIEW api.feed_seen AS
SELECT feed, '' AS unit, core.of_ms(max(seen_ms)) AS seen FROM core.feed_seen GROUP BY feed;
SELECT core.show('api.feed_seen');

-- An aggregator of before would go on and add up nothing here, and no offset is counted twice: it is fenced, and what it takes over
-- it refuses (it ends with 70, docs/runbooks/views-changed.md), until this program's has begun or `views apply` has swapped. First
-- of all: what it has just committed is read below, what it has not it cannot any more.
UPDATE core.kafka_offset SET epoch = epoch + 1;
UPDATE core.meta SET value = '' WHERE key = 'contributions';

-- Why rows were refused (docs/decisions/0341): what ingest tells, added up where the offsets move, in the same transaction, and once
-- for each offset, as core.ledger_came. `reason` is empty in what was told before reasons were, `station`
-- where none can be read and where the registry does not know it: rows are kept for good, and who sends them may write anything there.
-- What was told before keeps what it said.
CREATE TABLE core.refused (
    day date NOT NULL, -- civil, when the first of an event's rows was received
    feed text NOT NULL,
    reason text NOT NULL,
    station text NOT NULL,
    "rows" bigint NOT NULL,
    first_ms bigint NOT NULL,
    last_ms bigint NOT NULL,
    shard smallint NOT NULL DEFAULT core.shard(),
    PRIMARY KEY (day, feed, reason, station, shard)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- What is there already, before the new table is guarded. Not even the owner sees rows as such, but for this.
ALTER TABLE core.observation NO FORCE ROW LEVEL SECURITY;
INSERT INTO core.refused (day, feed, reason, station, "rows", first_ms, last_ms)
SELECT day, data->>'feed', coalesce(data->>'reason', ''), coalesce(data->>'station', ''), sum((data->>'rows')::bigint),
       min(time_ms), max(recorded_ms)
FROM core.observation WHERE kind = 'refused' AND feed = '' AND data->>'feed' <> '' AND data->>'rows' ~ '^[1-9][0-9]{0,17}$'
GROUP BY 1, 2, 3, 4;
ALTER TABLE core.observation FORCE ROW LEVEL SECURITY;
SELECT core.guard('core.refused', NULL);
DROP INDEX core.observation_refused; -- nobody asks the observations any more

CREATE VIEW api.refused AS
SELECT day, feed, nullif(reason, '') AS reason, nullif(station, '') AS station, '' AS unit, sum("rows")::bigint AS "rows",
       core.of_ms(min(first_ms)) AS first, core.of_ms(max(last_ms)) AS last
FROM core.refused GROUP BY day, feed, core.refused.reason, core.refused.station;
SELECT core.show('api.refused');
