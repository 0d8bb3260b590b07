/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling resolves what can be known without an order: a code that no registry has can never
 * match, so it is an error. Holding compares spans and touches no registry. */
#include "router/core/rule_predicate.h"

#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"

enum shape { SHAPE_TEXT, SHAPE_SET, SHAPE_NUMBER, SHAPE_TIME };
enum checked_by { BY_NOBODY, BY_TYPES, BY_LEVELS, BY_DIVISIONS, BY_PLACES };

static const struct field {
    const char *name;
    enum shape shape;
    enum checked_by checked_by;
} fields[RULE_FIELDS] = {
    [RULE_KIND] = {"kind", SHAPE_TEXT, BY_NOBODY},
    [RULE_TYPE_CODE] = {"type_code", SHAPE_TEXT, BY_TYPES},
    [RULE_TYPE_LEVEL] = {"type_level", SHAPE_TEXT, BY_LEVELS},
    [RULE_REQUEST_KIND] = {"request_kind", SHAPE_TEXT, BY_NOBODY},
    [RULE_PLACE] = {"place", SHAPE_TEXT, BY_PLACES},
    [RULE_STREET_CODE] = {"street_code", SHAPE_TEXT, BY_DIVISIONS},
    [RULE_COMMUNITY_CODE] = {"community_code", SHAPE_TEXT, BY_DIVISIONS},
    [RULE_ESTATE_CODE] = {"estate_code", SHAPE_TEXT, BY_NOBODY},
    [RULE_LIMIT_CLASS] = {"limit_class", SHAPE_TEXT, BY_NOBODY},
    [RULE_TYPE_GROUP] = {"type_group", SHAPE_SET, BY_TYPES},
    [RULE_FLAGS] = {"flags", SHAPE_SET, BY_NOBODY},
    [RULE_ROUND] = {"round", SHAPE_NUMBER, BY_NOBODY},
    [RULE_OPENED_AT] = {"opened_at", SHAPE_TIME, BY_NOBODY},
    [RULE_DUE_AT] = {"due_at", SHAPE_TIME, BY_NOBODY},
};

const char *rule_predicate_field_name(enum rule_field field)
{
    return fields[field].name;
}

void rule_question_read(struct rule_question *question, const struct facts *facts)
{
    const struct order *order = facts->order;
    const struct district_type *type = &facts->type;
    *question = (struct rule_question){
        .text =
            {
                [RULE_KIND] = order->kind,
                [RULE_TYPE_CODE] = type->group_count ? type->groups[0] : order->type_code,
                [RULE_TYPE_LEVEL] = type->level.at ? type->level : SPAN("unknown"),
                [RULE_REQUEST_KIND] = order->request_kind,
                [RULE_PLACE] = span_of(facts_place_word(facts->place.state)),
                [RULE_STREET_CODE] = facts->place.street,
                [RULE_COMMUNITY_CODE] = facts->place.community,
                [RULE_ESTATE_CODE] = order->estate_code,
                [RULE_LIMIT_CLASS] = order->limit_class.at ? order->limit_class : type->limit_class,
            },
        .group_count = type->group_count,
        .flags = order->flags,
        .number = {order->round ? order->round : 1, order->opened_ms, order->due_ms},
    };
    memcpy(question->groups, type->groups, sizeof question->groups);
}

/* ---- reading ---- */

/* A code of the registry, or the beginning of one. */
static bool has_code(const struct registry *registry, struct span value)
{
    const struct registry_row *row;
    if (value.at[value.len - 1] != '*')
        return registry_find(registry, value, INT64_MIN) != NULL;
    for (size_t i = 0; (row = registry_at(registry, i)); i++)
        if (span_starts(registry_cell(registry, row, "code"), span_from(value.at, value.len - 1)))
            return true;
    return false;
}

/* As orders are asked: by the code that holds, not by a name or an old one. */
static bool has_division(const struct district *district, struct span value)
{
    const struct registry_row *row = district_division(district, value, INT64_MIN);
    if (value.at[value.len - 1] == '*')
        return has_code(district->divisions, value);
    return row && span_equal(registry_cell(district->divisions, row, "code"), value);
}

static bool has_level(const struct district *district, struct span level)
{
    static const char *const known[] = {"street", "district", "utility",
                                        "city",   "transfer", "unknown"};
    const struct registry_row *row;
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (span_is(level, known[i]))
            return true;
    for (size_t i = 0; (row = registry_at(district->types, i)); i++)
        if (span_equal(registry_cell(district->types, row, "level"), level))
            return true;
    return false;
}

static bool is_place_word(struct span word)
{
    for (int state = PLACE_UNKNOWN; state <= PLACE_DISPUTED; state++)
        if (span_is(word, facts_place_word((enum place_state)state)))
            return true;
    return false;
}

