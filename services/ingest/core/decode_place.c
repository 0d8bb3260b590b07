/* SPDX-License-Identifier: Apache-2.0 */
/* What can still be told of a CSV row that cannot be read: in which column the bad byte lies, and
 * the record's own number. Cells are found in the bytes as they came; a row that has not as many as
 * its header has tells nothing, for its cells may stand under other names. */
#include <stdio.h>

#include "ingest/core/decode.h"

static bool has_cell(const struct decode *decode, size_t cell)
{
    struct span row = decode->row;
    if (cell == 0 || csv_cell_offset(row, decode->form, cell) < row.len)
        return true;
    /* An empty one at the end. */
    return row.len > 0 && row.at[row.len - 1] == decode->form.separator &&
           csv_cell_offset(row, decode->form, cell - 1) < row.len;
}

static bool is_whole(const struct decode *decode)
{
    return decode->header_cells > 0 && has_cell(decode, decode->header_cells - 1) &&
           !has_cell(decode, decode->header_cells);
}

void decode_csv_blame(const struct decode *decode, const struct mapping *mapping,
                      struct reject_place *place)
{
    size_t cell = place->column > 0 ? (size_t)place->column - 1 : 0;
    while (place->column == 0 && cell + 1 < decode->header_cells && has_cell(decode, cell + 1) &&
           csv_cell_offset(decode->row, decode->form, cell + 1) <= (size_t)place->byte_offset)
        cell++;
    place->column = (long)cell + 1;
    if (is_whole(decode) && cell < decode->header_cells && decode->column_of[cell] >= 0)
        reject_point_at(place, span_of(mapping->columns[decode->column_of[cell]]));
}

/* The text of one cell, absent where it cannot be read itself. */
static struct span read_cell(struct decode *decode, size_t cell, struct arena *arena)
{
    struct span row = decode->row, text, value;
    size_t begin = csv_cell_offset(row, decode->form, cell), bad_at, count;
    size_t end = cell + 1 < decode->header_cells ? csv_cell_offset(row, decode->form, cell + 1) - 1
                                                 : row.len;
    struct span raw = span_from(row.at + begin, end - begin);
    if (span_find(raw, '\0') >= 0 ||
        charset_to_utf8(decode->converter, decode->charset, raw, arena, &text, &bad_at) !=
            CHARSET_OK ||
        csv_split(text, decode->form.separator, &value, 1, &count, arena) != CSV_OK)
        return SPAN_NONE;
    return value;
}

bool decode_csv_numbers(struct decode *decode, const struct mapping *mapping, struct arena *arena,
                        struct span *cells)
{
    if (!is_whole(decode))
        return false;
    for (size_t i = 0; i < mapping->number_count; i++) {
        int column = mapping->numbers[i];
        cells[column] = decode->cell_of[column] == 0
                            ? SPAN_NONE
                            : read_cell(decode, (size_t)decode->cell_of[column] - 1, arena);
    }
    return true;
}
