/* SPDX-License-Identifier: Apache-2.0 */
/* Code tables: written in the feed's file, in a CSV file beside it, or made of a registry's codes,
 * aliases and names. However it was written, a table is one sorted list and an index over it: every
 * record asks for some, of a registry of two thousand names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/memory.h"
#include "ingest/core/mapping_compile.h"
#include "model/division.h"

#define MOST_CELLS 64

struct rows {
    struct mapping_compiler *compiler;
    struct mapping_pair *list; /* owned while it grows */
    size_t count, capacity;
};

static void add_pair(struct rows *rows, struct span from, struct span to)
{
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? 2 * rows->capacity : 64;
        rows->list = xrealloc(rows->list, rows->capacity * sizeof *rows->list);
    }
    rows->list[rows->count++] = (struct mapping_pair){from, to};
}

static int by_from(const void *a, const void *b)
{
    const struct mapping_pair *one = a, *other = b;
    return span_compare(one->from, other->from);
}

/* The answer to the words [i, next), which are equal: a row of the level asked for goes before all
 * others, which answer nothing. False where two rows of that level say different things. */
static bool answer(const struct rows *rows, size_t i, size_t next, struct span *to)
{
    *to = SPAN_NONE;
    for (; i < next; i++) {
        struct span one = rows->list[i].to;
        if (one.at && to->at && !span_equal(one, *to))
            return false;
        *to = one.at ? one : *to;
    }
    return true;
}

/* Equal pairs are one. A word with two answers: an error in a table somebody wrote; in a registry,
 * where a name may be that of two places, nobody is meant by it. */
static void finish(struct rows *rows, struct mapping_table *table, struct place place,
                   bool is_registry)
{
    struct mapping_memory *memory = rows->compiler->memory;
    table->pairs = mapping_memory_take(memory, (rows->count + 1) * sizeof *table->pairs);
    if (rows->count > 0)
        qsort(rows->list, rows->count, sizeof *rows->list, by_from);
    for (size_t i = 0, next; i < rows->count; i = next) {
        struct mapping_pair pair = rows->list[i];
        for (next = i + 1; next < rows->count && span_equal(rows->list[next].from, pair.from);)
            next++;
        if (answer(rows, i, next, &pair.to))
            table->pairs[table->count++] = pair;
        else if (!is_registry)
            diagnostics_add(rows->compiler->diagnostics, place, "leave one of them",
                            "table %s has two answers for \"%.*s\"", table->name,
                            SPAN_ARG(pair.from));
    }
    for (size_t i = 0; i < table->count; i++)
        table_add(&table->index, table->pairs[i].from, &table->pairs[i]);
    free(rows->list);
}

static void read_inline(struct rows *rows, const struct yaml_node *node)
{
    const char *to;
    for (const struct yaml_node *pair = node->first; pair; pair = pair->next)
        if (yaml_text(pair, &to, rows->compiler->diagnostics))
            add_pair(rows, span_of(pair->key ? pair->key : ""), span_of(to));
}

/* A CSV file's next row that says something; false behind the last. Cells live in the file's text,
 * where quotes were undone in the load's memory. */
struct sheet {
    struct mapping_compiler *compiler;
    struct span row, rest;
    struct span cells[MOST_CELLS];
    size_t count;
    struct place place, next; /* where the row begins, and what is left */
};

