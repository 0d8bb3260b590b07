/* SPDX-License-Identifier: Apache-2.0 */
/* When stations were heard in a batch: the newest moment of each and its way. A maximum, so an
 * event that comes again changes nothing. Everything lives in the batch's arena. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "model/sighting.h"

#define SEEN_ROWS_SLOTS 256

struct seen_row {
    struct seen_row *next, *collided;
    struct sighting sighting;
};

struct seen_rows {
    struct seen_row *first, *slots[SEEN_ROWS_SLOTS];
};

/* False when the arena is full. */
bool seen_rows_take(struct seen_rows *rows, struct arena *arena, const struct sighting *sighting);
