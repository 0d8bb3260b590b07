/* SPDX-License-Identifier: Apache-2.0 */
/* Thin words over the registries, so that rules read like sentences. Every look-up names its day: a
 * code means what it meant when the order came. */
#include "router/core/district.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DISTRICT_DIGITS 6 /* GB/T 2260 */
#define PATH_BYTES      512
#define KEY_BYTES       320

static const char *in(char path[PATH_BYTES], const char *config_dir, const char *name)
{
    snprintf(path, PATH_BYTES, "%s/registries/%s.csv", config_dir, name);
    return path;
}

static struct registry *load_optional(const char *path, struct diagnostics *diagnostics)
{
    return access(path, F_OK) == 0 ? registry_load(path, diagnostics) : NULL;
}

bool district_load(struct district *district, const char *config_dir,
                   struct diagnostics *diagnostics)
{
    char path[PATH_BYTES];
    size_t errors = diagnostics_errors(diagnostics);
    *district = (struct district){0};
    district->divisions = registry_load(in(path, config_dir, "divisions"), diagnostics);
    district->units = registry_load(in(path, config_dir, "units"), diagnostics);
    district->types = registry_load(in(path, config_dir, "request_types"), diagnostics);
    district->admissions = load_optional(in(path, config_dir, "admissions"), diagnostics);
    district->utility_areas = load_optional(in(path, config_dir, "utility_areas"), diagnostics);
    if (access(in(path, config_dir, "calendar"), F_OK) == 0)
        district->calendar = calendar_load(path, diagnostics);
    if (district->divisions)
        registry_index(district->divisions, "name");
    return diagnostics_errors(diagnostics) == errors;
}

void district_fini(struct district *district)
{
    registry_free(district->divisions);
    registry_free(district->units);
    registry_free(district->types);
    registry_free(district->admissions);
    registry_free(district->utility_areas);
    calendar_free(district->calendar);
}

static const struct registry_row *row_of(const struct registry *registry, struct span code,
                                         int64_t day)
{
    return registry && code.at && code.len ? registry_find(registry, code, day) : NULL;
}

/* Absent where there is no row, no such column or nothing in it. */
static struct span cell_of(const struct registry *registry, const struct registry_row *row,
                           const char *column)
{
    struct span value = row ? registry_cell(registry, row, column) : SPAN_NONE;
    return value.len ? value : SPAN_NONE;
}

static struct span cell(const struct registry *registry, struct span code, const char *column,
                        int64_t day)
{
    return cell_of(registry, row_of(registry, code, day), column);
}

/* ---- places ---- */

static bool is_number(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.len > 0;
}

/* Names are indexed too, and a name alone says nothing: what is found must answer to the code. */
const struct registry_row *district_division(const struct district *district, struct span code,
                                             int64_t day)
{
    const struct registry_row *row = row_of(district->divisions, code, day);
    bool by_code = is_number(code) || span_equal(cell_of(district->divisions, row, "code"), code);
    return row && by_code ? row : NULL;
}

static bool is_street(const struct district *district, const struct registry_row *row)
{
    struct span level = cell_of(district->divisions, row, "level");
    return span_is(level, "street") || span_is(level, "township");
}

static bool is_community(const struct district *district, const struct registry_row *row)
{
    struct span level = cell_of(district->divisions, row, "level");
    return span_is(level, "community") || span_is(level, "village") || span_is(level, "special");
}

/* A 街乡 by code or by name: there is one district, so a name is inside its parent. */
static struct span street_of(const struct district *district, struct span text, int64_t day)
{
    const struct registry_row *row = row_of(district->divisions, text, day);
    for (; row; row = registry_find_next(district->divisions, text, day, row))
        if (is_street(district, row))
            return cell_of(district->divisions, row, "code");
    return SPAN_NONE;
}

static const struct registry_row *community_of(const struct district *district, struct span text,
                                               struct span street, int64_t day)
{
    const struct registry *divisions = district->divisions;
    const struct registry_row *row = district_division(district, text, day);
    if (row && is_community(district, row))
        return row;
    row = street.at ? row_of(divisions, text, day) : NULL;
    for (; row; row = registry_find_next(divisions, text, day, row))
        if (is_community(district, row) &&
            span_equal(street_of(district, cell_of(divisions, row, "parent_code"), day), street))
            return row;
    return NULL;
}

static bool is_outside(const struct district *district, struct span code, int64_t day)
{
    if (code.len < DISTRICT_DIGITS || !is_number(code))
        return false;
    const struct registry_row *row =
        row_of(district->divisions, span_from(code.at, DISTRICT_DIGITS), day);
    return !span_is(cell_of(district->divisions, row, "level"), "district");
}

