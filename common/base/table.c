/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing, at most half full: who is passed by shows by hash and length that it is another,
 * without its text being fetched. */
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

enum { FIRST_PLACES = 64 };

void *table_find(const struct table *table, struct span text)
{
    if (table->count == 0)
        return NULL;
    uint32_t hash = (uint32_t)hash_span(text);
    size_t mask = table->place_count - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        const struct table_place *place = &table->places[at];
        if (!place->value)
            return NULL;
        if (place->hash == hash && span_equal(span_from(place->text, place->len), text))
            return place->value;
    }
}

static void put(struct table *table, const struct table_place *place)
{
    size_t mask = table->place_count - 1, at = place->hash & mask;
    while (table->places[at].value)
        at = (at + 1) & mask;
    table->places[at] = *place;
}

static void grow(struct table *table)
{
    struct table_place *old = table->places;
    size_t count = table->place_count;
    table->place_count = count ? 2 * count : FIRST_PLACES;
    table->places = xcalloc(table->place_count, sizeof *table->places);
    for (size_t i = 0; i < count; i++)
        if (old[i].value)
            put(table, &old[i]);
    free(old);
}

void table_add(struct table *table, struct span text, void *value)
{
    if (2 * ++table->count > table->place_count)
        grow(table);
    put(table,
        &(struct table_place){(uint32_t)hash_span(text), (uint32_t)text.len, text.at, value});
}

void table_fini(struct table *table)
{
    free(table->places);
    *table = (struct table){0};
}
