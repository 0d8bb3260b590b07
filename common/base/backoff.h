/* SPDX-License-Identifier: Apache-2.0 */
/* Doubling waits with a ceiling; jitter comes from the caller so that tests can fix it. */
#pragma once

#include <stdint.h>

struct backoff {
    uint32_t first_ms, ceiling_ms, next_ms;
};

void backoff_init(struct backoff *backoff, uint32_t first_ms, uint32_t ceiling_ms);
uint32_t backoff_next(struct backoff *backoff); /* this wait; the next one doubles */
void backoff_reset(struct backoff *backoff);
