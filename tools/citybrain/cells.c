/* SPDX-License-Identifier: Apache-2.0 */
/* Cells are one table that only grows; a question sums them into a second one, whose rows are then
 * sorted. */
#include "citybrain/cells.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "router/core/case_book.h"

struct cells {
    const struct batch_rules *rules; /* borrowed */
    struct case_book *sets;          /* owned: case id -> set as text */
    struct delta *rows;              /* owned: every cell and bin of every view */
};

/* A sum on its way to a line. */
struct sum {
    const struct delta_row *row;
    const struct view *view;
    const struct view_by *by;
};

struct cells *cells_new(const struct batch_rules *rules)
{
    struct cells *cells = xcalloc(1, sizeof *cells);
    cells->rules = rules;
    cells->sets = case_book_new(NULL);
    cells->rows = delta_new();
    return cells;
}

void cells_free(struct cells *cells)
{
    case_book_free(cells->sets);
    delta_free(cells->rows);
    free(cells);
}

static void keep_set(void *context, const struct batch_case *changed)
{
    struct case_book *sets = context;
    case_book_set(sets, case_book_add(sets, changed->id), changed->lines, true);
}

bool cells_commit(struct cells *cells, struct batch *batch, struct span *bad)
{
    const struct batch_sink sink = {cells->rows, keep_set, cells->sets};
    batch_seal(batch);
    for (size_t i = 0; i < batch_case_count(batch); i++) {
        struct span id = batch_case_id(batch, i);
        const struct case_entry *entry = case_book_find(cells->sets, id);
        struct span old = entry ? case_book_get(cells->sets, entry) : SPAN_NONE;
        if (!batch_fold(batch, i, old, &sink)) {
            *bad = id;
            return false;
        }
    }
    batch_clear(batch);
    return true;
}

struct set_reader {
    const struct case_book *sets;
    cells_set_fn *each;
    void *context;
};

static void read_set(void *context, struct case_entry *entry, struct span set)
{
    const struct set_reader *reader = context;
    char id[CASE_BOOK_MAX_ID];
    reader->each(reader->context, case_book_id(reader->sets, entry, id), set);
}

void cells_each_set(const struct cells *cells, cells_set_fn *each, void *context)
{
    struct set_reader reader = {cells->sets, each, context};
    case_book_each_set(cells->sets, read_set, &reader);
}

/* Everything but the asked columns is summed over. */
static void add_coarse(struct delta *sums, const struct delta_row *row, const struct view *view,
                       const struct view_by *by, int64_t day)
{
    struct delta_row coarse = *row;
    coarse.day = by->bucket >= 0 ? day : 0;
    coarse.part = VIEW_WHOLE_DAY;
    coarse.excluded = false;
    for (size_t i = 0; i < view->group_count; i++)
        coarse.group[i] = SPAN("");
    for (size_t i = 0; i < by->count; i++) {
        if (by->columns[i] == VIEW_BY_HOUR)
            coarse.part = row->part;
        else if (by->columns[i] >= 0)
            coarse.group[by->columns[i]] = row->group[by->columns[i]];
    }
    delta_add_row(sums, &coarse, view);
}

static int64_t bucket_of(const struct view *view, const struct view_by *by, int64_t day, int part)
{
    return view_bucket_day(by->bucket >= 0 ? (enum view_bucket)by->bucket : BUCKET_DAY, view->grain,
                           day, part);
}

/* The last day of which a stock has anything new to tell: behind it the level stays. */
static int64_t last_flow(const struct cells *cells, size_t view_index, const struct view_by *by,
                         int64_t to_day)
{
    const struct view *view = views_at(cells->rules->views, view_index);
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < delta_count(cells->rows); i++) {
        const struct delta_row *row = delta_at(cells->rows, i);
        int64_t day = row->view == view_index ? bucket_of(view, by, row->day, row->part) : last;
        last = day > last ? day : last;
    }
    return last < to_day ? last : to_day;
}

