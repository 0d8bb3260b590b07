-- SPDX-License-Identifier: Apache-2.0
-- A day that goes is a table with its index, and its locks are held to the end of the transaction: after history was told of
-- many old days they go some at a time, and who wants all gone asks until there was none. Days are the district's own.
CREATE OR REPLACE FUNCTION core.forget_observations(keep_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '1s' AS $$
DECLARE
    part text;
    gone integer := 0;
    first_kept text := to_char(core.civil_now() - keep_days * interval '1 day', 'YYYYMMDD'); -- NULL before the first tick
BEGIN
    FOR part IN SELECT relname FROM pg_class AS c JOIN pg_inherits AS i ON i.inhrelid = c.oid
                WHERE inhparent = 'core.observation'::regclass AND relname ~ '^observation_[0-9]{8}$'
                  AND right(relname, 8) < first_kept ORDER BY 1 LIMIT 32 LOOP
        BEGIN
            EXECUTE format('DROP TABLE core.%I', part);
            gone := gone + 1;
        EXCEPTION WHEN lock_not_available THEN
            RETURN gone;
        END;
    END LOOP;
    RETURN gone;
END
$$;
