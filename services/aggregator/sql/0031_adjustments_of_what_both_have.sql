-- SPDX-License-Identifier: Apache-2.0
-- A view's file may change behind a freeze: a measure more, a group fewer, hours instead of days. Then frozen and live cells do not look
-- alike, and each was an adjustment that nobody made. They are compared by what both have, and a view that nobody had then has no
-- adjustment (docs/decisions/0404). Bins are frozen under the name of their measure, whose place in the file may change.

-- Of the view's file, written with its hash: {"grain": "hour", "measures": ["first", "full"]}, all measures, in the order of the file.
ALTER TABLE core.view ADD COLUMN shape jsonb NOT NULL DEFAULT '{}';

-- As far as the views of schema api tell it.
UPDATE core.view AS v SET shape = jsonb_build_object('measures', m.names)
FROM (SELECT w.name, (SELECT jsonb_agg(n.name ORDER BY s.place) FROM generate_series(0, (SELECT max(t[1]::integer) FROM regexp_matches(
                          pg_get_viewdef(to_regclass('api.' || w.name || '_bins')), '\((\d+),\s*''(\w+)''::text\)', 'g') AS t)) AS s(place)
                      LEFT JOIN LATERAL (SELECT t[2] AS name FROM regexp_matches(
                          pg_get_viewdef(to_regclass('api.' || w.name || '_bins')), '\((\d+),\s*''(\w+)''::text\)', 'g') AS t
                          WHERE t[1]::integer = s.place) AS n ON true) AS names FROM core.view AS w) AS m
WHERE m.name = v.name AND m.names IS NOT NULL;

