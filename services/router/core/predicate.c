/* SPDX-License-Identifier: Apache-2.0 */
/* One shape for every question, so that a new field needs no code: what a field is called and where
 * its value comes from is the asker's business. */
#include "router/core/predicate.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FIX                                                                                        \
    "write a value, [a list], { not: … }, { flag: … }, { from: …, to: … }, present or absent"

static bool read_values(struct predicate *predicate, const struct yaml_node *node,
                        struct diagnostics *diagnostics)
{
    size_t most = node->type == YAML_LIST ? node->count : 1;
    predicate->values = xcalloc(most + 1, sizeof *predicate->values);
    if (node->type == YAML_SCALAR && node->text[0]) {
        predicate->values[predicate->value_count++] = span_of(node->text);
        return true;
    }
    const struct yaml_node *one = node->type == YAML_LIST ? node->first : NULL;
    for (; one && one->type == YAML_SCALAR && one->text[0]; one = one->next)
        predicate->values[predicate->value_count++] = span_of(one->text);
    if (!one && predicate->value_count)
        return true;
    diagnostics_add(diagnostics, one ? one->place : node->place, FIX,
                    "%.*s is compared with no value", SPAN_ARG(predicate->field));
    return false;
}

static bool read_bound(int64_t *bound, const struct yaml_node *node,
                       struct diagnostics *diagnostics)
{
    if (!node)
        return true;
    if (node->type == YAML_SCALAR && span_to_millionths(span_of(node->text), bound))
        return true;
    diagnostics_add(diagnostics, node->place, "write a number", "\"%s\" is no number",
                    node->type == YAML_SCALAR ? node->text : "{…}");
    return false;
}

static bool read_between(struct predicate *predicate, const struct yaml_node *map,
                         struct diagnostics *diagnostics)
{
    static const char *const known[] = {"from", "to", NULL};
    predicate->form = PREDICATE_BETWEEN;
    predicate->from = INT64_MIN;
    predicate->to = INT64_MAX;
    if (!yaml_only_keys(map, known, diagnostics) ||
        !read_bound(&predicate->from, yaml_get(map, "from"), diagnostics) ||
        !read_bound(&predicate->to, yaml_get(map, "to"), diagnostics))
        return false;
    if (predicate->from <= predicate->to)
        return true;
    diagnostics_add(diagnostics, map->place, "let from be the smaller one",
                    "no %.*s lies between these", SPAN_ARG(predicate->field));
    return false;
}

static bool read_how(struct predicate *predicate, const struct yaml_node *node,
                     struct diagnostics *diagnostics)
{
    static const char *const known[] = {"not", "flag", NULL};
    if (yaml_get(node, "from") || yaml_get(node, "to"))
        return read_between(predicate, node, diagnostics);
    if (!yaml_only_keys(node, known, diagnostics))
        return false;
    if (node->count != 1) {
        diagnostics_add(diagnostics, node->place, FIX, "%.*s is asked no or two things",
                        SPAN_ARG(predicate->field));
        return false;
    }
    predicate->form = yaml_get(node, "not") ? PREDICATE_NONE_OF : PREDICATE_FLAG;
    return read_values(predicate, node->first, diagnostics);
}

static bool read_predicate(struct predicate *predicate, const struct yaml_node *node,
                           struct diagnostics *diagnostics)
{
    *predicate = (struct predicate){.field = span_of(node->key), .place = node->place};
    if (node->type == YAML_MAP)
        return read_how(predicate, node, diagnostics);
    bool plain = node->type == YAML_SCALAR && !node->quoted;
    if (plain && strcmp(node->text, "present") == 0)
        predicate->form = PREDICATE_PRESENT;
    else if (plain && strcmp(node->text, "absent") == 0)
        predicate->form = PREDICATE_ABSENT;
    else
        return read_values(predicate, node, diagnostics);
    return true;
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
            good &= read_predicate(&predicates->all[predicates->count++], one, diagnostics);
    return good;
}

void predicates_fini(struct predicates *predicates)
{
    for (size_t i = 0; i < predicates->count; i++)
        free(predicates->all[i].values);
    free(predicates->all);
    *predicates = (struct predicates){0};
}

static bool matches(struct span wanted, struct span value)
{
    if (wanted.len && wanted.at[wanted.len - 1] == '*')
        return span_starts(value, span_from(wanted.at, wanted.len - 1));
    return span_equal(wanted, value);
}

static bool is_one_of(const struct predicate *predicate, struct span value)
{
    for (size_t i = 0; i < predicate->value_count; i++)
        if (matches(predicate->values[i], value))
            return true;
    return false;
}

static bool has_word_of(const struct predicate *predicate, struct span words)
{
    while (words.at) {
        struct span word = span_cut(&words, ' ');
        if (word.len && is_one_of(predicate, word))
            return true;
    }
    return false;
}

static bool is_one(const struct predicate *predicate, struct span value)
{
    return span_is(predicate->field, "flags") ? has_word_of(predicate, value)
                                              : value.at && is_one_of(predicate, value);
}

bool predicate_holds(const struct predicate *predicate, struct span value)
{
    int64_t number;
    switch (predicate->form) {
    case PREDICATE_ONE_OF: return is_one(predicate, value);
    case PREDICATE_NONE_OF: return !is_one(predicate, value);
    case PREDICATE_FLAG: return has_word_of(predicate, value);
    case PREDICATE_BETWEEN:
        return value.at && span_to_millionths(value, &number) && number >= predicate->from &&
               number <= predicate->to;
    case PREDICATE_PRESENT: return value.len > 0;
    case PREDICATE_ABSENT: return value.len == 0;
    }
    return false;
}

bool predicates_hold(const struct predicates *predicates, predicate_value_fn *value_of,
                     const void *context)
{
    for (size_t i = 0; i < predicates->count; i++)
        if (!predicate_holds(&predicates->all[i], value_of(context, predicates->all[i].field)))
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
