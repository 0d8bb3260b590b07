/* SPDX-License-Identifier: Apache-2.0 */
/* A generated district over the shipped configuration, with the normaliser that reads it. */
#pragma once

#include "base/timestamp.h"
#include "gen/item.h"
#include "ingest/core/normalise.h"

#define ENDS   1795579200000LL /* 2026-11-25T04:00:00Z */
#define HOUR   3600000LL
#define MINUTE 60000LL

static struct diagnostics *diagnostics;
static struct codes *codes;
static struct kinds *kinds;
static struct feeds *feeds;
static struct normalise normalise;
static struct pool pool;

static inline int load(void **state)
{
    (void)state;
    struct error error = {0};
    diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    feeds = feeds_load("config/feeds", diagnostics);
    if (!kinds || !feeds || !pool_load(&pool, "config", &error))
        return -1;
    normalise_init(&normalise, feeds, kinds);
    return 0;
}

static inline int unload(void **state)
{
    (void)state;
    normalise_fini(&normalise);
    pool_fini(&pool);
    feeds_free(feeds);
    kinds_free(kinds);
    codes_free(codes);
    diagnostics_free(diagnostics);
    return 0;
}

/* A day; with `days` a span of them, as a district lives it. */
static inline struct day *make(uint64_t seed, int64_t days, int64_t events)
{
    struct life_day frame = {.seed = seed,
                             .begins_ms = ENDS - (days ? days : 1) * 24 * HOUR,
                             .ends_ms = ENDS,
                             .step_ms = 10 * MINUTE,
                             .clock_ms = TIMESTAMP_NONE,
                             .csv = days > 0,
                             .span.days = days};
    return day_new(&frame, &pool, events);
}
