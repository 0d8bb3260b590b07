/* SPDX-License-Identifier: Apache-2.0 */
/* A beginning is never given up. One that found no room when it came first finds none later, so an
 * id is told by the same two parts for as long as its book lives. */
#include "router/core/case_names.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/hash.h"
#include "base/memory.h"

void case_names_fini(struct case_names *names)
{
    for (unsigned i = 1; i <= names->count; i++)
        free((char *)(uintptr_t)names->at[i].at);
}

/* Behind the second colon, as of kind:namespace:; else behind the first bar. */
static size_t length_of(struct span id)
{
    const char *colon = id.len ? memchr(id.at, ':', id.len) : NULL;
    if (colon)
        colon = memchr(colon + 1, ':', id.len - (size_t)(colon + 1 - id.at));
    ptrdiff_t end = colon ? colon - id.at : span_find(id, '|');
    return (size_t)(end + 1);
}

static size_t place_of(const struct case_names *names, struct span prefix)
{
    size_t at = hash_span(prefix) % ARRAY_LENGTH(names->place);
    while (names->place[at] && !span_equal(names->at[names->place[at]], prefix))
        at = (at + 1) % ARRAY_LENGTH(names->place);
    return at;
}

static struct case_name name_of(unsigned prefix, size_t len, struct span id)
{
    len = prefix ? len : 0;
    return (struct case_name){prefix, span_from(id.at + len, id.len - len)};
}

struct case_name case_names_find(const struct case_names *names, struct span id)
{
    size_t len = length_of(id);
    return name_of(names->place[place_of(names, span_from(id.at, len))], len, id);
}

struct case_name case_names_add(struct case_names *names, struct span id)
{
    size_t len = length_of(id);
    struct span prefix = span_from(id.at, len);
    size_t at = place_of(names, prefix);
    if (!names->place[at] && len && names->count < CASE_NAMES_MOST) {
        names->place[at] = (uint8_t)++names->count;
        names->at[names->count] = span_from(xspandup(prefix), len);
    }
    return name_of(names->place[at], len, id);
}
