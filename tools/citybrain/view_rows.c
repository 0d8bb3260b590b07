/* SPDX-License-Identifier: Apache-2.0 */
/* Cells are put into rows as they were read; what is made lives in the rows' arena. */
#include "citybrain/view_rows.h"

#include <stdio.h>

#include "citybrain/own_names.h"
#include "citybrain/why_words.h"

#define ALL_CODE SPAN("all")
#define ALL_NAME SPAN("全部")

static struct json_value *make(struct arena *arena, struct json_value value)
{
    struct json_value *made = arena_take(arena, sizeof *made);
    if (made)
        *made = value;
    return made;
}

void view_rows_add_all(const struct json_value *rows, const struct json_value *total,
                       struct arena *arena)
{
    if (!rows->first || !total->first)
        return;
    struct json_value *row = make(arena, (struct json_value){.type = JSON_OBJECT}), *last;
    struct json_value **end = row ? &row->first : NULL;
    bool is_first = true;
    for (const struct json_value *cell = rows->first->first; end && cell; cell = cell->next) {
        const struct json_value *sum = json_get(total->first, cell->key);
        struct json_value made = {.type = JSON_NULL};
        if (is_first)
            made = (struct json_value){.type = JSON_STRING, .text = ALL_CODE};
        is_first = is_first && sum;
        made = sum ? *sum : made;
        made.key = cell->key;
        made.next = NULL;
        *end = make(arena, made);
        end = *end ? &(*end)->next : NULL;
    }
    for (last = rows->first; last->next;)
        last = last->next;
    last->next = row;
}

struct names {
    struct district district;
    struct own_names own;
};

static struct span name_of(const struct names *names, const struct json_value *cell)
{
    struct span own = own_names_value(&names->own, cell->key, cell->text);
    if (own.at)
        return own;
    return why_words_has_name(cell->key) ? why_words_name(&names->district, cell->key, cell->text)
                                         : why_words_value(NULL, cell->key, cell->text);
}

/* type_code -> type_name, unit -> unit_name */
static struct span name_column(struct span code, struct arena *arena)
{
    char text[80];
    struct span stem = span_ends(code, SPAN("_code")) ? span_from(code.at, code.len - 5) : code;
    int len = snprintf(text, sizeof text, "%.*s_name", SPAN_ARG(stem));
    return arena_copy(arena, span_from(text, (size_t)len));
}

static void add_beside(struct json_value *cell, const struct names *names, struct arena *arena)
{
    struct span name = span_equal(cell->text, ALL_CODE) ? ALL_NAME : name_of(names, cell);
    struct json_value *made =
        make(arena, (struct json_value){.type = name.at ? JSON_STRING : JSON_NULL,
                                        .text = name.at ? arena_copy(arena, name) : name,
                                        .key = name_column(cell->key, arena),
                                        .next = cell->next});
    cell->next = made ? made : cell->next;
}

static void put_in_place(struct json_value *cell, const struct names *names, struct strbuf *text,
                         struct arena *arena)
{
    bool is_sum = span_equal(cell->text, ALL_CODE);
    strbuf_reset(text);
    why_words_add_named(text, is_sum ? ALL_NAME : name_of(names, cell), cell->text);
    struct span named = arena_copy(arena, strbuf_span(text));
    cell->text = named.at ? named : cell->text;
}

void view_rows_name(const struct json_value *rows, const char *config_dir, bool beside,
                    struct arena *arena)
{
    struct names names = {0};
    struct strbuf text;
    struct diagnostics *unsaid = diagnostics_new(); /* a code without a name is shown as it is */
    strbuf_init(&text, 256, 65536);
    district_load(&names.district, config_dir, unsaid);
    own_names_load(&names.own, config_dir);
    for (struct json_value *row = rows->first; row; row = row->next)
        for (struct json_value *cell = row->first, *next; cell; cell = next) {
            next = cell->next;
            bool named = why_words_has_name(cell->key) || own_names_has(&names.own, cell->key);
            if (beside && named)
                add_beside(cell, &names, arena);
            else if (!beside && cell->type == JSON_STRING)
                put_in_place(cell, &names, &text, arena);
        }
    strbuf_fini(&text);
    district_fini(&names.district);
    own_names_fini(&names.own);
    diagnostics_free(unsaid);
}
