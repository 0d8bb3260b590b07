/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/row.h"

#include <assert.h>
#include <stdio.h>

#include "base/csv.h"

#define VALUE_BYTES 2048

void row_init(struct row *row)
{
    *row = (struct row){.count = 0};
    strbuf_init(&row->text, 4096, (size_t)ROW_MOST_CELLS * VALUE_BYTES);
}

void row_fini(struct row *row)
{
    strbuf_fini(&row->text);
}

void row_reset(struct row *row)
{
    strbuf_reset(&row->text);
    row->count = 0;
}

void row_add(struct row *row, const char *name, struct span value)
{
    assert(row->count < ROW_MOST_CELLS);
    size_t begin = row->text.len;
    if (value.at)
        strbuf_add(&row->text, value);
    row->cells[row->count].name = name;
    row->cells[row->count].begin = begin;
    row->cells[row->count++].end = row->text.len;
}

void row_addf(struct row *row, const char *name, const char *format, ...)
{
    char value[VALUE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    assert(n >= 0 && (size_t)n < sizeof value);
    row_add(row, name, span_from(value, (size_t)n));
}

static struct span value_of(const struct row *row, size_t i)
{
    return span_from(row->text.at + row->cells[i].begin, row->cells[i].end - row->cells[i].begin);
}

void row_write_json(const struct row *row, struct strbuf *out)
{
    for (size_t i = 0; i < row->count; i++) {
        strbuf_add_char(out, i ? ',' : '{');
        strbuf_add_json(out, span_of(row->cells[i].name));
        strbuf_add_char(out, ':');
        strbuf_add_json(out, value_of(row, i));
    }
    strbuf_add_char(out, '}');
}

void row_write_csv(const struct row *row, struct strbuf *out)
{
    for (size_t i = 0; i < row->count; i++) {
        if (i)
            strbuf_add_char(out, ',');
        csv_add_cell(out, span_of(row->cells[i].name), ',');
    }
    strbuf_add(out, SPAN("\r\n"));
    for (size_t i = 0; i < row->count; i++) {
        if (i)
            strbuf_add_char(out, ',');
        csv_add_cell(out, value_of(row, i), ',');
    }
    strbuf_add(out, SPAN("\r\n"));
}
