/* SPDX-License-Identifier: Apache-2.0 */
/* Two look-ups over one list: by number an array per space, by code a hash of "space,code". */
#include "model/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/table.h"

#define MOST_NUMBER 65535

static const char *const space_names[CODE_SPACES] = {"stage", "unit", "party", "kind", "field"};

struct code {
    char key[96]; /* one letter of the space, then the code */
    int number;
};

struct codes {
    struct table by_code; /* of struct code; owned */
    struct code **by_number[CODE_SPACES];
    int top[CODE_SPACES];
    struct span fields[CODES_MOST_FIELDS];
};

static size_t key_of(char key[96], enum code_space space, struct span code)
{
    if (code.len > 90)
        return 0;
    key[0] = (char)('a' + space);
    memcpy(key + 1, code.at, code.len);
    return code.len + 1;
}

static void add_code(struct codes *codes, enum code_space space, int number, struct span code,
                     struct place place, struct diagnostics *diagnostics)
{
    struct code *entry = xcalloc(1, sizeof *entry);
    size_t len = key_of(entry->key, space, code);
    if (len < 2 || codes_number(codes, space, code) || codes_text(codes, space, number).at) {
        diagnostics_add(diagnostics, place, "the table is append-only: take the next free number",
                        "%s %d \"%.*s\" is there already", space_names[space], number,
                        SPAN_ARG(code));
        free(entry);
        return;
    }
    entry->number = number;
    table_add(&codes->by_code, span_from(entry->key, len), entry);
    if (number > codes->top[space]) {
        codes->by_number[space] =
            xrealloc(codes->by_number[space], ((size_t)number + 1) * sizeof(struct code *));
        for (int i = codes->top[space] + 1; i <= number; i++)
            codes->by_number[space][i] = NULL;
        codes->top[space] = number;
    }
    codes->by_number[space][number] = entry;
    if (space == CODE_FIELD)
        codes->fields[number - 1] = span_of(entry->key + 1);
}

/* Only so many can be kept of a case. */
static void refuse_field(const struct codes *codes, int number, struct place place,
                         struct diagnostics *diagnostics)
{
    int free_one = 0;
    while (free_one < CODES_MOST_FIELDS && codes->fields[free_one].at)
        free_one++;
    if (free_one < CODES_MOST_FIELDS)
        diagnostics_add(diagnostics, place, "fields alone are not numbered from 501",
                        "field number %d is not 1 to %d; the next free one is %d", number,
                        CODES_MOST_FIELDS, free_one + 1);
    else
        diagnostics_add(diagnostics, place,
                        "a case keeps what something groups by, not all it was told",
                        "field number %d is not 1 to %d, and all of those are taken", number,
                        CODES_MOST_FIELDS);
}

/* Which of the cells makes it no code; 3 where none does. */
static int fault_of(struct span cells[3], int *space, int64_t *number)
{
    *space = 0;
    while (*space < CODE_SPACES && !span_is(cells[0], space_names[*space]))
        ++*space;
    if (*space == CODE_SPACES)
        return 0;
    if (!span_to_int64(cells[1], number) || *number < 1 || *number > MOST_NUMBER)
        return 1;
    return cells[2].len == 0 || span_find(cells[2], ',') >= 0 ? 2 : 3;
}

static void read_line(struct codes *codes, struct span line, struct place begin,
                      struct diagnostics *diagnostics)
{
    int space;
    int64_t number = 0;
    struct span rest = line, cells[3];
    cells[0] = span_cut(&rest, ',');
    cells[1] = rest.at ? span_cut(&rest, ',') : span_from(line.at + line.len, 0);
    cells[2] = rest.at ? span_trim(rest) : span_from(line.at + line.len, 0);
    int fault = fault_of(cells, &space, &number);
    size_t offset = (size_t)(cells[fault < 3 ? fault : 1].at - line.at);
    struct place place = diagnostics_place_behind(begin, span_from(line.at, offset));
    if (fault < 3) {
        diagnostics_add(diagnostics, place,
                        "write space,number,code with space stage, unit, party, kind or field",
                        "this row is no code");
        return;
    }
    if (space == CODE_FIELD && number > CODES_MOST_FIELDS) {
        refuse_field(codes, (int)number, place, diagnostics);
        return;
    }
    add_code(codes, (enum code_space)space, (int)number, cells[2], place, diagnostics);
}

struct codes *codes_load(const char *file, struct diagnostics *diagnostics)
{
    char *text = NULL;
    size_t room = 0, errors = diagnostics_errors(diagnostics);
    FILE *input = fopen(file, "r");
    if (!input) {
        diagnostics_add(diagnostics, (struct place){file, 0, 0}, "name the folder that holds it",
                        "cannot be read: %m");
        return NULL;
    }
    struct codes *codes = xcalloc(1, sizeof *codes);
    struct place place = {file, 1, 1};
    for (ssize_t len; (len = getline(&text, &room, input)) > 0; place.line++) {
        struct span whole = diagnostics_text(diagnostics, place, span_from(text, (size_t)len)),
                    line = whole.at ? span_trim(whole) : SPAN_NONE;
        if (!whole.at)
            break;
        if (line.len && line.at[0] != '#' && !span_is(line, "space,number,code"))
            read_line(
                codes, line,
                diagnostics_place_behind(place, span_from(whole.at, (size_t)(line.at - whole.at))),
                diagnostics);
    }
    free(text);
    fclose(input);
    if (diagnostics_errors(diagnostics) == errors)
        return codes;
    codes_free(codes);
    return NULL;
}

void codes_free(struct codes *codes)
{
    if (!codes)
        return;
    for (size_t i = 0; i < codes->by_code.place_count; i++)
        free(table_at(&codes->by_code, i));
    table_fini(&codes->by_code);
    for (int i = 0; i < CODE_SPACES; i++)
        free(codes->by_number[i]);
    free(codes);
}

int codes_number(const struct codes *codes, enum code_space space, struct span code)
{
    char key[96];
    size_t len = code.at ? key_of(key, space, code) : 0;
    const struct code *found = len ? table_find(&codes->by_code, span_from(key, len)) : NULL;
    return found ? found->number : 0;
}

const struct span *codes_fields(const struct codes *codes)
{
    return codes->fields;
}

bool codes_field_is_of_caller(struct span name)
{
    return span_is(name, "caller_ref") || span_is(name, "flags");
}

struct span codes_text(const struct codes *codes, enum code_space space, int number)
{
    if (number < 1 || number > codes->top[space] || !codes->by_number[space][number])
        return SPAN_NONE;
    return span_of(codes->by_number[space][number]->key + 1);
}
