/* SPDX-License-Identifier: Apache-2.0 */
/* The dated registries that deciding reads, and nothing else: places, units, request types. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "config/diagnostics.h"
#include "model/registry.h"

struct district {
    struct registry *divisions, *units, *types; /* owned */
};

bool district_load(struct district *district, const char *config_dir,
                   struct diagnostics *diagnostics);
void district_fini(struct district *district);

/* The 街乡 of an order: its community's parent, else its own street code; absent where neither is
 * known that day. */
struct span district_street(const struct district *district, struct span community,
                            struct span street, int64_t day);
/* The unit of a 街乡: "s" + its code; absent where units.csv has none. Lives as long as the
 * registry. */
struct span district_street_unit(const struct district *district, struct span street, int64_t day);
struct district_type { /* each absent where it is not said */
    struct span level, unit, limit_class, name;
};
/* Of a type that is not known all are absent. */
struct district_type district_type(const struct district *district, struct span type, int64_t day);
struct span district_unit_name(const struct district *district, struct span unit,
                               int64_t day); /* else the code */
struct span district_place_name(const struct district *district, struct span code, int64_t day);
