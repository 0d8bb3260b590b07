/* SPDX-License-Identifier: Apache-2.0 */
/* What was said of one event may be said otherwise, and windows are judged by what had arrived when
 * the clock came by; but a correction may be read before the clock gets there. So each revision
 * holds from its arrival until that of a greater one, and goes when the clock has passed that. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "router/core/signal.h"

#define WINDOW_VERSION_LAST INT64_MAX

struct window_version {
    struct signal_revision revision;
    int64_t arrived_ms; /* of the first revision that says what it says */
    int64_t until_ms;   /* arrival of a greater one that says another; LAST = none is known */
};

static inline struct window_version window_version_of(const struct signal *signal)
{
    return (struct window_version){signal->revision, signal->arrived_ms, WINDOW_VERSION_LAST};
}

/* Is it what was known, of all that had arrived before that time? */
static inline bool window_version_holds(const struct window_version *version, int64_t heard_ms)
{
    return version->arrived_ms < heard_ms && version->until_ms >= heard_ms;
}

static inline bool window_version_is_last(const struct window_version *version)
{
    return version->until_ms == WINDOW_VERSION_LAST;
}

/* It holds at no time from now on. */
static inline bool window_version_is_over(const struct window_version *version, int64_t heard_ms)
{
    return version->until_ms <= version->arrived_ms || version->until_ms < heard_ms;
}

/* Between two that say different things; `told` comes later on the log. */
static inline void window_version_divide(struct window_version *there, struct window_version *told)
{
    bool greater = signal_revision_holds(there->revision, told->revision);
    struct window_version *over = greater ? there : told, *by = greater ? told : there;
    if (by->arrived_ms < over->until_ms)
        over->until_ms = by->arrived_ms;
}

/* What is said again arrived when it was said first, whichever of the two is read first. False: it
 * changes nothing. */
static inline bool window_version_say_again(struct window_version *there,
                                            const struct window_version *told)
{
    bool holds = signal_revision_holds(there->revision, told->revision);
    bool earlier = told->arrived_ms < there->arrived_ms;
    bool newer = holds && (told->revision.source != there->revision.source ||
                           told->revision.received_ms != there->revision.received_ms);
    if (earlier)
        there->arrived_ms = told->arrived_ms;
    if (newer)
        there->revision = told->revision;
    return earlier || newer;
}
