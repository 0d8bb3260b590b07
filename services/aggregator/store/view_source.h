/* SPDX-License-Identifier: Apache-2.0 */
/* What a statement reads of a view's cells: sums of columns by bucket and groups, levels of stocks
 * day by day, and quantiles. */
#pragma once

#include "aggregator/core/view_row.h"
#include "base/strbuf.h"

struct view_source {
    const struct view *view;
    int bucket;                     /* enum view_bucket, or -1: of no day */
    bool hours;                     /* with the column hour */
    bool groups[VIEW_MAX_GROUPS];   /* those kept; the others are summed over */
    bool net;                       /* 剔除后 */
    bool filtered[VIEW_MAX_GROUPS]; /* from $3 on, in their order: lists with "," between */
    bool ranged;                    /* $1, $2: first and last day of the bucket, or NULL */
};

/* "a.NAME" for each group kept, `before` being ", a." */
void view_source_add_groups(struct strbuf *out, const struct view_source *source,
                            const char *before);
/* "(SELECT true AS one, … AS day, …) AS c": columns one, day, hour, groups and the stored ones. */
void view_source_add(struct strbuf *out, const struct view_source *source);
/* " LEFT JOIN (…) AS h USING (…)" where the view has durations. */
void view_source_add_quantiles(struct strbuf *out, const struct view_source *source);
/* " CROSS JOIN (…) AS r": first_day and last_day of all that is asked for. */
void view_source_add_days(struct strbuf *out, const struct view_source *source);
