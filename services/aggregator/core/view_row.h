/* SPDX-License-Identifier: Apache-2.0 */
/* A row of a view as people read it: summed columns and bins in, counts, ratios, means and
 * percentiles out, rounded as the SQL views round them (ratios to 6 decimals, seconds to 3). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/core/view.h"
#include "base/histogram.h"
#include "base/strbuf.h"

#define VIEW_BY_DAY  (-1)
#define VIEW_BY_HOUR (-2) /* of hourly views */

struct view_by {
    int columns[VIEW_MAX_GROUPS + 2]; /* index of a group of the view, or one of the above */
    size_t count;                     /* 0 = one total */
};

/* "unit,day": columns of the view, each at most once, "_code" may be left out; empty or absent = a
 * total. False otherwise. */
bool view_by_read(struct view_by *by, const struct view *view, struct span text);
const char *view_by_name(const struct view *view, int column);

struct view_row {
    int64_t day;
    int hour;
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
