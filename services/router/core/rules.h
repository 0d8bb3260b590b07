/* SPDX-License-Identifier: Apache-2.0 */
/* config/rules/dispatch.yaml compiled: entries asked in order, first match wins; every predicate
 * has the same shape. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diagnostics.h"
#include "config/yaml.h"
#include "router/core/rule_entry.h"

#define RULES_MOST_CLASSES 32
#define RULES_MOST_ENTRIES 256

struct rules {
    struct yaml_document *document; /* owned: entries borrow from it */
    struct working_time working;    /* no hours = none of the classes needs them */
    struct rule_class classes[RULES_MOST_CLASSES];
    size_t class_count;
    struct rule_entry *entries; /* owned */
    struct rules_gate {
        uint64_t types, levels;  /* bits: it holds of no others */
        bool flag;               /* nor of an order without one */
    } gates[RULES_MOST_ENTRIES]; /* of each entry, asked before its predicates */
    size_t entry_count;
};

/* NULL on error. Units named by the rules must be in the district's registry, which must outlive
 * them. */
struct rules *rules_load(const char *file, const struct district *district,
                         struct diagnostics *diagnostics);
void rules_free(struct rules *rules);
const struct rule_class *rules_class(const struct rules *rules,
                                     struct span name); /* NULL = unknown */

/* The first entry that matches at or behind `from`, or NULL. */
const struct rule_entry *rules_match(const struct rules *rules, size_t from,
                                     const struct rule_question *question, int64_t at_ms);
