/* SPDX-License-Identifier: Apache-2.0 */
/* What a row tells: its events, each with the conditions under which it is told. Conditions are
 * same-shaped predicates on columns; all of them hold, alternatives are separate entries. */
#include <string.h>

#include "ingest/core/mapping_compile.h"

static bool is_word(const struct yaml_node *node, const char *word)
{
    return node->type == YAML_SCALAR && !node->quoted && strcmp(node->text, word) == 0;
}

/* present, absent, a value, or a list of values */
static void read_values(struct mapping_compiler *compiler, const struct yaml_node *node,
                        struct mapping_condition *condition)
{
    if (is_word(node, "absent"))
        condition->negated = !condition->negated;
    else if (!is_word(node, "present"))
        condition->values = mapping_compile_texts(compiler, node, &condition->value_count);
}

static bool is_number(const struct yaml_node *node)
{
    int64_t value;
    return node == NULL ||
           (node->type == YAML_SCALAR && span_to_millionths(span_of(node->text), &value));
}

static void read_predicate(struct mapping_compiler *compiler, const struct yaml_node *node,
                           struct mapping_condition *condition)
{
    static const char *const known[] = {"not", "from", "to", "flag", NULL};
    const struct yaml_node *flag = yaml_get(node, "flag"), *other = yaml_get(node, "not");
    const char *name;
    yaml_only_keys(node, known, compiler->diagnostics);
    if (node->count == 0 || ((flag || other) && node->count != 1)) {
        diagnostics_add(compiler->diagnostics, node->place,
                        "{ not: value }, { from: 1, to: 2 } or { flag: list }",
                        "a condition says one thing");
        return;
    }
    if (flag && yaml_text(flag, &name, compiler->diagnostics)) {
        condition->words = mapping_words_of(compiler, flag, name);
    } else if (other) {
        condition->negated = true;
        read_values(compiler, other, condition);
    } else {
        bool numbers = is_number(yaml_get(node, "from")) && is_number(yaml_get(node, "to"));
        mapping_field_range(compiler, node, !numbers, &condition->range);
    }
}

static void read_conditions(struct mapping_compiler *compiler, const struct yaml_node *node,
                            struct mapping_event *event)
{
    if (node == NULL)
        return;
    if (node->type != YAML_MAP) {
        diagnostics_add(compiler->diagnostics, node->place, "when: { column: present }",
                        "when is not a map");
        return;
    }
    event->conditions =
        mapping_memory_take(compiler->memory, (node->count + 1) * sizeof *event->conditions);
    for (const struct yaml_node *one = node->first; one; one = one->next) {
        struct mapping_condition *condition = &event->conditions[event->condition_count++];
        condition->column = mapping_compile_column(compiler, one, one->key);
        if (one->type == YAML_MAP)
            read_predicate(compiler, one, condition);
        else
            read_values(compiler, one, condition);
    }
}

static void read_data(struct mapping_compiler *compiler, const struct yaml_node *node,
                      struct mapping_event *event)
{
    if (node == NULL)
        return;
    if (node->type != YAML_MAP) {
        diagnostics_add(compiler->diagnostics, node->place, "data: { field: { from: column } }",
                        "data is not a map");
        return;
    }
    size_t bytes = (node->count + 1) * sizeof *event->fields;
    event->fields = mapping_memory_take(compiler->memory, bytes);
    event->withheld = mapping_memory_take(compiler->memory, bytes);
    for (const struct yaml_node *one = node->first; one; one = one->next) {
        struct mapping_field field;
        mapping_field_read(compiler, one, &field);
        if (field.class_ < MAPPING_CONTACT || field.word_count > 0)
            event->fields[event->field_count++] = field;
        else
            event->withheld[event->withheld_count++] = field;
    }
}

/* What it is, by the one key that says so. */
static void read_name(struct mapping_compiler *compiler, const struct yaml_node *node,
                      struct mapping_event *event)
{
    static const char *const words[] = {
        [EVENT_CASE] = "stage", [EVENT_OBSERVATION] = "observation", [EVENT_REGISTRY] = "registry"};
    const struct yaml_node *found = NULL;
    event->name = "";
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        const struct yaml_node *one = yaml_get(node, words[i]);
        if (one && found)
            diagnostics_add(compiler->diagnostics, one->key_place, "two entries",
                            "an event is one thing");
        if (one)
            event->family = (enum event_family)i;
        found = one ? one : found;
    }
    if (found == NULL)
        found = yaml_require(node, "stage", compiler->diagnostics);
    if (yaml_text(found, &event->name, compiler->diagnostics)) {
        size_t good = strspn(event->name, "abcdefghijklmnopqrstuvwxyz0123456789_");
        if (good == 0 || event->name[good] != 0)
            diagnostics_add(compiler->diagnostics, found->place, "a-z, 0-9 and _",
                            "%s cannot name an event", event->name);
    }
}

static void read_event(struct mapping_compiler *compiler, const struct yaml_node *node,
                       struct mapping_event *event)
{
    static const char *const known[] = {"stage", "observation", "registry", "when",
                                        "time",  "data",        NULL};
    struct diagnostics *d = compiler->diagnostics;
    event->name = "";
    event->place = node->place;
    if (node->type != YAML_MAP) {
        diagnostics_add(d, node->place, "- stage: ...", "an event is not a map");
        return;
    }
    yaml_only_keys(node, known, d);
    read_name(compiler, node, event);
    read_conditions(compiler, yaml_get(node, "when"), event);
    mapping_field_moment(compiler, yaml_require(node, "time", d), &event->time);
    read_data(compiler, yaml_get(node, "data"), event);
}

void mapping_event_read(struct mapping_compiler *compiler, const struct yaml_node *node)
{
    struct mapping *mapping = compiler->mapping;
    if (node == NULL)
        return;
    if (node->type != YAML_LIST || node->count == 0 || node->count > MAPPING_MAX_EVENTS) {
        diagnostics_add(compiler->diagnostics, node->place, "a list of 1 to 16 events",
                        "events cannot be read");
        return;
    }
    for (const struct yaml_node *one = node->first; one; one = one->next)
        read_event(compiler, one, &mapping->events[mapping->event_count++]);
}
