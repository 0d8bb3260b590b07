/* SPDX-License-Identifier: Apache-2.0 */
/* One row a column whose words are closed: by a list, by another registry, by the rules or by the
 * feeds. An empty cell says nothing and is left alone. */
#include "citybrain/check_words.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model/division.h"
#include "model/unit_names.h"

enum closed_by {
    BY_WORDS,
    BY_DIVISION,
    BY_STREET,
    BY_COMMUNITY,
    BY_SORT, /* of a place; needed, or nothing can be looked up there */
    BY_UNIT,
    BY_TYPE,
    BY_CLASS,
    BY_LEVEL,
    BY_AREA,
    BY_FIELD
};

enum registry_name {
    DIVISIONS,
    UNITS,
    TYPES,
    STATIONS,
    ADMISSIONS,
    UTILITY_AREAS,
    FIELDS,
    REGISTRIES
};

static const char *const names[REGISTRIES] = {
    [DIVISIONS] = "divisions", [UNITS] = "units",           [TYPES] = "request_types",
    [STATIONS] = "stations",   [ADMISSIONS] = "admissions", [UTILITY_AREAS] = "utility_areas",
    [FIELDS] = "fields"};

static const struct closed {
    enum registry_name registry;
    const char *column;
    enum closed_by by;
    bool is_list; /* ';' between several */
    const char *words, *fix;
} closed[] = {
    {DIVISIONS, "level", BY_SORT, false, NULL,
     "district, street, township, community, village or special"},
    {DIVISIONS, "parent_code", BY_DIVISION, false, NULL, "a code of divisions.csv"},
    {UNITS, "party_default", BY_WORDS, false, "lead desk callback", "lead, desk or callback"},
    {TYPES, "parent_code", BY_TYPE, false, NULL, "a code of request_types.csv"},
    {TYPES, "level", BY_LEVEL, false, NULL, "a type_level that a rule asks for"},
    {TYPES, "limit_class", BY_CLASS, false, NULL, "a limit class of rules/dispatch.yaml"},
    {TYPES, "unit", BY_UNIT, false, NULL, "a code of units.csv"},
    {STATIONS, "community_code", BY_COMMUNITY, false, NULL, "a community's code of divisions.csv"},
    {STATIONS, "street_code", BY_STREET, false, NULL, "a street's code of divisions.csv"},
    {STATIONS, "communities", BY_COMMUNITY, true, NULL,
     "codes of communities of divisions.csv, ';' between them"},
    {ADMISSIONS, "code", BY_TYPE, false, NULL, "a code of request_types.csv"},
    {ADMISSIONS, "list", BY_WORDS, false, "duty plan form sign", "duty, plan, form or sign"},
    {ADMISSIONS, "unit", BY_UNIT, false, NULL, "a code of units.csv"},
    {UTILITY_AREAS, "code", BY_AREA, false, NULL,
     "a type of request_types.csv, @ and a code of divisions.csv or of an estate"},
    {UTILITY_AREAS, "unit", BY_UNIT, false, NULL, "a code of units.csv"},
    {FIELDS, "code", BY_FIELD, false, NULL, "a field of codes.csv, or FIELD:VALUE of one"},
};

struct check {
    const struct bundle *bundle;
    struct diagnostics *diagnostics;
    const struct registry *list[REGISTRIES]; /* NULL = could not be read */
};

static bool is_word(struct span words, struct span text)
{
    while (words.at)
        if (span_equal(span_cut(&words, ' '), text))
            return true;
    return false;
}

static bool asks_level(const struct rule_entry *entry, struct span level)
{
    for (size_t i = 0; i < entry->when_count; i++)
        for (size_t j = 0;
             entry->when[i].field == RULE_TYPE_LEVEL && j < entry->when[i].asked.value_count; j++)
            if (span_equal(entry->when[i].asked.values[j], level))
                return true;
    return false;
}

static bool is_level(const struct rules *rules, struct span text)
{
    for (size_t i = 0; i < rules->entry_count; i++)
        if (asks_level(&rules->entries[i], text))
            return true;
    return false;
}

static bool is_row(const struct registry *registry, struct span code)
{
    return registry == NULL || registry_find(registry, code, INT64_MIN) != NULL;
}

