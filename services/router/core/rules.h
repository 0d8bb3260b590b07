/* SPDX-License-Identifier: Apache-2.0 */
/* config/rules/dispatch.yaml compiled: entries asked in order, first match wins; every predicate
 * has the same shape. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diagnostics.h"
#include "config/yaml.h"
#include "router/core/district.h"

#define RULE_MOST_UNITS 6

/* 条例 11: what becomes of an order. All but the first are told and not handled. */
enum disposition {
    DISPOSITION_DISPATCH,
    DISPOSITION_TRANSFER_EMERGENCY, /* 110, 119, 120, 122 */
    DISPOSITION_LEGAL_TRACK,        /* 诉讼, 仲裁, 复议, 信访, 信息公开 */
    DISPOSITION_DUPLICATE_INFORMED, /* same person, same matter, nothing new */
    DISPOSITION_EXPLAIN_SECRET,
    DISPOSITION_OUT_OF_SCOPE,
    DISPOSITION_EDUCATE, /* 违法 */
};

/* 条例 12: the way it is dispatched, by the kind of its lead. */
enum decision_mode { MODE_DIRECT_STREET, MODE_DIRECT_DEPT, MODE_DISTRICT_COORD, MODE_CITY };

enum rule_owner { RULE_OWNER_NONE, RULE_OWNER_STREET, RULE_OWNER_TYPE, RULE_OWNER_UNIT };

struct rule_target {
    enum rule_owner owner;
    const char *unit; /* RULE_OWNER_UNIT */
};

struct rule_class {
    const char *name;
    int64_t span_ms; /* 0 = sets no time of its own */
};

struct rule_entry {
    const char *id;
    int64_t valid_from_ms, valid_to_ms;
    const struct yaml_node *type_level, *type_code, *flags; /* scalar or list; NULL = not asked */
    int place;                                              /* 0 not asked, 1 known, -1 unknown */
    struct rule_target lead, guide;
    struct rule_target copies[RULE_MOST_UNITS];
    size_t copy_count;
    const char *class_name; /* NULL = the type's */
    const char *say;
};

struct rules {
    struct yaml_document *document; /* owned: entries borrow from it */
    struct rule_class classes[32];
    size_t class_count;
    struct rule_entry entries[128];
    size_t entry_count;
};

/* NULL on error. Units named by the rules must be in the district's registry. */
struct rules *rules_load(const char *file, const struct district *district,
                         struct diagnostics *diagnostics);
void rules_free(struct rules *rules);
const struct rule_class *rules_class(const struct rules *rules,
                                     struct span name); /* NULL = unknown */

struct rule_question {
    struct span type_level, type_code; /* absent = unknown */
    bool place_known;
    struct span flags; /* words separated by blanks */
    int64_t at_ms;
};
/* The first entry that matches, or NULL. */
const struct rule_entry *rules_match(const struct rules *rules,
                                     const struct rule_question *question);
