/* SPDX-License-Identifier: Apache-2.0 */
/* One line on stderr while something takes long: a bar on a terminal, a line every ten per cent
 * elsewhere. */
#pragma once

#include <stdint.h>

struct progress {
    const char *what;
    int64_t total, shown_at_ms;
    int shown_tenth;
    int64_t began_ms;
};

void progress_begin(struct progress *progress, const char *what, int64_t total);
void progress_show(struct progress *progress, int64_t done, const char *note);
void progress_end(struct progress *progress, const char *note);