static bool is_place(const struct registry *divisions, struct span code, enum division wanted)
{
    const struct registry_row *row = divisions ? registry_find(divisions, code, INT64_MIN) : NULL;
    for (; row; row = registry_find_next(divisions, code, INT64_MIN, row))
        if (division_of(registry_cell(divisions, row, "level")) == wanted)
            return true;
    return divisions == NULL;
}

/* type@place. Estates have no registry that deciding reads; divisions are numbers. */
static bool is_area(const struct check *check, struct span text)
{
    struct span type = span_cut(&text, '@');
    int64_t number;
    return text.len > 0 && is_row(check->list[TYPES], type) &&
           (!span_to_int64(text, &number) || is_row(check->list[DIVISIONS], text));
}

static bool is_known(const struct check *check, const struct closed *column, struct span text)
{
    const struct bundle *bundle = check->bundle;
    switch (column->by) {
    case BY_WORDS: return is_word(span_of(column->words), text);
    case BY_DIVISION: return is_row(check->list[DIVISIONS], text);
    case BY_STREET: return is_place(check->list[DIVISIONS], text, DIVISION_STREET);
    case BY_COMMUNITY: return is_place(check->list[DIVISIONS], text, DIVISION_COMMUNITY);
    case BY_SORT: return division_of(text) != DIVISION_OTHER;
    case BY_UNIT: return is_row(check->list[UNITS], text);
    case BY_TYPE: return is_row(check->list[TYPES], text);
    case BY_CLASS:
        return bundle->rule.rules == NULL || rules_class(bundle->rule.rules, text) != NULL;
    case BY_LEVEL: return bundle->rule.rules == NULL || is_level(bundle->rule.rules, text);
    case BY_AREA: return is_area(check, text);
    case BY_FIELD:
        return bundle->codes == NULL ||
               codes_number(bundle->codes, CODE_FIELD, span_cut(&text, ':')) > 0;
    }
    return false;
}

static void check_column(const struct check *check, const struct closed *column)
{
    const struct registry *registry = check->list[column->registry];
    const struct registry_row *row;
    for (size_t i = 0; registry && (row = registry_at(registry, i)); i++) {
        struct span rest = registry_cell(registry, row, column->column);
        if (column->by == BY_SORT && rest.len == 0 &&
            registry_column(registry, column->column) >= 0)
            diagnostics_add(check->diagnostics, registry_place(registry, row, rest), column->fix,
                            "%s is empty", column->column);
        while (rest.len > 0) {
            struct span one = column->is_list ? span_trim(span_cut(&rest, ';')) : rest;
            if (one.len > 0 && !is_known(check, column, one))
                diagnostics_add(check->diagnostics, registry_place(registry, row, one), column->fix,
                                "%s cannot be \"%.*s\"", column->column, SPAN_ARG(one));
            if (!column->is_list)
                break;
        }
    }
}

void check_words(const struct bundle *bundle, const char *folder, struct diagnostics *diagnostics)
{
    char files[REGISTRIES][512];
    for (size_t i = 0; i < REGISTRIES; i++)
        snprintf(files[i], sizeof files[i], "%s/registries/%s.csv", folder, names[i]);
    /* What is wrong with the file itself is told by who reads it for the daemons. */
    struct diagnostics *unsaid = diagnostics_new();
    struct registry *stations = registry_load(files[STATIONS], unsaid);
    struct registry *fields =
        access(files[FIELDS], F_OK) == 0 ? registry_load(files[FIELDS], unsaid) : NULL;
    diagnostics_free(unsaid);
    struct check check = {bundle,
                          diagnostics,
                          {[DIVISIONS] = bundle->rule.district.divisions,
                           [UNITS] = bundle->rule.district.units,
                           [TYPES] = bundle->rule.district.types,
                           [STATIONS] = stations,
                           [ADMISSIONS] = bundle->rule.district.admissions,
                           [UTILITY_AREAS] = bundle->rule.district.utility_areas,
                           [FIELDS] = fields}};
    for (size_t i = 0; i < ARRAY_LENGTH(closed); i++)
        check_column(&check, &closed[i]);
    if (check.list[UNITS])
        unit_names_check(check.list[UNITS], diagnostics);
    registry_free(stations);
    registry_free(fields);
}
