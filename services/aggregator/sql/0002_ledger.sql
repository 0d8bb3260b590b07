-- SPDX-License-Identifier: Apache-2.0
-- The ledger: per feed and hour received, what ingest read and what became of it, and what of its
-- events arrived here. Items: read = normalised + dead + dropped + filtered. Events made of the
-- normalised ones: events = distinct + repeated + refused (docs/decisions/0008).

-- A row of a ledger event is a set of one: the same event again adds nothing.
CREATE TABLE core.ledger_said (
    hour timestamptz NOT NULL,
    feed text NOT NULL,
    id text NOT NULL,
    input text NOT NULL, -- topic:partition of what was read
    read bigint NOT NULL,
    normalised bigint NOT NULL,
    dead bigint NOT NULL,
    dropped bigint NOT NULL,
    filtered bigint NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (hour, feed, id)
);

-- Counted where the offsets move, in the same transaction, and once for each offset.
CREATE TABLE core.ledger_came (
    hour timestamptz NOT NULL,
    feed text NOT NULL,
    distinct_events bigint NOT NULL,
    repeated_events bigint NOT NULL,
    refused_events bigint NOT NULL,
    PRIMARY KEY (hour, feed)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- How far core.ledger_came has counted. Never goes back: a log read again is not counted again.
ALTER TABLE core.kafka_offset ADD COLUMN counted bigint NOT NULL DEFAULT -1;

-- `unit` is empty: an account of the district's, not of a unit. A range of hours reads no other.
CREATE VIEW api.ledger AS
SELECT hour,
       feed,
       '' AS unit,
       read,
       normalised,
       dead,
       dropped,
       filtered,
       events,
       distinct_events,
       repeated_events,
       refused_events,
       read = normalised + dead + dropped + filtered
           AND events = distinct_events + repeated_events + refused_events AS closes
FROM (SELECT hour, feed,
             sum(read)::bigint AS read,
             sum(normalised)::bigint AS normalised,
             sum(dead)::bigint AS dead,
             sum(dropped)::bigint AS dropped,
             sum(filtered)::bigint AS filtered,
             sum(events)::bigint AS events,
             sum(distinct_events)::bigint AS distinct_events,
             sum(repeated_events)::bigint AS repeated_events,
             sum(refused_events)::bigint AS refused_events
      FROM (SELECT hour, feed, read, normalised, dead, dropped, filtered, events,
                   0 AS distinct_events, 0 AS repeated_events, 0 AS refused_events
            FROM core.ledger_said
            UNION ALL
            SELECT hour, feed, 0, 0, 0, 0, 0, 0, distinct_events, repeated_events, refused_events
            FROM core.ledger_came) AS both_sides
      GROUP BY hour, feed) AS sums;
