/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of ingest processes under `clock: manual`, moved from outside through their admin
 * sockets. A step begins when tick(T) is on the log: what is sent after that is received at T, and
 * every timer due by then has fired. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define MANUAL_CLOCK_MOST 16

struct http_client;
struct manual_clock {
    char urls[MANUAL_CLOCK_MOST][128]; /* admin addresses, every slot's: only one makes the ticks */
    size_t count;
    int64_t t_ms;               /* where it stands */
    struct http_client *client; /* owned, once it was read */
    struct strbuf answer;
};

/* One address, or several separated by commas; may be called again. False when there are too many.
 */
bool manual_clock_add(struct manual_clock *clock, const char *urls);
/* Where time stands already, as the maker of ticks knows. Waits for processes that are away. */
bool manual_clock_read(struct manual_clock *clock, struct error *error);
/* Sets every process, then waits for the tick; a T that is past leaves time where it stands. Waits
 * for what is away, is being started or frozen; RETRY after ten minutes. */
bool manual_clock_move(struct manual_clock *clock, int64_t t_ms, struct error *error);
void manual_clock_fini(struct manual_clock *clock);
