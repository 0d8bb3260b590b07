/* SPDX-License-Identifier: Apache-2.0 */
/* One automaton for both steps, so that framing and splitting never disagree about what is quoted:
 * a quote opens only at the beginning of a cell, a doubled quote inside stays inside. What follows
 * a closing quote other than a separator or the row's end is read as plain text by the framer (the
 * next rows stay safe) and refused by the splitter. */
#include "base/csv.h"

#include "base/strbuf.h"

enum cell_state { CELL_BEGIN, CELL_PLAIN, CELL_QUOTED, CELL_CLOSED };

/* The state behind `c`; a row's end is the caller's to see, it never gets here outside quotes. */
static enum cell_state next_state(enum cell_state state, char c, char separator)
{
    if (state == CELL_QUOTED)
        return c == '"' ? CELL_CLOSED : CELL_QUOTED;
    if (c == separator)
        return CELL_BEGIN;
    if (c == '"' && state == CELL_BEGIN)
        return CELL_QUOTED;
    if (c == '"' && state == CELL_CLOSED)
        return CELL_QUOTED; /* doubled: still inside */
    return CELL_PLAIN;
}

size_t csv_frame_by(struct span s, char separator, bool last, struct span *row)
{
    enum cell_state state = CELL_BEGIN;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if ((c != '\n' && c != '\r') || state == CELL_QUOTED) {
            state = next_state(state, c, separator);
            continue;
        }
        if (c == '\r' && i + 1 == s.len && !last)
            return 0; /* the line feed may still be on its way */
        *row = span_from(s.at, i);
        return i + (c == '\r' && i + 1 < s.len && s.at[i + 1] == '\n' ? 2 : 1);
    }
    if (!last)
        return 0;
    *row = s;
    return s.len;
}

size_t csv_frame(struct span s, bool last, struct span *row)
{
    return csv_frame_by(s, ',', last, row);
}

/* `inside` is the text between the outer quotes; every quote in it is the first of two. */
static bool unescape(struct span inside, struct span *cell, struct arena *arena)
{
    char *text = arena_take(arena, inside.len);
    if (text == NULL)
        return false;
    size_t len = 0;
    for (size_t i = 0; i < inside.len; i++) {
        text[len++] = inside.at[i];
        if (inside.at[i] == '"')
            i++;
    }
    *cell = span_from(text, len);
    return true;
}

/* Reads the quoted cell at s.at; *used = its bytes with both quotes. */
static enum csv_result quoted_cell(struct span s, size_t *used, struct span *cell,
                                   struct arena *arena)
{
    bool doubled = false;
    size_t i = 1;
    for (; i < s.len; i++) {
        if (s.at[i] != '"')
            continue;
        if (i + 1 == s.len || s.at[i + 1] != '"')
            break;
        doubled = true;
        i++;
    }
    if (i >= s.len)
        return CSV_BAD_QUOTE; /* never closed */
    *used = i + 1;
    *cell = span_from(s.at + 1, i - 1);
    return doubled && !unescape(*cell, cell, arena) ? CSV_NO_MEMORY : CSV_OK;
}

enum csv_result csv_split(struct span row, char separator, struct span *cells, size_t max_cells,
                          size_t *count, struct arena *arena)
{
    struct span rest = row.at ? row : SPAN("");
    *count = 0;
    for (;;) {
        if (*count == max_cells)
            return CSV_TOO_MANY_CELLS;
        struct span *cell = &cells[*count];
        size_t used;
        if (rest.len > 0 && rest.at[0] == '"') {
            enum csv_result result = quoted_cell(rest, &used, cell, arena);
            if (result != CSV_OK)
                return result;
        } else {
            ptrdiff_t at = span_find(rest, separator);
            used = at < 0 ? rest.len : (size_t)at;
            *cell = span_from(rest.at, used);
        }
        (*count)++;
        if (used == rest.len)
            return CSV_OK;
        if (rest.at[used] != separator)
            return CSV_BAD_QUOTE; /* text behind the closing quote */
        rest = span_from(rest.at + used + 1, rest.len - used - 1);
    }
}

static bool needs_quotes(struct span cell, char separator)
{
    return span_find(cell, separator) >= 0 || span_find(cell, '"') >= 0 ||
           span_find(cell, '\n') >= 0 || span_find(cell, '\r') >= 0;
}

void csv_add_cell(struct strbuf *buf, struct span cell, char separator)
{
    if (!needs_quotes(cell, separator)) {
        strbuf_add(buf, cell);
        return;
    }
    strbuf_add_char(buf, '"');
    size_t begin = 0;
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.at[i] != '"')
            continue;
        strbuf_add(buf, span_from(cell.at + begin, i + 1 - begin));
        strbuf_add_char(buf, '"');
        begin = i + 1;
    }
    strbuf_add(buf, span_from(cell.at + begin, cell.len - begin));
    strbuf_add_char(buf, '"');
}
