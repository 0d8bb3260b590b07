/* SPDX-License-Identifier: Apache-2.0 */
/* The first lists are what aggregator/store/view_*.c name without a capital; the last what
 * PostgreSQL 15 lists as reserved, those that may be a function or a type among them. */
#include "aggregator/core/view_words.h"

#include <string.h>

#include "base/base.h"

/* Of cells, of sums, of rows, of every table. */
static const char *const columns[] = {"bucket", "is_excluded", "shard",   "n",          "one",
                                      "scope",  "method",      "formula", "suppressed", "tableoid",
                                      "xmin",   "cmin",        "xmax",    "cmax",       "ctid"};
/* Of levels, of the days that a formula holds for, of bins. */
static const char *const of_stocks[] = {"since", "until", "now"};
static const char *const of_formulas[] = {"first_day", "last_day"};
static const char *const of_durations[] = {"bins", "measure", "bin"};

static const char *const sql[] = {"all",
                                  "analyse",
                                  "analyze",
                                  "and",
                                  "any",
                                  "array",
                                  "as",
                                  "asc",
                                  "asymmetric",
                                  "authorization",
                                  "binary",
                                  "both",
                                  "case",
                                  "cast",
                                  "check",
                                  "collate",
                                  "collation",
                                  "column",
                                  "concurrently",
                                  "constraint",
                                  "create",
                                  "cross",
                                  "current_catalog",
                                  "current_date",
                                  "current_role",
                                  "current_schema",
                                  "current_time",
                                  "current_timestamp",
                                  "current_user",
                                  "default",
                                  "deferrable",
                                  "desc",
                                  "distinct",
                                  "do",
                                  "else",
                                  "end",
                                  "except",
                                  "false",
                                  "fetch",
                                  "for",
                                  "foreign",
                                  "freeze",
                                  "from",
                                  "full",
                                  "grant",
                                  "group",
                                  "having",
                                  "ilike",
                                  "in",
                                  "initially",
                                  "inner",
                                  "intersect",
                                  "into",
                                  "is",
                                  "isnull",
                                  "join",
                                  "lateral",
                                  "leading",
                                  "left",
                                  "like",
                                  "limit",
                                  "localtime",
                                  "localtimestamp",
                                  "natural",
                                  "not",
                                  "notnull",
                                  "null",
                                  "offset",
                                  "on",
                                  "only",
                                  "or",
                                  "order",
                                  "outer",
                                  "overlaps",
                                  "placing",
                                  "primary",
                                  "references",
                                  "returning",
                                  "right",
                                  "select",
                                  "session_user",
                                  "similar",
                                  "some",
                                  "symmetric",
                                  "table",
                                  "tablesample",
                                  "then",
                                  "to",
                                  "trailing",
                                  "true",
                                  "union",
                                  "unique",
                                  "user",
                                  "using",
                                  "variadic",
                                  "verbose",
                                  "when",
                                  "where",
                                  "window",
                                  "with"};

static bool has(const char *const *words, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return false;
}

bool view_words_is_column(const struct view *view, const char *name)
{
    return has(columns, ARRAY_LENGTH(columns), name) ||
           has(view_bucket_names, VIEW_BUCKETS, name) ||
           (view->is_stock && has(of_stocks, ARRAY_LENGTH(of_stocks), name)) ||
           (view_has_formula(view) && has(of_formulas, ARRAY_LENGTH(of_formulas), name)) ||
           (view->has_durations && has(of_durations, ARRAY_LENGTH(of_durations), name));
}

bool view_words_is_sql(const char *name)
{
    return has(sql, ARRAY_LENGTH(sql), name);
}
