-- SPDX-License-Identifier: Apache-2.0
-- Who there is. Roles belong to the whole server, so they are no migration: this is run whenever one
-- of them is missing, with the units' codes in citybrain.units. It takes a login that may create
-- roles; where there is none, somebody else runs it once by hand.
--
--   owner         owns every object; migrations act as it; nobody logs in as it
--   agg_writer    the aggregator: adds and changes facts and positions, deletes nothing, makes nothing
--   audit_writer  adds to core.audit, reads nothing
--   dash_<unit>   reads what schema api says of that unit
--   dash_all      reads what schema api says of all
--   dash          what all dash_<unit> have in common
--   open_owner    owns what is shown to everybody, and sees all to count it; owner does not inherit that
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['owner', 'agg_writer', 'audit_writer', 'dash', 'dash_all', 'open_owner'] LOOP
        IF to_regrole(name) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        END IF;
        IF name <> 'dash' AND NOT pg_has_role(name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', name);
        END IF;
    END LOOP;
    ALTER ROLE owner NOINHERIT;
    GRANT dash_all TO open_owner;
    GRANT open_owner TO owner;
    FOR name IN SELECT 'dash_' || unit
                FROM string_to_table(current_setting('citybrain.units', true), ',') AS u(unit)
                WHERE unit <> '' LOOP
        IF to_regrole(quote_ident(name)) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN IN ROLE dash', name);
        END IF;
        IF NOT pg_has_role(name, 'MEMBER') THEN -- the read API asks as the unit that asks it
            EXECUTE format('GRANT %I TO CURRENT_USER', name);
        END IF;
        EXECUTE format('ALTER ROLE %I SET default_transaction_read_only = on', name);
        EXECUTE format('ALTER ROLE %I SET statement_timeout = ''5s''', name);
    END LOOP;
    EXECUTE format('GRANT CREATE, CONNECT ON DATABASE %I TO owner', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO agg_writer, audit_writer, dash, dash_all',
                   current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- What was made before there were owners.
DO $$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT nspname AS name FROM pg_namespace
                WHERE nspname IN ('core', 'api') AND nspowner <> 'owner'::regrole LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO owner', made.name);
    END LOOP;
    FOR made IN SELECT oid::regclass AS name, relkind FROM pg_class
                WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('core', 'api'))
                  AND relkind IN ('r', 'v', 'p') AND relowner <> 'owner'::regrole LOOP
        EXECUTE format('ALTER %s %s OWNER TO owner',
                       CASE made.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, made.name);
    END LOOP;
    FOR made IN SELECT oid::regprocedure AS name FROM pg_proc
                WHERE pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('core', 'api'))
                  AND proowner <> 'owner'::regrole LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO owner', made.name);
    END LOOP;
END
$$;
