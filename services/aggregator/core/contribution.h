/* SPDX-License-Identifier: Apache-2.0 */
/* What one case adds to one view: a function of its fold alone. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "aggregator/core/view.h"
#include "model/case_fold.h"

/* Bumped whenever the same fold would add something else; part of the contribution hash. */
#define CONTRIBUTION_VERSION 6

/* A stock has two cells a pause and a change of lead, anything else one a measure and helper, or a
 * measure and round. */
#define CONTRIBUTION_MOST_CELLS ((size_t)CASE_FOLD_MOST_CO * VIEW_MAX_MEASURES)
_Static_assert(CONTRIBUTION_MOST_CELLS >=
                   (size_t)VIEW_MAX_STOCKS * 2 * (CASE_FOLD_MOST_LEADS + CASE_FOLD_MOST_PAUSES),
               "room for every stock");
_Static_assert(CONTRIBUTION_MOST_CELLS >= (size_t)VIEW_MAX_MEASURES * (CASE_FOLD_MOST_FORMER + 1),
               "room for every round");
_Static_assert(CONTRIBUTION_MOST_CELLS / VIEW_MAX_MEASURES >= CASE_FOLD_MOST_UPHELD,
               "room for every dispute that was upheld");

struct contribution_place {
    int64_t day;               /* civil day in the district's zone */
    int part;                  /* of that day by the view's grain, or VIEW_WHOLE_DAY */
    struct span unit, co_unit; /* of views that group by them; "" = nobody */
    struct span rule;          /* likewise: of the round that is counted */
};

struct contribution_cell {
    struct contribution_place place;
    int64_t value[VIEW_MAX_COLUMNS];
};

struct contribution_bin {
    struct contribution_place place;
    size_t measure; /* index in the view */
    int bin;        /* base/histogram.h */
};

struct contribution {
    bool excluded;                      /* 剔除: counts in the scope 全口径 alone */
    struct span group[VIEW_MAX_GROUPS]; /* borrowed; of unit, co_unit and rule the place says it */
    struct contribution_cell cells[CONTRIBUTION_MOST_CELLS];
    size_t cell_count;
    struct contribution_bin bins[CONTRIBUTION_MOST_CELLS];
    size_t bin_count;
};

/* A case without an opening adds nothing. */
void contribution_of(struct contribution *contribution, const struct view *view,
                     const struct case_fold *fold, int zone_minutes);
/* What some measures add, as bits: what all add is the sum of it. */
void contribution_of_some(struct contribution *contribution, const struct view *view,
                          const struct case_fold *fold, int zone_minutes, uint32_t measures);
bool contribution_same_place(const struct contribution_place *a,
                             const struct contribution_place *b);
/* Whether both add the same: most moves of a case change few of its views. */
bool contribution_same(const struct contribution *a, const struct contribution *b,
                       const struct view *view);
/* Takes out of both what both add, so that little is left of a move; what is left of `is` may be
 * below zero. */
void contribution_settle(struct contribution *was, struct contribution *is,
                         const struct view *view);
/* The group of a place: its own unit, helper and rule in their columns. */
struct span contribution_group(const struct contribution *contribution, const struct view *view,
                               const struct contribution_place *place, size_t index);
