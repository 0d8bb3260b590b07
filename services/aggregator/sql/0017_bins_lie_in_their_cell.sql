-- SPDX-License-Identifier: Apache-2.0
-- A histogram's bin was a row, and nearly every duration made a new one: a third of what a batch cost. The bins of a cell's
-- durations lie in the cell's own row now, (measure << 48) + (bin << 32) + n each, and one bin may stand there several times,
-- below zero too: it is their sum, as a cell is the sum of its shards. hist_<view> is a view that shows them one a row
-- (docs/decisions/0210).
CREATE FUNCTION core.bins_of(bins bigint[]) RETURNS TABLE (measure smallint, bin smallint, n bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (k.key >> 16)::smallint, (k.key & 65535)::smallint, b.bin - (k.key << 32)
    FROM unnest(bins) AS b(bin) CROSS JOIN LATERAL (SELECT (b.bin + 2147483648) >> 32 AS key) AS k
$$;

-- Each bin once, and none of zero.
CREATE FUNCTION core.sum_bins(bins bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg((measure::bigint << 48) + (bin::bigint << 32) + n ORDER BY measure, bin)
    FROM (SELECT measure, bin, sum(n)::bigint AS n FROM core.bins_of(bins) GROUP BY measure, bin) AS s WHERE n <> 0
$$;

-- What is a number in a cell or bin is a sum, all else is its key.
CREATE OR REPLACE FUNCTION core.cells_of(relation text, first_day date, last_day date)
RETURNS TABLE (key jsonb, value jsonb) LANGUAGE plpgsql STABLE AS $$
DECLARE
    keys text; key_object text; value_object text; held text; standing text; standing_object text;
BEGIN
    SELECT string_agg(format('c.%I', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE k.is_key),
           string_agg(format('%1$L, c.%1$I', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE k.is_key),
           string_agg(format('%1$L, sum(c.%1$I)::bigint', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE NOT k.is_key),
           string_agg(format('sum(c.%I) <> 0', a.attname), ' OR ' ORDER BY a.attnum) FILTER (WHERE NOT k.is_key),
           string_agg(format('c.%I', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE k.is_key AND NOT k.is_time),
           string_agg(format('%1$L, c.%1$I', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE k.is_key AND NOT k.is_time)
    INTO keys, key_object, value_object, held, standing, standing_object
    FROM pg_attribute AS a
    CROSS JOIN LATERAL (SELECT a.atttypid <> 'bigint'::regtype AS is_key, a.attname IN ('bucket', 'day') AS is_time) AS k
    WHERE a.attrelid = format('core.%I', relation)::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attname NOT IN ('shard', 'bins');
    RETURN QUERY EXECUTE format(
        'SELECT jsonb_build_object(%s), jsonb_build_object(%s) FROM core.%I AS c WHERE c.day BETWEEN $1 AND $2 GROUP BY %s HAVING %s',
        key_object, value_object, relation, keys, held) USING first_day, last_day;
    IF EXISTS (SELECT FROM core.view AS v WHERE v.is_stock AND relation = 'cell_' || v.name) THEN
        RETURN QUERY EXECUTE format(
            'SELECT jsonb_build_object(''bucket'', ''opening'', ''day'', $1 - 1, %s), jsonb_build_object(%s) FROM core.%I AS c '
            'WHERE c.day < $1 GROUP BY %s HAVING %s',
            standing_object, value_object, relation, standing, held) USING first_day;
    END IF;
END
$$;

-- A fill that was begun has bins of the old sort.
DROP SCHEMA IF EXISTS fill CASCADE;

-- What stands in the old tables goes into the cells; the views of schema api are made anew at this start.
DO $$
DECLARE
    one text; keys text; sums text; zeros text;
BEGIN
    FOR one IN SELECT v.name FROM core.view AS v WHERE to_regclass('core.hist_' || v.name) IS NOT NULL LOOP
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE atttypid <> 'bigint'::regtype),
               string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE atttypid = 'bigint'::regtype),
               string_agg('0', ', ') FILTER (WHERE atttypid = 'bigint'::regtype)
        INTO keys, sums, zeros
        FROM pg_attribute WHERE attrelid = format('core.cell_%s', one)::regclass AND attnum > 0 AND NOT attisdropped;
        EXECUTE format('ALTER TABLE core.cell_%1$s NO FORCE ROW LEVEL SECURITY; ALTER TABLE core.hist_%1$s NO FORCE ROW LEVEL SECURITY; '
                       'ALTER TABLE core.cell_%1$s ADD COLUMN bins bigint[] COMPRESSION lz4', one);
        EXECUTE format('INSERT INTO core.cell_%1$s (%2$s, %3$s, bins) SELECT %2$s, %4$s, array_agg((measure::bigint << 48) + '
                       '(bin::bigint << 32) + n ORDER BY measure, bin) FROM core.hist_%1$s WHERE n <> 0 GROUP BY %2$s '
                       'ON CONFLICT (%2$s) DO UPDATE SET bins = excluded.bins', one, keys, sums, zeros);
        EXECUTE format('DROP VIEW IF EXISTS open.%1$s, api.%1$s_mean, api.%1$s_periods, api.%1$s_bins, api.%1$s; '
                       'DROP TABLE core.hist_%1$s; ALTER TABLE core.cell_%1$s FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('CREATE VIEW core.hist_%1$s AS SELECT %2$s, b.measure, b.bin, b.n FROM core.cell_%1$s CROSS JOIN LATERAL '
                       'core.bins_of(bins) AS b; SELECT core.show(''core.hist_%1$s'')', one, keys);
        UPDATE core.view SET sql = '' WHERE name = one;
    END LOOP;
END
$$;
