/* SPDX-License-Identifier: Apache-2.0 */
/* Integers only: a rate of n records a second is n thousandths a millisecond. */
#include "ingest/core/quota.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void quota_init(struct quota *quota, const struct quota_limits *limits, int64_t now_ms)
{
    *quota = (struct quota){.limits = *limits, .total = {limits->total_burst * 1000, now_ms}};
}

void quota_fini(struct quota *quota)
{
    for (struct quota_station *one = quota->first, *next; one; one = next) {
        next = one->next;
        free((char *)(uintptr_t)one->name.at);
        free(one);
    }
    quota->first = NULL;
}

static struct quota_station *make(struct span name, int64_t level, int64_t now_ms)
{
    struct quota_station *station = xcalloc(1, sizeof *station);
    char *copy = xmalloc(name.len + 1);
    memcpy(copy, name.at, name.len);
    station->name = span_from(copy, name.len);
    station->bucket = (struct quota_bucket){level, now_ms};
    return station;
}

struct quota_station *quota_station(struct quota *quota, struct span name, int64_t now_ms)
{
    struct quota_station **at = &quota->first, *found;
    while (*at && !span_equal((*at)->name, name))
        at = &(*at)->next;
    found = *at ? *at : make(name, quota->limits.burst * 1000, now_ms);
    if (*at)
        *at = found->next;
    found->next = quota->first; /* who is here comes again */
    return quota->first = found;
}

static void fill(struct quota_bucket *bucket, int64_t rate, int64_t burst, int64_t now_ms)
{
    int64_t lacks = burst * 1000 - bucket->level, past_ms = now_ms - bucket->at_ms;
    if (past_ms <= 0)
        return;
    bucket->at_ms = now_ms;
    bucket->level += past_ms > lacks / rate ? lacks : past_ms * rate;
}

static int64_t wait_s(struct quota_bucket *bucket, int64_t rate, int64_t burst, int64_t now_ms)
{
    fill(bucket, rate, burst, now_ms);
    return bucket->level >= 1000 ? 0 : (1000 - bucket->level + rate * 1000 - 1) / (rate * 1000);
}

int64_t quota_wait_s(struct quota *quota, struct quota_station *station, int64_t now_ms)
{
    const struct quota_limits *limits = &quota->limits;
    if (station)
        return wait_s(&station->bucket, limits->rate, limits->burst, now_ms);
    if (limits->total_rate == 0)
        return 0;
    return wait_s(&quota->total, limits->total_rate, limits->total_burst, now_ms);
}

void quota_take(struct quota *quota, struct quota_station *station, int64_t records)
{
    station->bucket.level -= records * 1000;
    if (quota->limits.total_rate > 0)
        quota->total.level -= records * 1000;
}
