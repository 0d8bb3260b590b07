/* SPDX-License-Identifier: Apache-2.0 */
/* Chance is a small generator of its own: who comes back when is nothing to protect. */
#include "daemon/retry_after.h"

#define STEP_MS  10000
#define QUIET_MS 30000

void retry_after_init(struct retry_after *retry, int64_t least_s, int64_t most_s, uint64_t seed)
{
    *retry = (struct retry_after){.least_s = least_s, .most_s = most_s, .dice = seed | 1};
}

static uint64_t throw_dice(struct retry_after *retry)
{
    retry->dice ^= retry->dice << 13;
    retry->dice ^= retry->dice >> 7;
    retry->dice ^= retry->dice << 17;
    return retry->dice;
}

int64_t retry_after_seconds(struct retry_after *retry, int64_t now_ms)
{
    if (retry->last_ms == 0 || now_ms - retry->last_ms > QUIET_MS)
        retry->since_ms = now_ms;
    retry->last_ms = now_ms > 0 ? now_ms : 1;
    int64_t wait_s = retry->least_s * 2;
    for (int64_t t = retry->since_ms + STEP_MS; t <= now_ms && wait_s < retry->most_s; t += STEP_MS)
        wait_s *= 2;
    if (wait_s > retry->most_s)
        wait_s = retry->most_s;
    int64_t half_s = wait_s / 2;
    wait_s -= (int64_t)(throw_dice(retry) % (uint64_t)(half_s + 1));
    return wait_s < retry->least_s ? retry->least_s : wait_s;
}
