-- SPDX-License-Identifier: Apache-2.0
-- What may leave the handling unit: views in schema open, without small cells. They act as
-- open_owner, who may see all; owner may hand views to it and inherits nothing of it (roles.sql).
CREATE SCHEMA IF NOT EXISTS open;
GRANT USAGE ON SCHEMA open TO agg_writer, dash, dash_all;
GRANT USAGE, CREATE ON SCHEMA open TO open_owner;
GRANT USAGE ON SCHEMA core, api TO open_owner;

-- Whoever adds a view to open calls this.
CREATE FUNCTION core.publish(published regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT SELECT ON %s TO agg_writer, dash, dash_all', published);
    EXECUTE format('ALTER VIEW %s OWNER TO open_owner', published);
END
$$;

-- The district's civil time: what is open or overdue is told up to it. NULL before the first tick.
CREATE FUNCTION core.civil_now() RETURNS timestamp
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT timestamp '1970-01-01' + (max(tick_ms) + (SELECT value::bigint FROM core.meta WHERE key = 'zone_minutes') * 60000)
                                    * interval '1 millisecond'
    FROM core.kafka_offset WHERE tick_ms > 0
$$;