static bool check_value(const struct field *field, const struct yaml_node *node,
                        const struct district *district, struct diagnostics *diagnostics)
{
    struct span value = span_of(node->text);
    char text[DISTRICT_CODE_BYTES];
    const char *near = NULL, *fix = NULL;
    switch (field->checked_by) {
    case BY_NOBODY: break;
    case BY_TYPES:
        if (!has_code(district->types, value)) {
            fix = "use a code of registries/request_types.csv";
            near = district_nearest(district->types, node->text, text);
        }
        break;
    case BY_LEVELS:
        if (!has_level(district, value))
            fix = "write street, district, utility, city, transfer, unknown, or a level of "
                  "registries/request_types.csv";
        break;
    case BY_DIVISIONS:
        if (!has_division(district, value))
            fix = "use a code of registries/divisions.csv";
        break;
    case BY_PLACES:
        if (!is_place_word(value))
            fix = "write known, unknown, outside or disputed";
        break;
    }
    if (fix)
        diagnostics_add(diagnostics, node->place, fix, "%s cannot be \"%s\"%s%s", field->name,
                        node->text, near ? "; did you mean " : "", near ? near : "");
    return fix == NULL;
}

/* A scalar, or a list of them. */
static bool read_values(struct rule_predicate *predicate, const struct yaml_node *node,
                        const struct district *district, struct arena *arena,
                        struct diagnostics *diagnostics)
{
    const struct field *field = &fields[predicate->field];
    size_t errors = diagnostics_errors(diagnostics);
    size_t count = node->type == YAML_LIST ? node->count : 1;
    const struct yaml_node *one = node->type == YAML_LIST ? node->first : node;
    predicate->values = arena_take(arena, (count ? count : 1) * sizeof *predicate->values);
    if (count == 0 || !predicate->values) {
        diagnostics_add(diagnostics, node->place, "name what it may be, or leave the field out",
                        count ? "too many values in the rules"
                              : "a list of nothing matches nothing");
        return false;
    }
    for (size_t i = 0; i < count; i++, one = one->next) {
        if (one->type != YAML_SCALAR || !one->text[0])
            diagnostics_add(diagnostics, one->place, "write one value, or [one, another]",
                            "%s is compared with single words", field->name);
        else if (check_value(field, one, district, diagnostics))
            predicate->values[predicate->value_count++] = span_of(one->text);
    }
    return diagnostics_errors(diagnostics) == errors;
}

static bool read_bound(enum shape shape, const struct yaml_node *node, int64_t *bound,
                       struct diagnostics *diagnostics)
{
    if (!node)
        return true;
    return shape == SHAPE_TIME ? yaml_time(node, bound, diagnostics)
                               : yaml_int(node, 0, INT32_MAX, bound, diagnostics);
}

static bool read_range(struct rule_predicate *predicate, const struct yaml_node *node,
                       struct diagnostics *diagnostics)
{
    enum shape shape = fields[predicate->field].shape;
    if (!read_bound(shape, yaml_get(node, "from"), &predicate->from, diagnostics) ||
        !read_bound(shape, yaml_get(node, "to"), &predicate->to, diagnostics))
        return false;
    if (shape == SHAPE_NUMBER && yaml_get(node, "to"))
        predicate->to++; /* its last is meant too */
    if (predicate->from < predicate->to)
        return true;
    diagnostics_add(diagnostics, node->place,
                    "write the earlier one as from:", "from is not before to");
    return false;
}

static bool read_number(struct rule_predicate *predicate, const struct yaml_node *node,
                        struct diagnostics *diagnostics)
{
    static const char *const known[] = {"from", "to", NULL};
    const char *name = fields[predicate->field].name;
    bool is_number = fields[predicate->field].shape == SHAPE_NUMBER;
    if (node->type == YAML_SCALAR && is_number) {
        if (!yaml_int(node, 0, INT32_MAX, &predicate->from, diagnostics))
            return false;
        predicate->to = predicate->from + 1;
        return true;
    }
    if (node->type == YAML_MAP && node->count > 0)
        return yaml_only_keys(node, known, diagnostics) && read_range(predicate, node, diagnostics);
    diagnostics_add(diagnostics, node->place,
                    is_number ? "write { from: 2 }" : "write { from: 2026-03-01, to: 2026-04-01 }",
                    "%s is compared with a range", name);
    return false;
}

/* place and level have words of their own for what is not known. */
static bool read_presence(struct rule_predicate *predicate, const struct yaml_node *node)
{
    bool scalar = node->type == YAML_SCALAR && predicate->field != RULE_PLACE &&
                  predicate->field != RULE_TYPE_LEVEL;
    if (scalar && strcmp(node->text, "present") == 0)
        predicate->presence = RULE_PRESENT;
    else if (scalar && strcmp(node->text, "absent") == 0)
        predicate->presence = RULE_ABSENT;
    return predicate->presence != RULE_NOT_ASKED;
}

