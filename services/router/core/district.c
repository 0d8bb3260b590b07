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

static struct span cell(const struct registry *registry, struct span code, const char *column,
                        int64_t day)
{
    const struct registry_row *row =
        code.at && code.len ? registry_find(registry, code, day) : NULL;
    struct span value = row ? registry_cell(registry, row, column) : SPAN_NONE;
    return value.len ? value : SPAN_NONE;
}

struct span district_street(const struct district *district, struct span community,
                            struct span street, int64_t day)
{
    if (span_is(cell(district->divisions, community, "level", day), "community"))
        return cell(district->divisions, community, "parent_code", day);
    if (span_is(cell(district->divisions, street, "level", day), "street"))
        return cell(district->divisions, street, "code", day);
    return SPAN_NONE;
}

struct span district_street_unit(const struct district *district, struct span street, int64_t day)
{
    char code[32] = "s";
    if (!street.at || street.len + 2 > sizeof code)
        return SPAN_NONE;
    memcpy(code + 1, street.at, street.len);
    return cell(district->units, span_from(code, street.len + 1), "code", day);
}

struct span district_type(const struct district *district, struct span type, const char *column,
                          int64_t day)
{
    return cell(district->types, type, column, day);
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
