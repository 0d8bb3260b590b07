/* SPDX-License-Identifier: Apache-2.0 */
/* Logarithmic buckets with a relative error of at most 2 % (DDSketch's mapping, gamma = 1.04):
 * bucket(v) = 0 for v <= 0, 1 for v = 1, else ceil(ln(v) / ln(gamma)); at most 1114 for int64_t.
 * Plain integers, so histograms merge by adding counts. The same in SQL, on double precision:
 *
 *   bucket  CASE WHEN v <= 0 THEN 0 ELSE greatest(1, ceil(ln(v::float8) / ln(1.04::float8))) END
 *   value   CASE WHEN b <= 0 THEN 0 ELSE 2 * power(1.04::float8, b) / 2.04 END
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_GAMMA 1.04

int histogram_bucket(int64_t value_ms);
double histogram_value(int bucket); /* 2 * gamma^b / (gamma + 1); 0 for bucket 0 */

struct histogram_bin {
    int bucket;
    int64_t n;
};
/* Value at rank ceil(percent * n / 100), at least 1, over bins sorted by bucket; -1 when empty. In
 * integers: 0.55 * 100 is more than 55. At most 2^56 values. */
double histogram_percentile(const struct histogram_bin *bins, size_t count, int percent);
