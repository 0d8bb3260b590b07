/* SPDX-License-Identifier: Apache-2.0 */
/* A cell and the bins of its durations are one row: finding it is most of what it costs. In the
 * delta both are sorted by place, the cells of a view before its bins. */
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

/* Where the rows of one view begin and end in a delta. */
struct range {
    size_t cell, cells_end, bin, bins_end;
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

/* The bins at that place; absent where there are none. */
static struct span take_bins(struct cell_rows *rows, const struct delta *delta, struct range *range,
                             const struct delta_row *place)
{
    strbuf_reset(&rows->bins);
    for (; range->bin < range->bins_end; range->bin++) {
        const struct delta_row *bin = delta_at(delta, range->bin);
        if (delta_compare_places(bin, place) != 0)
            break;
        strbuf_add_char(&rows->bins, rows->bins.len ? ',' : '{');
        strbuf_add_int(&rows->bins, view_sql_bin(bin->measure, bin->bin, bin->value[0]));
    }
    if (rows->bins.len == 0)
        return SPAN_NONE;
    strbuf_add_char(&rows->bins, '}');
    return strbuf_span(&rows->bins);
}

/* Without `sums` only its bins change. */
static void fill_row(struct upsert *upsert, const struct view *view, const struct delta_row *place,
                     const struct delta_row *sums, struct span bins)
{
    size_t at = 0;
    if (view->grain != GRAIN_DAY) {
        char text[8];
        array_binary_add(&upsert->arrays[at++], view_bucket_text(view->grain, place->part, text));
    }
    array_binary_add_date(&upsert->arrays[at++], place->day);
    for (size_t i = 0; i < view->group_count; i++)
        array_binary_add(&upsert->arrays[at++], place->group[i]);
    array_binary_add_bool(&upsert->arrays[at++], place->excluded);
    for (size_t i = 0; i < view->column_count; i++)
        array_binary_add_int(&upsert->arrays[at++], sums ? sums->value[i] : 0);
    if (view->has_durations)
        array_binary_add(&upsert->arrays[at++], bins);
}

static void fill_view(struct cell_rows *rows, size_t index, const struct delta *delta,
                      struct range *range)
{
    const struct view *view = views_at(rows->views, index);
    while (range->cell < range->cells_end || range->bin < range->bins_end) {
        const struct delta_row *cell =
            range->cell < range->cells_end ? delta_at(delta, range->cell) : NULL;
        const struct delta_row *bin =
            range->bin < range->bins_end ? delta_at(delta, range->bin) : NULL;
        bool alone = bin && (!cell || delta_compare_places(bin, cell) < 0);
        const struct delta_row *place = alone ? bin : cell;
        fill_row(&rows->cells[index], view, place, alone ? NULL : cell,
                 take_bins(rows, delta, range, place));
        range->cell += !alone;
    }
}

/* The next view's rows, from `at` on. */
static struct range range_of(const struct delta *delta, size_t view, size_t at)
{
    struct range range = {.cell = at};
    while (at < delta_count(delta) && delta_at(delta, at)->view == view &&
           delta_at(delta, at)->bin < 0)
        at++;
    range.cells_end = range.bin = at;
    while (at < delta_count(delta) && delta_at(delta, at)->view == view)
        at++;
    range.bins_end = at;
    return range;
}

void cell_rows_queue(struct cell_rows *rows, const struct delta *delta,
                     struct postgres_transaction *transaction)
{
    size_t count = views_count(rows->views), at = 0;
    for (size_t i = 0; i < count; i++) {
        struct range range = range_of(delta, i, at);
        at = range.bins_end;
        upsert_reset(&rows->cells[i]);
        fill_view(rows, i, delta, &range);
        upsert_queue(&rows->cells[i], transaction, NULL, NULL);
    }
}
