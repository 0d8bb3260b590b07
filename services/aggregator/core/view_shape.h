/* SPDX-License-Identifier: Apache-2.0 */
/* What rows of a view look like: their columns, in order, what people call each and how its numbers
 * are written. Whoever writes rows goes by it, and whoever reads them is told it (GET /api/views).
 */
#pragma once

#include "aggregator/core/view.h"
#include "base/strbuf.h"

enum view_form {
    VIEW_FORM_COUNT,
    VIEW_FORM_LEVEL, /* of a stock: not to be added up over days */
    VIEW_FORM_RATE,  /* 0 to 1 */
    VIEW_FORM_SCORE, /* a formula's own scale */
    VIEW_FORM_SECONDS
};
enum view_stat { VIEW_STAT_NONE, VIEW_STAT_N, VIEW_STAT_MEAN, VIEW_STAT_PERCENTILE };

struct view_column {
    char name[64];
    size_t measure; /* index */
    enum view_form form;
    enum view_stat stat; /* of a duration */
    int percentile;
};

#define VIEW_MAX_ROW_COLUMNS ((size_t)VIEW_MAX_MEASURES * (2 + VIEW_MAX_PERCENTILES))

/* Those of the measures; before them stand groups and buckets, behind them scope, method, formula,
 * n. Returns how many. */
size_t view_shape_columns(const struct view *view,
                          struct view_column columns[VIEW_MAX_ROW_COLUMNS]);
/* The view as a JSON object: what rows may be made by, and their columns. */
void view_shape_write(struct strbuf *out, const struct view *view);
