-- SPDX-License-Identifier: Apache-2.0
-- Sums of what observations tell in numbers: visits, households, readings. A row is a day, kind, place and member of the data; codes
-- are no numbers. Added up when asked for: an observation is a row of its own, and a correction is that row.
CREATE VIEW api.observation_sums AS
SELECT o.day, o.kind, o.unit,
       coalesce(o.data ->> 'street_code', '') AS street_code,
       coalesce(o.data ->> 'community_code', '') AS community_code,
       m.key AS measure,
       count(*) AS observations,
       sum(m.value::numeric) AS sum,
       min(m.value::numeric) AS min,
       max(m.value::numeric) AS max,
       'all'::text AS scope, 'pooled'::text AS method, 'always'::text AS formula, count(*) AS n
FROM core.observation AS o
CROSS JOIN LATERAL json_each_text(o.data) AS m(key, value)
WHERE m.value ~ '^-?[0-9]{1,15}(\.[0-9]{1,9})?$' AND m.key !~ '(_code|_id|number)$' AND m.key NOT IN ('station', 'version')
GROUP BY o.day, o.kind, o.unit, 4, 5, m.key;
SELECT core.show('api.observation_sums');
