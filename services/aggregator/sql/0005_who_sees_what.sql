-- SPDX-License-Identifier: Apache-2.0
-- Who sees which rows (roles.sql says who there is). Every table of facts is guarded: of dash_<unit>
-- each sees the rows whose unit it is, of a table without units none. Not even the owner sees rows
-- as such, so a view in api that forgot security_invoker shows nothing instead of everything.

-- The unit that the present role speaks for; NULL = none.
CREATE FUNCTION core.my_unit() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN starts_with(current_user, 'dash_') AND current_user <> 'dash_all'
                THEN substr(current_user, 6) END
$$;

-- Whoever adds a table of facts calls this with the column that names the unit, NULL where a row is
-- no unit's.
CREATE FUNCTION core.guard(guarded regclass, unit_column name) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY written ON %s TO agg_writer USING (true) WITH CHECK (true)', guarded);
    EXECUTE format('CREATE POLICY read_by_all ON %s FOR SELECT TO dash_all USING (true)', guarded);
    EXECUTE format('CREATE POLICY read_by_unit ON %s FOR SELECT TO dash USING (%s)', guarded,
                   CASE WHEN unit_column IS NULL THEN 'false'
                        ELSE format('%I = (SELECT core.my_unit())', unit_column) END);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %s TO agg_writer', guarded);
    EXECUTE format('GRANT SELECT ON %s TO dash, dash_all', guarded);
END
$$;

-- Whoever adds a view to api calls this: its rows are those that the reader may see in what it reads.
CREATE FUNCTION core.show(shown regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER VIEW %s SET (security_invoker = true)', shown);
    EXECUTE format('GRANT SELECT ON %s TO agg_writer, dash, dash_all', shown);
END
$$;

GRANT USAGE ON SCHEMA core, api TO agg_writer, dash, dash_all;
GRANT USAGE ON SCHEMA core TO audit_writer;

-- The present lead: whose case it is.
ALTER TABLE core.case_set ADD COLUMN unit text NOT NULL DEFAULT '';

SELECT core.guard('core.case_set', 'unit'),
       core.guard('core.ledger_said', NULL),
       core.guard('core.ledger_came', NULL),
       core.guard('core.station_seen', NULL);

-- What is no fact of anybody's: positions, codes, which views there are.
GRANT SELECT, INSERT, UPDATE ON core.kafka_offset TO agg_writer;
GRANT SELECT ON core.meta, core.view, core.migration TO agg_writer;
GRANT SELECT (tick_ms) ON core.kafka_offset TO dash, dash_all;
GRANT SELECT ON core.code, core.clock TO agg_writer, dash, dash_all;

SELECT core.show('api.clock'), core.show('api.case_timeline'), core.show('api.ledger'),
       core.show('api.station_seen');
ALTER VIEW core.clock SET (security_invoker = true);

-- Who did what to what is stored here; the topic `audit` has the same of what is done to the log.
CREATE TABLE core.audit (
    at timestamptz NOT NULL DEFAULT now(),
    who text NOT NULL DEFAULT session_user,
    verb text NOT NULL,
    arguments text NOT NULL,
    reason text NOT NULL,
    counts jsonb NOT NULL DEFAULT '{}'
);
GRANT INSERT ON core.audit TO audit_writer;
