/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a rule names: a unit by its code, or by what the order is about. */
#pragma once

#include <stdbool.h>

#include "config/diagnostics.h"
#include "config/yaml.h"
#include "router/core/facts.h"

enum rule_owner {
    RULE_OWNER_NONE,
    RULE_OWNER_UNIT,       /* d_market */
    RULE_OWNER_STREET,     /* { street_of: place } */
    RULE_OWNER_TOLD,       /* { street_of: street_code }: the one the order names itself */
    RULE_OWNER_TYPE,       /* { unit_of: type_code } */
    RULE_OWNER_DEPARTMENT, /* { department_of: type_code } */
    RULE_OWNER_UTILITY     /* { utility_of: [type_code, place] } */
};

struct rule_target {
    enum rule_owner owner;
    const char *unit;     /* RULE_OWNER_UNIT; borrowed from the document */
    size_t coarser;       /* RULE_OWNER_UTILITY: how many of the finest places are passed over */
    struct place written; /* where */
};

/* Units must be in the registry; a place or a station is refused (条例 17: it assists). */
bool rule_target_read(struct rule_target *target, const struct yaml_node *node,
                      const struct district *district, struct diagnostics *diagnostics);
/* The unit's code, or absent where there is none that day. Lives as long as rules and registries.
 */
struct span rule_target_find(const struct rule_target *target, const struct facts *facts);
/* Would both always name the same unit? */
bool rule_target_equal(const struct rule_target *a, const struct rule_target *b);
