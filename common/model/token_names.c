/* SPDX-License-Identifier: Apache-2.0 */
#include "model/token_names.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

#define NAME_BYTES 96

static bool is_feed(const struct token_names *known, struct span name)
{
    for (size_t i = 0; i < known->feed_count; i++)
        if (span_is(name, known->feeds[i]))
            return true;
    return false;
}

/* The place says which cell: of a row that was mixed up it might be the token. */
static void add(const char *what, const char *near, const char *where, struct place place,
                struct diagnostics *diagnostics)
{
    char fix[256];
    snprintf(fix, sizeof fix, "%s%s%s%s, or take the row out", near ? "did you mean " : "",
             near ? near : "", near ? "? Else " : "", where);
    diagnostics_add(diagnostics, place, fix, "there is no %s of this name", what);
}

void token_names_feeds(const struct token_names *known, struct span names, struct place place,
                       struct diagnostics *diagnostics)
{
    struct span rest = names;
    while (known->feeds && rest.at) {
        struct span name = span_cut(&rest, ';');
        char text[NAME_BYTES];
        if (is_feed(known, name))
            continue;
        struct span before = span_from(names.at, (size_t)(name.at - names.at));
        const char *near = diagnostics_nearest(span_to_cstr(name, text, sizeof text), known->feeds,
                                               known->feed_count);
        add("feed", near, "name a feed of feeds/", diagnostics_place_behind(place, before),
            diagnostics);
    }
}

/* The nearest code, in `near`. */
static bool nearest_unit(const struct registry *units, const char *word, char near[NAME_BYTES])
{
    const struct registry_row *row;
    *near = '\0';
    for (size_t i = 0; (row = registry_at(units, i)); i++) {
        char code[NAME_BYTES];
        span_to_cstr(registry_cell(units, row, "code"), code, sizeof code);
        const char *const two[] = {near, code};
        const char *const *from = *near ? two : two + 1;
        if (diagnostics_nearest(word, from, *near ? 2 : 1) == code)
            memcpy(near, code, sizeof code);
    }
    return *near != '\0';
}

void token_names_units(const struct token_names *known, struct span names, struct place place,
                       struct diagnostics *diagnostics)
{
    struct span rest = names;
    while (known->units && rest.at) {
        struct span name = span_cut(&rest, ';');
        char text[NAME_BYTES], near[NAME_BYTES];
        if (registry_find(known->units, name, INT64_MIN))
            continue;
        struct span before = span_from(names.at, (size_t)(name.at - names.at));
        bool found = nearest_unit(known->units, span_to_cstr(name, text, sizeof text), near);
        add("unit", found ? near : NULL, "name a code of registries/units.csv",
            diagnostics_place_behind(place, before), diagnostics);
    }
}

void token_names_check(const struct token_names *known, const struct token_table *tokens,
                       struct diagnostics *diagnostics)
{
    const struct token_row *row;
    for (size_t i = 0; (row = token_table_at(tokens, i)); i++) {
        if (row->kind == TOKEN_FEED)
            token_names_feeds(known, row->name, row->place, diagnostics);
        if (row->kind == TOKEN_UNIT)
            token_names_units(known, row->name, row->place, diagnostics);
    }
}
