/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is wrong with an entry is told at once, each at its place. */
#include "router/core/rule_entry.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/case_kind.h"
#include "router/core/reason.h"

static const char *const dispositions[DISPOSITIONS + 1] = {
    [DISPOSITION_DISPATCH] = "dispatch",
    [DISPOSITION_TRANSFER_EMERGENCY] = "transfer_emergency",
    [DISPOSITION_LEGAL_TRACK] = "legal_track",
    [DISPOSITION_DUPLICATE_INFORMED] = "duplicate_informed",
    [DISPOSITION_EXPLAIN_SECRET] = "explain_secret",
    [DISPOSITION_OUT_OF_SCOPE] = "out_of_scope",
    [DISPOSITION_EDUCATE] = "educate",
};

const char *rule_entry_disposition(enum disposition disposition)
{
    return dispositions[disposition];
}

static void read_when(struct rule_entry *entry, const struct yaml_node *when,
                      const struct rule_reading *reading)
{
    if (when->type != YAML_MAP || when->count > RULE_MOST_PREDICATES) {
        diagnostics_add(reading->diagnostics, when->place,
                        "write { type_level: street, place: known }", "when: takes 1 to %d fields",
                        RULE_MOST_PREDICATES);
        return;
    }
    for (const struct yaml_node *one = when->first; one; one = one->next)
        entry->when_count += rule_predicate_read(&entry->when[entry->when_count], one,
                                                 reading->district, reading->diagnostics);
}

static void read_targets(struct rule_targets *targets, const struct yaml_node *node,
                         const struct rule_reading *reading)
{
    if (!node)
        return;
    if (node->type != YAML_LIST || node->count > RULE_MOST_UNITS) {
        diagnostics_add(reading->diagnostics, node->place, "write [{ street_of: place }]",
                        "%s: takes a list of at most %d owners", node->key, RULE_MOST_UNITS);
        return;
    }
    for (const struct yaml_node *one = node->first; one; one = one->next)
        targets->count += rule_target_read(&targets->list[targets->count], one, reading->district,
                                           reading->diagnostics);
}

static void read_disposition(struct rule_entry *entry, const struct yaml_node *node,
                             struct diagnostics *diagnostics)
{
    const char *text;
    if (!node || !yaml_text(node, &text, diagnostics))
        return;
    for (int i = 0; i < DISPOSITIONS; i++)
        if (strcmp(text, dispositions[i]) == 0) {
            entry->disposition = (enum disposition)i;
            return;
        }
    const char *near = diagnostics_nearest(text, dispositions, DISPOSITIONS);
    diagnostics_add(diagnostics, node->place,
                    "write dispatch, transfer_emergency, legal_track, duplicate_informed, "
                    "explain_secret, out_of_scope or educate",
                    "no disposition \"%s\"%s%s", text, near ? "; did you mean " : "",
                    near ? near : "");
}

static void read_limit(struct rule_entry *entry, const struct yaml_node *node,
                       const struct rule_reading *reading)
{
    const char *name;
    if (!node || !yaml_text(node, &name, reading->diagnostics))
        return;
    for (size_t i = 0; i < reading->class_count; i++)
        if (strcmp(reading->classes[i].name, name) == 0)
            entry->limit = &reading->classes[i];
    if (!entry->limit)
        diagnostics_add(reading->diagnostics, node->place,
                        "declare it under classes:", "no limit class \"%s\"", name);
}

/* A reason is owed to everybody who gets the order. */
static void read_say(struct rule_entry *entry, const struct yaml_node *then,
                     struct diagnostics *diagnostics)
{
    const struct yaml_node *say = yaml_get(then, "say");
    if (!say || say->type != YAML_SCALAR || !say->text[0]) {
        diagnostics_add(diagnostics, say ? say->place : then->place, "write say: \"…由{lead}办理\"",
                        "a decision needs its reason");
        return;
    }
    entry->say = say->text;
    reason_check(span_of(say->text), say->place, diagnostics);
}

static void read_owners(struct rule_entry *entry, const struct yaml_node *then,
                        const struct rule_reading *reading)
{
    const struct yaml_node *lead = yaml_get(then, "lead"), *to = yaml_get(then, "to");
    const struct yaml_node *guide = yaml_get(then, "guide");
    if (!lead == !to)
        diagnostics_add(reading->diagnostics, then->place,
                        "write one of lead: and to:", "a rule needs one owner");
    else
        rule_target_read(&entry->lead, lead ? lead : to, reading->district, reading->diagnostics);
    if (guide)
        rule_target_read(&entry->guide, guide, reading->district, reading->diagnostics);
    read_targets(&entry->co_units, yaml_get(then, "co"), reading);
    read_targets(&entry->copies, yaml_get(then, "copy"), reading);
    read_targets(&entry->others, yaml_get(then, "alternatives"), reading);
}

