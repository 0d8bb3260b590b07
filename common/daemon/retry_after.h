/* SPDX-License-Identifier: Apache-2.0 */
/* How long those we cannot serve should stay away: longer while it lasts, never all at once. */
#pragma once

#include <stdint.h>

struct retry_after {
    int64_t least_s, most_s;
    int64_t since_ms, last_ms; /* of the trouble under way; 0 = none */
    uint64_t dice;
};

/* least == most: always that. */
void retry_after_init(struct retry_after *retry, int64_t least_s, int64_t most_s, uint64_t seed);
/* Between least and most: doubles every ten seconds of trouble, and half of it is chance. Trouble
 * is over when nobody was sent away for thirty seconds. */
int64_t retry_after_seconds(struct retry_after *retry, int64_t now_ms);
