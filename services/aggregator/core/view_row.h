/* SPDX-License-Identifier: Apache-2.0 */
/* A row of a view as people read it: summed columns and bins in, counts, ratios, formulas, means
 * and percentiles out, rounded as the SQL views round them (ratios to 6 decimals, seconds to 3,
 * scores to 2), and what the row is: its scope, method, formula and n. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/core/view.h"
#include "base/histogram.h"
#include "base/strbuf.h"

#define VIEW_BY(bucket) (-1 - (int)(bucket)) /* a bucket of the view in the place of a group */
#define VIEW_BY_HOUR    VIEW_BY(BUCKET_HOUR) /* stands beside the day, which may be left out */

struct view_by {
    int columns[VIEW_MAX_GROUPS + 2]; /* index of a group of the view, or VIEW_BY(bucket) */
    size_t count;                     /* 0 = one total */
    int bucket;                       /* the one whose day the rows have, -1 = they are of no day */
};

/* "unit,month": the view's groups and buckets, each at most once, of buckets with a day one;
 * "_code" may be left out; `day` is always one. Empty or absent = a total. False otherwise. */
bool view_by_read(struct view_by *by, const struct view *view, struct span text);
const char *view_by_name(const struct view *view, int column);

struct view_row {
    int64_t day;
    int hour;
    int64_t first_day, last_day; /* of what was summed: where versions of a formula meet */
    struct span group[VIEW_MAX_GROUPS];
    const int64_t *value; /* the view's columns, summed */
    struct {
        const struct histogram_bin *bins; /* sorted by bucket */
        size_t count;
    } spread[VIEW_MAX_MEASURES]; /* of durations */
};

/* One JSON object: the columns of `by`, then every measure's; what has no data is null. */
void view_row_write(struct strbuf *out, const struct view *view, const struct view_by *by,
                    const struct view_row *row);
/* The measure whose number is the row's n: the first that counts. */
size_t view_row_size_measure(const struct view *view);
