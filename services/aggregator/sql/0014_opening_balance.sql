-- SPDX-License-Identifier: Apache-2.0
-- A stock is kept as flows: the cells of a period say what came and went in it, not how much there was when it began. So a
-- frozen period has, of each stock, its opening balance too: what all flows before its first day come to, in one cell of the
-- bucket `opening`, dated the day before. What changes it afterwards is an adjustment like any other (docs/decisions/0110).
ALTER TABLE core.view ADD COLUMN is_stock boolean NOT NULL DEFAULT false; -- its cells are flows

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
    FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'shard'
    CROSS JOIN LATERAL (SELECT a.attnum = ANY (i.indkey) AS is_key, a.attname IN ('bucket', 'day') AS is_time) AS k
    WHERE i.indrelid = format('core.%I', relation)::regclass AND i.indisprimary;
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
