-- SPDX-License-Identifier: Apache-2.0
-- The key of cells began with the bucket, which is one word in most views: who asked for a day read the cells of all days. It
-- begins with the day now, and what is written lies together.
DO $$
DECLARE
    one text; held name; keys text;
BEGIN
    FOR one IN SELECT 'cell_' || v.name FROM core.view AS v WHERE to_regclass('core.cell_' || v.name) IS NOT NULL LOOP
        SELECT c.conname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname = 'day' DESC, k.place)
        INTO held, keys
        FROM pg_constraint AS c CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.attnum
        WHERE c.conrelid = format('core.%I', one)::regclass AND c.contype = 'p' GROUP BY c.conname;
        EXECUTE format('ALTER TABLE core.%1$I DROP CONSTRAINT %2$I, ADD CONSTRAINT %2$I PRIMARY KEY (%3$s)', one, held, keys);
    END LOOP;
END
$$;

-- A fill that was begun has keys of the old sort.
DROP SCHEMA IF EXISTS fill CASCADE;
