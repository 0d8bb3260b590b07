/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL of a view's output columns, over sums `c` of its cells and quantiles `h` of its bins. */
#pragma once

#include "aggregator/core/view_row.h"
#include "base/strbuf.h"

/* What a statement asks the cells. */
struct view_columns {
    const struct view *view;
    const char *first_day, *last_day; /* SQL: the days whose formula counts */
    bool net;                         /* 剔除后 */
};

/* ", NAME" for each group, with texts before and after it. */
void view_columns_groups(struct strbuf *out, const struct view *view, const char *before,
                         const char *after);
/* `format` for each stored column, '@' being its name. */
void view_columns_each(struct strbuf *out, const struct view *view, const char *format);
/* Every measure's columns, then scope, method, formula, n; each with a comma in front. */
void view_columns_measures(struct strbuf *out, const struct view_columns *columns);
/* ", … AS NAME_p50_seconds" for the subquery h: of bins, each once, with how many there are in its
 * measure, and how many `upto` it. */
void view_columns_quantiles(struct strbuf *out, const struct view *view);
/* "(false OR c.a_n <> 0 …)" */
void view_columns_nonzero(struct strbuf *out, const struct view *view, const char *alias);
/* ", round(avg(t.RATE), 6) AS RATE" of rates alone. `open`: NULL where fewer than five are in it
 * and one of them is of fewer than five itself, and `suppressed` says so. */
void view_columns_means(struct strbuf *out, const struct view *view, bool open);
/* ", 'mean' AS method, …": scope, method, formula and n, how many of the rows had data. */
void view_columns_mean_rest(struct strbuf *out, const struct view *view);
/* The same columns of a row t where what counts fewer than five is NULL, and `suppressed`. */
void view_columns_open(struct strbuf *out, const struct view *view);
