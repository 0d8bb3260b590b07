/* SPDX-License-Identifier: Apache-2.0 */
/* One shape for every question, so that a new field needs no code: what a field is called and where
 * its value comes from is the asker's business. */
#include "router/core/predicate.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

/* How a field of that shape may be asked, for whoever asked otherwise. */
static const char *const fixes[] = {
    [PREDICATE_ANY] =
        "write a value, [a list], { not: … }, { flag: … }, { from: …, to: … }, present or absent",
    [PREDICATE_TEXT] = "write a value, a list or { not: … }; from and to go with numbers and times",
    [PREDICATE_STATE] =
        "write a value, a list or { not: … }; from and to go with numbers and times",
    [PREDICATE_WORDS] = "write a word, a list, { not: … } or { flag: … }",
    [PREDICATE_NUMBER] = "write { from: 2 }",
    [PREDICATE_TIME] = "write { from: 2026-03-01, to: 2026-04-01 }",
};

static bool fault(const struct yaml_node *node, const char *fix, struct span field,
                  const char *cause, struct diagnostics *diagnostics)
{
    diagnostics_add(diagnostics, node->place, fix, "%.*s %s", SPAN_ARG(field), cause);
    return false;
}

/* A scalar, or a list of them. */
static bool read_values(struct predicate *predicate, const struct yaml_node *node,
                        struct diagnostics *diagnostics)
{
    size_t most = node->type == YAML_LIST ? node->count : 1;
    const struct yaml_node *one = node->type == YAML_LIST ? node->first : node;
    if (most == 0) {
        diagnostics_add(diagnostics, node->place, "name what it may be, or leave the field out",
                        "a list of nothing matches nothing");
        return false;
    }
    predicate->values = xcalloc(most, sizeof *predicate->values);
    for (size_t i = 0; i < most; i++, one = one->next) {
        if (one->type != YAML_SCALAR || !one->text[0])
            return fault(one, "write one value, or [one, another]", predicate->field,
                         "is compared with single words", diagnostics);
        predicate->values[predicate->value_count++] = span_of(one->text);
    }
    return true;
}

static bool read_bound(enum predicate_shape shape, const struct yaml_node *node, int64_t *bound,
                       struct diagnostics *diagnostics)
{
    if (!node)
        return true;
    if (shape == PREDICATE_TIME)
        return yaml_time(node, bound, diagnostics);
    if (shape == PREDICATE_NUMBER)
        return yaml_int(node, 0, INT32_MAX, bound, diagnostics);
    if (node->type == YAML_SCALAR && span_to_millionths(span_of(node->text), bound))
        return true;
    diagnostics_add(diagnostics, node->place, "write a number", "\"%s\" is no number",
                    node->type == YAML_SCALAR ? node->text : "{…}");
    return false;
}

static bool read_between(struct predicate *predicate, const struct yaml_node *map,
                         enum predicate_shape shape, struct diagnostics *diagnostics)
{
    static const char *const known[] = {"from", "to", NULL};
    const struct yaml_node *from = yaml_get(map, "from"), *to = yaml_get(map, "to");
    predicate->form = PREDICATE_BETWEEN;
    predicate->from = INT64_MIN;
    predicate->to = INT64_MAX;
    if (!yaml_only_keys(map, known, diagnostics) ||
        !read_bound(shape, from, &predicate->from, diagnostics) ||
        !read_bound(shape, to, &predicate->to, diagnostics))
        return false;
    if (to && shape == PREDICATE_TIME)
        predicate->to--; /* its day is not meant any more */
    if (predicate->from <= predicate->to)
        return true;
    return fault(map, "write the smaller one as from:", predicate->field,
                 "is never there: from is not before to", diagnostics);
}

static bool is_measured(enum predicate_shape shape)
{
    return shape == PREDICATE_NUMBER || shape == PREDICATE_TIME;
}

static bool read_how(struct predicate *predicate, const struct yaml_node *node,
                     enum predicate_shape shape, struct diagnostics *diagnostics)
{
    const struct yaml_node *one = node->count == 1 ? node->first : NULL;
    bool is_range = yaml_get(node, "from") || yaml_get(node, "to");
    if (is_measured(shape) ? node->count > 0 : is_range && shape == PREDICATE_ANY)
        return read_between(predicate, node, shape, diagnostics);
    bool excepts = one && strcmp(one->key, "not") == 0, flag = one && strcmp(one->key, "flag") == 0;
    if ((!excepts && !flag) || is_measured(shape) ||
        (flag && shape != PREDICATE_ANY && shape != PREDICATE_WORDS))
        return fault(node, fixes[shape], predicate->field, "cannot be asked so", diagnostics);
    predicate->form = excepts ? PREDICATE_NONE_OF : PREDICATE_ONE_OF;
    predicate->words |= flag;
    return read_values(predicate, one, diagnostics);
}

static bool read_number(struct predicate *predicate, const struct yaml_node *node,
                        enum predicate_shape shape, struct diagnostics *diagnostics)
{
    predicate->form = PREDICATE_BETWEEN;
    if (shape == PREDICATE_TIME || node->type != YAML_SCALAR)
        return fault(node, fixes[shape], predicate->field, "is compared with a range", diagnostics);
    bool good = yaml_int(node, 0, INT32_MAX, &predicate->from, diagnostics);
    predicate->to = predicate->from;
    return good;
}

