/* SPDX-License-Identifier: Apache-2.0 */
/* The dated registries that deciding reads, and the kinds that rules may name: places, units,
 * request types, who may be given what, which utility serves where, and which days are worked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "config/diagnostics.h"
#include "model/calendar.h"
#include "model/registry.h"

struct district_columns { /* of one registry; -1 = it has no such column */
    int code, parent, name, level, unit, limit_class, kind;
};

struct kinds;
struct district {
    struct registry *divisions, *units, *types; /* owned, as all of these */
    /* NULL where the configuration has no such file. */
    struct registry *admissions, *utility_areas;
    struct calendar *calendar;
    struct district_columns in_divisions, in_units, in_types, in_areas;
    const struct kinds *kinds;  /* borrowed; NULL where rules are read without them */
    struct district_memo *memo; /* owned; of what was asked last, by one thread at a time */
};

bool district_load(struct district *district, const char *config_dir,
                   struct diagnostics *diagnostics);
void district_fini(struct district *district);

enum place_state {
    PLACE_UNKNOWN,
    PLACE_KNOWN,
    PLACE_OUTSIDE, /* a code of another district */
    PLACE_DISPUTED /* its community lies in another 街乡 than the order says */
};
struct district_place {
    enum place_state state;
    struct span community, street; /* codes that hold today; absent where not known */
    struct span told_street;       /* PLACE_DISPUTED: the one the order names, when it is ours */
};
/* By code, or by an old code; by name only inside its parent, for names repeat inside a district.
 */
struct district_place district_place(const struct district *district, struct span community,
                                     struct span street, int64_t day);
/* Its 街乡 alone, or absent. */
struct span district_street(const struct district *district, struct span community,
                            struct span street, int64_t day);
/* A division by its code or an old one, or NULL. */
const struct registry_row *district_division(const struct district *district, struct span code,
                                             int64_t day);

/* The unit of a 街乡: "s" + its code; absent where units.csv has none. Lives as long as the
 * registry. */
struct span district_street_unit(const struct district *district, struct span street, int64_t day);

#define DISTRICT_MOST_CODES 4
struct district_type { /* each absent where it is not said */
    struct span level, unit, limit_class, name;
    struct span codes[DISTRICT_MOST_CODES]; /* itself, its parent, that one's parent, … */
    size_t code_count;
};
/* Of a type that is not known all are absent. */
struct district_type district_type(const struct district *district, struct span type, int64_t day);
/* The 行业部门 of a type: its unit where that is a department, else that of its parent. */
struct span district_department(const struct district *district, const struct district_type *type,
                                int64_t day);
/* May this be given to a 街乡 that day? Yes where there is no admission list at all. */
bool district_admits(const struct district *district, const struct district_type *type,
                     int64_t day);
/* Who serves the type there: the finest of `places` first (absent ones are passed over), the type
 * before those above it; the whole district last. */
struct span district_utility(const struct district *district, const struct district_type *type,
                             const struct span *places, size_t count, int64_t day);

bool district_has_unit(const struct district *district, struct span unit, int64_t day);
struct span district_unit_kind(const struct district *district, struct span unit, int64_t day);
struct span district_unit_name(const struct district *district, struct span unit,
                               int64_t day); /* else the code */
struct span district_place_name(const struct district *district, struct span code, int64_t day);

#define DISTRICT_CODE_BYTES 64
/* The code of the registry nearest to a word, in `text`; NULL where none is near. */
const char *district_nearest(const struct registry *registry, const char *word,
                             char text[DISTRICT_CODE_BYTES]);