-- What a cell or bin of a relation is made of.
CREATE FUNCTION core.shape_of(relation text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT v.shape || jsonb_build_object('hash', v.hash, 'names', (
        SELECT jsonb_agg(a.attname) FROM pg_attribute AS a
        WHERE a.attrelid = format('core.%I', relation)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('shard', 'bins')))
    FROM core.view AS v WHERE relation IN ('cell_' || v.name, 'hist_' || v.name)
$$;

-- {"cell_inflow": its shape then}
ALTER TABLE core.period ADD COLUMN shapes jsonb NOT NULL DEFAULT '{}';
GRANT SELECT (shapes) ON core.period TO dash, dash_all;

-- The owner sees rows only so, and nobody changes them but here.
ALTER TABLE core.frozen_cell NO FORCE ROW LEVEL SECURITY;
ALTER TABLE core.frozen_cell DISABLE TRIGGER stays;
ALTER TABLE core.period DISABLE TRIGGER stays;
UPDATE core.frozen_cell AS f SET key = jsonb_set(f.key, '{measure}', v.shape -> 'measures' -> (f.key ->> 'measure')::integer)
FROM core.view AS v WHERE f.relation = 'hist_' || v.name AND v.shape -> 'measures' ->> (f.key ->> 'measure')::integer IS NOT NULL;
UPDATE core.period SET shapes = (SELECT coalesce(jsonb_object_agg(r, core.shape_of(r)), '{}') FROM core.cell_relations() AS r);
ALTER TABLE core.period ENABLE TRIGGER stays;
ALTER TABLE core.frozen_cell ENABLE TRIGGER stays;
ALTER TABLE core.frozen_cell FORCE ROW LEVEL SECURITY;

-- What is a number in a cell or bin is a sum, all else is its key.
CREATE OR REPLACE FUNCTION core.cells_of(relation text, first_day date, last_day date)
RETURNS TABLE (key jsonb, value jsonb) LANGUAGE plpgsql STABLE AS $$
DECLARE
    measures jsonb := core.shape_of(relation) -> 'measures';
    keys text; key_object text; value_object text; held text; standing text; standing_object text;
BEGIN
    SELECT string_agg(format('c.%I', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE k.is_key),
           string_agg(format('%L, %s', a.attname, CASE WHEN relation LIKE 'hist\_%' AND a.attname = 'measure'
                                                       THEN '$3 -> c.measure::integer' ELSE format('c.%I', a.attname) END),
                      ', ' ORDER BY a.attnum) FILTER (WHERE k.is_key),
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
        key_object, value_object, relation, keys, held) USING first_day, last_day, measures;
    IF EXISTS (SELECT FROM core.view AS v WHERE v.is_stock AND relation = 'cell_' || v.name) THEN
        RETURN QUERY EXECUTE format(
            'SELECT jsonb_build_object(''bucket'', ''opening'', ''day'', $1 - 1, %s), jsonb_build_object(%s) FROM core.%I AS c '
            'WHERE c.day < $1 GROUP BY %s HAVING %s',
            standing_object, value_object, relation, standing, held) USING first_day;
    END IF;
END
$$;

-- In a transaction of one snapshot, or the cells are not of one moment. Returns how many there are.
CREATE OR REPLACE FUNCTION core.freeze_period(period_name text, first_day date, last_day date, who text, reason text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    one text; more bigint; total bigint := 0;
BEGIN
    INSERT INTO core.period (name, first_day, last_day, tick_ms, positions, who, reason, shapes)
    SELECT period_name, freeze_period.first_day, freeze_period.last_day, coalesce(max(o.tick_ms), 0),
           coalesce(jsonb_object_agg(o.topic || '/' || o.part, o.next_offset) FILTER (WHERE o.topic IS NOT NULL), '{}'),
           freeze_period.who, freeze_period.reason,
           (SELECT coalesce(jsonb_object_agg(r, core.shape_of(r)), '{}') FROM core.cell_relations() AS r)
    FROM core.kafka_offset AS o;
    FOR one IN SELECT core.cell_relations() LOOP
        INSERT INTO core.frozen_cell (period, relation, key, value, unit)
        SELECT period_name, one, c.key, c.value, coalesce(c.key ->> 'unit', '') FROM core.cells_of(one, freeze_period.first_day, freeze_period.last_day) AS c;
        GET DIAGNOSTICS more = ROW_COUNT;
        total := total + more;
    END LOOP;
    RETURN total;
END
$$;

-- What only one of two lists of names has.
CREATE FUNCTION core.names_of_one(a jsonb, b jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array(SELECT n FROM jsonb_array_elements_text(a || b) AS n GROUP BY n HAVING NOT (a ? n AND b ? n))
$$;

-- What came after a period was frozen: live less frozen, cell by cell, of the views there still are, summed up over what only one of them
-- has. A reader sees what he may see of both.
CREATE OR REPLACE FUNCTION api.adjustments(period_name text)
RETURNS TABLE (relation text, key jsonb, frozen jsonb, live jsonb) LANGUAGE plpgsql STABLE AS $$
DECLARE
    one text; p record; shape_then jsonb; shape_now jsonb; gone text[]; measures_gone text[]; by_day boolean;
BEGIN
    SELECT q.first_day, q.last_day, q.shapes INTO p FROM core.period AS q WHERE q.name = period_name;
    FOR one IN SELECT core.cell_relations() LOOP
        shape_then := p.shapes -> one;
        CONTINUE WHEN shape_then IS NULL;
        shape_now := core.shape_of(one);
        gone := core.names_of_one(shape_then -> 'names', shape_now -> 'names');
        measures_gone := core.names_of_one(coalesce(shape_then -> 'measures', '[]'), coalesce(shape_now -> 'measures', '[]'));
        by_day := shape_then ->> 'grain' <> shape_now ->> 'grain';
        RETURN QUERY
        WITH cell AS (
            SELECT true AS is_frozen, t.key, t.value FROM core.frozen_cell AS t WHERE t.period = period_name AND t.relation = one
            UNION ALL
            SELECT false, c.key, c.value FROM core.cells_of(one, p.first_day, p.last_day) AS c),
        alike AS (
            SELECT c.is_frozen, c.value - gone AS value,
                   CASE WHEN by_day AND c.key ->> 'bucket' <> 'opening' THEN jsonb_set(c.key - gone, '{bucket}', '"day"') ELSE c.key - gone END AS key
            FROM cell AS c WHERE one NOT LIKE 'hist\_%' OR NOT c.key ->> 'measure' = ANY (measures_gone)),
        number AS (
            SELECT a.is_frozen, a.key, n.key AS name, sum(n.value::bigint)::bigint AS n
            FROM alike AS a CROSS JOIN LATERAL jsonb_each(a.value) AS n GROUP BY 1, 2, 3),
        held AS (
            SELECT n.key, n.is_frozen, jsonb_object_agg(n.name, n.n) AS value
            FROM number AS n GROUP BY 1, 2 HAVING bool_or(n.n <> 0))
        SELECT one, coalesce(f.key, l.key), f.value, l.value
        FROM (SELECT h.key, h.value FROM held AS h WHERE h.is_frozen) AS f
        FULL JOIN (SELECT h.key, h.value FROM held AS h WHERE NOT h.is_frozen) AS l ON l.key = f.key
        WHERE f.value IS DISTINCT FROM l.value;
    END LOOP;
END
$$;
