/* SPDX-License-Identifier: Apache-2.0 */
/* An order, and what the registries say of it on its day: all that rules may ask. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "router/core/district.h"

struct order {        /* absent = not given */
    struct span kind; /* of the case */
    struct span type_code, request_kind;
    struct span street_code, community_code, estate_code;
    struct span lead, limit_class;
    struct span flags;               /* words separated by blanks */
    bool designated;                 /* the lead is the desk's word, not the source's */
    bool due_by_desk, class_by_desk; /* so are time and class */
    int round;                       /* 1 + reopenings; 0 = 1 */
    int64_t opened_ms;
    int64_t due_ms; /* the order's own, or TIMESTAMP_NONE */
};

struct facts {
    const struct order *order;       /* borrowed */
    const struct district *district; /* borrowed */
    int64_t day;                     /* the civil day it was opened */
    struct district_type type;
    struct district_place place;
};
void facts_read(struct facts *facts, const struct order *order, const struct district *district);
/* "known", "unknown", "outside", "disputed" */
const char *facts_place_word(enum place_state state);
