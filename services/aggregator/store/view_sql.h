/* SPDX-License-Identifier: Apache-2.0 */
/* SQL of a view: its tables, its api views, its upserts, its questions. */
#pragma once

#include <stdbool.h>

#include "aggregator/core/view.h"
#include "base/strbuf.h"

/* Cells and bins, in the schema they are kept in ("core") or filled aside. */
void view_sql_tables(struct strbuf *out, const char *schema, const struct view *view);
/* And what reads them in api. */
void view_sql_drop(struct strbuf *out, const char *schema, const char *name);
void view_sql_views(struct strbuf *out, const struct view *view);
/* $1 days, then each group, then each column, all arrays. */
void view_sql_upsert_cells(struct strbuf *out, const char *schema, const struct view *view);
/* $1 days, then each group, then measures, bins, counts. */
void view_sql_upsert_bins(struct strbuf *out, const char *schema, const struct view *view);
#define VIEW_SQL_MOST_ROWS 20000
/* Of rows t; its %d is VIEW_SQL_MOST_ROWS. Empty when there are more: half an answer would look
 * like a whole one. */
#define VIEW_SQL_ANSWER(name)                                                                      \
    "SELECT CASE WHEN count(*) <= %d THEN json_build_object('view', '" name "', 'now', (SELECT "   \
    "t_ms FROM core.clock), 'rows', coalesce(json_agg(row_to_json(t)), '[]'))::text ELSE '' END"
/* A row per combination of `by` ("unit,day"; "" = one total). $1, $2: first and last day or NULL.
 * False when `by` names what the view does not group by. */
bool view_sql_query(struct strbuf *out, const struct view *view, struct span by);
