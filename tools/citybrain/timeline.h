/* SPDX-License-Identifier: Apache-2.0 */
/* A day as a file: one JSON object a line, ordered by time: {"at": ms, "to": "/v1/feeds/hotline",
 * "item": {...}}, "item" the last member. With "type": "text/csv" the item is a whole upload's
 * bytes in base64, a request of its own. It is played in steps: step k holds the lines of T_k -
 * step <= at < T_k, T_k a multiple of the step. With a manual clock, for every step:
 *
 *   1. the clock is moved to T_k and tick(T_k) awaited: timers due by then have fired;
 *   2. the step's items are posted, those of one door in one request, until each has its 2xx.
 *
 * So all items of step k are received at T_k, what is decided because of them has the time T_k, and
 * what follows from that must lie in a later step. Whatever dies meanwhile is waited for, and a day
 * played twice is the same twice. Without a manual clock steps only share requests. */
#pragma once

#include <stdint.h>

#include "citybrain/door.h"
#include "citybrain/manual_clock.h"

struct timeline {
    int64_t step_ms;
    struct manual_clock *clock; /* borrowed; no address in it: the real clock */
};

bool timeline_send(const struct timeline *timeline, struct door *door, const char *path,
                   struct error *error);
