/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling checks everything that can be known without an order: keys, units, classes, and whether
 * each entry can be reached and each order finds one (rules_check.c). Matching asks same-shaped
 * predicates in turn and touches no registry: the question brings what it needs. */
#include "router/core/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "router/core/rules_check.h"

static void read_classes(struct rules *rules, const struct yaml_node *classes,
                         struct diagnostics *diagnostics)
{
    const struct yaml_node *one = classes && classes->type == YAML_MAP ? classes->first : NULL;
    for (; one; one = one->next) {
        struct rule_class *read = &rules->classes[rules->class_count];
        if (rules->class_count == RULES_MOST_CLASSES) {
            diagnostics_add(diagnostics, one->key_place, "leave some out",
                            "more than %d limit classes", RULES_MOST_CLASSES);
            return;
        }
        *read = (struct rule_class){.name = one->key, .written = one->key_place};
        if (!limits_read(&read->limit, one, diagnostics))
            continue;
        yaml_name_read(&read->called, yaml_get(one, "name"), diagnostics);
        rules->class_count++;
    }
}

/* Working limits need hours and a calendar; without such a limit neither is asked for. */
static void read_working(struct rules *rules, const struct yaml_node *node,
                         const struct district *district, struct diagnostics *diagnostics)
{
    static const char *const known[] = {"hours", NULL};
    const char *text;
    rules->working.calendar = district->calendar;
    rules->working.zone_minutes = YAML_DATE_ZONE_MINUTES;
    if (node && yaml_only_keys(node, known, diagnostics) &&
        yaml_text(yaml_require(node, "hours", diagnostics), &text, diagnostics) &&
        !limits_parse_hours(&rules->working, span_of(text)))
        diagnostics_add(diagnostics, yaml_get(node, "hours")->place,
                        "write \"09:00-12:00 13:30-18:00\"", "\"%s\" are no hours of a day", text);
    for (size_t i = 0; i < rules->class_count; i++) {
        const struct rule_class *one = &rules->classes[i];
        if (one->limit.clock != LIMIT_WORKING)
            continue;
        if (!rules->working.open_count && !node)
            diagnostics_add(diagnostics, one->written,
                            "write working: { hours: \"09:00-12:00 13:30-18:00\" } beside classes:",
                            "class %s counts working time, and nothing says when that is",
                            one->name);
        else if (!district->calendar)
            diagnostics_add(diagnostics, one->written, "add registries/calendar.csv",
                            "class %s counts working days, and there is no calendar", one->name);
    }
}

static bool is_double(const struct rules *rules, const struct rule_entry *entry)
{
    for (size_t i = 0; i < rules->entry_count; i++)
        if (strcmp(rules->entries[i].id, entry->id) == 0)
            return true;
    return false;
}

static void read_entries(struct rules *rules, const struct yaml_node *entries,
                         const struct district *district, struct diagnostics *diagnostics)
{
    const struct rule_reading reading = {district, rules->classes, rules->class_count, diagnostics};
    const struct yaml_node *one = entries && entries->type == YAML_LIST ? entries->first : NULL;
    for (; one; one = one->next) {
        struct rule_entry *entry = &rules->entries[rules->entry_count];
        if (rules->entry_count == RULES_MOST_ENTRIES) {
            diagnostics_add(diagnostics, one->place, "say several with one entry",
                            "more than %d entries", RULES_MOST_ENTRIES);
            return;
        }
        if (!rule_entry_read(entry, one, &reading)) {
            rule_entry_fini(entry);
            continue;
        }
        if (is_double(rules, entry))
            diagnostics_add(diagnostics, entry->written,
                            "decisions name it: give it one of its own",
                            "another entry has the id %s", entry->id);
        rules->gates[rules->entry_count++] =
            (struct rules_gate){.types = rule_entry_bits(entry, RULE_TYPE_CODE),
                                .levels = rule_entry_bits(entry, RULE_TYPE_LEVEL),
                                .flag = rule_entry_wants_flag(entry)};
    }
}

struct rules *rules_load(const char *file, const struct district *district,
                         struct diagnostics *diagnostics)
{
    static const char *const known[] = {"rules", "working", "classes", "entries", NULL};
    size_t errors = diagnostics_errors(diagnostics);
    struct yaml_document *document = yaml_load(file, diagnostics);
    if (!document)
        return NULL;
    struct rules *rules = xcalloc(1, sizeof *rules);
    rules->document = document;
    rules->entries = xcalloc(RULES_MOST_ENTRIES, sizeof *rules->entries);
    const struct yaml_node *root = yaml_root(document);
    yaml_only_keys(root, known, diagnostics);
    read_classes(rules, yaml_get(root, "classes"), diagnostics);
    read_working(rules, yaml_get(root, "working"), district, diagnostics);
    read_entries(rules, yaml_get(root, "entries"), district, diagnostics);
    if (!yaml_get(root, "entries") || yaml_get(root, "entries")->count == 0)
        diagnostics_add(diagnostics, root->place, "write entries: - id: …", "no rule at all");
    else if (diagnostics_errors(diagnostics) == errors)
        rules_check(rules, district, diagnostics);
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
    for (size_t i = 0; i < rules->entry_count; i++)
        rule_entry_fini(&rules->entries[i]);
    free(rules->entries);
    free(rules);
}

const struct rule_class *rules_class(const struct rules *rules, struct span name)
{
    for (size_t i = 0; i < rules->class_count; i++)
        if (span_is(name, rules->classes[i].name))
            return &rules->classes[i];
    return NULL;
}

const struct rule_entry *rules_match(const struct rules *rules, size_t from,
                                     const struct rule_question *question, int64_t at_ms)
{
    bool flag = question->text[RULE_FLAGS].len > 0;
    for (size_t i = from; i < rules->entry_count; i++) {
        const struct rules_gate *gate = &rules->gates[i];
        if ((gate->types & question->type) && (gate->levels & question->level) &&
            (flag || !gate->flag) && rule_entry_holds(&rules->entries[i], question, at_ms))
            return &rules->entries[i];
    }
    return NULL;
}
