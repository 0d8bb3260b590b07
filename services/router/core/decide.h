/* SPDX-License-Identifier: Apache-2.0 */
/* Who leads an order, until when, and why: a pure function of the order, the rules and the
 * registries. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/timestamp.h"
#include "router/core/facts.h"
#include "router/core/rules.h"

#define DECISION_MOST_ALTERNATIVES 4

/* 条例 12: the way it is dispatched, by the kind of its lead. */
enum decision_mode { MODE_DIRECT_STREET, MODE_DIRECT_DEPT, MODE_DISTRICT_COORD, MODE_CITY };

struct decision_answer {
    struct span unit, rule; /* unit code, id of the entry that says so */
};

struct decision {
    enum disposition disposition;
    enum decision_mode mode;
    bool adopted;                          /* the order named its lead: kept */
    struct span lead;                      /* unit code */
    struct span guide;                     /* absent = none */
    struct span co_units[RULE_MOST_UNITS]; /* handle it with the lead */
    size_t co_count;
    struct span copies[RULE_MOST_UNITS];
    size_t copy_count;
    struct decision_answer
        alternatives[DECISION_MOST_ALTERNATIVES]; /* other leads, nearest first */
    size_t alternative_count;
    struct decision_answer would_have; /* of an order that named its lead; unit absent = none */
    struct span desk_cause;            /* where the desk leads: what it is asked; else absent */
    struct span limit_class;           /* absent = none */
    const char *limit_source; /* who names the class: "order", "desk", "rule", "type", "none" */
    int64_t due_ms;           /* TIMESTAMP_NONE = no limit of its own */
    const char *due_source;   /* "order", "desk", "class", "none" */
    int64_t internal_due_ms;  /* units work to it; TIMESTAMP_NONE = none. By case_decide */
    struct span rule;         /* id of the entry, or what stands above all rules: "adopted",
                                 "desk", "too_old", "unknown_unit",
                                                "not_admitted", "none"; "last_lead" and "disputed"
                                                by case_decide */
    struct span street;       /* the 街乡 it happened in, when known */
    struct span reason;       /* Chinese, in the arena */
};

/* max_age_ms: an order opened longer than this before now_ms goes to the desk (now_ms = the
 * partition's clock, or TIMESTAMP_NONE before the first tick). False only when the arena is full.
 */
bool decide(struct decision *decision, const struct order *order, const struct rules *rules,
            const struct district *district, int64_t now_ms, int64_t max_age_ms,
            struct arena *arena);
/* Another unit leads, by that rule: the mode is by its kind that day, and nobody guides himself. */
void decide_set_lead(struct decision *decision, struct span lead, struct span rule,
                     const struct district *district, int64_t day);
const char *decide_mode_name(enum decision_mode mode);