/* Of a word that is written plainly; false: it is a value. */
static bool read_presence(struct predicate *predicate, const struct yaml_node *node,
                          enum predicate_shape shape)
{
    bool plain = node->type == YAML_SCALAR && !node->quoted && shape != PREDICATE_STATE;
    bool present = plain && strcmp(node->text, "present") == 0;
    if (!present && (!plain || strcmp(node->text, "absent") != 0))
        return false;
    predicate->form = present ? PREDICATE_PRESENT : PREDICATE_ABSENT;
    return true;
}

static bool read(struct predicate *predicate, const struct yaml_node *node,
                 enum predicate_shape shape, struct diagnostics *diagnostics)
{
    if (node->type == YAML_MAP)
        return read_how(predicate, node, shape, diagnostics);
    if (is_measured(shape))
        return read_number(predicate, node, shape, diagnostics);
    return read_presence(predicate, node, shape) || read_values(predicate, node, diagnostics);
}

bool predicate_read(struct predicate *predicate, const struct yaml_node *node,
                    enum predicate_shape shape, struct diagnostics *diagnostics)
{
    *predicate = (struct predicate){.field = span_of(node->key), .place = node->place};
    predicate->words =
        shape == PREDICATE_WORDS || (shape == PREDICATE_ANY && span_is(predicate->field, "flags"));
    if (read(predicate, node, shape, diagnostics))
        return true;
    predicate_fini(predicate);
    return false;
}

void predicate_fini(struct predicate *predicate)
{
    free(predicate->values);
    predicate->values = NULL;
    predicate->value_count = 0;
}

static bool is_among(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

bool predicates_read(struct predicates *predicates, const struct yaml_node *map,
                     const char *const *others, struct diagnostics *diagnostics)
{
    bool good = true;
    *predicates = (struct predicates){0};
    if (!map)
        return true;
    if (map->type != YAML_MAP) {
        diagnostics_add(diagnostics, map->place, "write { field: value }", "this asks nothing");
        return false;
    }
    predicates->all = xcalloc(map->count + 1, sizeof *predicates->all);
    for (const struct yaml_node *one = map->first; one; one = one->next)
        if (!is_among(others, one->key))
            good &= predicate_read(&predicates->all[predicates->count++], one, PREDICATE_ANY,
                                   diagnostics);
    return good;
}

void predicates_fini(struct predicates *predicates)
{
    for (size_t i = 0; i < predicates->count; i++)
        predicate_fini(&predicates->all[i]);
    free(predicates->all);
    *predicates = (struct predicates){0};
}

static bool matches(struct span wanted, struct span value)
{
    if (wanted.len && wanted.at[wanted.len - 1] == '*')
        return span_starts(value, span_from(wanted.at, wanted.len - 1));
    return span_equal(wanted, value);
}

bool predicate_names(const struct predicate *predicate, struct span value)
{
    for (size_t i = 0; i < predicate->value_count; i++)
        if (matches(predicate->values[i], value))
            return true;
    return false;
}

uint64_t predicate_bit(struct span value)
{
    return UINT64_C(1) << (hash_span(value) & 63);
}

uint64_t predicate_bits(const struct predicate *predicate)
{
    uint64_t bits = 0;
    if (predicate->form != PREDICATE_ONE_OF || predicate->words)
        return UINT64_MAX;
    for (size_t i = 0; i < predicate->value_count; i++) {
        struct span value = predicate->values[i];
        if (value.len && value.at[value.len - 1] == '*')
            return UINT64_MAX;
        bits |= predicate_bit(value);
    }
    return bits;
}

static bool is_one(const struct predicate *predicate, struct span value)
{
    if (!predicate->words)
        return value.at && predicate_names(predicate, value);
    while (value.at) {
        struct span word = span_cut(&value, ' ');
        if (word.len && predicate_names(predicate, word))
            return true;
    }
    return false;
}

bool predicate_holds(const struct predicate *predicate, struct span value)
{
    int64_t number;
    switch (predicate->form) {
    case PREDICATE_ONE_OF: return is_one(predicate, value);
    case PREDICATE_NONE_OF: return !is_one(predicate, value);
    case PREDICATE_BETWEEN:
        return value.at && span_to_millionths(value, &number) && number >= predicate->from &&
               number <= predicate->to;
    case PREDICATE_PRESENT: return value.len > 0;
    case PREDICATE_ABSENT: return value.len == 0;
    }
    return false;
}

bool predicates_hold(const struct predicates *predicates, predicate_value_fn *value_of,
                     void *context)
{
    for (size_t i = 0; i < predicates->count; i++)
        if (!predicate_holds(&predicates->all[i], value_of(context, &predicates->all[i])))
            return false;
    return true;
}

const struct predicate *predicates_find(const struct predicates *predicates, const char *field)
{
    for (size_t i = 0; i < predicates->count; i++)
        if (span_is(predicates->all[i].field, field))
            return &predicates->all[i];
    return NULL;
}
