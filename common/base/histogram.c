/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets whose width grows with the value, so that one small integer keeps a duration within 2 %.
 * The formula is plain double arithmetic: PostgreSQL computes the same bucket and the same value.
 */
#include "base/histogram.h"

#include <math.h>

int histogram_bucket(int64_t value_ms)
{
    if (value_ms <= 0)
        return 0;
    if (value_ms == 1) /* ceil(ln 1) is 0, and 0 is not a duration of 1 ms */
        return 1;
    return (int)ceil(log((double)value_ms) / log(HISTOGRAM_GAMMA));
}

double histogram_value(int bucket)
{
    if (bucket <= 0)
        return 0;
    return 2 * pow(HISTOGRAM_GAMMA, bucket) / (HISTOGRAM_GAMMA + 1);
}

double histogram_percentile(const struct histogram_bin *bins, size_t count, int percent)
{
    int64_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += bins[i].n;
    if (total <= 0)
        return -1;

    int64_t rank = total / 100 * percent + (total % 100 * percent + 99) / 100;
    if (rank < 1)
        rank = 1;
    int64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        seen += bins[i].n;
        if (seen >= rank)
            return histogram_value(bins[i].bucket);
    }
    return histogram_value(bins[count - 1].bucket);
}
