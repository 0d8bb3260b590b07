-- SPDX-License-Identifier: Apache-2.0
-- When each station was last heard, and by what: the newest recordedtime of its events that are no
-- replay. A maximum: order and repetition of events cannot matter.
CREATE TABLE core.station_seen (
    station text NOT NULL,
    via text NOT NULL, -- the feed, or heartbeat
    seen_ms bigint NOT NULL,
    PRIMARY KEY (station, via)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- The newest tick of each partition. All that ingest had received by the smallest of them is here:
-- who was not heard before it is silent, not unread.
ALTER TABLE core.kafka_offset ADD COLUMN tick_ms bigint NOT NULL DEFAULT 0;

CREATE VIEW api.station_seen AS
SELECT station, via, core.of_ms(seen_ms) AS seen FROM core.station_seen;
