/* SPDX-License-Identifier: Apache-2.0 */
/* What one sees while cells are filled: a line on stderr, twice a second on a terminal, every five
 * elsewhere, with how fast it goes and how long still. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aggregator/store/fill.h"

struct fill_progress {
    const char *verb;
    int64_t began_ms, shown_ms;
    int64_t done_before; /* sets that an earlier call had read */
};

/* From what `status` says is done already. Borrows `verb`. */
void fill_progress_begin(struct fill_progress *progress, const char *verb,
                         const struct fill_status *status);
/* Of this call, so many milliseconds behind its beginning. */
double fill_progress_rate(const struct fill_progress *progress, const struct fill_status *status,
                          int64_t ms);
void fill_progress_show(struct fill_progress *progress, const struct fill_status *status,
                        bool ends);
