/* SPDX-License-Identifier: Apache-2.0 */
/* A list a unit, found by the unit's code, and a table of the orders by their keys: restoring,
 * parking and delivering one of 20,000 costs what one of 20 costs. On every other day all of it is
 * empty. */
#include "router/core/parked.h"

#include <stdlib.h>
#include <uthash.h>

#include "base/memory.h"

struct order_entry {
    struct parked_order order; /* first: one is found from the other */
    UT_hash_handle hh;         /* by key */
};

struct unit_entry {
    struct parked_unit unit; /* first */
    UT_hash_handle hh;       /* by code */
};

struct parked {
    struct unit_entry *units; /* owned */
    struct order_entry *keys;
    struct parked_unit *first_unit; /* the same units in a list */
    struct parked_order *untold, **last_untold;
    size_t count, removals;
};

struct parked *parked_new(void)
{
    struct parked *parked = xcalloc(1, sizeof *parked);
    parked->last_untold = &parked->untold;
    return parked;
}

static void free_order(struct parked_order *order)
{
    free(order->case_id);
    free(order->value);
    free(order->key);
    free(order);
}

void parked_free(struct parked *parked)
{
    HASH_CLEAR(hh, parked->keys);
    HASH_CLEAR(hh, parked->units);
    for (struct parked_unit *unit = parked->first_unit, *next_unit; unit; unit = next_unit) {
        next_unit = unit->next;
        for (struct parked_order *order = unit->first, *next; order; order = next) {
            next = order->next;
            free_order(order);
        }
        free(unit->unit);
        free(unit);
    }
    free(parked);
}

size_t parked_count(const struct parked *parked)
{
    return parked->count;
}

size_t parked_removals(const struct parked *parked)
{
    return parked->removals;
}

static struct parked_unit *find_unit(const struct parked *parked, struct span code)
{
    struct unit_entry *entry = NULL;
    HASH_FIND(hh, parked->units, code.at, code.len, entry);
    return entry ? &entry->unit : NULL;
}

bool parked_has(const struct parked *parked, struct span unit)
{
    return find_unit(parked, unit) != NULL;
}

static struct parked_unit *add_unit(struct parked *parked, struct span code)
{
    struct unit_entry *entry = xcalloc(1, sizeof *entry);
    entry->unit.unit = xspandup(code);
    entry->unit.next = parked->first_unit;
    parked->first_unit = &entry->unit;
    HASH_ADD_KEYPTR(hh, parked->units, entry->unit.unit, code.len, entry);
    return &entry->unit;
}

struct parked_order *parked_add(struct parked *parked, struct span code, struct span case_id,
                                struct span value)
{
    struct parked_unit *unit = find_unit(parked, code);
    struct order_entry *entry = xcalloc(1, sizeof *entry);
    struct parked_order *order = &entry->order;
    if (!unit)
        unit = add_unit(parked, code);
    order->of = unit;
    order->case_id = xspandup(case_id);
    order->value = value.at ? xspandup(value) : NULL;
    order->before = unit->last;
    if (unit->last)
        unit->last->next = order;
    else
        unit->first = order;
    unit->last = order;
    *parked->last_untold = order;
    parked->last_untold = &order->next_untold;
    parked->count++;
    parked->removals += !order->value;
    return order;
}

struct parked_unit *parked_units(const struct parked *parked)
{
    return parked->first_unit;
}

struct parked_order *parked_take_untold(struct parked *parked)
{
    struct parked_order *order = parked->untold;
    if (!order)
        return NULL;
    parked->untold = order->next_untold;
    if (!parked->untold)
        parked->last_untold = &parked->untold;
    return order;
}

void parked_name(struct parked *parked, struct parked_order *order, struct span key)
{
    struct order_entry *entry = (struct order_entry *)order;
    order->key = xspandup(key);
    HASH_ADD_KEYPTR(hh, parked->keys, order->key, key.len, entry);
}

struct parked_order *parked_find_probing(const struct parked *parked, struct span unit,
                                         struct span case_id, struct span value)
{
    const struct parked_unit *of = find_unit(parked, unit);
    struct parked_order *first = of && of->first->probing ? of->first : NULL;
    if (!first || !span_is(case_id, first->case_id))
        return NULL;
    bool same = first->value ? span_is(value, first->value) : !value.at;
    return same ? first : NULL;
}

struct parked_order *parked_find_key(const struct parked *parked, struct span key)
{
    struct order_entry *entry = NULL;
    HASH_FIND(hh, parked->keys, key.at, key.len, entry);
    return entry ? &entry->order : NULL;
}

static void remove_unit(struct parked *parked, struct parked_unit *unit)
{
    struct unit_entry *entry = (struct unit_entry *)unit;
    struct parked_unit **at = &parked->first_unit;
    while (*at != unit)
        at = &(*at)->next;
    *at = unit->next;
    /* uthash unlinks before we free. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    HASH_DEL(parked->units, entry);
    free(unit->unit);
    free(entry);
}

void parked_remove(struct parked *parked, struct parked_order *order)
{
    struct parked_unit *unit = order->of;
    if (order->before)
        order->before->next = order->next;
    else
        unit->first = order->next;
    if (order->next)
        order->next->before = order->before;
    else
        unit->last = order->before;
    struct order_entry *entry = (struct order_entry *)order;
    HASH_DEL(parked->keys, entry);
    parked->count--;
    parked->removals -= !order->value;
    free_order(order);
    if (!unit->first)
        remove_unit(parked, unit);
}
