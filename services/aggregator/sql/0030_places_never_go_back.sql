-- SPDX-License-Identifier: Apache-2.0
-- Where a case stands in its partition, for whoever reads on from there (docs/decisions/0088, 0403), is `base` + its offset in the log. A
-- log made anew begins again at 0, and rows that a rebuild puts right have no offset of their own: then `base` grows, and no place is
-- told twice or left out.
ALTER TABLE core.kafka_offset ADD COLUMN base bigint NOT NULL DEFAULT 0;
GRANT SELECT (base) ON core.kafka_offset TO dash, dash_all;

-- Where the log began anew before there was a base, rows have places that no position has come to. The owner sees rows only so.
ALTER TABLE core.case_now NO FORCE ROW LEVEL SECURITY;
UPDATE core.kafka_offset AS o SET base = greatest(0, n.last + 1 - greatest(o.next_offset, 0))
FROM (SELECT part, max(log_offset) AS last FROM core.case_now GROUP BY part) AS n WHERE n.part = o.part;
ALTER TABLE core.case_now FORCE ROW LEVEL SECURITY;
