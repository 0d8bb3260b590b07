-- SPDX-License-Identifier: Apache-2.0
-- A period that was frozen before 0031 got the shapes of the views that there were at that migration: of a view that came or changed
-- in between it was not what was frozen, of one that was gone there was none, and none says a grain. Its rows say what it was
-- (docs/decisions/0404).

-- The owner sees rows only so, and nobody changes them but here.
ALTER TABLE core.frozen_cell NO FORCE ROW LEVEL SECURITY;
ALTER TABLE core.period DISABLE TRIGGER stays;

-- Such a shape is known by its lack of a grain: what was frozen since has one, and stays as it is, of an empty view too. Without a
-- grain and without rows nobody knows whether the view was there: it has no shape, and is not compared.
WITH told AS (
    SELECT r.period, substr(r.relation, 6) AS view, p.shapes, p.shapes -> r.relation AS taken, (
               SELECT jsonb_agg(n) FROM (SELECT f.key || f.value AS cell FROM core.frozen_cell AS f
                                         WHERE f.period = r.period AND f.relation = r.relation LIMIT 1) AS c
               CROSS JOIN LATERAL jsonb_object_keys(c.cell) AS n) AS names, (
               SELECT CASE WHEN f.key ->> 'bucket' IN ('am', 'pm') THEN 'half' WHEN f.key ->> 'bucket' ~ '^\d\d$' THEN 'hour'
                           WHEN f.key ->> 'bucket' ~ ':' THEN 'minute' ELSE 'day' END
               FROM core.frozen_cell AS f
               WHERE f.period = r.period AND f.relation = r.relation AND f.key ->> 'bucket' <> 'opening' LIMIT 1) AS grain
    FROM (SELECT DISTINCT f.period, f.relation FROM core.frozen_cell AS f WHERE f.relation LIKE 'cell\_%') AS r
    JOIN core.period AS p ON p.name = r.period
    WHERE p.shapes -> r.relation -> 'grain' IS NULL),
cell AS (
    SELECT t.*, t.taken IS NOT NULL AND core.names_of_one(t.names, t.taken -> 'names') = '{}' AS is_same FROM told AS t),
made AS (
    SELECT c.period, 'cell_' || c.view AS relation, jsonb_strip_nulls(jsonb_build_object(
               'hash', CASE WHEN c.is_same THEN c.taken ->> 'hash' ELSE '' END, 'names', c.names, 'grain', c.grain)) AS shape
    FROM cell AS c
    UNION ALL -- names of measures are those of then where the columns are, and no bin kept its number
    SELECT c.period, 'hist_' || c.view, jsonb_strip_nulls((c.shapes -> ('hist_' || c.view)) || jsonb_build_object('grain', c.grain))
    FROM cell AS c
    WHERE c.is_same AND c.shapes -> ('hist_' || c.view) ? 'measures' AND NOT EXISTS (
        SELECT FROM core.frozen_cell AS f
        WHERE f.period = c.period AND f.relation = 'hist_' || c.view AND jsonb_typeof(f.key -> 'measure') <> 'string'))
UPDATE core.period AS p
SET shapes = (SELECT coalesce(jsonb_object_agg(s.key, s.value), '{}') FROM jsonb_each(p.shapes) AS s WHERE s.value ? 'grain')
          || (SELECT coalesce(jsonb_object_agg(m.relation, m.shape), '{}') FROM made AS m WHERE m.period = p.name);

ALTER TABLE core.period ENABLE TRIGGER stays;
ALTER TABLE core.frozen_cell FORCE ROW LEVEL SECURITY;

-- What came after a period was frozen: live less frozen, cell by cell, of the views there still are, summed up over what only one of them
-- has; by days, unless both are known to be of one grain. A reader sees what he may see of both: a unit nothing of a view that names no
-- unit in one of them, for it would see the other alone.
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
        CONTINUE WHEN 'unit' = ANY (gone) AND core.my_unit() IS NOT NULL;
        measures_gone := core.names_of_one(coalesce(shape_then -> 'measures', '[]'), coalesce(shape_now -> 'measures', '[]'));
        by_day := shape_then ->> 'grain' IS DISTINCT FROM shape_now ->> 'grain';
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
