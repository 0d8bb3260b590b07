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

/* The first that waits for an answer, of those from place `from` on. `again`: the id of a move that
 * was corrected just now, answered once more; absent = none. */
struct moves_next moves_next(const struct case_set *set, const struct case_fold *fold,
                             const struct case_kind *kind, struct span again, size_t from);
/* NULL = the set has no such line. */
const struct case_line *moves_line(const struct case_set *set, struct span id);