/* The desk lists what it is asked by these words. */
static void read_desk_cause(struct rule_entry *entry, const struct yaml_node *node,
                            struct diagnostics *diagnostics)
{
    static const char *const causes[] = {"unclassified", "fallback", "two_leads", "emergency"};
    const char *text;
    if (!node || !yaml_text(node, &text, diagnostics))
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(causes); i++)
        if (strcmp(text, causes[i]) == 0)
            entry->desk_cause = causes[i];
    const char *near = diagnostics_nearest(text, causes, ARRAY_LENGTH(causes));
    if (!entry->desk_cause)
        diagnostics_add(diagnostics, node->place,
                        "write unclassified, fallback, two_leads or emergency",
                        "the desk is not asked \"%s\"%s%s", text, near ? "; did you mean " : "",
                        near ? near : "");
}

static void read_then(struct rule_entry *entry, const struct yaml_node *then,
                      const struct rule_reading *reading)
{
    static const char *const known[] = {"lead",       "to",          "guide", "co",
                                        "copy",       "disposition", "class", "alternatives",
                                        "desk_cause", "say",         NULL};
    struct diagnostics *diagnostics = reading->diagnostics;
    if (then->type != YAML_MAP) {
        diagnostics_add(diagnostics, then->place, "write { lead: …, say: … }",
                        "then: says who leads and why");
        return;
    }
    if (!yaml_only_keys(then, known, diagnostics))
        return;
    read_owners(entry, then, reading);
    read_disposition(entry, yaml_get(then, "disposition"), diagnostics);
    read_limit(entry, yaml_get(then, "class"), reading);
    read_desk_cause(entry, yaml_get(then, "desk_cause"), diagnostics);
    read_say(entry, then, diagnostics);
}

/* By `kind:`. An entry without it is for all kinds, those that have helpers among them. */
static bool names_kind(const struct rule_entry *entry, const struct case_kind *kind)
{
    for (size_t i = 0; i < entry->when_count; i++)
        if (entry->when[i].field == RULE_KIND && entry->when[i].asked.form == PREDICATE_ONE_OF)
            return predicate_holds(&entry->when[i].asked, span_of(kind->code));
    return false;
}

/* Itself, not by its beginning as `p*` does, which may be meant for others. */
static bool spells_kind(const struct rule_entry *entry, const struct case_kind *kind)
{
    for (size_t i = 0; i < entry->when_count; i++) {
        const struct predicate *asked = &entry->when[i].asked;
        if (entry->when[i].field != RULE_KIND || asked->form != PREDICATE_ONE_OF)
            continue;
        for (size_t j = 0; j < asked->value_count; j++)
            if (span_is(asked->values[j], kind->code))
                return true;
    }
    return false;
}

/* A helper is one by the stage that says so: of a case that cannot come to it, its order would end
 * as it is given. */
static void check_helped(const struct rule_entry *entry, const struct yaml_node *co,
                         const struct case_kind *kind, struct diagnostics *diagnostics)
{
    int stage = case_kind_stage(kind, SPAN("co_assigned"));
    char fix[256];
    if (stage >= 0 && (kind->stages[stage].parties >> kind->party.router & 1))
        return;
    snprintf(fix, sizeof fix,
             stage < 0 ? "add `co_assigned: { rank: 50, by: [desk, router], after: [dispatched], "
                         "needs: [co_unit] }` to the stages of kinds/%s.yaml, or use copy:"
                       : "add router to the by: of co_assigned in kinds/%s.yaml, or use copy:",
             kind->code);
    diagnostics_add(diagnostics, co->place, fix,
                    "entry %s makes the router say co_assigned, %s kind %s", entry->id,
                    stage < 0 ? "and there is no such stage in" : "who may not in", kind->code);
}

static bool may_dispatch(const struct case_kind *kind)
{
    return kind->dispatched >= 0 &&
           kind->stages[kind->dispatched].parties >> kind->party.router & 1;
}

static void say_missing(const struct case_kind *kind, char *fix, size_t size)
{
    snprintf(fix, size,
             kind->dispatched >= 0
                 ? "add router to the by: of dispatched in kinds/%s.yaml"
                 : "add `dispatched: { rank: 20, by: [router], after: [opened] }` to the stages "
                   "of kinds/%s.yaml",
             kind->code);
}

/* What leads a case, the desk too, does so by `dispatched`: of a kind without it the router never
 * decides, and nothing else tells that the entry is for nobody. */
static void check_dispatched(const struct rule_entry *entry, const struct case_kind *kind,
                             struct diagnostics *diagnostics)
{
    bool is_there = kind->dispatched >= 0;
    char fix[192];
    if (may_dispatch(kind))
        return;
    say_missing(kind, fix, sizeof fix);
    diagnostics_add(
        diagnostics, entry->written, fix, "entry %s dispatches kind %s, %s", entry->id, kind->code,
        is_there ? "where the router may not say dispatched" : "which has no stage dispatched");
}

