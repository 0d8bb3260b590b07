/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling resolves what can be known without an order: a code that no registry has can never
 * match, so it is an error. Holding compares spans and touches no registry. */
#include "router/core/rule_predicate.h"

#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "model/case_kind.h"

enum checked_by { BY_NOBODY, BY_KINDS, BY_TYPES, BY_LEVELS, BY_DIVISIONS, BY_PLACES };

static const struct field {
    const char *name;
    enum predicate_shape shape;
    enum checked_by checked_by;
} fields[RULE_FIELDS] = {
    [RULE_KIND] = {"kind", PREDICATE_TEXT, BY_KINDS},
    [RULE_TYPE_CODE] = {"type_code", PREDICATE_TEXT, BY_TYPES},
    [RULE_TYPE_LEVEL] = {"type_level", PREDICATE_STATE, BY_LEVELS},
    [RULE_REQUEST_KIND] = {"request_kind", PREDICATE_TEXT, BY_NOBODY},
    [RULE_PLACE] = {"place", PREDICATE_STATE, BY_PLACES},
    [RULE_STREET_CODE] = {"street_code", PREDICATE_TEXT, BY_DIVISIONS},
    [RULE_COMMUNITY_CODE] = {"community_code", PREDICATE_TEXT, BY_DIVISIONS},
    [RULE_ESTATE_CODE] = {"estate_code", PREDICATE_TEXT, BY_NOBODY},
    [RULE_LIMIT_CLASS] = {"limit_class", PREDICATE_TEXT, BY_NOBODY},
    [RULE_TYPE_UNDER] = {"type_under", PREDICATE_WORDS, BY_TYPES},
    [RULE_FLAGS] = {"flags", PREDICATE_WORDS, BY_NOBODY},
    [RULE_ROUND] = {"round", PREDICATE_NUMBER, BY_NOBODY},
    [RULE_OPENED_AT] = {"opened_at", PREDICATE_TIME, BY_NOBODY},
    [RULE_DUE_AT] = {"due_at", PREDICATE_TIME, BY_NOBODY},
};

const char *rule_predicate_field_name(enum rule_field field)
{
    return fields[field].name;
}

/* The type, its parent, that one's parent. */
static struct span words_of(const struct district_type *type, char *words, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < type->code_count && len + type->codes[i].len + 1 < size; i++) {
        if (i)
            words[len++] = ' ';
        memcpy(words + len, type->codes[i].at, type->codes[i].len);
        len += type->codes[i].len;
    }
    return type->code_count ? span_from(words, len) : SPAN_NONE;
}

