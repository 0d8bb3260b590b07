/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling checks everything that can be known without an order: keys, units, classes. Matching
 * asks same-shaped predicates in turn and touches no registry: the question brings what it needs.
 */
#include "router/core/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"

static void read_class(struct rules *rules, const struct yaml_node *node,
                       struct diagnostics *diagnostics)
{
    static const char *const known[] = {"hours", "days", "clock", NULL};
    int64_t hours = 0, days = 0;
    if (!yaml_only_keys(node, known, diagnostics) ||
        rules->class_count == ARRAY_LENGTH(rules->classes))
        return;
    if (yaml_get(node, "hours"))
        yaml_int(yaml_get(node, "hours"), 1, 10000, &hours, diagnostics);
    if (yaml_get(node, "days"))
        yaml_int(yaml_get(node, "days"), 1, 1000, &days, diagnostics);
    rules->classes[rules->class_count++] =
        (struct rule_class){node->key, (hours + days * 24) * 3600000};
}

static bool read_target(struct rule_target *target, const struct yaml_node *node,
                        const struct district *district, struct diagnostics *diagnostics)
{
    if (node->type == YAML_SCALAR) {
        *target = (struct rule_target){RULE_OWNER_UNIT, node->text};
        if (registry_find(district->units, span_of(node->text), INT64_MIN))
            return true;
        diagnostics_add(diagnostics, node->place, "use a code of registries/units.csv",
                        "no unit \"%s\"", node->text);
        return false;
    }
    const struct yaml_node *how = node->type == YAML_MAP ? node->first : NULL;
    if (how && strcmp(how->key, "street_of") == 0)
        *target = (struct rule_target){RULE_OWNER_STREET, NULL};
    else if (how && strcmp(how->key, "unit_of") == 0)
        *target = (struct rule_target){RULE_OWNER_TYPE, NULL};
    else
        diagnostics_add(diagnostics, node->place,
                        "write a unit's code, { street_of: place } or { unit_of: type_code }",
                        "this names no owner");
    return target->owner != RULE_OWNER_NONE;
}

static void read_when(struct rule_entry *entry, const struct yaml_node *when,
                      struct diagnostics *diagnostics)
{
    static const char *const known[] = {"type_level", "type_code", "place", "flags", NULL};
    if (!when || !yaml_only_keys(when, known, diagnostics))
        return;
    entry->type_level = yaml_get(when, "type_level");
    entry->type_code = yaml_get(when, "type_code");
    entry->flags = yaml_get(when, "flags");
    const struct yaml_node *place = yaml_get(when, "place");
    if (!place)
        return;
    entry->place = strcmp(place->text, "known") == 0 ? 1 : -1;
    if (entry->place < 0 && strcmp(place->text, "unknown") != 0)
        diagnostics_add(diagnostics, place->place, "write known or unknown", "place is \"%s\"",
                        place->text);
}

static void read_then(struct rules *rules, struct rule_entry *entry, const struct yaml_node *then,
                      const struct district *district, struct diagnostics *diagnostics)
{
    static const char *const known[] = {"lead", "to", "copy", "guide", "class", "say", NULL};
    if (!yaml_only_keys(then, known, diagnostics))
        return;
    const struct yaml_node *lead = yaml_get(then, "lead"), *to = yaml_get(then, "to");
    const struct yaml_node *guide = yaml_get(then, "guide"), *copy = yaml_get(then, "copy");
    const struct yaml_node *limit = yaml_get(then, "class"), *say = yaml_get(then, "say");
    if (!lead == !to)
        diagnostics_add(diagnostics, then->place,
                        "write one of lead: and to:", "a rule needs one owner");
    else
        read_target(&entry->lead, lead ? lead : to, district, diagnostics);
    if (guide)
        read_target(&entry->guide, guide, district, diagnostics);
    for (const struct yaml_node *one = copy ? copy->first : NULL; one && entry->copy_count < RULE_MOST_UNITS;
         one = one->next)
        read_target(&entry->copies[entry->copy_count++], one, district, diagnostics);
    entry->class_name = limit ? limit->text : NULL;
    if (limit && !rules_class(rules, span_of(limit->text)))
        diagnostics_add(diagnostics, limit->place,
                        "declare it under classes:", "no limit class \"%s\"", limit->text);
    entry->say = say ? say->text : "";
}

