-- SPDX-License-Identifier: Apache-2.0
-- The same four views as materialized views over the flat rows. Needs cases.sql.
CREATE MATERIALIZED VIEW peer.closure_rate AS
SELECT day, unit, type_code, street_code, sum(opened) AS opened, sum(closed) AS closed, sum(closed_in) AS closed_in
FROM (SELECT peer.day(opened_ms) AS day, lead AS unit, type_code, street_code, count(*) AS opened,
             count(closed_ms) AS closed, 0 AS closed_in
      FROM peer.case_row GROUP BY 1, 2, 3, 4
      UNION ALL
      SELECT peer.day(closed_ms), lead, type_code, street_code, 0, 0, count(*)
      FROM peer.case_row WHERE closed_ms IS NOT NULL GROUP BY 1, 2, 3, 4) AS parts
GROUP BY 1, 2, 3, 4;

CREATE MATERIALIZED VIEW peer.backlog AS
SELECT day, unit, type_code, sum(entered) AS entered
FROM (SELECT peer.day(opened_ms) AS day, lead AS unit, type_code, count(*) AS entered
      FROM peer.case_row GROUP BY 1, 2, 3
      UNION ALL
      SELECT peer.day(closed_ms), lead, type_code, -count(*)
      FROM peer.case_row WHERE closed_ms IS NOT NULL GROUP BY 1, 2, 3) AS parts
GROUP BY 1, 2, 3;

CREATE MATERIALIZED VIEW peer.on_time AS
SELECT peer.day(due_ms) AS day, lead AS unit, type_code, limit_class, count(*) AS due,
       count(coalesce(resolved_ms, closed_ms)) AS done,
       count(*) FILTER (WHERE coalesce(resolved_ms, closed_ms) <= due_ms) AS on_time
FROM peer.case_row WHERE due_ms IS NOT NULL GROUP BY 1, 2, 3, 4;

CREATE MATERIALIZED VIEW peer.response_time AS
SELECT peer.day(opened_ms) AS day, lead AS unit, type_code, street_code, limit_class,
       count(closed_ms) AS full_n, sum(closed_ms - opened_ms) AS full_ms, sum(closed_ms - opened_ms - paused_ms) AS full_net_ms,
       count(dispatched_ms) AS dispatch_n, sum(dispatched_ms - opened_ms) AS dispatch_ms,
       count(signed_ms) AS sign_n, sum(signed_ms - dispatched_ms) AS sign_ms,
       count(contacted_ms) AS contact_n, sum(contacted_ms - dispatched_ms) AS contact_ms,
       count(resolved_ms) AS handle_n, sum(resolved_ms - dispatched_ms) AS handle_ms,
       sum(resolved_ms - dispatched_ms - paused_ms) AS handle_net_ms
FROM peer.case_row GROUP BY 1, 2, 3, 4, 5;

CREATE MATERIALIZED VIEW peer.response_bins AS
SELECT peer.day(opened_ms) AS day, lead AS unit, type_code, street_code, limit_class, measure, peer.bin(ms) AS bin, count(*) AS n
FROM peer.case_row
CROSS JOIN LATERAL (VALUES (0, closed_ms - opened_ms), (1, closed_ms - opened_ms - paused_ms), (2, dispatched_ms - opened_ms),
                           (3, signed_ms - dispatched_ms), (4, contacted_ms - dispatched_ms), (5, resolved_ms - dispatched_ms),
                           (6, resolved_ms - dispatched_ms - paused_ms)) AS m(measure, ms)
WHERE ms IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7;
