/* SPDX-License-Identifier: Apache-2.0 */
/* What a generated day is drawn from: the district's registries as lists, and the router's own
 * rules, so that the generator knows who will lead. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "gen/mix.h"
#include "gen/reason.h"
#include "gen/turn_share.h"
#include "router/core/decide.h"

#define POOL_NONE SIZE_MAX

struct pool_place {
    struct span code, name, street;
    size_t station; /* of this community, or POOL_NONE */
    bool csv;       /* whose orders come by the feed hotline_csv */
};

struct pool_type {
    struct span code, name;
};

struct pool { /* spans live as long as the registries */
    struct district district;
    struct rules *rules;
    struct registry *station_rows;
    struct pool_place *places; /* communities; owned, as the lists below */
    struct pool_type *types;
    struct span *stations, *units; /* codes; units without the desk */
    int64_t *beat_ms;              /* of a station: between two words, within its cadence */
    size_t place_count, type_count, station_count, unit_count;
    struct mix mix;         /* of types */
    struct turns turns;     /* how often orders do not go straight on */
    struct reasons reasons; /* and why */
    bool calls_back;        /* the district has the call centre's feed */
};

/* Reads DIR's registries and rules; CONFIG with file:line:col otherwise. */
bool pool_load(struct pool *pool, const char *config_dir, struct error *error);
void pool_fini(struct pool *pool);
