/* SPDX-License-Identifier: Apache-2.0 */
/* A list: as long as a unit's topic is missing it is read at each of the unit's orders and at each
 * probe, and it is empty on every other day. */
#include "router/core/parked.h"

#include <stdlib.h>

#include "base/memory.h"

struct parked {
    struct parked_order *first, **last; /* owned */
    size_t count;
};

struct parked *parked_new(void)
{
    struct parked *parked = xcalloc(1, sizeof *parked);
    parked->last = &parked->first;
    return parked;
}

static void free_order(struct parked_order *order)
{
    free(order->unit);
    free(order->case_id);
    free(order->value);
    free(order->key);
    free(order);
}

void parked_free(struct parked *parked)
{
    for (struct parked_order *order = parked->first, *next; order; order = next) {
        next = order->next;
        free_order(order);
    }
    free(parked);
}

size_t parked_count(const struct parked *parked)
{
    return parked->count;
}

bool parked_has(const struct parked *parked, struct span unit)
{
    for (const struct parked_order *order = parked->first; order; order = order->next)
        if (!order->gone && span_is(unit, order->unit))
            return true;
    return false;
}

struct parked_order *parked_add(struct parked *parked, struct span unit, struct span case_id,
                                struct span value)
{
    struct parked_order *order = xcalloc(1, sizeof *order);
    order->unit = xspandup(unit);
    order->case_id = xspandup(case_id);
    order->value = xspandup(value);
    *parked->last = order;
    parked->last = &order->next;
    parked->count++;
    return order;
}

struct parked_order *parked_first(const struct parked *parked)
{
    return parked->first;
}

struct parked_order *parked_find_probing(const struct parked *parked, struct span unit,
                                         struct span value)
{
    for (struct parked_order *order = parked->first; order; order = order->next)
        if (order->probing && span_is(unit, order->unit) && span_is(value, order->value))
            return order;
    return NULL;
}

struct parked_order *parked_find_key(const struct parked *parked, struct span key)
{
    for (struct parked_order *order = parked->first; order; order = order->next)
        if (order->key && span_is(key, order->key))
            return order;
    return NULL;
}

void parked_sweep(struct parked *parked)
{
    struct parked_order **at = &parked->first;
    while (*at) {
        struct parked_order *order = *at;
        if (!order->gone) {
            at = &order->next;
            continue;
        }
        *at = order->next;
        parked->count--;
        free_order(order);
    }
    parked->last = at;
}
