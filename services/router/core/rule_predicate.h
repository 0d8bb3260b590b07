/* SPDX-License-Identifier: Apache-2.0 */
/* One condition of a rule: a predicate (predicate.h) of what is known of an order, its values
 * looked up in the registries when it is read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "config/diagnostics.h"
#include "config/yaml.h"
#include "router/core/facts.h"
#include "router/core/predicate.h"

enum rule_field { /* those of one text, of several, and of a number */
                  RULE_KIND,
                  RULE_TYPE_CODE,
                  RULE_TYPE_LEVEL, /* "unknown" where the type is not known */
                  RULE_REQUEST_KIND,
                  RULE_PLACE, /* known, unknown, outside, disputed */
                  RULE_STREET_CODE,
                  RULE_COMMUNITY_CODE,
                  RULE_ESTATE_CODE,
                  RULE_LIMIT_CLASS,
                  RULE_TYPE_UNDER, /* the type, its parent, that one's parent */
                  RULE_FLAGS,
                  RULE_ROUND,
                  RULE_OPENED_AT,
                  RULE_DUE_AT,
                  RULE_FIELDS
};

struct rule_predicate {
    enum rule_field field;
    struct predicate asked; /* owned */
};

struct rule_question {
    struct span text[RULE_ROUND]; /* by field; absent = not known; flags and types are words */
    char types[DISTRICT_MOST_CODES * DISTRICT_CODE_BYTES]; /* itself and above, between blanks */
    int64_t number[RULE_FIELDS - RULE_ROUND]; /* by field; TIMESTAMP_NONE = not known */
    uint64_t type, level;                     /* their bits (predicate_bit) */
};
void rule_question_read(struct rule_question *question, const struct facts *facts);

/* `node` is the field's entry of `when:`. */
bool rule_predicate_read(struct rule_predicate *predicate, const struct yaml_node *node,
                         const struct district *district, struct diagnostics *diagnostics);
void rule_predicate_fini(struct rule_predicate *predicate);
bool rule_predicate_holds(const struct rule_predicate *predicate,
                          const struct rule_question *question);
/* Of one field: does `narrow` hold only where `wide` does, and do both name something in common? */
bool rule_predicate_implies(const struct rule_predicate *narrow, const struct rule_predicate *wide);
bool rule_predicate_meets(const struct rule_predicate *a, const struct rule_predicate *b);
const char *rule_predicate_field_name(enum rule_field field);
