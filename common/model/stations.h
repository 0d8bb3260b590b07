/* SPDX-License-Identifier: Apache-2.0 */
/* config/registries/stations.csv compiled: who is to be heard, by what feed, how often, when. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "config/diagnostics.h"
#include "model/cadence.h"

struct station {
    struct span code, name, community_code, street_code, family; /* borrowed from its stations */
    struct span every, hours;                                    /* as they are written */
    struct cadence cadence;
    struct place family_place;
};

struct stations;
struct stations *stations_load(const char *file, struct diagnostics *diagnostics);
void stations_free(struct stations *stations);
size_t stations_count(const struct stations *stations); /* rows, of all times */
/* A row that holds that day; NULL where it does not. */
const struct station *stations_at(const struct stations *stations, size_t index, int64_t day);
/* NULL: no station of that code on that day. */
const struct station *stations_find(const struct stations *stations, struct span code, int64_t day);
