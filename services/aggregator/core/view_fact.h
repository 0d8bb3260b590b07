/* SPDX-License-Identifier: Apache-2.0 */
/* What a view may ask of a case beside its moments: what it is grouped by, and what a measure wants
 * to be so. All are texts; a yes or no is "true" or "false", an answer "yes" or "no". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/case_fold.h"

enum {
    FACT_UNIT, /* who leads; of a helper's row: who called for help */
    FACT_TYPE,
    FACT_STREET,
    FACT_COMMUNITY,
    FACT_CLASS,
    FACT_RULE,    /* by which it was sent out first: that one has to answer for it */
    FACT_CO_UNIT, /* of helpers' views */
    FACT_VALID,   /* the last call-back's answers */
    FACT_CONTACTED,
    FACT_SOLVED,
    FACT_SATISFACTION,
    FACT_IN_TIME, /* done, or reported, not after its due time; absent where either is */
    FACT_REOPENED,
    FACT_UPHELD,       /* a dispute about it was */
    FACT_CHILD,        /* merged into another case */
    FACT_CROSS_STREET, /* taken in in another street than the applicant's (跨街乡) */
    FACT_FIELD,        /* the first of the kept fields of codes.csv */
    FACT_COUNT = FACT_FIELD + CODES_MOST_FIELDS
};

/* One that measures are asked about: a case, or one helper of it. */
struct view_subject {
    const struct case_fold *fold;
    const struct case_co *helper;     /* NULL = the case */
    const struct case_round *former;  /* NULL = its present round */
    const struct case_upheld *upheld; /* NULL = not one of its decisions */
    int accepted_in;                  /* index of that kept field, -1 = none */
};

/* The fact of that name, or -1. */
int view_fact_find(const struct codes *codes, struct span name);
/* Names of all facts for "did you mean"; absent ones are skipped. Returns how many. */
size_t view_fact_names(const struct codes *codes, char names[FACT_COUNT][48]);
struct span view_fact_name(const struct codes *codes, int fact);
/* Only what is no person and no yes or no makes rows. */
bool view_fact_may_group(const struct codes *codes, int fact);
/* Absent = not known. */
struct span view_fact_of(const struct view_subject *subject, int fact);
/* One of what a call-back heard (CASE_ANSWER); absent = not asked. */
struct span view_fact_answer(struct span answer, enum callback_answer place);
