/* SPDX-License-Identifier: Apache-2.0 */
/* What a tick waits for: the ends of raw and of the status topics at T, until the group has
 * committed past them (contracts §5). No answer is never an end: of raw it means no tick, of a
 * status topic that it is left out of this one, which is counted and told. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TICK_MOST_TARGETS 4096 /* partitions */

struct tick_end { /* of a partition, as it was asked */
    const char *topic;
    int32_t partition;
    int64_t end;       /* -1 = no answer */
    int64_t committed; /* of the group; -1 = none */
};

struct tick_target {
    char topic[128];
    int32_t partition;
    int64_t end;
    bool left_out;
};

struct tick_targets {
    const char *raw; /* that topic's name; borrowed */
    struct tick_target at[TICK_MOST_TARGETS];
    size_t count;
    /* For each partition of a status topic that is left out. */
    void (*left_out)(void *context, const char *topic);
    void *context;
};

/* The ends at T. NULL = taken, else why there is no tick. */
const char *tick_targets_take(struct tick_targets *targets, const struct tick_end *ends,
                              size_t count);
/* Is one of them known not to be passed? Then nobody need be asked. */
bool tick_targets_ahead(const struct tick_targets *targets,
                        bool (*is_short_of)(const void *context, const char *topic,
                                            int32_t partition, int64_t end),
                        const void *context);
/* Has the group passed them all? A status topic that is not there any more, or was made anew, is
 * left out: nobody can commit past its end. */
bool tick_targets_reached(struct tick_targets *targets, const struct tick_end *ends, size_t count);