static struct span kept(struct mapping_compiler *compiler, struct span row, struct span text)
{
    if (text.at >= row.at && text.at <= row.at + row.len)
        return text;
    char *copy = mapping_memory_take(compiler->memory, text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    return span_from(copy, text.len);
}

static struct place place_of(const struct sheet *sheet, int cell)
{
    size_t offset = csv_cell_offset(sheet->row, CSV_COMMA, (size_t)cell);
    return diagnostics_place_behind(sheet->place, span_from(sheet->row.at, offset));
}

static void refuse_row(const struct sheet *sheet)
{
    size_t cell, fault = csv_bad_quote(sheet->row, CSV_COMMA, &cell);
    struct diagnostics *d = sheet->compiler->diagnostics;
    if (fault == sheet->row.len)
        diagnostics_add(d, sheet->place, "is it a table?", "more than %d cells", MOST_CELLS);
    else
        diagnostics_add(d, diagnostics_place_behind(sheet->place, span_from(sheet->row.at, fault)),
                        "a cell with a quote in it is \"written \"\"so\"\"\"",
                        "a quote that does not go around a cell");
}

static bool next_row(struct sheet *sheet)
{
    while (sheet->rest.len > 0) {
        struct arena arena;
        struct span row;
        size_t used = csv_frame(sheet->rest, true, &row);
        sheet->row = row;
        sheet->place = sheet->next;
        sheet->next = diagnostics_place_behind(sheet->next, span_from(sheet->rest.at, used));
        sheet->rest = span_from(sheet->rest.at + used, sheet->rest.len - used);
        if (span_trim(row).len == 0 || row.at[0] == '#')
            continue;
        arena_init(&arena, row.len + (size_t)64 * MOST_CELLS);
        bool good = csv_split(row, ',', sheet->cells, MOST_CELLS, &sheet->count, &arena) == CSV_OK;
        for (size_t i = 0; good && i < sheet->count; i++)
            sheet->cells[i] = kept(sheet->compiler, row, span_trim(sheet->cells[i]));
        arena_fini(&arena);
        if (good)
            return true;
        refuse_row(sheet);
    }
    return false;
}

static int cell_named(const struct sheet *sheet, const char *name)
{
    for (size_t i = 0; i < sheet->count; i++)
        if (span_is(sheet->cells[i], name))
            return (int)i;
    return -1;
}

static bool open_sheet(struct mapping_compiler *compiler, const struct yaml_node *node,
                       const char *name, struct sheet *sheet)
{
    *sheet = (struct sheet){.compiler = compiler, .next = {NULL, 1, 1}};
    sheet->rest = mapping_compile_file(compiler, node, name, &sheet->next.file);
    if (sheet->rest.at == NULL)
        return false;
    if (next_row(sheet))
        return true;
    diagnostics_add(compiler->diagnostics, sheet->next, "begin with a row of names",
                    "the file is empty");
    return false;
}

static int need_cell(const struct sheet *sheet, const char *name)
{
    int cell = cell_named(sheet, name);
    if (cell < 0)
        diagnostics_add(sheet->compiler->diagnostics, sheet->place, "name it in the first row",
                        "no column %s", name);
    return cell;
}

/* `name: tables/x.csv` has the columns from and to; others are named by { file:, from:, to: }. */
static void read_file(struct rows *rows, const struct yaml_node *node)
{
    static const char *const known[] = {"file", "from", "to", NULL};
    struct diagnostics *d = rows->compiler->diagnostics;
    const char *path, *from = "from", *to = "to";
    struct sheet sheet;
    const struct yaml_node *file = node->type == YAML_MAP ? yaml_get(node, "file") : node;
    if (node->type == YAML_MAP) {
        yaml_only_keys(node, known, d);
        if (yaml_get(node, "from"))
            yaml_text(yaml_get(node, "from"), &from, d);
        if (yaml_get(node, "to"))
            yaml_text(yaml_get(node, "to"), &to, d);
    }
    if (!yaml_text(file, &path, d) || !open_sheet(rows->compiler, file, path, &sheet))
        return;
    int at = need_cell(&sheet, from), gives = need_cell(&sheet, to);
    while (at >= 0 && gives >= 0 && next_row(&sheet)) {
        bool has_from = sheet.count > (size_t)at;
        if (has_from && sheet.count > (size_t)gives && sheet.cells[gives].len > 0)
            add_pair(rows, sheet.cells[at], sheet.cells[gives]);
        else
            diagnostics_add(d, place_of(&sheet, has_from ? gives : at), "fill the cell",
                            "a row without %s or %s", from, to);
    }
}

void mapping_table_read(struct mapping_compiler *compiler, const struct yaml_node *node)
{
    struct mapping *mapping = compiler->mapping;
    if (node == NULL)
        return;
    if (node->type != YAML_MAP) {
        diagnostics_add(compiler->diagnostics, node->place, "tables: { name: { from: to } }",
                        "tables is not a map");
        return;
    }
    mapping->tables =
        mapping_memory_take(compiler->memory, (node->count + 1) * sizeof *mapping->tables);
    for (const struct yaml_node *one = node->first; one; one = one->next) {
        struct mapping_table *table = &mapping->tables[mapping->table_count++];
        struct rows rows = {.compiler = compiler};
        table->name = one->key;
        table->written = one;
        if (one->type == YAML_SCALAR || (one->type == YAML_MAP && yaml_get(one, "file")))
            read_file(&rows, one);
        else
            read_inline(&rows, one);
        finish(&rows, table, one->place, false);
    }
}

/* A row of a registry answers to each text of the columns named by `by`, and, where that is its
 * code, to its aliases. */
static void add_registry_row(struct rows *rows, const struct sheet *sheet, struct span code,
                             int column, bool is_list)
{
    struct span rest =
        column >= 0 && sheet->count > (size_t)column ? sheet->cells[column] : SPAN_NONE;
    while (rest.at) {
        struct span one = is_list ? span_trim(span_cut(&rest, ';')) : rest;
        if (one.len > 0)
            add_pair(rows, one, code);
        if (!is_list)
            return;
    }
}

/* What `by:` says is the feed's word, so the place is the feed's. */
static int by_cell(const struct sheet *sheet, const struct yaml_node *by, const char *name)
{
    char texts[MOST_CELLS][48];
    const char *known[MOST_CELLS];
    int cell = cell_named(sheet, name);
    if (cell >= 0)
        return cell;
    for (size_t i = 0; i < sheet->count; i++)
        known[i] = span_to_cstr(sheet->cells[i], texts[i], sizeof texts[i]);
    const char *near = diagnostics_nearest(name, known, sheet->count);
    const struct yaml_node *place = by->type == YAML_LIST ? by->first : by;
    while (place->next && by->type == YAML_LIST && strcmp(place->text, name) != 0)
        place = place->next;
    diagnostics_add(sheet->compiler->diagnostics, place->place,
                    near ? near : "a name of its first row, such as code", "%s has no column %s",
                    sheet->place.file, name);
    return -1;
}

/* A field of divisions.csv holds one sort of place: the one that `level:` says, else its name. */
static enum division wanted_division(struct mapping_compiler *compiler,
                                     const struct yaml_node *field, const char *registry)
{
    static const char *const words[] = {"district", "street", "community"};
    const struct yaml_node *level = yaml_get(field, "level");
    bool is_divisions = strcmp(registry, "divisions") == 0;
    if (level && !is_divisions)
        diagnostics_add(compiler->diagnostics, level->key_place, "registry: divisions",
                        "level: goes with the divisions");
    if (!is_divisions)
        return DIVISION_OTHER;
    if (level)
        return division_of(
            span_of(words[mapping_compile_word(compiler, level, words, ARRAY_LENGTH(words))]));
    return division_of_field(span_of(field->key));
}

/* A row of another sort keeps its word and answers nothing. */
static struct span answer_of(const struct sheet *sheet, int code, int level, enum division wanted)
{
    struct span told = sheet->count > (size_t)level ? sheet->cells[level] : SPAN_NONE;
    return division_of(told) == wanted ? sheet->cells[code] : SPAN_NONE;
}

static const struct mapping_table *read_registry(struct mapping_compiler *compiler,
                                                 const struct yaml_node *field)
{
    char path[256];
    const struct yaml_node *node = yaml_get(field, "registry"), *by = yaml_get(field, "by");
    const char *name, *only_code = "code";
    struct sheet sheet;
    struct rows rows = {.compiler = compiler};
    size_t count = 1;
    int columns[8];
    const char **names = by ? mapping_compile_texts(compiler, by, &count) : &only_code;
    if (!yaml_text(node, &name, compiler->diagnostics))
        return NULL;
    snprintf(path, sizeof path, "../registries/%s.csv", name);
    if (!open_sheet(compiler, node, path, &sheet))
        return NULL;
    enum division wanted = wanted_division(compiler, field, name);
    int code = need_cell(&sheet, "code"), aliases = cell_named(&sheet, "aliases");
    int level = wanted ? cell_named(&sheet, "level") : -1;
    count = count < ARRAY_LENGTH(columns) ? count : ARRAY_LENGTH(columns);
    for (size_t i = 0; i < count; i++)
        columns[i] = by ? by_cell(&sheet, by, names[i]) : code;
    while (code >= 0 && next_row(&sheet)) {
        if (sheet.count <= (size_t)code)
            continue;
        struct span to = level < 0 ? sheet.cells[code] : answer_of(&sheet, code, level, wanted);
        for (size_t i = 0; i < count; i++) {
            add_registry_row(&rows, &sheet, to, columns[i], false);
            if (columns[i] == code)
                add_registry_row(&rows, &sheet, to, aliases, true);
        }
    }
    struct mapping_table *table = mapping_memory_take(compiler->memory, sizeof *table);
    table->name = name;
    table->next = compiler->mapping->registries;
    compiler->mapping->registries = table;
    finish(&rows, table, node->place, true);
    return table;
}

const struct mapping_table *mapping_table_of(struct mapping_compiler *compiler,
                                             const struct yaml_node *field)
{
    struct mapping *mapping = compiler->mapping;
    const struct yaml_node *table = yaml_get(field, "table"), *by = yaml_get(field, "by");
    const struct yaml_node *registry = yaml_get(field, "registry");
    const char *name, *names[64];
    size_t count = 0;
    if (registry && table)
        diagnostics_add(compiler->diagnostics, table->key_place, "leave one of them",
                        "a field has a table or a registry");
    if (registry)
        return read_registry(compiler, field);
    if (by || yaml_get(field, "level"))
        diagnostics_add(compiler->diagnostics, (by ? by : yaml_get(field, "level"))->key_place,
                        "registry: a file of registries/", "%s: goes with a registry",
                        by ? "by" : "level");
    if (table == NULL || !yaml_text(table, &name, compiler->diagnostics))
        return NULL;
    for (size_t i = 0; i < mapping->table_count; i++) {
        if (strcmp(mapping->tables[i].name, name) == 0)
            return &mapping->tables[i];
        if (count < ARRAY_LENGTH(names))
            names[count++] = mapping->tables[i].name;
    }
    const char *near = diagnostics_nearest(name, names, count);
    diagnostics_add(compiler->diagnostics, table->place,
                    near ? near : "declare it under tables:", "no table %s", name);
    return NULL;
}

bool mapping_table_find(const struct mapping_table *table, struct span from, struct span *to)
{
    const struct mapping_pair *pair = table_find(&table->index, from);
    if (pair)
        *to = pair->to;
    return pair != NULL;
}
