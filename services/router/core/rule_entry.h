/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of the rules: when it holds, and what it says then. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diagnostics.h"
#include "config/yaml.h"
#include "config/yaml_name.h"
#include "router/core/limits.h"
#include "router/core/rule_predicate.h"
#include "router/core/rule_target.h"

#define RULE_MOST_UNITS      6
#define RULE_MOST_PREDICATES 8

/* 条例 11: what becomes of an order. All but the first are told and not handled. */
enum disposition {
    DISPOSITION_DISPATCH,
    DISPOSITION_TRANSFER_EMERGENCY, /* 110, 119, 120, 122 */
    DISPOSITION_LEGAL_TRACK,        /* 诉讼, 仲裁, 复议, 信访, 信息公开 */
    DISPOSITION_DUPLICATE_INFORMED, /* same person, same matter, nothing new */
    DISPOSITION_EXPLAIN_SECRET,
    DISPOSITION_OUT_OF_SCOPE,
    DISPOSITION_EDUCATE, /* 违法 */
    DISPOSITIONS
};
const char *rule_entry_disposition(enum disposition disposition);

struct rule_class {
    const char *name;        /* its code */
    struct yaml_name called; /* or nothing */
    struct limit limit;
    struct place written;
};

struct rule_targets {
    struct rule_target list[RULE_MOST_UNITS];
    size_t count;
};

struct rule_entry {
    const char *id;
    struct yaml_name called; /* or nothing */
    struct place written;
    int64_t valid_from_ms, valid_to_ms; /* half-open */
    struct rule_predicate when[RULE_MOST_PREDICATES];
    size_t when_count;
    enum disposition disposition;
    struct rule_target lead, guide;
    struct rule_targets co_units, copies;
    struct rule_targets others;     /* `alternatives:` who else could lead */
    const struct rule_class *limit; /* NULL = the order's, else the type's */
    const char *desk_cause;         /* NULL = what decide makes of it */
    const char *say;
};

struct rule_reading { /* what an entry is read with */
    const struct district *district;
    const struct rule_class *classes;
    size_t class_count;
    struct diagnostics *diagnostics;
};
/* False where something is wrong with it; all of that was added. Either way it is given back. */
bool rule_entry_read(struct rule_entry *entry, const struct yaml_node *node,
                     const struct rule_reading *reading);
void rule_entry_fini(struct rule_entry *entry);
/* Bits of a field's values (predicate_bits): it holds of no other. */
uint64_t rule_entry_bits(const struct rule_entry *entry, enum rule_field field);
/* It holds of no order without a flag. */
bool rule_entry_wants_flag(const struct rule_entry *entry);
/* On what day and with what answers; texts are compared, no registry is touched. */
bool rule_entry_holds(const struct rule_entry *entry, const struct rule_question *question,
                      int64_t at_ms);
