/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/cell_rows.h"

#include <stdlib.h>

#include "aggregator/store/upsert.h"
#include "aggregator/store/view_sql.h"
#include "base/memory.h"

struct cell_rows {
    const struct views *views;
    struct upsert *cells, *bins; /* one a view, owned */
};

struct cell_rows *cell_rows_new(const struct views *views, const char *schema)
{
    struct cell_rows *rows = xcalloc(1, sizeof *rows);
    rows->views = views;
    rows->cells = xcalloc(views_count(views), sizeof *rows->cells);
    rows->bins = xcalloc(views_count(views), sizeof *rows->bins);
    for (size_t i = 0; i < views_count(views); i++) {
        const struct view *view = views_at(views, i);
        upsert_init(&rows->cells[i], "cell", view->name, view_sql_cell_arrays(view));
        view_sql_upsert_cells(&rows->cells[i].sql, schema, view);
        upsert_init(&rows->bins[i], "hist", view->name, view_sql_bin_arrays(view));
        view_sql_upsert_bins(&rows->bins[i].sql, schema, view);
    }
    return rows;
}

void cell_rows_free(struct cell_rows *rows)
{
    if (!rows)
        return;
    for (size_t i = 0; i < views_count(rows->views); i++) {
        upsert_fini(&rows->cells[i]);
        upsert_fini(&rows->bins[i]);
    }
    free(rows->cells);
    free(rows->bins);
    free(rows);
}

static void fill_row(struct upsert *upsert, const struct view *view, const struct delta_row *row)
{
    size_t at = 0;
    if (view->grain != GRAIN_DAY) {
        char text[8];
        array_text_add(&upsert->arrays[at++], view_bucket_text(view->grain, row->part, text));
    }
    array_text_add_date(&upsert->arrays[at++], row->day);
    for (size_t i = 0; i < view->group_count; i++)
        array_text_add(&upsert->arrays[at++], row->group[i]);
    array_text_add(&upsert->arrays[at++], row->excluded ? SPAN("t") : SPAN("f"));
    if (row->bin >= 0) {
        array_text_add_int(&upsert->arrays[at++], (int64_t)row->measure);
        array_text_add_int(&upsert->arrays[at++], row->bin);
        array_text_add_int(&upsert->arrays[at++], row->value[0]);
        return;
    }
    for (size_t i = 0; i < view->column_count; i++)
        array_text_add_int(&upsert->arrays[at++], row->value[i]);
}

void cell_rows_queue(struct cell_rows *rows, const struct delta *delta,
                     struct postgres_transaction *transaction)
{
    size_t count = views_count(rows->views);
    for (size_t i = 0; i < count; i++) {
        upsert_reset(&rows->cells[i]);
        upsert_reset(&rows->bins[i]);
    }
    for (size_t i = 0; i < delta_count(delta); i++) {
        const struct delta_row *row = delta_at(delta, i);
        fill_row(row->bin >= 0 ? &rows->bins[row->view] : &rows->cells[row->view],
                 views_at(rows->views, row->view), row);
    }
    for (size_t i = 0; i < count; i++) {
        upsert_queue(&rows->cells[i], transaction, NULL, NULL);
        upsert_queue(&rows->bins[i], transaction, NULL, NULL);
    }
}
