/* SPDX-License-Identifier: Apache-2.0 */
/* What time it is for doors and ticks: the host's clock, or under `clock: manual` what was last
 * posted to the admin port. A posted time is kept in a small file, so that a restarted process
 * knows it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ingest_clock {
    bool manual;
    int64_t now_ms; /* manual: TIMESTAMP_NONE until it was set */
    char file[512];
};

void ingest_clock_init(struct ingest_clock *clock, bool manual, const char *note_dir);
int64_t ingest_clock_now(const struct ingest_clock *clock); /* TIMESTAMP_NONE = not known */
/* Never goes back; false when it would. */
bool ingest_clock_set(struct ingest_clock *clock, int64_t now_ms);
