/* SPDX-License-Identifier: Apache-2.0 */
/* SQL of a view: its tables, what is read of them, its upserts. Relations (docs/views.md):
 *   api.NAME          rows of the first bucket, 全口径
 *   api.NAME_periods  every bucket and scope, by columns of that name
 *   api.NAME_mean     算术平均 of the units' rates; of views of units that have rates
 *   api.NAME_bins     histograms of durations
 *   open.NAME         as api.NAME, without small cells: for who is outside the handling unit */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/core/view.h"
#include "base/strbuf.h"

/* Cells, in the schema they are kept in ("core") or filled aside; hist_NAME shows the bins that lie
 * in them, one a row. */
void view_sql_tables(struct strbuf *out, const char *schema, const struct view *view);
/* Two values of core.view: whether its cells are flows; its grain, and its measures as bins number
 * them. */
void view_sql_shape(struct strbuf *out, const struct view *view);
/* And what reads them. */
void view_sql_drop(struct strbuf *out, const char *schema, const char *name);
void view_sql_views(struct strbuf *out, const struct view *view);
void view_sql_drop_views(struct strbuf *out, const char *name);
/* Arrays: buckets (but where the grain is a day), days, each group, is_excluded, each column; of a
 * view with durations the bins of each cell, as the literal of an array. */
void view_sql_cell_types(const struct view *view, char *types); /* as upsert_init takes them */
void view_sql_upsert_cells(struct strbuf *out, const char *schema, const struct view *view);
/* A bin as it lies in a cell (sql/0017). */
int64_t view_sql_bin(size_t measure, int bin, int64_t n);
