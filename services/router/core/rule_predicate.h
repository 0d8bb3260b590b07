/* SPDX-License-Identifier: Apache-2.0 */
/* One condition of a rule; all have the same shape:
 *
 *   type_code: R0201                     is
 *   type_code: [R0201, R0203]            is one of
 *   type_code: { not: [R0201, R0203] }   is none of (nor where the field is not known)
 *   flags: { flag: emergency }           the same as flags: emergency
 *   community_code: present              it is there; absent: it is not
 *   round: { from: 3, to: 5 }            a number between, both ends included
 *   opened_at: { from: 2026-03-01, to: 2026-04-01 }   a time; `to` is the first not meant
 *
 * A code may end in *: any that begins so.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "config/diagnostics.h"
#include "config/yaml.h"
#include "router/core/facts.h"

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
                  RULE_TYPE_GROUP, /* the type, its parent, that one's parent */
                  RULE_FLAGS,
                  RULE_ROUND,
                  RULE_OPENED_AT,
                  RULE_DUE_AT,
                  RULE_FIELDS
};

enum rule_presence { RULE_NOT_ASKED, RULE_PRESENT, RULE_ABSENT };

struct rule_predicate {
    enum rule_field field;
    bool negated;
    enum rule_presence presence; /* asked for alone */
    struct span *values;         /* arena; NULL where it asks for a number or presence */
    size_t value_count;
    int64_t from, to; /* half-open */
    struct place written;
};

struct rule_question {
    struct span text[RULE_TYPE_GROUP]; /* by field; absent = not known */
    struct span groups[DISTRICT_MOST_GROUPS];
    size_t group_count;
    struct span flags;                        /* words separated by blanks */
    int64_t number[RULE_FIELDS - RULE_ROUND]; /* by field; TIMESTAMP_NONE = not known */
};
void rule_question_read(struct rule_question *question, const struct facts *facts);

/* `node` is the field's entry of `when:`. */
bool rule_predicate_read(struct rule_predicate *predicate, const struct yaml_node *node,
                         const struct district *district, struct arena *arena,
                         struct diagnostics *diagnostics);
bool rule_predicate_holds(const struct rule_predicate *predicate,
                          const struct rule_question *question);
/* Of one field: does `narrow` hold only where `wide` does, and do both name something in common? */
bool rule_predicate_implies(const struct rule_predicate *narrow, const struct rule_predicate *wide);
bool rule_predicate_meets(const struct rule_predicate *a, const struct rule_predicate *b);
const char *rule_predicate_field_name(enum rule_field field);
