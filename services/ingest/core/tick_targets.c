/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/core/tick_targets.h"

#include <stdio.h>
#include <string.h>

static bool add(struct tick_targets *targets, const struct tick_end *end)
{
    if (targets->count == TICK_MOST_TARGETS)
        return false;
    struct tick_target *target = &targets->at[targets->count++];
    snprintf(target->topic, sizeof target->topic, "%s", end->topic);
    target->partition = end->partition;
    target->end = end->end;
    target->left_out = false;
    return true;
}

const char *tick_targets_take(struct tick_targets *targets, const struct tick_end *ends,
                              size_t count)
{
    bool raw_seen = false;
    targets->count = 0;
    for (size_t i = 0; i < count; i++) {
        bool raw = strcmp(ends[i].topic, targets->raw) == 0;
        raw_seen = raw_seen || raw;
        if (raw && ends[i].end < 0)
            return "raw did not answer";
        if (ends[i].end < 0)
            targets->left_out(targets->context, ends[i].topic);
        /* Nothing was ever written there: nothing to wait for, committed or not. */
        if (ends[i].end <= 0 || (!raw && ends[i].committed < 0))
            continue;
        if (!add(targets, &ends[i]))
            return "more partitions of status topics than a tick can wait for";
    }
    return raw_seen ? NULL : "raw is not there";
}

bool tick_targets_ahead(const struct tick_targets *targets,
                        bool (*is_short_of)(const void *context, const char *topic,
                                            int32_t partition, int64_t end),
                        const void *context)
{
    for (size_t i = 0; i < targets->count; i++) {
        const struct tick_target *target = &targets->at[i];
        if (!target->left_out &&
            is_short_of(context, target->topic, target->partition, target->end))
            return true;
    }
    return false;
}

static const struct tick_end *find(const struct tick_target *target, const struct tick_end *ends,
                                   size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ends[i].partition == target->partition && strcmp(ends[i].topic, target->topic) == 0)
            return &ends[i];
    return NULL;
}

static bool is_passed(struct tick_targets *targets, struct tick_target *target,
                      const struct tick_end *ends, size_t count)
{
    const struct tick_end *now = find(target, ends, count);
    bool raw = strcmp(target->topic, targets->raw) == 0;
    if (now && now->committed >= target->end)
        return true;
    if (raw || (now && (now->end < 0 || now->end >= target->end)))
        return false;      /* it was told where it ended: no answer now means later */
    if (!target->left_out) /* gone, or made anew */
        targets->left_out(targets->context, target->topic);
    target->left_out = true;
    return true;
}

bool tick_targets_reached(struct tick_targets *targets, const struct tick_end *ends, size_t count)
{
    bool all = true;
    for (size_t i = 0; i < targets->count; i++)
        all = (targets->at[i].left_out || is_passed(targets, &targets->at[i], ends, count)) && all;
    return all;
}
