/* SPDX-License-Identifier: Apache-2.0 */
/* What one case adds to one view: a function of its fold alone. At most one cell a measure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "aggregator/core/view.h"
#include "model/case_fold.h"

/* Bumped whenever the same fold would add something else; part of the contribution hash. */
#define CONTRIBUTION_VERSION 2

#define CONTRIBUTION_WHOLE_DAY (-1)

struct contribution_cell {
    int64_t day; /* civil day in the district's zone */
    int hour;    /* of that day, or CONTRIBUTION_WHOLE_DAY */
    int64_t value[VIEW_MAX_COLUMNS];
};

struct contribution_bin {
    int64_t day;
    int hour;
    size_t measure; /* index in the view */
    int bin;        /* base/histogram.h */
};

struct contribution {
    struct span group[VIEW_MAX_GROUPS]; /* borrowed from the fold; "" where the case has none */
    struct contribution_cell cells[VIEW_MAX_MEASURES];
    size_t cell_count;
    struct contribution_bin bins[VIEW_MAX_MEASURES];
    size_t bin_count;
};

/* A case without an opening adds nothing. */
void contribution_of(struct contribution *contribution, const struct view *view,
                     const struct case_fold *fold, int zone_minutes);
