/* SPDX-License-Identifier: Apache-2.0 */
/* Thin words over the registries, so that rules read like sentences. Every look-up names its day: a
 * code means what it meant when the order came. */
#include "router/core/district.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "model/division.h"

#define DISTRICT_DIGITS 6 /* GB/T 2260 */
#define PATH_BYTES      512
#define KEY_BYTES       320

static const char *in(char path[PATH_BYTES], const char *config_dir, const char *name)
{
    snprintf(path, PATH_BYTES, "%s/registries/%s.csv", config_dir, name);
    return path;
}

static void find_columns(struct district_columns *columns, const struct registry *registry)
{
    if (registry)
        *columns =
            (struct district_columns){.code = registry_column(registry, "code"),
                                      .parent = registry_column(registry, "parent_code"),
                                      .name = registry_column(registry, "name"),
                                      .level = registry_column(registry, "level"),
                                      .unit = registry_column(registry, "unit"),
                                      .limit_class = registry_column(registry, "limit_class"),
                                      .kind = registry_column(registry, "kind")};
}

#define MEMO_KEY    56
#define MEMO_PLACES 512 /* powers of two */
#define MEMO_TYPES  128

struct memo_key { /* two texts and a day; len 0: too long to be kept */
    int64_t day;
    size_t len, first; /* first: of the first text */
    char text[MEMO_KEY];
};

/* Orders of a day come from a few hundred places and are of a hundred types. */
struct district_memo {
    struct {
        struct memo_key key;
        struct district_place place;
    } places[MEMO_PLACES];
    struct {
        struct memo_key key;
        struct district_type type;
    } types[MEMO_TYPES];
};

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
    find_columns(&district->in_divisions, district->divisions);
    find_columns(&district->in_units, district->units);
    find_columns(&district->in_types, district->types);
    find_columns(&district->in_areas, district->utility_areas);
    district->memo = xcalloc(1, sizeof *district->memo);
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
    free(district->memo);
}

static size_t make_key(struct memo_key *key, struct span a, struct span b, int64_t day)
{
    key->day = day;
    key->len = a.len + b.len;
    key->first = a.len;
    if (a.len > MEMO_KEY || b.len > MEMO_KEY || key->len > MEMO_KEY) {
        key->len = 0;
        return 0;
    }
    if (a.len)
        memcpy(key->text, a.at, a.len);
    if (b.len)
        memcpy(key->text + a.len, b.at, b.len);
    return (size_t)hash_span(span_from(key->text, key->len)) + (size_t)day;
}

static bool same_key(const struct memo_key *kept, const struct memo_key *asked)
{
    return asked->len && kept->len == asked->len && kept->first == asked->first &&
           kept->day == asked->day && memcmp(kept->text, asked->text, asked->len) == 0;
}

static const struct registry_row *row_of(const struct registry *registry, struct span code,
                                         int64_t day)
{
    return registry && code.at && code.len ? registry_find(registry, code, day) : NULL;
}

/* Absent where there is no row, no such column or nothing in it. */
static struct span cell_of(const struct registry_row *row, int column)
{
    struct span value = row ? registry_cell_at(row, column) : SPAN_NONE;
    return value.len ? value : SPAN_NONE;
}

static struct span cell(const struct registry *registry, struct span code, int column, int64_t day)
{
    return cell_of(row_of(registry, code, day), column);
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
    bool by_code = is_number(code) || span_equal(cell_of(row, district->in_divisions.code), code);
    return row && by_code ? row : NULL;
}

static bool is_a(const struct district *district, const struct registry_row *row,
                 enum division division)
{
    return division_of(cell_of(row, district->in_divisions.level)) == division;
}

/* A 街乡 by code or by name: there is one district, so a name is inside its parent. */
static struct span street_of(const struct district *district, struct span text, int64_t day)
{
    const struct registry_row *row = row_of(district->divisions, text, day);
    for (; row; row = registry_find_next(district->divisions, text, day, row))
        if (is_a(district, row, DIVISION_STREET))
            return cell_of(row, district->in_divisions.code);
    return SPAN_NONE;
}

