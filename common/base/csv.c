/* SPDX-License-Identifier: Apache-2.0 */
/* The framer and the splitter ask one question of a quote: does it open a cell, and is that cell
 * closed as it should be? A quote that opens a cell and is never closed, or is closed in the middle
 * of text, is a stray one: to the framer it is text, so the row ends where its line ends and the
 * next rows are safe; the splitter refuses that one row. */
#include "base/csv.h"

#include "base/strbuf.h"

/* The first line end or quote at `at` or behind it; s.len without one. */
static size_t next_mark(struct span s, size_t at)
{
    for (; at < s.len; at++) {
        at += span_plain(span_from(s.at + at, s.len - at));
        if (at < s.len && (s.at[at] == '"' || s.at[at] == '\n' || s.at[at] == '\r'))
            break;
    }
    return at;
}

/* GB18030 pairs a byte of 0x81 and up with the one behind it, which may look like a '|'. */
static bool is_second_byte(struct span s, size_t at)
{
    size_t leads = 0;
    while (leads < at && (unsigned char)s.at[at - 1 - leads] >= 0x81)
        leads++;
    return leads % 2 == 1;
}

static bool is_separator(struct span s, size_t at, struct csv_form form)
{
    return s.at[at] == form.separator && !(form.wide && is_second_byte(s, at));
}

/* Behind the quote that closes the cell opened at `open`; open + 1 where it is a stray one, 0 where
 * that cannot be seen yet. */
static size_t quoted_end(struct span s, size_t open, struct csv_form form, bool last)
{
    size_t limit = open + 1 + CSV_CELL_MAX, end = s.len < limit ? s.len : limit;
    for (size_t at = open + 1; at < end;) {
        const char *quote = memchr(s.at + at, '"', end - at);
        if (quote == NULL)
            break;
        at = (size_t)(quote - s.at) + 1;
        if (at == s.len)
            return last ? at : 0;
        if (s.at[at] != '"')
            return s.at[at] == form.separator || s.at[at] == '\n' || s.at[at] == '\r' ? at
                                                                                      : open + 1;
        at++;
    }
    return last || s.len >= limit ? open + 1 : 0;
}

static size_t end_row(struct span s, size_t at, bool last, struct span *row)
{
    if (s.at[at] == '\r' && at + 1 == s.len && !last)
        return 0; /* the line feed may still be on its way */
    *row = span_from(s.at, at);
    return at + (s.at[at] == '\r' && at + 1 < s.len && s.at[at + 1] == '\n' ? 2 : 1);
}

size_t csv_frame_by(struct span s, struct csv_form form, bool last, struct span *row)
{
    size_t at = next_mark(s, 0);
    while (at < s.len) {
        if (s.at[at] != '"')
            return end_row(s, at, last, row);
        size_t past = at + 1;
        if (at == 0 || is_separator(s, at - 1, form))
            past = quoted_end(s, at, form, last);
        if (past == 0)
            return 0;
        at = next_mark(s, past);
    }
    if (!last)
        return 0;
    *row = s;
    return s.len;
}

size_t csv_frame(struct span s, bool last, struct span *row)
{
    return csv_frame_by(s, CSV_COMMA, last, row);
}

/* The quote that closes the cell which s begins with; s.len without one. */
static size_t closing_quote(struct span s, bool *doubled)
{
    size_t at = 1;
    for (; at < s.len; at++) {
        if (s.at[at] != '"')
            continue;
        if (at + 1 == s.len || s.at[at + 1] != '"')
            break;
        *doubled = true;
        at++;
    }
    return at < s.len ? at : s.len;
}

/* The end of the cell at `begin`; *fault becomes the place of a misplaced quote in it. */
static size_t cell_end(struct span row, size_t begin, struct csv_form form, size_t *fault)
{
    size_t at = begin;
    if (at < row.len && row.at[at] == '"') {
        bool doubled;
        at += closing_quote(span_from(row.at + at, row.len - at), &doubled);
        if (at == row.len)
            *fault = begin;
        else if (++at < row.len && row.at[at] != form.separator)
            *fault = at - 1;
    }
    while (at < row.len && !is_separator(row, at, form))
        at++;
    return at;
}

size_t csv_cell_offset(struct span row, struct csv_form form, size_t cell)
{
    size_t at = 0, fault;
    for (; cell > 0 && at < row.len; cell--) {
        at = cell_end(row, at, form, &fault);
        at += at < row.len;
    }
    return at;
}

size_t csv_bad_quote(struct span row, struct csv_form form, size_t *cell)
{
    size_t fault = row.len;
    *cell = 0;
    for (size_t at = 0;; (*cell)++) {
        at = cell_end(row, at, form, &fault);
        if (at == row.len || fault < row.len)
            return fault;
        at++;
    }
}

bool csv_is_empty(struct span row, char separator)
{
    for (size_t i = 0; i < row.len; i++)
        if (row.at[i] != separator && row.at[i] != ' ' && row.at[i] != '\t' && row.at[i] != '\r' &&
            row.at[i] != '\n')
            return false;
    return true;
}

/* `inside` is the text between the outer quotes; every quote in it is the first of two. */
static bool unescape(struct span inside, struct span *cell, struct arena *arena)
{
    char *text = arena ? arena_take(arena, inside.len) : NULL;
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
    size_t close = closing_quote(s, &doubled);
    if (close == s.len)
        return CSV_BAD_QUOTE;
    *used = close + 1;
    *cell = span_from(s.at + 1, close - 1);
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
        if (used < rest.len && rest.at[used] != separator)
            return CSV_BAD_QUOTE; /* text behind the closing quote */
        (*count)++;
        if (used == rest.len)
            return CSV_OK;
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
