/* SPDX-License-Identifier: Apache-2.0 */
/* The file's text is kept and cells are spans of it (or of an arena where quotes were undone). A
 * code's rows hang in one list, newest in the file first. */
#include "model/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/csv.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/timestamp.h"

#define MOST_COLUMNS 32

struct registry_row {
    int64_t from_day, to_day; /* half-open */
    struct place place;
    struct span text;    /* as it stands there */
    struct span cells[]; /* one a column */
};

struct name { /* a code or an alias, with the rows that carry it */
    struct span text;
    const struct registry_row *row;
    struct name *older;
};

struct registry {
    char *file, *text; /* owned */
    struct arena arena;
    struct span columns[MOST_COLUMNS];
    size_t column_count;
    struct registry_row **rows; /* owned array of owned rows */
    size_t count, capacity;
    struct table names; /* of struct name; owned */
};

static char *read_file(const char *file, size_t *len)
{
    FILE *input = fopen(file, "rb");
    if (!input)
        return NULL;
    fseek(input, 0, SEEK_END);
    long size = ftell(input);
    rewind(input);
    char *text = xmalloc((size_t)size + 1);
    *len = fread(text, 1, (size_t)size, input);
    text[*len] = '\0';
    fclose(input);
    return text;
}

int registry_column(const struct registry *registry, const char *name)
{
    struct span wanted = span_of(name);
    for (size_t i = 0; i < registry->column_count; i++)
        if (span_equal(registry->columns[i], wanted))
            return (int)i;
    return -1;
}

static void add_name(struct registry *registry, struct span text, const struct registry_row *row)
{
    struct name *name = xcalloc(1, sizeof *name), *same = table_find(&registry->names, text);
    name->text = text;
    name->row = row;
    if (same) {
        name->older = same->older;
        same->older = name;
        const struct registry_row *newest =
            name->row; /* the head stays in the table; its row is the newest */
        name->row = same->row;
        same->row = newest;
        return;
    }
    table_add(&registry->names, name->text, name);
}

static bool read_day(struct span text, int64_t otherwise, int64_t *day)
{
    int64_t ms;
    *day = otherwise;
    if (!text.len)
        return true;
    if (!timestamp_parse(text, "%Y-%m-%d", 0, &ms))
        return false;
    *day = timestamp_day(ms, 0);
    return true;
}

/* Two rows of one code on one day would leave the answer to their order in the file. */
static bool is_taken(const struct registry *registry, struct span code,
                     const struct registry_row *row)
{
    const struct name *name = table_find(&registry->names, code);
    for (; name; name = name->older)
        if (span_equal(registry_cell(registry, name->row, "code"), code) &&
            row->from_day < name->row->to_day && name->row->from_day < row->to_day)
            return true;
    return false;
}

static bool is_part(struct span whole, struct span part)
{
    return part.at && part.at >= whole.at && part.at <= whole.at + whole.len;
}

struct place registry_place(const struct registry *registry, const struct registry_row *row,
                            struct span text)
{
    size_t offset = 0;
    if (is_part(row->text, text))
        offset = (size_t)(text.at - row->text.at);
    for (size_t i = 0; offset == 0 && i < registry->column_count; i++)
        if (is_part(row->cells[i], text)) /* its quotes were undone elsewhere */
            offset = csv_cell_offset(row->text, CSV_COMMA, i);
    return diagnostics_place_behind(row->place, span_from(row->text.at, offset));
}

static bool read_validity(const struct registry *registry, struct registry_row *row,
                          struct diagnostics *diagnostics)
{
    struct span from = registry_cell(registry, row, "valid_from"),
                to = registry_cell(registry, row, "valid_to");
    bool begins = read_day(from, INT64_MIN, &row->from_day);
    if (!begins || !read_day(to, INT64_MAX, &row->to_day)) {
        diagnostics_add(diagnostics, registry_place(registry, row, begins ? to : from),
                        "write YYYY-MM-DD or nothing", "valid_from or valid_to is no date");
        return false;
    }
    if (row->from_day < row->to_day)
        return true;
    diagnostics_add(diagnostics, registry_place(registry, row, to),
                    "valid_to is the first day it no longer holds",
                    "valid_to is not after valid_from");
    return false;
}

static void add_row(struct registry *registry, struct registry_row *row,
                    struct diagnostics *diagnostics)
{
    struct span code = registry_cell(registry, row, "code"),
                aliases = registry_cell(registry, row, "aliases");
    if (!code.len) {
        if (registry_column(registry, "code") >= 0) /* else it was said once */
            diagnostics_add(diagnostics, registry_place(registry, row, code), "give the row a code",
                            "a row without code");
        return;
    }
    if (!read_validity(registry, row, diagnostics))
        return;
    if (is_taken(registry, code, row)) {
        diagnostics_add(diagnostics, registry_place(registry, row, code),
                        "end the older row where this one begins",
                        "code \"%.*s\" has another row on the same day", SPAN_ARG(code));
        return;
    }
    add_name(registry, code, row);
    while (aliases.len) {
        struct span alias = span_trim(span_cut(&aliases, ';'));
        if (alias.len && !span_equal(alias, code))
            add_name(registry, alias, row);
    }
}

