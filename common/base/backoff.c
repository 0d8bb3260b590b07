/* SPDX-License-Identifier: Apache-2.0 */
/* Waits between attempts: doubling up to a ceiling, no clock and no randomness of its own. */
#include "base/backoff.h"

void backoff_init(struct backoff *backoff, uint32_t first_ms, uint32_t ceiling_ms)
{
    *backoff = (struct backoff){.first_ms = first_ms, .ceiling_ms = ceiling_ms};
    backoff_reset(backoff);
}

uint32_t backoff_next(struct backoff *backoff)
{
    uint32_t wait_ms = backoff->next_ms;
    backoff->next_ms = wait_ms > backoff->ceiling_ms / 2 ? backoff->ceiling_ms : wait_ms * 2;
    return wait_ms;
}

void backoff_reset(struct backoff *backoff)
{
    backoff->next_ms =
        backoff->first_ms < backoff->ceiling_ms ? backoff->first_ms : backoff->ceiling_ms;
}
