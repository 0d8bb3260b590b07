-- SPDX-License-Identifier: Apache-2.0
-- How each feed did on each day of the district: what was read of it and refused, what of it came twice, and when it was heard.
-- `unit` is empty, as in api.ledger, of which this is the sum.
CREATE FUNCTION core.civil(at timestamptz) RETURNS timestamp
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT at AT TIME ZONE 'UTC' + (SELECT value::bigint FROM core.meta WHERE key = 'zone_minutes') * interval '1 minute'
$$;

CREATE VIEW api.feed_health AS
SELECT day, feed, '' AS unit, read, dead, dropped, events, repeated_events, hours, first_hour, last_hour,
       round(dead::numeric / nullif(read, 0), 6) AS reject_rate,
       round(repeated_events::numeric / nullif(distinct_events + repeated_events, 0), 6) AS repeat_rate,
       closes, 'all'::text AS scope, 'pooled'::text AS method, 'always'::text AS formula, read AS n
FROM (SELECT core.civil(hour)::date AS day, feed,
             sum(read)::bigint AS read,
             sum(dead)::bigint AS dead,
             sum(dropped)::bigint AS dropped,
             sum(events)::bigint AS events,
             sum(distinct_events)::bigint AS distinct_events,
             sum(repeated_events)::bigint AS repeated_events,
             count(*) FILTER (WHERE read > 0)::bigint AS hours, -- in which anything was read
             min(hour) AS first_hour,
             max(hour) AS last_hour,
             bool_and(closes) AS closes
      FROM api.ledger GROUP BY 1, 2) AS sums;
SELECT core.show('api.feed_health');
