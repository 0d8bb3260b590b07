/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4180 as real exports write it: CRLF, LF or CR line ends, quotes, line feeds in quotes.
 * Two steps on purpose (style §4): rows are framed on raw bytes (safe for UTF-8, GB18030: no
 * separator byte is ever a second byte there), cells are split after the row's charset was
 * converted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

/* Length in bytes of the row that begins at s.at, its line end included; 0 when the row is not
 * complete and `last` is false. *row is the row without its line end. With `last` the rest is a
 * row. csv_frame is for comma-separated files: a quote opens only behind the separator, so others
 * name theirs. */
size_t csv_frame(struct span s, bool last, struct span *row);
size_t csv_frame_by(struct span s, char separator, bool last, struct span *row);

enum csv_result { CSV_OK, CSV_TOO_MANY_CELLS, CSV_BAD_QUOTE, CSV_NO_MEMORY };
/* Splits one row. Cells without doubled quotes are spans of the row, the others are unescaped in
 * the arena. */
enum csv_result csv_split(struct span row, char separator, struct span *cells, size_t max_cells,
                          size_t *count, struct arena *arena);
/* Appends a cell, quoted when it must be. */
struct strbuf;
void csv_add_cell(struct strbuf *buf, struct span cell, char separator);
