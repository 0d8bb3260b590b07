/* SPDX-License-Identifier: Apache-2.0 */
/* A cell and the bins of its durations are one row: finding it is most of what it costs. */
#include "aggregator/store/cell_rows.h"

#include <stdlib.h>

#include "aggregator/store/upsert.h"
#include "aggregator/store/view_sql.h"
#include "base/memory.h"

#define MOST_BINS (1 << 20) /* bytes of one cell's */

struct cell_rows {
    const struct views *views;
    struct upsert *cells; /* one a view, owned */
    struct strbuf bins;
};

struct cell_rows *cell_rows_new(const struct views *views, const char *schema)
{
    struct cell_rows *rows = xcalloc(1, sizeof *rows);
    rows->views = views;
    rows->cells = xcalloc(views_count(views), sizeof *rows->cells);
    for (size_t i = 0; i < views_count(views); i++) {
        const struct view *view = views_at(views, i);
        char types[UPSERT_MAX_ARRAYS + 1];
        view_sql_cell_types(view, types);
        upsert_init(&rows->cells[i], "cell", view->name, types);
        view_sql_upsert_cells(&rows->cells[i].sql, schema, view);
    }
    strbuf_init(&rows->bins, 256, MOST_BINS);
    return rows;
}

void cell_rows_free(struct cell_rows *rows)
{
    if (!rows)
        return;
    for (size_t i = 0; i < views_count(rows->views); i++)
        upsert_fini(&rows->cells[i]);
    strbuf_fini(&rows->bins);
    free(rows->cells);
    free(rows);
}

/* As a literal; absent where there are none. */
static struct span write_bins(struct cell_rows *rows, const struct delta_row *row)
{
    strbuf_reset(&rows->bins);
    for (const struct delta_bin *bin = row->bins; bin; bin = bin->next) {
        strbuf_add_char(&rows->bins, rows->bins.len ? ',' : '{');
        strbuf_add_int(&rows->bins, view_sql_bin(bin->measure, bin->bin, bin->n));
    }
    if (rows->bins.len == 0)
        return SPAN_NONE;
    strbuf_add_char(&rows->bins, '}');
    return strbuf_span(&rows->bins);
}

static void fill_row(struct cell_rows *rows, const struct delta_row *row)
{
    const struct view *view = views_at(rows->views, row->view);
    struct array_binary *arrays = rows->cells[row->view].arrays;
    if (view->grain != GRAIN_DAY) {
        char text[8];
        array_binary_add(arrays++, view_bucket_text(view->grain, row->part, text));
    }
    array_binary_add_date(arrays++, row->day);
    for (size_t i = 0; i < view->group_count; i++)
        array_binary_add(arrays++, row->group[i]);
    array_binary_add_bool(arrays++, row->excluded);
    for (size_t i = 0; i < view->column_count; i++)
        array_binary_add_int(arrays++, row->value[i]);
    if (view->has_durations)
        array_binary_add(arrays, write_bins(rows, row));
}

void cell_rows_queue(struct cell_rows *rows, const struct delta *delta,
                     struct postgres_transaction *transaction)
{
    size_t count = views_count(rows->views);
    for (size_t i = 0; i < count; i++)
        upsert_reset(&rows->cells[i]);
    for (size_t i = 0; i < delta_count(delta); i++)
        fill_row(rows, delta_at(delta, i));
    for (size_t i = 0; i < count; i++)
        upsert_queue(&rows->cells[i], transaction, NULL, NULL);
}
