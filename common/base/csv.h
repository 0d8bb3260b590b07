/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4180 as real exports write it: CRLF, LF or CR line ends, quotes, line feeds in quotes, other
 * separators. Two steps on purpose (style §4): rows are framed on raw bytes, cells are split after
 * the row's charset was converted. No quote, line end, comma, semicolon or tab is ever a second
 * byte of GB18030; a '|' may be one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

#define CSV_CELL_MAX                                                                               \
    ((size_t)1 << 16) /* bytes of a quoted cell, its doubled quotes counted twice */

struct csv_form {
    char separator;
    bool wide; /* GB18030 under a separator that may be a second byte there */
};
#define CSV_COMMA ((struct csv_form){',', false})

/* Length in bytes of the row that begins at s.at, its line end included; 0 when the row is not
 * complete and `last` is false. *row is the row without its line end. With `last` the rest is a
 * row. A quote opens only behind the separator; one that is never closed ends with its line. */
size_t csv_frame(struct span s, bool last, struct span *row); /* separated by commas */
size_t csv_frame_by(struct span s, struct csv_form form, bool last, struct span *row);
/* Nothing but separators and blanks. */
bool csv_is_empty(struct span row, char separator);
/* In a row as it came: where a cell (from 0) begins, row.len when it has not so many; where the
 * first misplaced quote stands and in which cell, row.len when there is none. */
size_t csv_cell_offset(struct span row, struct csv_form form, size_t cell);
size_t csv_bad_quote(struct span row, struct csv_form form, size_t *cell);

enum csv_result { CSV_OK, CSV_TOO_MANY_CELLS, CSV_BAD_QUOTE, CSV_NO_MEMORY };
/* Splits one row. Cells without doubled quotes are spans of the row, the others are unescaped in
 * the arena. */
enum csv_result csv_split(struct span row, char separator, struct span *cells, size_t max_cells,
                          size_t *count, struct arena *arena);
/* Appends a cell, quoted when it must be. */
struct strbuf;
void csv_add_cell(struct strbuf *buf, struct span cell, char separator);
