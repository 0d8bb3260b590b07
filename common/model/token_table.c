/* SPDX-License-Identifier: Apache-2.0 */
/* Every token is compared in constant time and all of them are, so that neither a token nor its
 * place in the file can be found by measuring. */
#include "model/token_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/csv.h"
#include "base/digest.h"
#include "base/memory.h"

#define MAX_FILE    (4 << 20)
#define LEAST_TOKEN 8

struct token_table {
    char *text; /* owned; the rows' home */
    struct token_row *rows;
    size_t count;
};

static char *read_file(const char *file, size_t *len)
{
    FILE *in = fopen(file, "rb");
    if (in == NULL)
        return NULL;
    char *text = xmalloc(MAX_FILE);
    *len = fread(text, 1, MAX_FILE, in);
    fclose(in);
    return text;
}

static bool read_kind(struct span word, enum token_kind *kind)
{
    static const char *const names[] = {"feed", "unit", "station", "reader"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (span_is(word, names[i])) {
            *kind = (enum token_kind)i;
            return true;
        }
    return false;
}

static bool read_row(struct token_row *row, struct span text, struct place place,
                     struct diagnostics *diagnostics)
{
    struct span cells[4];
    size_t count = 0;
    struct place kind =
        diagnostics_place_behind(place, span_from(text.at, csv_cell_offset(text, CSV_COMMA, 1)));
    if (csv_split(text, ',', cells, ARRAY_LENGTH(cells), &count, NULL) != CSV_OK || count != 4 ||
        cells[0].len < LEAST_TOKEN) {
        diagnostics_add(diagnostics, place, "token,kind,name,party",
                        "not a token of at least 8 bytes with three words behind it");
        return false;
    }
    if (!read_kind(cells[1], &row->kind)) { /* whose cells changed places it may be the token */
        diagnostics_add(diagnostics, kind, "feed, unit, station or reader",
                        "the second cell is no kind");
        return false;
    }
    row->token = cells[0];
    row->name = cells[2];
    row->party = cells[3];
    row->place =
        diagnostics_place_behind(place, span_from(text.at, csv_cell_offset(text, CSV_COMMA, 2)));
    return true;
}

static void read_rows(struct token_table *table, const char *file, size_t len,
                      struct diagnostics *diagnostics)
{
    struct place place = {file, 0, 1};
    struct span rest =
        diagnostics_text(diagnostics, (struct place){file, 1, 1}, span_from(table->text, len));
    bool header = true;
    while (rest.at) {
        struct span text = span_trim(span_cut(&rest, '\n'));
        struct token_row row;
        place.line++;
        if (text.len == 0 || text.at[0] == '#')
            continue;
        bool is_header = header && span_starts(text, SPAN("token,"));
        header = false;
        if (is_header || !read_row(&row, text, place, diagnostics))
            continue;
        table->rows = xrealloc(table->rows, (table->count + 1) * sizeof row);
        table->rows[table->count++] = row;
    }
}

struct token_table *token_table_load(const char *file, struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics), len = 0;
    struct token_table *table = xcalloc(1, sizeof *table);
    table->text = read_file(file, &len);
    if (table->text == NULL)
        diagnostics_add(diagnostics, (struct place){file, 0, 0}, "token,kind,name,party",
                        "cannot be read");
    else
        read_rows(table, file, len, diagnostics);
    if (diagnostics_errors(diagnostics) == errors)
        return table;
    token_table_free(table);
    return NULL;
}

void token_table_free(struct token_table *table)
{
    if (table == NULL)
        return;
    free(table->rows);
    free(table->text);
    free(table);
}

const struct token_row *token_table_at(const struct token_table *table, size_t index)
{
    return index < table->count ? &table->rows[index] : NULL;
}

const struct token_row *token_table_find(const struct token_table *table, struct span authorization)
{
    const struct token_row *found = NULL;
    if (authorization.at == NULL || !span_starts(authorization, SPAN("Bearer ")))
        return NULL;
    struct span token = span_trim(span_from(authorization.at + 7, authorization.len - 7));
    for (size_t i = 0; i < table->count; i++)
        if (digest_equal(token, table->rows[i].token))
            found = &table->rows[i];
    return found;
}
