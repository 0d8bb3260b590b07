/* SPDX-License-Identifier: Apache-2.0 */
/* Texts to what they name, in one array: a look-up touches a place and the text, nothing between
 * them. For tables that are filled once and asked for every record; nothing is ever taken out. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct table_place {
    uint32_t hash, len;
    const char *text; /* borrowed */
    void *value;      /* borrowed; NULL = free */
};

struct table {                  /* {0} is an empty one */
    struct table_place *places; /* owned */
    size_t place_count, count;  /* places: a power of two, or none yet */
};

/* NULL where it is not there. */
void *table_find(const struct table *table, struct span text);
/* What is not there yet. Text and value must live as long as the table. */
void table_add(struct table *table, struct span text, void *value);
/* The value of a place below place_count, NULL where it is free: to walk over all. */
static inline void *table_at(const struct table *table, size_t place)
{
    return table->places[place].value;
}
void table_fini(struct table *table);