struct district_place district_place(const struct district *district, struct span community,
                                     struct span street, int64_t day)
{
    struct district_place place = {.state = PLACE_UNKNOWN};
    struct span told = street_of(district, street, day);
    const struct registry_row *row = community_of(district, community, told, day);
    bool outside = is_outside(district, street, day) || is_outside(district, community, day);
    place.community = cell_of(district->divisions, row, "code");
    place.street = street_of(district, cell_of(district->divisions, row, "parent_code"), day);
    if (!place.street.at)
        place.street = told;
    if (!place.street.at) {
        place.state = outside ? PLACE_OUTSIDE : PLACE_UNKNOWN;
        return place;
    }
    bool two = outside || (told.at && !span_equal(told, place.street));
    place.state = two ? PLACE_DISPUTED : PLACE_KNOWN;
    place.told_street = two ? told : SPAN_NONE;
    return place;
}

struct span district_street(const struct district *district, struct span community,
                            struct span street, int64_t day)
{
    return district_place(district, community, street, day).street;
}

struct span district_street_unit(const struct district *district, struct span street, int64_t day)
{
    char code[32] = "s";
    if (!street.at || street.len + 2 > sizeof code)
        return SPAN_NONE;
    memcpy(code + 1, street.at, street.len);
    return cell(district->units, span_from(code, street.len + 1), "code", day);
}

struct span district_place_name(const struct district *district, struct span code, int64_t day)
{
    struct span name = cell_of(district->divisions, district_division(district, code, day), "name");
    return name.at ? name : code;
}

/* ---- types ---- */

struct district_type district_type(const struct district *district, struct span type, int64_t day)
{
    const struct registry_row *row = row_of(district->types, type, day);
    struct district_type found = {.level = cell_of(district->types, row, "level"),
                                  .unit = cell_of(district->types, row, "unit"),
                                  .limit_class = cell_of(district->types, row, "limit_class"),
                                  .name = cell_of(district->types, row, "name")};
    while (row && found.group_count < DISTRICT_MOST_GROUPS) {
        found.groups[found.group_count++] = cell_of(district->types, row, "code");
        row = row_of(district->types, cell_of(district->types, row, "parent_code"), day);
    }
    return found;
}

struct span district_department(const struct district *district, const struct district_type *type,
                                int64_t day)
{
    for (size_t i = 0; i < type->group_count; i++) {
        struct span unit = cell(district->types, type->groups[i], "unit", day);
        if (span_is(district_unit_kind(district, unit, day), "department"))
            return unit;
    }
    return SPAN_NONE;
}

bool district_admits(const struct district *district, const struct district_type *type, int64_t day)
{
    struct span code = type->group_count ? type->groups[0] : SPAN_NONE;
    return !district->admissions || row_of(district->admissions, code, day);
}

/* utility_areas.csv is keyed "type@place". */
static struct span utility_at(const struct district *district, struct span type, struct span place,
                              int64_t day)
{
    char key[KEY_BYTES];
    if (!place.at || type.len + 1 + place.len > sizeof key)
        return SPAN_NONE;
    memcpy(key, type.at, type.len);
    key[type.len] = '@';
    memcpy(key + type.len + 1, place.at, place.len);
    return cell(district->utility_areas, span_from(key, type.len + 1 + place.len), "unit", day);
}

struct span district_utility(const struct district *district, const struct district_type *type,
                             const struct span *places, size_t count, int64_t day)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < type->group_count; j++) {
            struct span unit = utility_at(district, type->groups[j], places[i], day);
            if (unit.at)
                return unit;
        }
    return SPAN_NONE;
}

/* ---- units ---- */

bool district_has_unit(const struct district *district, struct span unit, int64_t day)
{
    return row_of(district->units, unit, day) != NULL;
}

struct span district_unit_kind(const struct district *district, struct span unit, int64_t day)
{
    return cell(district->units, unit, "kind", day);
}

struct span district_unit_name(const struct district *district, struct span unit, int64_t day)
{
    struct span name = cell(district->units, unit, "name", day);
    return name.at ? name : unit;
}

const char *district_nearest(const struct registry *registry, const char *word,
                             char text[DISTRICT_CODE_BYTES])
{
    const struct registry_row *row;
    const char *found = NULL;
    char code[DISTRICT_CODE_BYTES];
    for (size_t i = 0; (row = registry_at(registry, i)); i++) {
        const char *candidates[] = {text, code};
        span_to_cstr(registry_cell(registry, row, "code"), code, sizeof code);
        bool first = found == NULL; /* then there is one only */
        if (diagnostics_nearest(word, candidates + first, first ? 1 : 2) != code)
            continue;
        snprintf(text, DISTRICT_CODE_BYTES, "%s", code);
        found = text;
    }
    return found;
}
