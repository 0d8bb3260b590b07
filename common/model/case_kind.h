/* SPDX-License-Identifier: Apache-2.0 */
/* A kind of case as data: config/kinds/<kind>.yaml. The daemons know kinds only through this. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "config/diagnostics.h"
#include "config/yaml_name.h"
#include "model/codes.h"

#define CASE_KIND_MAX_STAGES 64

enum counts_as { COUNTS_NOTHING, COUNTS_RESPONSE, COUNTS_RESOLUTION, COUNTS_CLOSURE };

/* What a stage does to its case beyond having happened: words of ours, the same in every kind. */
enum stage_meaning {
    MEANS_NOTHING,
    MEANS_OPENED,
    MEANS_CLASSIFIED,
    MEANS_DISPATCHED,
    MEANS_RECALLED,
    MEANS_AMENDED,
    MEANS_FORWARDED,
    MEANS_CO_ASSIGNED,
    MEANS_WHISTLE_BLOWN,
    MEANS_WHISTLE_REPORTED,
    MEANS_DISPUTED,
    MEANS_DISPUTE_DECIDED,
    MEANS_EXTENDED,
    MEANS_ESCALATED,
    MEANS_SUPERVISED,
    MEANS_EXCLUSION_DECIDED,
    MEANS_NUDGED,
    MEANS_OVERDUE,
    MEANS_MERGED,
    MEANS_UNMERGED,
    MEANS_CHILD_ADDED,
    MEANS_CHILD_REMOVED,
    MEANS_LINKED,
    MEANS_REVIEWED,
};

struct kind_stage {
    const char *name;        /* its code */
    struct yaml_name called; /* by its kind, or nothing: stage_words.h */
    int number;              /* codes.csv */
    int rank;
    uint32_t parties;  /* bit = party number of codes.csv */
    uint64_t after;    /* bit = index in kind->stages; 0 = may come first */
    uint64_t unless;   /* impossible while one of these holds */
    uint64_t ends;     /* these hold no longer */
    uint32_t needs;    /* bit = enum case_attribute: impossible without it */
    int at_most;       /* times in a case's life; 0 = as often as it happens */
    int64_t within_ms; /* the time of a unit it names, where it says none; 0 = the lead's */
    enum counts_as counts_as;
    enum stage_meaning meaning;
    bool new_round, copy_to_children;
    bool new_lead; /* may be the cause of another lead */
    bool clock_stops, clock_runs;
};

/* From an effective line of it on, the case is as it was before anybody had it. */
static inline bool kind_stage_begins_anew(const struct kind_stage *stage)
{
    return stage->new_round || stage->meaning == MEANS_UNMERGED;
}

enum timer_action { TIMER_NUDGE, TIMER_ESCALATE };

struct kind_timer {
    const char *name;
    int after_stage;     /* index, or -1 where it hangs on due_at */
    int unless_stage;    /* index */
    int64_t in_ms;       /* after_stage + in */
    bool at_due;         /* at due_at */
    double before_share; /* due_at minus min(share of the span opened..due, before_at_most); 0 = not
                            this form */
    int64_t before_at_most_ms;
    int64_t before_ms; /* due_at minus this; 0 = not this form */
    bool of_helpers;   /* each helper's due time in the place of the lead's */
    enum timer_action action;
    const char *to; /* unit, or NULL = lead */
    struct place to_place;
};

struct kind_parties { /* their numbers */
    int source, desk, lead, co, sub, router;
};

struct case_kind {
    const char *code;
    struct yaml_name called;
    struct kind_stage *stages; /* at most CASE_KIND_MAX_STAGES */
    size_t stage_count;
    uint8_t index_of[256]; /* 1 + index, by the stage's number; 0 = none, or too large a number */
    uint64_t first;        /* bits of stages: may come first */
    uint64_t asides;       /* from the router they tell about the case without moving it */
    uint64_t asking;       /* the router owes them an answer */
    uint64_t lasting;      /* of a closed case: decisions may still hang on them */
    int dispatched, escalated, amended; /* indices of the router's own stages; -1 = none such */
    struct kind_parties party;
    struct kind_timer *timers;
    size_t timer_count;
};

struct kinds; /* every kind of a folder */
struct kinds *kinds_load(const char *folder, const struct codes *codes,
                         struct diagnostics *diagnostics);
void kinds_free(struct kinds *kinds);
const struct case_kind *kinds_find(const struct kinds *kinds, struct span code);
const struct case_kind *kinds_at(const struct kinds *kinds,
                                 size_t index); /* NULL behind the last */
/* The kind that a misspelt word may mean, or NULL. */
const char *kinds_nearest(const struct kinds *kinds, const char *word);
/* The router's stage that it makes when it fires. */
const char *case_kind_timer_stage(const struct kind_timer *timer);
int case_kind_stage(const struct case_kind *kind, struct span name); /* index or -1 */
int case_kind_stage_number(const struct case_kind *kind,
                           int number);                     /* index by codes number, or -1 */
const struct codes *kinds_codes(const struct kinds *kinds); /* those they were read with */
/* Hash over what all files say, sorted by name: part of what shapes contributions. Names of kinds
 * and stages are left out, as are comments: they shape nothing. */
struct span kinds_hash(const struct kinds *kinds);