/* A flow of a stock counts in its bucket and in every later one, up to now. */
static void add_stock(struct delta *sums, const struct delta_row *row, const struct view *view,
                      const struct view_by *by, const struct cells_range *range, int zone_minutes)
{
    int64_t now_day = timestamp_day(range->now_ms, zone_minutes);
    int now_part = view_bucket_part(view->grain, range->now_ms, now_day, zone_minutes);
    if (row->day > now_day || (row->day == now_day && row->part > now_part) ||
        (by->bucket < 0 && row->day > range->to_day)) /* a bucket is told as it ends */
        return;
    if (by->bucket < 0) {
        add_coarse(sums, row, view, by, 0);
        return;
    }
    int64_t last = bucket_of(view, by, now_day, now_part);
    for (int64_t day = bucket_of(view, by, row->day, row->part);
         day <= last && day <= range->to_day;
         day = view_bucket_next((enum view_bucket)by->bucket, day))
        if (day >= range->from_day)
            add_coarse(sums, row, view, by, day);
}

static int compare_column(const struct delta_row *a, const struct delta_row *b, int column)
{
    if (column == VIEW_BY_HOUR)
        return a->part - b->part;
    if (column < 0)
        return a->day < b->day ? -1 : a->day > b->day;
    return span_compare(a->group[column], b->group[column]);
}

static int by_columns(const void *left, const void *right)
{
    const struct sum *a = left, *b = right;
    int order = 0;
    for (size_t i = 0; i < a->by->count && !order; i++)
        order = compare_column(a->row, b->row, a->by->columns[i]);
    return order;
}

static void write_sum(struct strbuf *out, const struct sum *sum, const int64_t days[2])
{
    size_t count = 0;
    for (const struct delta_bin *bin = sum->row->bins; bin; bin = bin->next)
        count++;
    struct histogram_bin *bins = xcalloc(count + 1, sizeof *bins), *next = bins;
    bool of_day = sum->by->bucket >= 0;
    struct view_row row = {.day = sum->row->day,
                           .hour = sum->row->part,
                           .first_day = of_day ? sum->row->day : days[0],
                           .last_day = of_day ? sum->row->day : days[1],
                           .value = sum->row->value};
    memcpy(row.group, sum->row->group, sizeof row.group);
    for (const struct delta_bin *bin = sum->row->bins; bin; bin = bin->next, next++) {
        *next = (struct histogram_bin){bin->bin, bin->n};
        if (row.spread[bin->measure].count++ == 0)
            row.spread[bin->measure].bins = next;
    }
    view_row_write(out, sum->view, sum->by, &row);
    free(bins);
}

static void write_sums(struct strbuf *out, const struct delta *sums, const struct view *view,
                       const struct view_by *by, const int64_t days[2])
{
    size_t count = delta_count(sums);
    struct sum *found = xcalloc(count + 1, sizeof *found);
    for (size_t i = 0; i < count; i++)
        found[i] = (struct sum){delta_at(sums, i), view, by};
    qsort(found, count, sizeof *found, by_columns);
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            strbuf_add_char(out, ',');
        write_sum(out, &found[i], days);
    }
    strbuf_add_char(out, ']');
    free(found);
}

void cells_write(const struct cells *cells, size_t view_index, const struct view_by *by,
                 const struct cells_range *range, struct strbuf *out)
{
    const struct view *view = views_at(cells->rules->views, view_index);
    struct delta *sums = delta_new();
    int64_t days[2] = {INT64_MAX, INT64_MIN};
    int64_t last = view->cohort == VIEW_DUE /* what is due later has not been missed yet */
                       ? timestamp_day(range->now_ms, cells->rules->zone_minutes)
                       : INT64_MAX;
    struct cells_range asked = *range;
    if (view->is_stock)
        asked.to_day = last_flow(cells, view_index, by, range->to_day);
    for (size_t i = 0; i < delta_count(cells->rows); i++) {
        const struct delta_row *row = delta_at(cells->rows, i);
        if (row->view != view_index)
            continue;
        int64_t day = bucket_of(view, by, row->day, row->part);
        if (view->is_stock) {
            add_stock(sums, row, view, by, &asked, cells->rules->zone_minutes);
            continue;
        }
        if (day < range->from_day || day > range->to_day || row->day > last)
            continue;
        days[0] = day < days[0] ? day : days[0];
        days[1] = day > days[1] ? day : days[1];
        add_coarse(sums, row, view, by, day);
    }
    delta_finish(sums);
    write_sums(out, sums, view, by, days);
    delta_free(sums);
}
