/* SPDX-License-Identifier: Apache-2.0 */
/* Work orders whose unit has no topic: kept by unit in the order they were made, in memory and in
 * state.cases, until the topic is there. One partition's. Each step costs the same whatever waits:
 * a unit may be away for weeks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct parked_unit;

struct parked_order {
    struct parked_unit *of;
    char *case_id, *value; /* owned; value = the order as it would be written; NULL = what takes the
                              case's orders out of the topic */
    char *key;             /* owned: of its state record; NULL until parked_name */
    bool probing;          /* written again in the open transaction, not refused so far */
    struct parked_order *before, *next; /* of its unit, oldest first */
    struct parked_order *next_untold;
};

struct parked_unit {
    char *unit;                        /* owned */
    struct parked_order *first, *last; /* owned */
    struct parked_unit *next;          /* in no order */
};

struct parked;
struct parked *parked_new(void);
void parked_free(struct parked *parked);
size_t parked_count(const struct parked *parked);
size_t parked_removals(const struct parked *parked); /* of these, those without a value */
/* Does anything wait for that unit? What comes later has to wait behind it. */
bool parked_has(const struct parked *parked, struct span unit);
struct parked_order *parked_add(struct parked *parked, struct span unit, struct span case_id,
                                struct span value);
/* Every unit that something waits for; then ->next, before anything is removed. */
struct parked_unit *parked_units(const struct parked *parked);
/* The oldest order without a key, once; it gets its key by parked_name. NULL = none is left. */
struct parked_order *parked_take_untold(struct parked *parked);
void parked_name(struct parked *parked, struct parked_order *order, struct span key);
/* The unit's order that is being written again, when this is its case and text; NULL = it is none
 * of ours. */
struct parked_order *parked_find_probing(const struct parked *parked, struct span unit,
                                         struct span case_id, struct span value);
struct parked_order *parked_find_key(const struct parked *parked, struct span key);
void parked_remove(struct parked *parked, struct parked_order *order); /* frees; never an untold */