static const struct registry_row *community_of(const struct district *district, struct span text,
                                               struct span street, int64_t day)
{
    const struct registry *divisions = district->divisions;
    const struct registry_row *row = district_division(district, text, day);
    if (row && is_a(district, row, DIVISION_COMMUNITY))
        return row;
    row = street.at ? row_of(divisions, text, day) : NULL;
    for (; row; row = registry_find_next(divisions, text, day, row))
        if (is_a(district, row, DIVISION_COMMUNITY) &&
            span_equal(street_of(district, cell_of(row, district->in_divisions.parent), day),
                       street))
            return row;
    return NULL;
}

static bool is_outside(const struct district *district, struct span code, int64_t day)
{
    if (code.len < DISTRICT_DIGITS || !is_number(code))
        return false;
    const struct registry_row *row =
        row_of(district->divisions, span_from(code.at, DISTRICT_DIGITS), day);
    return !is_a(district, row, DIVISION_DISTRICT);
}

static struct district_place find_place(const struct district *district, struct span community,
                                        struct span street, int64_t day)
{
    struct district_place place = {.state = PLACE_UNKNOWN};
    struct span told = street_of(district, street, day);
    const struct registry_row *row = community_of(district, community, told, day);
    bool outside = is_outside(district, street, day) || is_outside(district, community, day);
    place.community = cell_of(row, district->in_divisions.code);
    place.street = street_of(district, cell_of(row, district->in_divisions.parent), day);
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

struct district_place district_place(const struct district *district, struct span community,
                                     struct span street, int64_t day)
{
    struct memo_key key;
    size_t at = make_key(&key, community, street, day) & (MEMO_PLACES - 1);
    if (!district->memo || !key.len)
        return find_place(district, community, street, day);
    if (!same_key(&district->memo->places[at].key, &key)) {
        district->memo->places[at].place = find_place(district, community, street, day);
        district->memo->places[at].key = key;
    }
    return district->memo->places[at].place;
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
    return cell(district->units, span_from(code, street.len + 1), district->in_units.code, day);
}

struct span district_place_name(const struct district *district, struct span code, int64_t day)
{
    struct span name = cell_of(district_division(district, code, day), district->in_divisions.name);
    return name.at ? name : code;
}

/* ---- types ---- */

static struct district_type find_type(const struct district *district, struct span type,
                                      int64_t day)
{
    const struct registry_row *row = row_of(district->types, type, day);
    struct district_type found = {.level = cell_of(row, district->in_types.level),
                                  .unit = cell_of(row, district->in_types.unit),
                                  .limit_class = cell_of(row, district->in_types.limit_class),
                                  .name = cell_of(row, district->in_types.name)};
    while (row && found.code_count < DISTRICT_MOST_CODES) {
        found.codes[found.code_count++] = cell_of(row, district->in_types.code);
        row = row_of(district->types, cell_of(row, district->in_types.parent), day);
    }
    return found;
}

struct district_type district_type(const struct district *district, struct span type, int64_t day)
{
    struct memo_key key;
    size_t at = make_key(&key, type, SPAN(""), day) & (MEMO_TYPES - 1);
    if (!district->memo || !key.len)
        return find_type(district, type, day);
    if (!same_key(&district->memo->types[at].key, &key)) {
        district->memo->types[at].type = find_type(district, type, day);
        district->memo->types[at].key = key;
    }
    return district->memo->types[at].type;
}

struct span district_department(const struct district *district, const struct district_type *type,
                                int64_t day)
{
    for (size_t i = 0; i < type->code_count; i++) {
        struct span unit = cell(district->types, type->codes[i], district->in_types.unit, day);
        if (span_is(district_unit_kind(district, unit, day), "department"))
            return unit;
    }
    return SPAN_NONE;
}

bool district_admits(const struct district *district, const struct district_type *type, int64_t day)
{
    struct span code = type->code_count ? type->codes[0] : SPAN_NONE;
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
    return cell(district->utility_areas, span_from(key, type.len + 1 + place.len),
                district->in_areas.unit, day);
}

struct span district_utility(const struct district *district, const struct district_type *type,
                             const struct span *places, size_t count, int64_t day)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < type->code_count; j++) {
            struct span unit = utility_at(district, type->codes[j], places[i], day);
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
    return cell(district->units, unit, district->in_units.kind, day);
}

struct span district_unit_name(const struct district *district, struct span unit, int64_t day)
{
    struct span name = cell(district->units, unit, district->in_units.name, day);
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
