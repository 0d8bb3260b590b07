/* SPDX-License-Identifier: Apache-2.0 */
/* 街乡 and 区直单位 are ranked apart (docs/domain.md §2.6): score first, then how much came in.
 * 合并 is what all orders together say, 算术平均 the mean of the units' own rates: two lines,
 * named. */
#include "citybrain/report_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"

#define NO_DATA "无数据"

enum { COLUMN_ORDERS = 0, COLUMN_SCORE = REPORT_COLUMNS - 1 };

const struct report_column report_rows_columns[REPORT_COLUMNS] = {
    {"three_rates", "orders", "受理", false},
    {"closure_rate", "closed_in", "当期办结", false},
    {"closure_rate", "rate", "办结率", true},
    {"on_time", "due", "到期", false},
    {"on_time", "rate", "按时办结率", true},
    {"three_rates", "valid", "有效回访", false},
    {"three_rates", "response", "响应率", true},
    {"three_rates", "solution", "解决率", true},
    {"three_rates", "satisfaction", "满意率", true},
    {"three_rates", "score", "综合成绩", false},
};

struct line {
    struct span unit, name, kind, method, formula; /* borrowed from answers */
    struct span value[REPORT_COLUMNS];             /* absent = no data */
    int rank;                                      /* 0 = none */
};

struct report_rows {
    struct line *lines; /* owned */
    size_t count, capacity;
};

struct report_rows *report_rows_new(void)
{
    return xcalloc(1, sizeof(struct report_rows));
}

void report_rows_free(struct report_rows *rows)
{
    free(rows->lines);
    free(rows);
}

static bool is_total(const struct line *line)
{
    return !line->unit.at;
}

bool report_rows_are_none(const struct report_rows *rows)
{
    return rows->count == 0;
}

/* The line of a unit, or of all by that method. */
static struct line *line_of(struct report_rows *rows, struct span unit, struct span method)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct line *line = &rows->lines[i];
        if (is_total(line) == !unit.at &&
            span_equal(unit.at ? line->unit : line->method, unit.at ? unit : method))
            return line;
    }
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? rows->capacity * 2 : 128;
        rows->lines = xrealloc(rows->lines, rows->capacity * sizeof *rows->lines);
    }
    struct line *line = &rows->lines[rows->count++];
    *line = (struct line){.unit = unit, .method = method};
    return line;
}

void report_rows_add(struct report_rows *rows, const char *view, const struct json_value *answer)
{
    const struct json_value *found = json_get(answer, SPAN("rows"));
    for (const struct json_value *row = found ? found->first : NULL; row; row = row->next) {
        const struct json_value *unit = json_get(row, SPAN("unit"));
        if (unit && unit->text.len == 0)
            continue; /* nobody leads it yet */
        struct line *line = line_of(rows, unit ? unit->text : SPAN_NONE, json_text(row, "method"));
        for (size_t i = 0; i < REPORT_COLUMNS; i++) {
            const struct report_column *column = &report_rows_columns[i];
            if (strcmp(column->view, view) == 0)
                line->value[i] = json_text(row, column->key);
        }
        if (strcmp(view, "three_rates") == 0)
            line->formula = json_text(row, "formula");
    }
}

void report_rows_name(struct report_rows *rows, const struct json_value *units)
{
    const struct json_value *found = json_get(units, SPAN("units"));
    for (const struct json_value *one = found ? found->first : NULL; one; one = one->next)
        for (size_t i = 0; i < rows->count; i++)
            if (rows->lines[i].unit.at && span_equal(rows->lines[i].unit, json_text(one, "unit"))) {
                rows->lines[i].name = json_text(one, "name");
                rows->lines[i].kind = json_text(one, "kind");
            }
}

static double number_of(struct span text)
{
    char buffer[40];
    return text.at ? strtod(span_to_cstr(text, buffer, sizeof buffer), NULL) : -1;
}

/* Streets, the others, and what is of all. */
static int group_of(const struct line *line)
{
    return is_total(line) ? 2 : !span_is(line->kind, "street");
}

static int compare_numbers(const struct line *a, const struct line *b, size_t column)
{
    double left = number_of(a->value[column]), right = number_of(b->value[column]);
    return left > right ? -1 : left < right;
}

static int by_rank(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    int order = group_of(a) - group_of(b);
    if (is_total(a) && is_total(b))
        return -span_compare(a->method, b->method); /* pooled, then mean */
    order = order ? order : compare_numbers(a, b, COLUMN_SCORE);
    order = order ? order : compare_numbers(a, b, COLUMN_ORDERS);
    return order ? order : span_compare(a->unit, b->unit);
}

static bool is_equal(const struct line *a, const struct line *b)
{
    return group_of(a) == group_of(b) && compare_numbers(a, b, COLUMN_SCORE) == 0 &&
           compare_numbers(a, b, COLUMN_ORDERS) == 0;
}

