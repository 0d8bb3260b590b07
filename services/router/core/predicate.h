/* SPDX-License-Identifier: Apache-2.0 */
/* `when:` and `on:` of rules and triggers: a map of fields, each with what its value has to be; all
 * must hold.
 *
 *   type_code: R0201            that value       type_code: [R0201, R02*]   one of; * = any ending
 *   place: present | absent     it is there, or is not
 *   level: { not: [red] }       another one, or none
 *   waiting: { from: 5, to: 9 } a number between, both ends included; one end may be left out
 *   text: { flag: again }       one of the words in it, which blanks separate
 *
 * A field that is a list of words (`flags`) is asked for its words without saying so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "config/diagnostics.h"
#include "config/yaml.h"

enum predicate_form {
    PREDICATE_ONE_OF,
    PREDICATE_NONE_OF,
    PREDICATE_FLAG,
    PREDICATE_BETWEEN,
    PREDICATE_PRESENT,
    PREDICATE_ABSENT
};

struct predicate {
    struct span field; /* borrowed from the document, as all texts */
    enum predicate_form form;
    struct span *values; /* owned; ONE_OF, NONE_OF, FLAG */
    size_t value_count;
    int64_t from, to; /* BETWEEN, in millionths */
    struct place place;
};

struct predicates {
    struct predicate *all; /* owned */
    size_t count;
};

/* Every entry of the map but those named in `others` (NULL-terminated, or NULL), which its reader
 * knows what to do with. False: errors were added. `map` may be NULL: nothing is asked. */
bool predicates_read(struct predicates *predicates, const struct yaml_node *map,
                     const char *const *others, struct diagnostics *diagnostics);
void predicates_fini(struct predicates *predicates);

/* Of one field's value; absent where the question has none. */
bool predicate_holds(const struct predicate *predicate, struct span value);
/* The value of a field, or absent. */
typedef struct span predicate_value_fn(const void *context, struct span field);
bool predicates_hold(const struct predicates *predicates, predicate_value_fn *value_of,
                     const void *context);
/* The predicate of a field, or NULL. */
const struct predicate *predicates_find(const struct predicates *predicates, const char *field);
