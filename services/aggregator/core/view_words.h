/* SPDX-License-Identifier: Apache-2.0 */
/* Names that no group of a view may have: its tables and questions have columns of these, and SQL
 * reads them as its own words. Nothing quotes names (view.h). */
#pragma once

#include "aggregator/core/view.h"

/* A column beside the groups that this view's tables and questions have, or one that the database
 * has in each table. */
bool view_words_is_column(const struct view *view, const char *name);
/* A word of SQL's that can be no column. */
bool view_words_is_sql(const char *name);
