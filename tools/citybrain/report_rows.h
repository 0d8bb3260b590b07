/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a report: what several views say of one unit side by side, ranked (docs/views.md).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "model/json.h"

#define REPORT_COLUMNS 10

struct report_column {
    const char *view, *key, *title;
    bool is_rate; /* shown in percent */
};
extern const struct report_column report_rows_columns[REPORT_COLUMNS];

struct report_rows; /* borrows the answers given to it */
struct report_rows *report_rows_new(void);
void report_rows_free(struct report_rows *rows);
bool report_rows_are_none(const struct report_rows *rows); /* of no unit anything is known */
/* Rows of one view: of units, or of all where they have none; then `method` tells which. */
void report_rows_add(struct report_rows *rows, const char *view, const struct json_value *answer);
/* Names and kinds: the answer of /api/units. */
void report_rows_name(struct report_rows *rows, const struct json_value *units);
/* By kind, then score and orders; streets and all others are ranked apart, who has no score is not.
 */
void report_rows_rank(struct report_rows *rows);

struct report_head {
    const char *title, *from, *to, *scope;
};
/* With a head line; what has no data says so. */
void report_rows_write_csv(const struct report_rows *rows, const struct report_head *head,
                           struct strbuf *out);
void report_rows_write_json(const struct report_rows *rows, const struct report_head *head,
                            struct strbuf *out);
