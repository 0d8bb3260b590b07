/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/fill_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void fill_progress_begin(struct fill_progress *progress, const char *verb,
                         const struct fill_status *status)
{
    *progress =
        (struct fill_progress){.verb = verb, .began_ms = now_ms(), .done_before = status->cases};
}

double fill_progress_rate(const struct fill_progress *progress, const struct fill_status *status,
                          int64_t ms)
{
    return ms > 0 ? (double)(status->cases - progress->done_before) * 1000 / (double)ms : 0;
}

/* About as many sets as there are: a few more may have come meanwhile. */
void fill_progress_show(struct fill_progress *progress, const struct fill_status *status, bool ends)
{
    bool drawn = isatty(STDERR_FILENO) == 1;
    int64_t now = now_ms(), left = status->total - status->cases;
    double rate = fill_progress_rate(progress, status, now - progress->began_ms);
    if (!ends && now < progress->shown_ms + (drawn ? 500 : 5000))
        return;
    progress->shown_ms = now;
    fprintf(stderr,
            "%s%s: %" PRId64 " of about %" PRId64 " sets, %.0f/s, %.0f s left, %" PRId64
            " changes behind%s",
            drawn ? "\r" : "", progress->verb, status->cases,
            left > 0 && !ends ? status->total : status->cases, rate,
            rate > 0 && left > 0 && !ends ? (double)left / rate : 0, status->noted,
            drawn && !ends ? "\033[K" : "\n");
}
