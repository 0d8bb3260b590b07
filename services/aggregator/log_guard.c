/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/log_guard.h"

#include <stdlib.h>

#include "base/memory.h"
#include "daemon/daemon.h"

#define MOST_DOUBTS 8 /* with the waits between, about ten seconds */

static struct log_place place_of(const struct log_guard *guard,
                                 const struct writer_position *position)
{
    return (struct log_place){.topic = guard->topic,
                              .partition = position->partition,
                              .next = position->stored,
                              .last = position->last};
}

bool log_guard_ask(struct log_guard *guard, struct follow *follow,
                   struct writer_position *positions, size_t count, struct error *error)
{
    struct follow_range *ranges = xcalloc(count + 1, sizeof *ranges);
    for (size_t i = 0; i < count; i++)
        ranges[i].partition = positions[i].partition;
    bool good = follow_ask_ranges(follow, ranges, count, error);
    for (size_t i = 0; i < count && good; i++) {
        struct log_place place = place_of(guard, &positions[i]);
        place.first = ranges[i].first;
        place.end = ranges[i].end;
        good = log_place_start(&place, &positions[i].start, &positions[i].looks, error);
    }
    free(ranges);
    guard->doubts = !good && error->kind == ERROR_CONFIG ? guard->doubts + 1 : 0;
    if (guard->doubts > 0 && guard->doubts < MOST_DOUBTS)
        error->kind = ERROR_RETRY;
    return good;
}

void log_guard_look(const struct log_guard *guard, struct writer_position *position,
                    const struct record *record)
{
    struct error error = {0};
    struct log_place place = place_of(guard, position);
    position->looks = false;
    if (!log_place_check(&place, position->mark, record, &error))
        daemon_die("aggregator.other_log", &error);
}