bool rule_predicate_read(struct rule_predicate *predicate, const struct yaml_node *node,
                         const struct district *district, struct arena *arena,
                         struct diagnostics *diagnostics)
{
    const char *names[RULE_FIELDS + 1] = {NULL};
    int found = -1;
    for (int i = 0; i < RULE_FIELDS; i++) {
        names[i] = fields[i].name;
        found = strcmp(node->key, names[i]) == 0 ? i : found;
    }
    if (found < 0) {
        yaml_add_unknown(node, names, RULE_FIELDS, diagnostics);
        return false;
    }
    *predicate = (struct rule_predicate){.field = (enum rule_field)found,
                                         .from = INT64_MIN,
                                         .to = INT64_MAX,
                                         .written = node->place};
    enum shape shape = fields[found].shape;
    if (shape == SHAPE_NUMBER || shape == SHAPE_TIME)
        return read_number(predicate, node, diagnostics);
    if (read_presence(predicate, node))
        return true;
    const struct yaml_node *inner = node->type == YAML_MAP && node->count == 1 ? node->first : NULL;
    predicate->negated = inner && strcmp(inner->key, "not") == 0;
    bool flag = inner && strcmp(inner->key, "flag") == 0 && predicate->field == RULE_FLAGS;
    if (node->type != YAML_MAP || predicate->negated || flag)
        return read_values(predicate, inner ? inner : node, district, arena, diagnostics);
    diagnostics_add(
        diagnostics, node->place,
        predicate->field == RULE_FLAGS
            ? "write a word, a list, { not: … } or { flag: … }"
            : "write a value, a list or { not: … }; from and to go with numbers and times",
        "%s cannot be asked so", node->key);
    return false;
}

/* ---- asking ---- */

static bool is_meant(struct span value, struct span text)
{
    bool open = value.len > 1 && value.at[value.len - 1] == '*';
    return open ? span_starts(text, span_from(value.at, value.len - 1)) : span_equal(text, value);
}

static bool has_value(const struct rule_predicate *predicate, struct span text)
{
    if (!text.at)
        return false;
    for (size_t i = 0; i < predicate->value_count; i++)
        if (is_meant(predicate->values[i], text))
            return true;
    return false;
}

static bool is_present(const struct rule_predicate *predicate, const struct rule_question *question)
{
    if (predicate->field == RULE_FLAGS)
        return question->flags.len > 0;
    if (predicate->field == RULE_TYPE_GROUP)
        return question->group_count > 0;
    return question->text[predicate->field].len > 0;
}

static bool has_word(const struct rule_predicate *predicate, struct span words)
{
    while (words.at)
        if (has_value(predicate, span_cut(&words, ' ')))
            return true;
    return false;
}

static bool has_group(const struct rule_predicate *predicate, const struct rule_question *question)
{
    for (size_t i = 0; i < question->group_count; i++)
        if (has_value(predicate, question->groups[i]))
            return true;
    return false;
}

bool rule_predicate_holds(const struct rule_predicate *predicate,
                          const struct rule_question *question)
{
    if (predicate->field >= RULE_ROUND) {
        int64_t number = question->number[predicate->field - RULE_ROUND];
        return number != TIMESTAMP_NONE && number >= predicate->from && number < predicate->to;
    }
    if (predicate->presence)
        return is_present(predicate, question) == (predicate->presence == RULE_PRESENT);
    bool has = predicate->field == RULE_FLAGS ? has_word(predicate, question->flags)
               : predicate->field == RULE_TYPE_GROUP
                   ? has_group(predicate, question)
                   : has_value(predicate, question->text[predicate->field]);
    return has != predicate->negated;
}

/* ---- comparing two ---- */

/* How many of a's values b has. */
static size_t shared(const struct rule_predicate *a, const struct rule_predicate *b)
{
    size_t count = 0;
    for (size_t i = 0; i < a->value_count; i++)
        count += has_value(b, a->values[i]);
    return count;
}

bool rule_predicate_implies(const struct rule_predicate *narrow, const struct rule_predicate *wide)
{
    if (narrow->field >= RULE_ROUND)
        return narrow->from >= wide->from && narrow->to <= wide->to;
    if (wide->presence == RULE_PRESENT)
        return narrow->presence == RULE_PRESENT || (!narrow->presence && !narrow->negated);
    if (narrow->presence || wide->presence)
        return narrow->presence == wide->presence ||
               (narrow->presence == RULE_ABSENT && wide->negated);
    if (narrow->negated)
        return wide->negated && shared(wide, narrow) == wide->value_count;
    /* An order has several flags and groups: one of them says nothing of the others. */
    if (wide->negated)
        return fields[narrow->field].shape == SHAPE_TEXT && shared(narrow, wide) == 0;
    return shared(narrow, wide) == narrow->value_count;
}

bool rule_predicate_meets(const struct rule_predicate *a, const struct rule_predicate *b)
{
    if (a->field >= RULE_ROUND)
        return a->from < b->to && b->from < a->to;
    if (a->presence || b->presence)
        return a->presence == b->presence;
    if (a->negated && b->negated)
        return true;
    if (a->negated || b->negated) {
        const struct rule_predicate *wants = a->negated ? b : a, *not = a->negated ? a : b;
        return shared(wants, not ) < wants->value_count;
    }
    return shared(a, b) > 0;
}
