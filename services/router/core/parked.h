/* SPDX-License-Identifier: Apache-2.0 */
/* Work orders whose unit has no topic: kept in the order they were made, in memory and in
 * state.cases, until the topic is there. One partition's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct parked_order {
    char *unit, *case_id, *value; /* owned; value = the order as it would be written */
    char *key;                    /* owned: of its state record; NULL until it is told of */
    bool probing;                 /* written again in the open transaction, not refused so far */
    bool gone;                    /* delivered: the next sweep frees it */
    struct parked_order *next;
};

struct parked;
struct parked *parked_new(void);
void parked_free(struct parked *parked);
size_t parked_count(const struct parked *parked);
/* Does anything wait for that unit? What comes later has to wait behind it. */
bool parked_has(const struct parked *parked, struct span unit);
struct parked_order *parked_add(struct parked *parked, struct span unit, struct span case_id,
                                struct span value);
struct parked_order *parked_first(const struct parked *parked); /* oldest; then ->next */
/* The order that is being written again, by its text; NULL = it is none of ours. */
struct parked_order *parked_find_probing(const struct parked *parked, struct span unit,
                                         struct span value);
struct parked_order *parked_find_key(const struct parked *parked, struct span key);
void parked_sweep(struct parked *parked);