/* Said where the quote, the first cell too many or the end of the row is. */
static void refuse_cells(const struct registry *registry, struct span line, size_t n,
                         enum csv_result result, struct place place,
                         struct diagnostics *diagnostics)
{
    size_t cell, fault = csv_bad_quote(line, CSV_COMMA, &cell);
    size_t offset = csv_cell_offset(line, CSV_COMMA, registry->column_count);
    if (result == CSV_BAD_QUOTE)
        diagnostics_add(diagnostics, diagnostics_place_behind(place, span_from(line.at, fault)),
                        "a cell with a quote in it is \"written \"\"so\"\"\"",
                        "a quote that does not go around a cell");
    else
        diagnostics_add(diagnostics, diagnostics_place_behind(place, span_from(line.at, offset)),
                        "give every column of the header a cell", "%zu cells, the header has %zu",
                        n, registry->column_count);
}

static void read_row(struct registry *registry, struct span line, struct place place,
                     struct diagnostics *diagnostics)
{
    struct span cells[MOST_COLUMNS];
    size_t n = 0;
    enum csv_result result = csv_split(line, ',', cells, MOST_COLUMNS, &n, &registry->arena);
    if (result != CSV_OK || (registry->column_count && n != registry->column_count)) {
        refuse_cells(registry, line, n, result, place, diagnostics);
        return;
    }
    if (registry->column_count == 0) {
        memcpy(registry->columns, cells, n * sizeof *cells);
        registry->column_count = n;
        if (registry_column(registry, "code") < 0)
            diagnostics_add(diagnostics, place, "name a column `code`",
                            "the header has no column `code`");
        return;
    }
    if (registry->count == registry->capacity) {
        registry->capacity = registry->capacity ? 2 * registry->capacity : 256;
        /* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
        registry->rows = xrealloc(registry->rows, registry->capacity * sizeof(registry->rows[0]));
    }
    struct registry_row *row = xcalloc(1, sizeof *row + n * sizeof row->cells[0]);
    registry->rows[registry->count++] = row;
    row->place = place;
    row->text = line;
    for (size_t i = 0; i < n; i++)
        row->cells[i] = span_trim(cells[i]);
    add_row(registry, row, diagnostics);
}

struct registry *registry_load(const char *file, struct diagnostics *diagnostics)
{
    size_t len = 0, errors = diagnostics_errors(diagnostics);
    char *text = read_file(file, &len);
    if (!text) {
        diagnostics_add(diagnostics, (struct place){file, 0, 0}, "name the folder that holds it",
                        "cannot be read: %m");
        return NULL;
    }
    struct registry *registry = xcalloc(1, sizeof *registry);
    registry->file = xstrdup(file);
    registry->text = text;
    arena_init(&registry->arena, len + 4096);
    struct place place = {registry->file, 1, 1};
    struct span rest = diagnostics_text(diagnostics, place, span_from(text, len)), line;
    while (rest.len) {
        size_t used = csv_frame(rest, true, &line);
        if (line.len && line.at[0] != '#')
            read_row(registry, line, place, diagnostics);
        place = diagnostics_place_behind(place, span_from(rest.at, used));
        rest = span_from(rest.at + used, rest.len - used);
    }
    if (registry->column_count == 0 && diagnostics_errors(diagnostics) == errors)
        diagnostics_add(diagnostics, (struct place){file, 0, 0}, "begin it with a header row",
                        "the file has no header");
    if (diagnostics_errors(diagnostics) == errors)
        return registry;
    registry_free(registry);
    return NULL;
}

static void free_names(struct name *name)
{
    while (name) {
        struct name *older = name->older;
        free(name);
        name = older;
    }
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->names.place_count; i++)
        free_names(table_at(&registry->names, i));
    table_fini(&registry->names);
    for (size_t i = 0; i < registry->count; i++)
        free(registry->rows[i]);
    free(registry->rows);
    arena_fini(&registry->arena);
    free(registry->file);
    free(registry->text);
    free(registry);
}

static const struct name *name_of(const struct registry *registry, struct span text)
{
    return text.len ? table_find(&registry->names, text) : NULL;
}

static const struct registry_row *first_valid(const struct name *name, int64_t day)
{
    for (; name; name = name->older)
        if (day == INT64_MIN || (day >= name->row->from_day && day < name->row->to_day))
            return name->row;
    return NULL;
}

const struct registry_row *registry_find(const struct registry *registry, struct span code,
                                         int64_t day)
{
    return first_valid(name_of(registry, code), day);
}

const struct registry_row *registry_find_next(const struct registry *registry, struct span code,
                                              int64_t day, const struct registry_row *row)
{
    const struct name *name = name_of(registry, code);
    while (name && name->row != row)
        name = name->older;
    return name ? first_valid(name->older, day) : NULL;
}

static bool is_named(const struct registry *registry, struct span text,
                     const struct registry_row *row)
{
    const struct name *name = name_of(registry, text);
    while (name && name->row != row)
        name = name->older;
    return name != NULL;
}

void registry_index(struct registry *registry, const char *column)
{
    for (size_t i = 0; i < registry->count; i++) {
        struct span text = registry_cell(registry, registry->rows[i], column);
        if (text.len && !is_named(registry, text, registry->rows[i]))
            add_name(registry, text, registry->rows[i]);
    }
}

const struct registry_row *registry_at(const struct registry *registry, size_t index)
{
    return index < registry->count ? registry->rows[index] : NULL;
}

struct span registry_cell(const struct registry *registry, const struct registry_row *row,
                          const char *column)
{
    return registry_cell_at(row, registry_column(registry, column));
}

struct span registry_cell_at(const struct registry_row *row, int column)
{
    return column < 0 ? SPAN_NONE : row->cells[column];
}
