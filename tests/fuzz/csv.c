/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of any bytes: cut anywhere they are the same rows; cells written and read again are the same
 * cells; the reader of raw rows and the splitter agree on cells and quotes. */
#include "base/csv.h"
#include "base/strbuf.h"
#include "fuzz.h"

#define MOST_CELLS 64

static struct arena arena;
static struct strbuf written;

static void check_again(const struct span *cells, size_t count, char separator)
{
    struct span again[MOST_CELLS], row;
    size_t n;
    strbuf_reset(&written);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_add_char(&written, separator);
        csv_add_cell(&written, cells[i], separator);
    }
    size_t len = written.len;
    strbuf_add(&written, SPAN("\r\n"));
    HOLDS(csv_frame_by(strbuf_span(&written), (struct csv_form){separator, false}, true, &row) ==
          len + 2);
    HOLDS(csv_split(row, separator, again, MOST_CELLS, &n, &arena) == CSV_OK);
    HOLDS(n == count);
    for (size_t i = 0; i < n; i++)
        HOLDS(span_equal(cells[i], again[i]));
}

static void check_row(struct span row, char separator)
{
    struct csv_form form = {separator, false};
    struct span cells[MOST_CELLS];
    size_t count, bad_cell;
    arena_reset(&arena);
    enum csv_result result = csv_split(row, separator, cells, MOST_CELLS, &count, &arena);
    size_t bad_at = csv_bad_quote(row, form, &bad_cell);
    HOLDS(bad_at <= row.len);
    HOLDS(count <= MOST_CELLS);
    if (result == CSV_OK) {
        HOLDS(bad_at == row.len);
        for (size_t i = 0; i < count; i++) {
            size_t at = csv_cell_offset(row, form, i);
            HOLDS(at <= row.len);
            HOLDS(at == 0 || row.at[at - 1] == separator);
        }
        check_again(cells, count, separator);
    }
    if (result == CSV_BAD_QUOTE) {
        HOLDS(bad_at < row.len && row.at[bad_at] == '"');
        HOLDS(bad_cell == count);
    }
}

/* Rows of the front of `input` that are whole, then of the rest: as many and the same ends. */
static void check_cut(struct span input, size_t cut, struct csv_form form)
{
    size_t at = 0, whole_at = 0;
    struct span row, whole;
    while (at < input.len) {
        size_t used =
            csv_frame_by(span_from(input.at + at, cut > at ? cut - at : 0), form, false, &row);
        if (used == 0)
            used = csv_frame_by(span_from(input.at + at, input.len - at), form, true, &row);
        size_t whole_used =
            csv_frame_by(span_from(input.at + whole_at, input.len - whole_at), form, true, &whole);
        HOLDS(used > 0 && used == whole_used && row.at == whole.at && row.len == whole.len);
        at += used;
        whole_at += whole_used;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char separators[] = ",;\t|";
    struct span input = fuzz_input(data, size), row;
    unsigned choice = fuzz_choice(&input);
    struct csv_form form = {separators[choice % 4], choice & 4};
    size_t cut = input.len ? fuzz_choice(&input) * input.len / 255 : 0;
    if (arena.at == NULL) {
        arena_init(&arena, 1 << 17);
        strbuf_init(&written, 1024, 4 << 20);
    }
    check_cut(input, cut < input.len ? cut : input.len, form);
    for (size_t at = 0; at < input.len;) {
        at += csv_frame_by(span_from(input.at + at, input.len - at), form, true, &row);
        if (!form.wide)
            check_row(row, form.separator);
        csv_cell_offset(row, form, choice);
    }
    return 0;
}
