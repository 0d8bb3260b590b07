/* SPDX-License-Identifier: Apache-2.0 */
/* A community assists and a station reports; neither ever leads (北京市接诉即办工作条例 17). Their
 * codes are known, so naming one is told as what it is and not as a slip of the pen. */
#include "router/core/rule_target.h"

#include <string.h>

#include "base/base.h"
#include "model/division.h"

#define PLACES 4 /* estate, community, 街乡, district */

static bool is_scalar(const struct yaml_node *node, const char *text)
{
    return node && node->type == YAML_SCALAR && strcmp(node->text, text) == 0;
}

static void refuse_place(const struct yaml_node *node, const struct district *district,
                         struct diagnostics *diagnostics)
{
    struct span code = span_of(node->text);
    const struct registry_row *row = district_division(district, code, INT64_MIN);
    struct span level = row ? registry_cell(district->divisions, row, "level") : SPAN_NONE;
    if (division_of(level) == DIVISION_STREET)
        diagnostics_add(diagnostics, node->place,
                        "write s and its code, or { street_of: place } for the one it happened in",
                        "\"%s\" is the place, not its office", node->text);
    else
        diagnostics_add(diagnostics, node->place,
                        "write { street_of: place }: the 街乡 leads, its community assists",
                        "\"%s\" is a %.*s, and a community never leads", node->text,
                        SPAN_ARG(level.len ? level : SPAN("place")));
}

static bool read_unit(struct rule_target *target, const struct yaml_node *node,
                      const struct district *district, struct diagnostics *diagnostics)
{
    struct span code = span_of(node->text);
    struct span kind = district_unit_kind(district, code, INT64_MIN);
    *target = (struct rule_target){.owner = RULE_OWNER_UNIT, .unit = node->text};
    if (span_is(kind, "community") || span_is(kind, "station")) {
        diagnostics_add(diagnostics, node->place,
                        "write { street_of: place }: the 街乡 leads, its community assists",
                        "unit \"%s\" is a %.*s, and it never leads", node->text, SPAN_ARG(kind));
        return false;
    }
    if (district_has_unit(district, code, INT64_MIN))
        return true;
    if (district_division(district, code, INT64_MIN)) {
        refuse_place(node, district, diagnostics);
        return false;
    }
    char text[DISTRICT_CODE_BYTES];
    const char *near = district_nearest(district->units, node->text, text);
    diagnostics_add(diagnostics, node->place, "use a code of registries/units.csv",
                    "no unit \"%s\"%s%s", node->text, near ? "; did you mean " : "",
                    near ? near : "");
    return false;
}

/* [type_code, place]: how fine the place is that it begins with. */
static bool read_utility(struct rule_target *target, const struct yaml_node *of,
                         const struct district *district, struct diagnostics *diagnostics)
{
    static const char *const fine[] = {"estate_code", "community_code", "street_code"};
    const struct yaml_node *type = of->type == YAML_LIST ? of->first : NULL;
    const struct yaml_node *place = type ? type->next : NULL;
    bool good = is_scalar(type, "type_code") && of->count == 2 && is_scalar(place, "place");
    for (size_t i = 0; i < ARRAY_LENGTH(fine) && !good && of->count == 2; i++)
        if (is_scalar(type, "type_code") && is_scalar(place, fine[i])) {
            target->coarser = i;
            good = true;
        }
    if (!good)
        diagnostics_add(diagnostics, of->place,
                        "write [type_code, place]; instead of place also estate_code, "
                        "community_code or street_code",
                        "a utility is found by a type and a place");
    else if (!district->utility_areas)
        diagnostics_add(diagnostics, of->place,
                        "add it: a header code,unit,valid_from,valid_to and rows like "
                        "R0201@110105,u_heat,,",
                        "there is no registries/utility_areas.csv");
    target->owner = RULE_OWNER_UTILITY;
    return good && district->utility_areas;
}

static const struct how {
    const char *key, *of;
    enum rule_owner owner;
} hows[] = {
    {"street_of", "place", RULE_OWNER_STREET},
    {"street_of", "street_code", RULE_OWNER_TOLD},
    {"unit_of", "type_code", RULE_OWNER_TYPE},
    {"department_of", "type_code", RULE_OWNER_DEPARTMENT},
};

bool rule_target_read(struct rule_target *target, const struct yaml_node *node,
                      const struct district *district, struct diagnostics *diagnostics)
{
    *target = (struct rule_target){0};
    const struct yaml_node *how = node->type == YAML_MAP && node->count == 1 ? node->first : NULL;
    bool good = false;
    if (node->type == YAML_SCALAR)
        good = read_unit(target, node, district, diagnostics);
    else if (how && strcmp(how->key, "utility_of") == 0)
        good = read_utility(target, how, district, diagnostics);
    for (size_t i = 0; how && i < ARRAY_LENGTH(hows); i++)
        if (strcmp(how->key, hows[i].key) == 0 && is_scalar(how, hows[i].of)) {
            target->owner = hows[i].owner;
            good = true;
        }
    if (target->owner == RULE_OWNER_NONE)
        diagnostics_add(diagnostics, node->place,
                        "write a unit's code, { street_of: place }, { unit_of: type_code }, "
                        "{ department_of: type_code } or { utility_of: [type_code, place] }",
                        "this names no owner");
    target->written = node->place;
    return good;
}

static struct span utility_of(const struct rule_target *target, const struct facts *facts)
{
    const struct order *order = facts->order;
    const struct registry_row *row =
        district_division(facts->district, facts->place.street, facts->day);
    const struct span places[PLACES] = {
        order->estate_code, facts->place.community, facts->place.street,
        row ? registry_cell(facts->district->divisions, row, "parent_code") : SPAN_NONE};
    return district_utility(facts->district, &facts->type, places + target->coarser,
                            PLACES - target->coarser, facts->day);
}

struct span rule_target_find(const struct rule_target *target, const struct facts *facts)
{
    const struct district *district = facts->district;
    struct span unit = SPAN_NONE;
    switch (target->owner) {
    case RULE_OWNER_NONE: break;
    case RULE_OWNER_UNIT: unit = span_of(target->unit); break;
    case RULE_OWNER_STREET:
        unit = district_street_unit(district, facts->place.street, facts->day);
        break;
    case RULE_OWNER_TOLD:
        unit = district_street_unit(district, facts->place.told_street, facts->day);
        break;
    case RULE_OWNER_TYPE: unit = facts->type.unit; break;
    case RULE_OWNER_DEPARTMENT:
        unit = district_department(district, &facts->type, facts->day);
        break;
    case RULE_OWNER_UTILITY: unit = utility_of(target, facts); break;
    }
    return unit.at && district_has_unit(district, unit, facts->day) ? unit : SPAN_NONE;
}

bool rule_target_equal(const struct rule_target *a, const struct rule_target *b)
{
    return a->owner == b->owner && a->coarser == b->coarser &&
           (a->owner != RULE_OWNER_UNIT || strcmp(a->unit, b->unit) == 0);
}
