/* SPDX-License-Identifier: Apache-2.0 */
/* An order's row, column by column, before it is written as JSON or as CSV. */
#pragma once

#include "base/strbuf.h"

#define ROW_MOST_CELLS 24

struct row {
    struct strbuf text; /* the values, one behind the other */
    struct {
        const char *name; /* a literal */
        size_t begin, end;
    } cells[ROW_MOST_CELLS];
    size_t count;
};

void row_init(struct row *row);
void row_fini(struct row *row);
void row_reset(struct row *row);
void row_add(struct row *row, const char *name, struct span value); /* absent = empty */
void row_addf(struct row *row, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
void row_write_json(const struct row *row, struct strbuf *out);
/* Header line and row, UTF-8. */
void row_write_csv(const struct row *row, struct strbuf *out);
