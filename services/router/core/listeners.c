/* SPDX-License-Identifier: Apache-2.0 */
/* One list a kind, one of observations, one of sightings, in the triggers' order. What a case's
 * event has to offer is its line and its case; a field that neither keeps would be missing from
 * every fact, so a trigger that cannot do without it is refused. */
#include "router/core/listeners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"

struct listeners {
    const struct codes *codes; /* borrowed */
    const struct kinds *kinds;
    struct listener_list *of_kinds; /* owned; as kinds_at counts */
    size_t kind_count;
    struct listener_list observations, sightings;
};

int listeners_where(struct span field, const struct codes *codes)
{
    if (span_is(field, "case"))
        return LISTEN_CASE;
    if (span_is(field, "stage"))
        return LISTEN_STAGE;
    if (span_is(field, "unit"))
        return LISTEN_UNIT;
    if (span_is(field, "party"))
        return LISTEN_PARTY;
    for (int i = 0; i < CODES_MOST_FIELDS; i++)
        if (codes_fields(codes)[i].at && span_equal(field, codes_fields(codes)[i]))
            return CASE_FIELD + i;
    int attribute = case_line_attribute(field);
    return attribute < 0 ? LISTEN_NOWHERE : attribute;
}

/* What every case keeps, beside the fields of codes.csv. */
static const char *const always[] = {"type_code", "street_code", "community_code", "lead"};

static void require(const struct listeners *listeners, const struct trigger *trigger,
                    struct span field, struct place place, struct diagnostics *diagnostics)
{
    if (!field.len || listeners_where(field, listeners->codes) != LISTEN_NOWHERE)
        return;
    char word[64], texts[CODES_MOST_FIELDS][64], fix[1024];
    const char *known[CODES_MOST_FIELDS + ARRAY_LENGTH(always)];
    size_t count = 0;
    for (; count < ARRAY_LENGTH(always); count++)
        known[count] = always[count];
    for (int i = 0; i < CODES_MOST_FIELDS; i++)
        if (codes_fields(listeners->codes)[i].at)
            known[count++] =
                span_to_cstr(codes_fields(listeners->codes)[i], texts[i], sizeof texts[i]);
    const char *near = diagnostics_nearest(span_to_cstr(field, word, sizeof word), known, count);
    size_t len =
        (size_t)snprintf(fix, sizeof fix,
                         "%s%s%sadd it to codes.csv as a field, or take "
                         "one that cases keep:",
                         near ? "did you mean " : "", near ? near : "", near ? "? Else " : "");
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(fix + len, sizeof fix - len, "%s %s", i ? "," : "", known[i]);
    diagnostics_add(diagnostics, place, fix, "trigger %s asks a case for %.*s, which no case keeps",
                    trigger->name, SPAN_ARG(field));
}

static void check(const struct listeners *listeners, const struct trigger *trigger,
                  const struct trigger_step *step, struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < trigger->group_count && !step->everywhere; i++)
        require(listeners, trigger, trigger->group[i], trigger->place, diagnostics);
    require(listeners, trigger, trigger->distinct, trigger->distinct_place, diagnostics);
    require(listeners, trigger, trigger->value, trigger->value_place, diagnostics);
    for (size_t i = 0; i < step->when.count; i++)
        require(listeners, trigger, step->when.all[i].field, step->when.all[i].place, diagnostics);
}

static struct listener *add(struct listener_list *list)
{
    list->all = xrealloc(list->all, (list->count + 1) * sizeof *list->all);
    return &list->all[list->count++];
}

static uint64_t stages_of(const struct trigger_step *step, const struct case_kind *kind)
{
    uint64_t stages = 0;
    for (size_t i = 0; i < step->name_count; i++) {
        int stage = case_kind_stage(kind, step->names[i]);
        stages |= stage < 0 ? 0 : UINT64_C(1) << stage;
    }
    return step->name_count ? stages : UINT64_MAX;
}

/* What nobody complained of is heard only by those that ask for it. */
static bool listens_to(const struct trigger_step *step, const struct case_kind *kind)
{
    return step->kind.len ? span_is(step->kind, kind->code) : strcmp(kind->code, "proactive") != 0;
}

static void add_step(struct listeners *listeners, const struct trigger *trigger,
                     const struct trigger_step *step, struct diagnostics *diagnostics)
{
    struct listener made = {.trigger = trigger, .step = step};
    for (size_t i = 0; i < trigger->group_count; i++)
        made.group[i] = listeners_where(trigger->group[i], listeners->codes);
    for (size_t i = 0; i < trigger->field_count; i++)
        made.fields[i] = listeners_where(trigger->fields[i], listeners->codes);
    made.types = UINT64_MAX;
    for (size_t i = 0; i < step->when.count; i++) {
        int where = listeners_where(step->when.all[i].field, listeners->codes);
        if (i < LISTENER_MOST_ASKED)
            made.when[i] = where;
        if (where == CASE_TYPE)
            made.types &= predicate_bits(&step->when.all[i]);
    }
    if (step->sighting) {
        *add(&listeners->sightings) = made;
        return;
    }
    if (step->family != EVENT_CASE) {
        *add(&listeners->observations) = made;
        return;
    }
    check(listeners, trigger, step, diagnostics);
    for (size_t i = 0; i < listeners->kind_count; i++) {
        const struct case_kind *kind = kinds_at(listeners->kinds, i);
        if (!listens_to(step, kind))
            continue;
        made.stages = stages_of(step, kind);
        *add(&listeners->of_kinds[i]) = made;
        listeners->of_kinds[i].stages |= made.stages;
    }
}

struct listeners *listeners_new(const struct triggers *triggers, const struct kinds *kinds,
                                const struct codes *codes, struct diagnostics *diagnostics)
{
    struct listeners *listeners = xcalloc(1, sizeof *listeners);
    size_t errors = diagnostics_errors(diagnostics);
    listeners->codes = codes;
    listeners->kinds = kinds;
    while (kinds_at(kinds, listeners->kind_count))
        listeners->kind_count++;
    listeners->of_kinds = xcalloc(listeners->kind_count + 1, sizeof *listeners->of_kinds);
    for (size_t i = 0; i < triggers_count(triggers); i++)
        for (size_t n = 0; n < triggers_at(triggers, i)->step_count; n++)
            add_step(listeners, triggers_at(triggers, i), &triggers_at(triggers, i)->steps[n],
                     diagnostics);
    if (diagnostics_errors(diagnostics) == errors)
        return listeners;
    listeners_free(listeners);
    return NULL;
}

void listeners_free(struct listeners *listeners)
{
    if (!listeners)
        return;
    for (size_t i = 0; i < listeners->kind_count; i++)
        free(listeners->of_kinds[i].all);
    free(listeners->of_kinds);
    free(listeners->observations.all);
    free(listeners->sightings.all);
    free(listeners);
}

const struct listener_list *listeners_of_kind(const struct listeners *listeners,
                                              const struct case_kind *kind)
{
    for (size_t i = 0; i < listeners->kind_count; i++)
        if (kinds_at(listeners->kinds, i) == kind)
            return &listeners->of_kinds[i];
    return &listeners->of_kinds[listeners->kind_count]; /* nobody */
}

const struct listener_list *listeners_of_observations(const struct listeners *listeners)
{
    return &listeners->observations;
}

const struct listener_list *listeners_of_sightings(const struct listeners *listeners)
{
    return &listeners->sightings;
}
