/* SPDX-License-Identifier: Apache-2.0 */
/* Redraws at most ten times a second, so it costs nothing beside the work it shows. */
#include "citybrain/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SILENT_MS 1000

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, const char *what, int64_t total)
{
    *progress =
        (struct progress){.what = what, .total = total > 0 ? total : 1, .began_ms = now_ms()};
}

void progress_begin_bytes(struct progress *progress, const char *what, int64_t bytes)
{
    progress_begin(progress, what, bytes);
    progress->of_bytes = true;
}

/* Over the whole so far. */
static void tell_pace(const struct progress *progress, int64_t done, int64_t passed_ms,
                      char text[64])
{
    double rate = passed_ms > 0 ? (double)done * 1000 / (double)passed_ms : 0;
    text[0] = '\0';
    if (rate <= 0)
        return;
    double left = (double)(progress->total - done) / rate;
    if (progress->of_bytes)
        snprintf(text, 64, "%.1f MB/s, %.0f s left", rate / 1e6, left > 0 ? left : 0);
    else
        snprintf(text, 64, "%.0f/s, %.0f s left", rate, left > 0 ? left : 0);
}

void progress_show(struct progress *progress, int64_t done, const char *note)
{
    int64_t now = now_ms();
    int percent = (int)(done * 100 / progress->total);
    char pace[64];
    tell_pace(progress, done, now - progress->began_ms, pace);
    const char *comma = note[0] && pace[0] ? ", " : "";
    if (isatty(STDERR_FILENO)) {
        if (now - progress->shown_at_ms < 100)
            return;
        char bar[41];
        for (int i = 0; i < 40; i++)
            bar[i] = i * 100 < percent * 40 ? '#' : '.';
        bar[40] = '\0';
        fprintf(stderr, "\r%s [%s] %3d%% %s%s%s\033[K", progress->what, bar, percent, note, comma,
                pace);
    } else if (percent / 10 > progress->shown_tenth) {
        progress->shown_tenth = percent / 10;
        fprintf(stderr, "%s %3d%% %s%s%s\n", progress->what, percent, note, comma, pace);
    }
    progress->shown_at_ms = now;
}

void progress_show_late(struct progress *progress, int64_t done, int64_t total)
{
    progress->total = total > 0 ? total : 1;
    if (progress->shown_at_ms || now_ms() - progress->began_ms >= SILENT_MS)
        progress_show(progress, done, "");
}

void progress_end_late(struct progress *progress, const char *note)
{
    if (progress->shown_at_ms)
        progress_end(progress, note);
}

void progress_end(struct progress *progress, const char *note)
{
    double seconds = (double)(now_ms() - progress->began_ms) / 1000;
    fprintf(stderr, "%s%s: %s in %.1f s%s\n", isatty(STDERR_FILENO) ? "\r" : "", progress->what,
            note, seconds, isatty(STDERR_FILENO) ? "\033[K" : "");
}