void rule_question_read(struct rule_question *question, const struct facts *facts)
{
    const struct order *order = facts->order;
    const struct district_type *type = &facts->type;
    const struct span text[RULE_ROUND] = {
        [RULE_KIND] = order->kind,
        [RULE_TYPE_CODE] = type->code_count ? type->codes[0] : order->type_code,
        [RULE_TYPE_LEVEL] = type->level.at ? type->level : SPAN("unknown"),
        [RULE_REQUEST_KIND] = order->request_kind,
        [RULE_PLACE] = span_of(facts_place_word(facts->place.state)),
        [RULE_STREET_CODE] = facts->place.street,
        [RULE_COMMUNITY_CODE] = facts->place.community,
        [RULE_ESTATE_CODE] = order->estate_code,
        [RULE_LIMIT_CLASS] = order->limit_class.at ? order->limit_class : type->limit_class,
        [RULE_TYPE_UNDER] = words_of(type, question->types, sizeof question->types),
        [RULE_FLAGS] = order->flags,
    };
    memcpy(question->text, text, sizeof text);
    question->type = predicate_bit(text[RULE_TYPE_CODE]);
    question->level = predicate_bit(text[RULE_TYPE_LEVEL]);
    question->number[0] = order->round ? order->round : 1;
    question->number[RULE_OPENED_AT - RULE_ROUND] = order->opened_ms;
    question->number[RULE_DUE_AT - RULE_ROUND] = order->due_ms;
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

static bool has_kind(const struct kinds *kinds, struct span value)
{
    const struct case_kind *kind;
    if (!kinds || kinds_find(kinds, value))
        return true;
    bool begins = value.at[value.len - 1] == '*';
    for (size_t i = 0; begins && (kind = kinds_at(kinds, i)); i++)
        if (span_starts(span_of(kind->code), span_from(value.at, value.len - 1)))
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

/* Of one value, a YAML's scalar. */
static bool check_value(const struct field *field, struct span value, struct place place,
                        const struct district *district, struct diagnostics *diagnostics)
{
    char text[DISTRICT_CODE_BYTES];
    const char *near = NULL, *fix = NULL;
    switch (field->checked_by) {
    case BY_NOBODY: break;
    case BY_KINDS:
        if (!has_kind(district->kinds, value)) {
            fix = "use a kind of kinds/";
            near = kinds_nearest(district->kinds, value.at);
        }
        break;
    case BY_TYPES:
        if (!has_code(district->types, value)) {
            fix = "use a code of registries/request_types.csv";
            near = district_nearest(district->types, value.at, text);
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
        diagnostics_add(diagnostics, place, fix, "%s cannot be \"%.*s\"%s%s", field->name,
                        SPAN_ARG(value), near ? "; did you mean " : "", near ? near : "");
    return fix == NULL;
}

/* Each at its own place: they are read in the order of the document. */
static bool check_values(const struct field *field, const struct predicate *asked,
                         const struct yaml_node *node, const struct district *district,
                         struct diagnostics *diagnostics)
{
    const struct yaml_node *values = node->type == YAML_MAP ? node->first : node;
    const struct yaml_node *one = values->type == YAML_LIST ? values->first : values;
    bool good = true;
    for (size_t i = 0; i < asked->value_count; i++, one = one->next)
        good &= check_value(field, asked->values[i], one->place, district, diagnostics);
    return good;
}

bool rule_predicate_read(struct rule_predicate *predicate, const struct yaml_node *node,
                         const struct district *district, struct diagnostics *diagnostics)
{
    const char *names[RULE_FIELDS + 1] = {NULL};
    int found = -1;
    for (int i = 0; i < RULE_FIELDS; i++) {
        names[i] = fields[i].name;
        found = strcmp(node->key, names[i]) == 0 ? i : found;
    }
    if (found < 0 && strcmp(node->key, "type_group") == 0)
        diagnostics_add(diagnostics, node->key_place, "type_under: CODE is a type and all below it",
                        "type_group asks a view; rules name types by their codes");
    else if (found < 0)
        yaml_add_unknown(node, names, RULE_FIELDS, diagnostics);
    if (found < 0)
        return false;
    predicate->field = (enum rule_field)found;
    if (!predicate_read(&predicate->asked, node, fields[found].shape, diagnostics))
        return false;
    if (check_values(&fields[found], &predicate->asked, node, district, diagnostics))
        return true;
    predicate_fini(&predicate->asked);
    return false;
}

void rule_predicate_fini(struct rule_predicate *predicate)
{
    predicate_fini(&predicate->asked);
}

/* ---- asking ---- */

bool rule_predicate_holds(const struct rule_predicate *predicate,
                          const struct rule_question *question)
{
    if (predicate->field < RULE_ROUND)
        return predicate_holds(&predicate->asked, question->text[predicate->field]);
    int64_t number = question->number[predicate->field - RULE_ROUND];
    return number != TIMESTAMP_NONE && number >= predicate->asked.from &&
           number <= predicate->asked.to;
}

/* ---- comparing two ---- */

/* How many of a's values b has. */
static size_t shared(const struct predicate *a, const struct predicate *b)
{
    size_t count = 0;
    for (size_t i = 0; i < a->value_count; i++)
        count += predicate_names(b, a->values[i]);
    return count;
}

static bool is_presence(const struct predicate *asked)
{
    return asked->form == PREDICATE_PRESENT || asked->form == PREDICATE_ABSENT;
}

bool rule_predicate_implies(const struct rule_predicate *narrow_one,
                            const struct rule_predicate *wide_one)
{
    const struct predicate *narrow = &narrow_one->asked, *wide = &wide_one->asked;
    if (narrow->form == PREDICATE_BETWEEN)
        return narrow->from >= wide->from && narrow->to <= wide->to;
    if (wide->form == PREDICATE_PRESENT)
        return narrow->form == PREDICATE_PRESENT || narrow->form == PREDICATE_ONE_OF;
    if (is_presence(narrow) || is_presence(wide))
        return narrow->form == wide->form ||
               (narrow->form == PREDICATE_ABSENT && wide->form == PREDICATE_NONE_OF);
    if (narrow->form == PREDICATE_NONE_OF)
        return wide->form == PREDICATE_NONE_OF && shared(wide, narrow) == wide->value_count;
    /* An order has several flags and types it is under: one of them says nothing of the others. */
    if (wide->form == PREDICATE_NONE_OF)
        return !narrow->words && shared(narrow, wide) == 0;
    return shared(narrow, wide) == narrow->value_count;
}

bool rule_predicate_meets(const struct rule_predicate *one, const struct rule_predicate *other)
{
    const struct predicate *a = &one->asked, *b = &other->asked;
    if (a->form == PREDICATE_BETWEEN)
        return a->from <= b->to && b->from <= a->to;
    if (is_presence(a) || is_presence(b))
        return a->form == b->form;
    if (a->form == PREDICATE_NONE_OF && b->form == PREDICATE_NONE_OF)
        return true;
    if (a->form == PREDICATE_NONE_OF || b->form == PREDICATE_NONE_OF) {
        const struct predicate *wants = a->form == PREDICATE_NONE_OF ? b : a;
        return shared(wants, wants == a ? b : a) < wants->value_count;
    }
    return shared(a, b) > 0;
}
