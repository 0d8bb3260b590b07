/* SPDX-License-Identifier: Apache-2.0 */
/* One line on stderr while something takes long, with how fast it goes and how long still: a bar on
 * a terminal, a line every ten per cent elsewhere. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what;
    int64_t total, shown_at_ms;
    int shown_tenth;
    int64_t began_ms;
    bool of_bytes; /* `done` and `total` are; else records */
};

void progress_begin(struct progress *progress, const char *what, int64_t total);
void progress_begin_bytes(struct progress *progress, const char *what, int64_t bytes);
void progress_show(struct progress *progress, int64_t done, const char *note);
/* For what is mostly over at once: the first second is silent, and the end where all was. */
void progress_show_late(struct progress *progress, int64_t done, int64_t total);
void progress_end_late(struct progress *progress, const char *note);
void progress_end(struct progress *progress, const char *note);
