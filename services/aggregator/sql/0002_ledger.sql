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

-- `unit` is empty: an account of the district's, not of a unit.
CREATE VIEW api.ledger AS
SELECT hour,
       feed,
       '' AS unit,
       coalesce(said.read, 0)::bigint AS read,
       coalesce(said.normalised, 0)::bigint AS normalised,
       coalesce(said.dead, 0)::bigint AS dead,
       coalesce(said.dropped, 0)::bigint AS dropped,
       coalesce(said.filtered, 0)::bigint AS filtered,
       coalesce(said.events, 0)::bigint AS events,
       coalesce(came.distinct_events, 0) AS distinct_events,
       coalesce(came.repeated_events, 0) AS repeated_events,
       coalesce(came.refused_events, 0) AS refused_events,
       coalesce(said.read = said.normalised + said.dead + said.dropped + said.filtered
                AND said.events = coalesce(came.distinct_events + came.repeated_events
                                           + came.refused_events, 0), false) AS closes
FROM (SELECT hour, feed, sum(read) AS read, sum(normalised) AS normalised, sum(dead) AS dead,
             sum(dropped) AS dropped, sum(filtered) AS filtered, sum(events) AS events
      FROM core.ledger_said GROUP BY hour, feed) AS said
FULL JOIN core.ledger_came AS came USING (hour, feed);
