/* SPDX-License-Identifier: Apache-2.0 */
/* The first row names the columns: every row of a view has the same. */
#include "citybrain/table.h"

#include <unistd.h>

#define COLUMNS_MOST 64

/* Places in a terminal: from U+3000 upwards (Han, full-width signs, emoji) a character takes two.
 */
static int width_of(struct span text)
{
    int width = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        bool begins = (byte & 0xC0) != 0x80;
        width += begins ? (byte >= 0xE3 ? 2 : 1) : 0;
    }
    return width;
}

static struct span text_of(const struct json_value *cell)
{
    return cell->type == JSON_NULL ? SPAN("-") : cell->text;
}

/* What turns the text behind it around: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
 */
static bool is_bidi(struct span text)
{
    if (span_starts(text, SPAN("\xE2\x80")) && text.len > 2) {
        unsigned char last = (unsigned char)text.at[2];
        return last == 0x8E || last == 0x8F || (last >= 0xAA && last <= 0xAE);
    }
    if (span_starts(text, SPAN("\xE2\x81")) && text.len > 2)
        return (unsigned char)text.at[2] >= 0xA6 && (unsigned char)text.at[2] <= 0xA9;
    return span_starts(text, SPAN("\xD8\x9C"));
}

/* Bytes of the control character (C0, DEL, C1, bidi) that the text begins with, or 0. */
static size_t control(struct span text)
{
    unsigned char byte = (unsigned char)text.at[0];
    unsigned char next = text.len > 1 ? (unsigned char)text.at[1] : 0;
    if (byte < 0x20 || byte == 0x7F)
        return 1;
    if (byte == 0xC2 && next >= 0x80 && next <= 0x9F)
        return 2;
    return !is_bidi(text) ? 0 : byte == 0xE2 ? 3 : 2;
}

/* Senders' texts stand in cells: what would make a column, a row, move the cursor or turn what is
 * read around is a blank, as wide as it was taken for. */
static void put(FILE *out, struct span text)
{
    for (size_t i = 0, len; i < text.len; i += len ? len : 1) {
        len = control(span_from(text.at + i, text.len - i));
        fputc(len ? ' ' : text.at[i], out);
    }
}

static void put_tab(FILE *out, struct span text, const struct json_value *cell)
{
    put(out, text);
    fputc(cell->next ? '\t' : '\n', out);
}

static void show_tabs(FILE *out, const struct json_value *rows)
{
    const struct json_value *first = rows->first;
    for (const struct json_value *cell = first ? first->first : NULL; cell; cell = cell->next)
        put_tab(out, cell->key, cell);
    for (const struct json_value *row = first; row; row = row->next)
        for (const struct json_value *cell = row->first; cell; cell = cell->next)
            put_tab(out, text_of(cell), cell);
}

struct column {
    int width;
    bool is_number; /* to the right; "-" may stand in one */
};

/* Two blanks between columns, none behind the last. */
static void show_cell(FILE *out, const struct column *column, struct span text, bool is_last)
{
    int pad = column->width - width_of(text);
    fprintf(out, "%*s", column->is_number ? pad : 0, "");
    put(out, text);
    fprintf(out, "%*s", column->is_number || is_last ? 0 : pad, "");
    fputs(is_last ? "\n" : "  ", out);
}

static void show_aligned(FILE *out, const struct json_value *rows)
{
    struct column columns[COLUMNS_MOST];
    size_t count = 0;
    for (const struct json_value *cell = rows->first->first; cell && count < COLUMNS_MOST;
         cell = cell->next)
        columns[count++] = (struct column){width_of(cell->key), true};
    for (const struct json_value *row = rows->first; row; row = row->next) {
        const struct json_value *cell = row->first;
        for (size_t i = 0; i < count && cell; i++, cell = cell->next) {
            int width = width_of(text_of(cell));
            columns[i].width = width > columns[i].width ? width : columns[i].width;
            columns[i].is_number =
                columns[i].is_number && (cell->type == JSON_NUMBER || cell->type == JSON_NULL);
        }
    }
    const struct json_value *cell = rows->first->first;
    for (size_t i = 0; i < count && cell; i++, cell = cell->next)
        show_cell(out, &columns[i], cell->key, i + 1 == count);
    for (const struct json_value *row = rows->first; row; row = row->next) {
        cell = row->first;
        for (size_t i = 0; i < count && cell; i++, cell = cell->next)
            show_cell(out, &columns[i], text_of(cell), i + 1 == count);
    }
}

void table_show(FILE *out, const struct json_value *rows)
{
    if (rows->first && isatty(fileno(out)))
        show_aligned(out, rows);
    else
        show_tabs(out, rows);
}
