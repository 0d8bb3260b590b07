/* SPDX-License-Identifier: Apache-2.0 */
/* One question to a view, as the HTTP API and reports ask it. */
#pragma once

#include <stdbool.h>

#include "aggregator/core/view.h"
#include "base/strbuf.h"

#define VIEW_QUERY_MOST_ROWS 20000
/* Of rows t; its %d is VIEW_QUERY_MOST_ROWS. Empty when there are more: half an answer would look
 * like a whole one. */
#define VIEW_QUERY_ANSWER(name)                                                                    \
    "SELECT CASE WHEN count(*) <= %d THEN json_build_object('view', '" name "', 'now', (SELECT "   \
    "t_ms FROM core.clock), 'rows', coalesce(json_agg(row_to_json(t)), '[]'))::text ELSE '' END"

struct view_question {
    struct span by;                 /* "unit,month"; "" = one total */
    struct span scope;              /* all | net; absent or "" = all */
    struct span method;             /* pooled | mean; absent or "" = pooled */
    bool filtered[VIEW_MAX_GROUPS]; /* by index in its groups; values from $3 on: view_source.h */
    bool open;                      /* without small cells: for who is outside the handling unit */
};

/* A row per combination of `by`. $1, $2: first and last day of buckets, or NULL. False when the
 * view has no such column, scope or method. */
bool view_query_rows(struct strbuf *out, const struct view *view,
                     const struct view_question *question);
/* Those rows as one json value; the question for them all. */
bool view_query_write(struct strbuf *out, const struct view *view,
                      const struct view_question *question);
