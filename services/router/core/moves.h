/* SPDX-License-Identifier: Apache-2.0 */
/* What the router owes a case because of a move that somebody made: a pure function of its set. A
 * move is answered once, by an event whose cause it is; one that history brought (no copy of it is
 * live) is never answered, nor is any once the case is resolved, closed or in a later round.
 *
 *   asks for another lead  recalled, then a decision  (assigned; dispute_decided upheld;
 * classified) names a helper         co_assigned                (co_assigned by the desk,
 * whistle_blown) changes the duty       amended                    (extended, held, resumed,
 * supervised, escalated by a person, dispute_decided rejected) */
#pragma once

#include "model/case_fold.h"

enum moves_answer { MOVES_NONE, MOVES_RECALL, MOVES_CO, MOVES_AMEND };

struct moves_next {
    enum moves_answer answer;
    const struct case_line *move; /* of the set, until that changes */
    size_t at;                    /* its place there */
};

struct moves_passed { /* what need not be looked at */
    struct span
        again;        /* not passed: a move that was corrected just now, to be answered once more */
    struct span told; /* not passed: one that no decision can know, because it was told just now */
    struct span lead; /* a move that asks for a lead whom nobody knows */
    size_t from;      /* of those that ask for less, all before this place */
};

/* The first that waits for an answer. Whoever asks for another lead comes before all others. */
struct moves_next moves_next(const struct case_set *set, const struct case_fold *fold,
                             const struct case_kind *kind, const struct moves_passed *passed);
/* NULL = the set has no such line. */
const struct case_line *moves_line(const struct case_set *set, struct span id);