static void read_entry(struct rules *rules, const struct yaml_node *node,
                       const struct district *district, struct diagnostics *diagnostics)
{
    static const char *const known[] = {"id", "valid_from", "valid_to", "when", "then", NULL};
    if (!yaml_only_keys(node, known, diagnostics))
        return;
    const struct yaml_node *id = yaml_get(node, "id"), *then = yaml_get(node, "then");
    if (!id || !then || rules->entry_count == ARRAY_LENGTH(rules->entries)) {
        diagnostics_add(diagnostics, node->place, "write id: and then: (at most 128 entries)",
                        "an entry needs an id and a decision");
        return;
    }
    struct rule_entry *entry = &rules->entries[rules->entry_count++];
    *entry =
        (struct rule_entry){.id = id->text, .valid_from_ms = INT64_MIN, .valid_to_ms = INT64_MAX};
    if (yaml_get(node, "valid_from"))
        yaml_time(yaml_get(node, "valid_from"), &entry->valid_from_ms, diagnostics);
    if (yaml_get(node, "valid_to"))
        yaml_time(yaml_get(node, "valid_to"), &entry->valid_to_ms, diagnostics);
    read_when(entry, yaml_get(node, "when"), diagnostics);
    read_then(rules, entry, then, district, diagnostics);
}

struct rules *rules_load(const char *file, const struct district *district,
                         struct diagnostics *diagnostics)
{
    static const char *const known[] = {"rules", "classes", "entries", NULL};
    size_t errors = diagnostics_errors(diagnostics);
    struct yaml_document *document = yaml_load(file, diagnostics);
    if (!document)
        return NULL;
    struct rules *rules = xcalloc(1, sizeof *rules);
    rules->document = document;
    const struct yaml_node *root = yaml_root(document);
    yaml_only_keys(root, known, diagnostics);
    const struct yaml_node *classes = yaml_get(root, "classes"),
                           *entries = yaml_get(root, "entries");
    for (const struct yaml_node *one = classes ? classes->first : NULL; one; one = one->next)
        read_class(rules, one, diagnostics);
    for (const struct yaml_node *one = entries ? entries->first : NULL; one; one = one->next)
        read_entry(rules, one, district, diagnostics);
    if (rules->entry_count == 0)
        diagnostics_add(diagnostics, root->place, "write entries: - id: …", "no rule at all");
    if (diagnostics_errors(diagnostics) == errors)
        return rules;
    rules_free(rules);
    return NULL;
}

void rules_free(struct rules *rules)
{
    if (!rules)
        return;
    yaml_free(rules->document);
    free(rules);
}

const struct rule_class *rules_class(const struct rules *rules, struct span name)
{
    for (size_t i = 0; i < rules->class_count; i++)
        if (span_is(name, rules->classes[i].name))
            return &rules->classes[i];
    return NULL;
}

/* A scalar, or a list of which one must be. */
static bool is_one_of(const struct yaml_node *wanted, struct span value)
{
    if (!wanted)
        return true;
    if (wanted->type == YAML_SCALAR)
        return value.at && span_is(value, wanted->text);
    for (const struct yaml_node *one = wanted->first; one; one = one->next)
        if (value.at && span_is(value, one->text))
            return true;
    return false;
}

static bool has_flag(const struct yaml_node *wanted, struct span flags)
{
    if (!wanted)
        return true;
    while (flags.at)
        if (is_one_of(wanted, span_cut(&flags, ' ')))
            return true;
    return false;
}

const struct rule_entry *rules_match(const struct rules *rules,
                                     const struct rule_question *question)
{
    for (size_t i = 0; i < rules->entry_count; i++) {
        const struct rule_entry *entry = &rules->entries[i];
        bool place = entry->place == 0 || (entry->place > 0) == question->place_known;
        bool dated =
            question->at_ms >= entry->valid_from_ms && question->at_ms < entry->valid_to_ms;
        if (place && dated && is_one_of(entry->type_level, question->type_level) &&
            is_one_of(entry->type_code, question->type_code) &&
            has_flag(entry->flags, question->flags))
            return entry;
    }
    return NULL;
}