/* Of a beginning one kind that may be dispatched is enough: the others lie beside it. */
static void check_beginning(const struct rule_entry *entry, struct span value,
                            const struct kinds *kinds, struct diagnostics *diagnostics)
{
    const struct case_kind *kind, *first = NULL;
    char fix[192];
    for (size_t i = 0; (kind = kinds_at(kinds, i)); i++) {
        if (!span_starts(span_of(kind->code), span_from(value.at, value.len - 1)))
            continue;
        if (may_dispatch(kind))
            return;
        first = first ? first : kind;
    }
    if (!first)
        return;
    say_missing(first, fix, sizeof fix);
    diagnostics_add(diagnostics, entry->written, fix,
                    "entry %s dispatches kinds %.*s, and of none of them the router may say "
                    "dispatched",
                    entry->id, SPAN_ARG(value));
}

static void check_beginnings(const struct rule_entry *entry, const struct kinds *kinds,
                             struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < entry->when_count; i++) {
        const struct predicate *asked = &entry->when[i].asked;
        if (entry->when[i].field != RULE_KIND || asked->form != PREDICATE_ONE_OF)
            continue;
        for (size_t j = 0; j < asked->value_count; j++)
            if (asked->values[j].at[asked->values[j].len - 1] == '*')
                check_beginning(entry, asked->values[j], kinds, diagnostics);
    }
}

static void check_kinds(const struct rule_entry *entry, const struct yaml_node *then,
                        const struct rule_reading *reading)
{
    const struct kinds *kinds = reading->district->kinds;
    const struct case_kind *kind;
    for (size_t i = 0; kinds && (kind = kinds_at(kinds, i)); i++) {
        if (spells_kind(entry, kind))
            check_dispatched(entry, kind, reading->diagnostics);
        if (entry->co_units.count && names_kind(entry, kind))
            check_helped(entry, yaml_get(then, "co"), kind, reading->diagnostics);
    }
    if (kinds)
        check_beginnings(entry, kinds, reading->diagnostics);
}

static void read_dates(struct rule_entry *entry, const struct yaml_node *node,
                       struct diagnostics *diagnostics)
{
    const struct yaml_node *from = yaml_get(node, "valid_from"), *to = yaml_get(node, "valid_to");
    if (from)
        yaml_time(from, &entry->valid_from_ms, diagnostics);
    if (to)
        yaml_time(to, &entry->valid_to_ms, diagnostics);
    if (to && entry->valid_from_ms >= entry->valid_to_ms)
        diagnostics_add(diagnostics, to->place, "valid_to is the first day it no longer holds",
                        "valid_to is not after valid_from");
}

bool rule_entry_read(struct rule_entry *entry, const struct yaml_node *node,
                     const struct rule_reading *reading)
{
    static const char *const known[] = {"id",   "name", "valid_from", "valid_to",
                                        "when", "then", NULL};
    struct diagnostics *diagnostics = reading->diagnostics;
    size_t errors = diagnostics_errors(diagnostics);
    *entry = (struct rule_entry){
        .written = node->place, .valid_from_ms = INT64_MIN, .valid_to_ms = INT64_MAX, .say = ""};
    const struct yaml_node *id = node->type == YAML_MAP ? yaml_get(node, "id") : NULL;
    const struct yaml_node *then = node->type == YAML_MAP ? yaml_get(node, "then") : NULL;
    if (!id || !then || id->type != YAML_SCALAR) {
        diagnostics_add(diagnostics, node->place,
                        "write id: and then:", "an entry needs an id and a decision");
        return false;
    }
    if (!yaml_only_keys(node, known, diagnostics))
        return false;
    entry->id = id->text;
    entry->written = id->place;
    yaml_name_read(&entry->called, yaml_get(node, "name"), diagnostics);
    read_dates(entry, node, diagnostics);
    if (yaml_get(node, "when"))
        read_when(entry, yaml_get(node, "when"), reading);
    read_then(entry, then, reading);
    check_kinds(entry, then, reading);
    return diagnostics_errors(diagnostics) == errors;
}

void rule_entry_fini(struct rule_entry *entry)
{
    for (size_t i = 0; i < entry->when_count; i++)
        rule_predicate_fini(&entry->when[i]);
}

uint64_t rule_entry_bits(const struct rule_entry *entry, enum rule_field field)
{
    uint64_t bits = UINT64_MAX;
    for (size_t i = 0; i < entry->when_count; i++)
        if (entry->when[i].field == field)
            bits &= predicate_bits(&entry->when[i].asked);
    return bits;
}

bool rule_entry_wants_flag(const struct rule_entry *entry)
{
    for (size_t i = 0; i < entry->when_count; i++) {
        enum predicate_form form = entry->when[i].asked.form;
        if (entry->when[i].field == RULE_FLAGS &&
            (form == PREDICATE_ONE_OF || form == PREDICATE_PRESENT))
            return true;
    }
    return false;
}

bool rule_entry_holds(const struct rule_entry *entry, const struct rule_question *question,
                      int64_t at_ms)
{
    if (at_ms < entry->valid_from_ms || at_ms >= entry->valid_to_ms)
        return false;
    for (size_t i = 0; i < entry->when_count; i++)
        if (!rule_predicate_holds(&entry->when[i], question))
            return false;
    return true;
}
