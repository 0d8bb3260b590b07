-- SPDX-License-Identifier: Apache-2.0
-- A page of the ledger is a row, many a second on a busy day, so that one that comes twice counts once. After a while none of
-- its hour comes any more (what was read before is known by its offset): the pages of an old hour become one row, without an
-- id (docs/decisions/0111). Some thousand at a time; returns how many went into it, 0 = no more.
CREATE FUNCTION core.add_up_ledger(keep_days integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH pages AS (
        DELETE FROM core.ledger_said WHERE ctid IN (
            SELECT ctid FROM core.ledger_said
            WHERE hour < core.of_ms((SELECT max(tick_ms) FROM core.kafka_offset)) - keep_days * interval '1 day' AND id <> ''
            ORDER BY hour LIMIT 20000)
        RETURNING *
    ), added AS (
        INSERT INTO core.ledger_said AS l (hour, feed, id, input, read, normalised, dead, dropped, filtered, events)
        SELECT hour, feed, '', '', sum(read), sum(normalised), sum(dead), sum(dropped), sum(filtered), sum(events)
        FROM pages GROUP BY hour, feed
        ON CONFLICT (hour, feed, id) DO UPDATE SET
            read = l.read + excluded.read, normalised = l.normalised + excluded.normalised, dead = l.dead + excluded.dead,
            dropped = l.dropped + excluded.dropped, filtered = l.filtered + excluded.filtered, events = l.events + excluded.events
    )
    SELECT count(*)::integer FROM pages
$$;
REVOKE ALL ON FUNCTION core.add_up_ledger(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.add_up_ledger(integer) TO agg_writer;

-- The function acts as its owner, whom the guard shows nothing.
CREATE POLICY added_up ON core.ledger_said TO owner USING (true) WITH CHECK (true);
