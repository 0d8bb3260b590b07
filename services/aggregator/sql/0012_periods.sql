-- SPDX-License-Identifier: Apache-2.0
-- A period whose numbers are published is frozen: its cells as they were at that moment, kept beside the live ones, which
-- corrections and late facts go on changing. What they changed since is the adjustment (docs/decisions/0086).

CREATE TABLE core.period (
    name text PRIMARY KEY,
    first_day date NOT NULL,
    last_day date NOT NULL,
    frozen timestamptz NOT NULL DEFAULT now(),
    tick_ms bigint NOT NULL,  -- the district's time then
    positions jsonb NOT NULL, -- how far the log was counted: {"cb.events/0": 4711}
    who text NOT NULL,
    reason text NOT NULL,
    CHECK (first_day <= last_day)
);

-- One row a cell, whatever the view looks like later: {"day": …, "unit": …}, {"opened_n": 3}.
CREATE TABLE core.frozen_cell (
    period text NOT NULL,
    relation text NOT NULL, -- cell_<view>, hist_<view>
    key jsonb NOT NULL,
    value jsonb NOT NULL,
    unit text NOT NULL, -- of the key; empty where the view has none
    PRIMARY KEY (period, relation, key)
);

-- Which periods there are is nobody's fact; who froze them is not for everybody.
SELECT core.guard('core.frozen_cell', 'unit');
GRANT SELECT, INSERT ON core.period TO agg_writer;
GRANT SELECT (name, first_day, last_day, frozen, tick_ms) ON core.period TO dash, dash_all;

-- Nobody, the writer neither.
CREATE FUNCTION core.stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a frozen period does not change; what came later is its adjustment';
END
$$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON core.period FOR EACH STATEMENT EXECUTE FUNCTION core.stays();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON core.frozen_cell FOR EACH STATEMENT EXECUTE FUNCTION core.stays();

-- The cells of some days as they are now: sums over shards; a cell of zeros is none.
CREATE FUNCTION core.cells_of(relation text, first_day date, last_day date)
RETURNS TABLE (key jsonb, value jsonb) LANGUAGE plpgsql STABLE AS $$
DECLARE
    keys text; key_object text; value_object text; held text;
BEGIN
    SELECT string_agg(format('c.%I', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE k.is_key),
           string_agg(format('%1$L, c.%1$I', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE k.is_key),
           string_agg(format('%1$L, sum(c.%1$I)::bigint', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE NOT k.is_key),
           string_agg(format('sum(c.%I) <> 0', a.attname), ' OR ' ORDER BY a.attnum) FILTER (WHERE NOT k.is_key)
    INTO keys, key_object, value_object, held
    FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'shard'
    CROSS JOIN LATERAL (SELECT a.attnum = ANY (i.indkey) AS is_key) AS k
    WHERE i.indrelid = format('core.%I', relation)::regclass AND i.indisprimary;
    RETURN QUERY EXECUTE format(
        'SELECT jsonb_build_object(%s), jsonb_build_object(%s) FROM core.%I AS c WHERE c.day BETWEEN $1 AND $2 GROUP BY %s HAVING %s',
        key_object, value_object, relation, keys, held) USING first_day, last_day;
END
$$;

CREATE FUNCTION core.cell_relations() RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT c.relname::text FROM core.view AS v
    JOIN pg_class AS c ON c.relname IN ('cell_' || v.name, 'hist_' || v.name)
    WHERE c.relnamespace = 'core'::regnamespace ORDER BY 1
$$;

-- In a transaction of one snapshot, or the cells are not of one moment. Returns how many there are.
CREATE FUNCTION core.freeze_period(period_name text, first_day date, last_day date, who text, reason text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    one text; more bigint; total bigint := 0;
BEGIN
    INSERT INTO core.period (name, first_day, last_day, tick_ms, positions, who, reason)
    SELECT period_name, freeze_period.first_day, freeze_period.last_day, coalesce(max(o.tick_ms), 0),
           coalesce(jsonb_object_agg(o.topic || '/' || o.part, o.next_offset) FILTER (WHERE o.topic IS NOT NULL), '{}'),
           freeze_period.who, freeze_period.reason
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

CREATE VIEW api.period AS
SELECT name, first_day, last_day, frozen, core.of_ms(tick_ms) AS clock FROM core.period;
CREATE VIEW api.frozen_cell AS
SELECT period, relation, key, value, unit FROM core.frozen_cell;
SELECT core.show('api.period'), core.show('api.frozen_cell');

-- What came after a period was frozen: live less frozen, cell by cell, of the views there still are. A reader sees what he
-- may see of both.
CREATE FUNCTION api.adjustments(period_name text)
RETURNS TABLE (relation text, key jsonb, frozen jsonb, live jsonb) LANGUAGE plpgsql STABLE AS $$
DECLARE
    one text; days record;
BEGIN
    SELECT p.first_day, p.last_day INTO days FROM core.period AS p WHERE p.name = period_name;
    FOR one IN SELECT core.cell_relations() LOOP
        RETURN QUERY SELECT one, coalesce(f.key, c.key), f.value, c.value
        FROM (SELECT t.key, t.value FROM core.frozen_cell AS t WHERE t.period = period_name AND t.relation = one) AS f
        FULL JOIN core.cells_of(one, days.first_day, days.last_day) AS c ON c.key = f.key
        WHERE f.value IS DISTINCT FROM c.value;
    END LOOP;
END
$$;
GRANT SELECT ON core.view TO dash, dash_all;
