/* SPDX-License-Identifier: Apache-2.0 */
/* `when:` and `on:` of rules and triggers: a map of fields, each with what its value has to be; all
 * must hold.
 *
 *   type_code: R0201            that value       type_code: [R0201, R02*]   one of; * = any ending
 *   place: present | absent     it is there, or is not
 *   level: { not: [red] }       another one, or none
 *   waiting: { from: 5, to: 9 } a number between, both ends included; one end may be left out
 *   opened_at: { from: 2026-03-01, to: 2026-04-01 }   a time; `to` is the first not meant
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

enum predicate_shape {
    PREDICATE_ANY, /* whatever it is asked for; numbers in millionths */
    PREDICATE_TEXT,
    PREDICATE_STATE, /* a text that has a word of its own for what is not known */
    PREDICATE_WORDS, /* separated by blanks */
    PREDICATE_NUMBER,
    PREDICATE_TIME
};

enum predicate_form {
    PREDICATE_ONE_OF,
    PREDICATE_NONE_OF,
    PREDICATE_BETWEEN,
    PREDICATE_PRESENT,
    PREDICATE_ABSENT
};

struct predicate {
    struct span field; /* borrowed from the document, as all texts */
    enum predicate_form form;
    bool words;          /* it is asked of each word */
    struct span *values; /* owned; ONE_OF, NONE_OF */
    size_t value_count;
    int64_t from, to; /* BETWEEN, both included: millionths, whole numbers or ms by its shape */
    struct place place;
};

/* `node` is the field's entry of the map. False: errors were added; there is nothing to give back.
 */
bool predicate_read(struct predicate *predicate, const struct yaml_node *node,
                    enum predicate_shape shape, struct diagnostics *diagnostics);
void predicate_fini(struct predicate *predicate);

/* Of one field's value; absent where the question has none. */
bool predicate_holds(const struct predicate *predicate, struct span value);
/* Most of many questions name others than the value that is asked about: each value has one of 64
 * bits, by its hash, and a predicate holds only of values whose bit is among its own; all bits
 * where it cannot be said so. */
uint64_t predicate_bit(struct span value);
uint64_t predicate_bits(const struct predicate *predicate);
/* Is that value one of those that are named? */
bool predicate_names(const struct predicate *predicate, struct span value);

struct predicates {
    struct predicate *all; /* owned */
    size_t count;
};

/* Every entry of the map but those named in `others` (NULL-terminated, or NULL), which its reader
 * knows what to do with, of any shape. False: errors were added. `map` may be NULL: nothing is
 * asked. */
bool predicates_read(struct predicates *predicates, const struct yaml_node *map,
                     const char *const *others, struct diagnostics *diagnostics);
void predicates_fini(struct predicates *predicates);

/* The value that one of them asks for, or absent. */
typedef struct span predicate_value_fn(void *context, const struct predicate *predicate);
bool predicates_hold(const struct predicates *predicates, predicate_value_fn *value_of,
                     void *context);
/* The predicate of a field, or NULL. */
const struct predicate *predicates_find(const struct predicates *predicates, const char *field);