void report_rows_rank(struct report_rows *rows)
{
    int place = 0;
    if (rows->count)
        qsort(rows->lines, rows->count, sizeof *rows->lines, by_rank);
    for (size_t i = 0; i < rows->count; i++) {
        struct line *line = &rows->lines[i], *before = i ? &rows->lines[i - 1] : NULL;
        place = before && group_of(before) == group_of(line) ? place + 1 : 1;
        if (is_total(line) || !line->value[COLUMN_SCORE].at)
            continue;
        line->rank = before && is_equal(before, line) ? before->rank : place;
    }
}

static void add_cell(struct strbuf *out, struct span text)
{
    if (out->len && out->at[out->len - 1] != '\n')
        strbuf_add_char(out, ',');
    bool quoted =
        span_find(text, ',') >= 0 || span_find(text, '"') >= 0 || span_find(text, '\n') >= 0;
    if (!quoted) {
        strbuf_add(out, text);
        return;
    }
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"')
            strbuf_add_char(out, '"');
        strbuf_add_char(out, text.at[i]);
    }
    strbuf_add_char(out, '"');
}

static void add_value(struct strbuf *out, struct span value, bool is_rate)
{
    char text[40];
    if (!value.at) {
        add_cell(out, SPAN(NO_DATA));
        return;
    }
    if (is_rate) {
        snprintf(text, sizeof text, "%.2f%%", number_of(value) * 100);
        value = span_of(text);
    }
    add_cell(out, value);
}

static const char *kind_title(const struct line *line)
{
    return is_total(line) ? "合计" : group_of(line) == 0 ? "街乡" : "区直单位";
}

static void add_line(struct strbuf *out, const struct report_head *head, const struct line *line)
{
    char rank[16];
    snprintf(rank, sizeof rank, "%d", line->rank);
    const char *const texts[] = {head->title, head->from, head->to,
                                 strcmp(head->scope, "net") == 0 ? "剔除后" : "全口径(含剔除)",
                                 span_is(line->method, "mean") ? "算术平均" : "合并"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        add_cell(out, span_of(texts[i]));
    add_cell(out, line->formula);
    add_cell(out, span_of(kind_title(line)));
    add_cell(out, line->rank ? span_of(rank) : is_total(line) ? SPAN("") : SPAN(NO_DATA));
    add_cell(out, line->unit.at ? line->unit : SPAN(""));
    add_cell(out, line->name.at ? line->name : is_total(line) ? SPAN("全区") : line->unit);
    for (size_t i = 0; i < REPORT_COLUMNS; i++) {
        bool counts = span_is(line->method, "mean") && !report_rows_columns[i].is_rate &&
                      i != COLUMN_SCORE; /* a mean of counts is none */
        if (counts)
            add_cell(out, SPAN(""));
        else
            add_value(out, line->value[i], report_rows_columns[i].is_rate);
    }
    strbuf_add(out, SPAN("\r\n"));
}

void report_rows_write_csv(const struct report_rows *rows, const struct report_head *head,
                           struct strbuf *out)
{
    strbuf_add(out, SPAN("报告,起,止,口径,方法,公式,类别,名次,单位编码,单位"));
    for (size_t i = 0; i < REPORT_COLUMNS; i++)
        add_cell(out, span_of(report_rows_columns[i].title));
    strbuf_add(out, SPAN("\r\n"));
    for (size_t i = 0; i < rows->count; i++)
        add_line(out, head, &rows->lines[i]);
}

static void add_member(struct strbuf *out, const char *key, struct span text)
{
    strbuf_addf(out, ",\"%s\":", key);
    if (text.at)
        strbuf_add_json(out, text);
    else
        strbuf_add(out, SPAN("null"));
}

void report_rows_write_json(const struct report_rows *rows, const struct report_head *head,
                            struct strbuf *out)
{
    strbuf_addf(out, "{\"report\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"scope\":\"%s\",\"rows\":[",
                head->title, head->from, head->to, head->scope);
    for (size_t i = 0; i < rows->count; i++) {
        const struct line *line = &rows->lines[i];
        strbuf_addf(out, "%s{\"group\":\"%s\",\"rank\":", i ? "," : "", kind_title(line));
        if (line->rank)
            strbuf_add_int(out, line->rank);
        else
            strbuf_add(out, SPAN("null"));
        add_member(out, "unit", line->unit);
        add_member(out, "name", line->name);
        add_member(out, "method", line->method);
        add_member(out, "formula", line->formula);
        for (size_t c = 0; c < REPORT_COLUMNS; c++)
            strbuf_addf(out, ",\"%s.%s\":%.*s", report_rows_columns[c].view,
                        report_rows_columns[c].key,
                        SPAN_ARG(line->value[c].at ? line->value[c] : SPAN("null")));
        strbuf_add_char(out, '}');
    }
    strbuf_add(out, SPAN("]}\n"));
}
