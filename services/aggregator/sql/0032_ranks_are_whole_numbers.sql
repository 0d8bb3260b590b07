-- SPDX-License-Identifier: Apache-2.0
-- The value at rank ceil(q * n), q as it is written: in doubles 0.55 * 100 is more than 55, and the rank was one too many.
CREATE OR REPLACE FUNCTION api.histogram_quantile(bins integer[], counts bigint[], q double precision)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT api.histogram_value(min(bin))
    FROM (SELECT bin, sum(n) OVER (ORDER BY bin) AS upto, sum(n) OVER () AS total
          FROM (SELECT bin, sum(n) AS n FROM unnest(bins, counts) AS u(bin, n) GROUP BY bin) AS m
          WHERE n > 0) AS ranked
    WHERE upto >= ceil(q::numeric * total)
$$;
