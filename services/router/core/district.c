/* SPDX-License-Identifier: Apache-2.0 */
/* Thin words over the registries, so that rules read like sentences. Every look-up names its day: a
 * code means what it meant when the order came. */
#include "router/core/district.h"

#include <stdio.h>

static struct registry *load(const char *config_dir, const char *name,
                             struct diagnostics *diagnostics)
{
    char path[512];
    snprintf(path, sizeof path, "%s/registries/%s.csv", config_dir, name);
    return registry_load(path, diagnostics);
}

bool district_load(struct district *district, const char *config_dir,
                   struct diagnostics *diagnostics)
{
    district->divisions = load(config_dir, "divisions", diagnostics);
    district->units = load(config_dir, "units", diagnostics);
    district->types = load(config_dir, "request_types", diagnostics);
    return district->divisions && district->units && district->types;
}

void district_fini(struct district *district)
{
    registry_free(district->divisions);
    registry_free(district->units);
    registry_free(district->types);
}

static const struct registry_row *row_of(const struct registry *registry, struct span code,
                                         int64_t day)
{
    return code.at && code.len ? registry_find(registry, code, day) : NULL;
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

/* A column of a division of that level. */
static struct span division_of_level(const struct district *district, struct span code,
                                     const char *level, const char *column, int64_t day)
{
    const struct registry_row *row = row_of(district->divisions, code, day);
    if (!row || !span_is(registry_cell(district->divisions, row, "level"), level))
        return SPAN_NONE;
    return cell_of(district->divisions, row, column);
}

struct span district_street(const struct district *district, struct span community,
                            struct span street, int64_t day)
{
    struct span parent = division_of_level(district, community, "community", "parent_code", day);
    return parent.at ? parent : division_of_level(district, street, "street", "code", day);
}

struct span district_street_unit(const struct district *district, struct span street, int64_t day)
{
    char code[32] = "s";
    if (!street.at || street.len + 2 > sizeof code)
        return SPAN_NONE;
    memcpy(code + 1, street.at, street.len);
    return cell(district->units, span_from(code, street.len + 1), "code", day);
}

struct district_type district_type(const struct district *district, struct span type, int64_t day)
{
    const struct registry_row *row = row_of(district->types, type, day);
    return (struct district_type){.level = cell_of(district->types, row, "level"),
                                  .unit = cell_of(district->types, row, "unit"),
                                  .limit_class = cell_of(district->types, row, "limit_class"),
                                  .name = cell_of(district->types, row, "name")};
}

struct span district_unit_name(const struct district *district, struct span unit, int64_t day)
{
    struct span name = cell(district->units, unit, "name", day);
    return name.at ? name : unit;
}

struct span district_place_name(const struct district *district, struct span code, int64_t day)
{
    struct span name = cell(district->divisions, code, "name", day);
    return name.at ? name : code;
}
