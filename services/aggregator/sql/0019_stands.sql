-- SPDX-License-Identifier: Apache-2.0
-- A stock is kept as flows, and whoever asked what there is now summed up all that ever came and went. What the flows of old
-- days come to stands in one row for each combination of groups now, in core.stand_<view> (docs/decisions/0250):
--
--   the rows of stand_<view> with day < until  =  the cells of cell_<view> with day < until, in every snapshot
--
-- `day` is -infinity in those rows, and the cell's own in what writers put beside them when they change a cell of an old day.
CREATE TABLE core.standing (
    view text PRIMARY KEY,
    wanted date NOT NULL, -- who changes a cell of an earlier day notes it in the stand as well
    since xid8,           -- whoever has a greater one knows `wanted`; NULL = nobody has asked for it yet
    until date            -- NULL = there is no stand yet. Who deletes the row has all of it made anew
);
GRANT SELECT, INSERT, UPDATE ON core.standing TO agg_writer;
GRANT SELECT ON core.standing TO dash, dash_all;

-- Beside the cells, which are there already. The owner may throw rows away, and sees none: he deletes all or nothing.
CREATE FUNCTION core.make_stand(schema_name text, view_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    stand text := format('%I.%I', schema_name, 'stand_' || view_name);
BEGIN
    EXECUTE format('CREATE TABLE %s (LIKE %I.%I)', stand, schema_name, 'cell_' || view_name);
    EXECUTE format('ALTER TABLE %s DROP COLUMN bucket, DROP COLUMN shard', stand);
    PERFORM core.guard(stand::regclass, (SELECT attname FROM pg_attribute WHERE attrelid = stand::regclass AND attname = 'unit'));
    EXECUTE format('CREATE POLICY cleared ON %s FOR DELETE TO owner USING (true)', stand);
END
$$;

CREATE FUNCTION core.clear_stand(view_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    EXECUTE format('DELETE FROM core.%I', 'stand_' || view_name);
END
$$;
REVOKE ALL ON FUNCTION core.clear_stand(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.clear_stand(text) TO agg_writer;

-- One snapshot, which sees what it deletes and what it adds up. A note that it does not see is of a cell that it does not see
-- either, and stays; all who change a cell before `wanted` without a note have ended. True where something was done.
CREATE FUNCTION core.settle_stand(view_name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held record; settled bigint; noted bigint; keys text; columns text; sums text; nonzero text; kept jsonb;
BEGIN
    IF current_setting('transaction_isolation') <> 'repeatable read' THEN
        RAISE EXCEPTION 'a stand is settled in one snapshot: BEGIN ISOLATION LEVEL REPEATABLE READ';
    END IF;
    SELECT s.until, CASE WHEN s.since < pg_snapshot_xmin(pg_current_snapshot()) THEN s.wanted ELSE s.until END AS next
    INTO held FROM core.standing AS s WHERE s.view = view_name;
    EXECUTE format('SELECT count(*) FILTER (WHERE day = ''-infinity''), count(*) FILTER (WHERE day <> ''-infinity'') FROM core.%I',
                   'stand_' || view_name) INTO settled, noted;
    IF held.next IS NULL OR (held.next = held.until AND noted < 1000 + settled / 4) THEN
        RETURN false;
    END IF;
    UPDATE core.standing SET until = held.next WHERE view = view_name; -- whoever does the same now fails here
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE atttypid <> 'bigint'::regtype),
           string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE atttypid = 'bigint'::regtype),
           string_agg(format('sum(%1$I)::bigint AS %1$I', attname), ', ' ORDER BY attnum) FILTER (WHERE atttypid = 'bigint'::regtype),
           string_agg(format('sum(%I) <> 0', attname), ' OR ' ORDER BY attnum) FILTER (WHERE atttypid = 'bigint'::regtype)
    INTO keys, columns, sums, nonzero
    FROM pg_attribute WHERE attrelid = format('core.%I', 'stand_' || view_name)::regclass AND attnum > 0 AND NOT attisdropped
      AND attname <> 'day';
    EXECUTE format('SELECT jsonb_agg(to_jsonb(s)) FROM (SELECT ''-infinity''::date AS day, %1$s, %2$s FROM ('
                   'SELECT %1$s, %3$s FROM core.%5$I WHERE day < $1 UNION ALL '
                   'SELECT %1$s, %3$s FROM core.%6$I WHERE day >= coalesce($1, ''-infinity'') AND day < $2) AS f '
                   'GROUP BY %1$s HAVING %4$s) AS s', keys, sums, columns, nonzero, 'stand_' || view_name, 'cell_' || view_name)
    INTO kept USING held.until, held.next;
    PERFORM core.clear_stand(view_name);
    EXECUTE format('INSERT INTO core.%1$I (day, %2$s, %3$s) SELECT day, %2$s, %3$s FROM jsonb_populate_recordset(NULL::core.%1$I, $1)',
                   'stand_' || view_name, keys, columns) USING coalesce(kept, '[]');
    RETURN true;
END
$$;

SELECT core.make_stand('core', name) FROM core.view WHERE is_stock;

-- A fill that was begun has no stand beside its cells.
DROP SCHEMA IF EXISTS fill CASCADE;
