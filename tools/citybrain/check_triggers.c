/* SPDX-License-Identifier: Apache-2.0 */
/* Observations are known by the feeds that make them, their fields by those feeds' newest versions.
 */
#include "citybrain/check_triggers.h"

#include <stdio.h>

#include "base/base.h"
#include "citybrain/given.h"

#define MOST_NAMES 256

struct names {
    const char *all[MOST_NAMES];
    size_t count;
};

static void add_name(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->all[i], name) == 0)
            return;
    if (names->count < MOST_NAMES)
        names->all[names->count++] = name;
}

static bool has_name(const struct names *names, struct span name)
{
    for (size_t i = 0; i < names->count; i++)
        if (span_is(name, names->all[i]))
            return true;
    return false;
}

static void add_fields(struct names *fields, const struct mapping_event *event)
{
    for (size_t i = 0; i < event->field_count; i++)
        add_name(fields, event->fields[i].name);
}

/* Of observations: their names, or of the step's the fields. */
static void gather(const struct feeds *feeds, const struct trigger_step *step,
                   struct names *observations, struct names *fields)
{
    const struct feed *feed;
    for (size_t i = 0; (feed = feeds_at(feeds, i)); i++) {
        const struct mapping *newest = &feed->versions[feed->version_count - 1];
        for (size_t k = 0; k < newest->event_count; k++) {
            const struct mapping_event *event = &newest->events[k];
            if (event->family != EVENT_OBSERVATION)
                continue;
            add_name(observations, event->name);
            for (size_t n = 0; n < step->name_count; n++)
                if (span_is(step->names[n], event->name))
                    add_fields(fields, event);
        }
    }
}

static void add_unknown(struct diagnostics *diagnostics, struct place place, struct span word,
                        const struct names *known, const char *before, const char *behind)
{
    char text[128], fix[256] = "";
    const char *nearest =
        diagnostics_nearest(span_to_cstr(word, text, sizeof text), known->all, known->count);
    if (nearest)
        snprintf(fix, sizeof fix, "did you mean %s?", nearest);
    else
        snprintf(fix, sizeof fix, "see config/feeds");
    diagnostics_add(diagnostics, place, fix, "%s \"%s\"%s", before, text, behind);
}

static void check_observation(const struct feeds *feeds, const struct trigger *trigger,
                              const struct trigger_step *step, struct diagnostics *diagnostics)
{
    struct names observations = {.count = 0}, fields = {.count = 0};
    gather(feeds, step, &observations, &fields);
    for (size_t i = 0; i < step->name_count; i++)
        if (!has_name(&observations, step->names[i]))
            add_unknown(diagnostics, step->place, step->names[i], &observations,
                        "no feed tells an observation", "");
    if (!fields.count)
        return; /* it was told already */
    for (size_t i = 0; i < step->when.count; i++)
        if (!has_name(&fields, step->when.all[i].field))
            add_unknown(diagnostics, step->when.all[i].place, step->when.all[i].field, &fields,
                        "no feed's observation of that name has a field", "");
    if (trigger->value.len && step->role != TRIGGER_ANSWER && !has_name(&fields, trigger->value))
        add_unknown(diagnostics, trigger->value_place, trigger->value, &fields, "it measures",
                    ", which its observation does not have");
    if (trigger->distinct.len && step->role != TRIGGER_ANSWER &&
        !has_name(&fields, trigger->distinct))
        add_unknown(diagnostics, trigger->distinct_place, trigger->distinct, &fields,
                    "it counts different values of", ", which its observation does not have");
    for (size_t i = 0; !step->everywhere && i < trigger->group_count; i++)
        if (!has_name(&fields, trigger->group[i]) && !span_is(trigger->group[i], "case"))
            add_unknown(diagnostics, trigger->group_place, trigger->group[i], &fields,
                        "it groups by", ", which its observation does not have");
}

static bool is_type(const struct registry *types, struct span wanted)
{
    const struct registry_row *row;
    if (!wanted.len || wanted.at[wanted.len - 1] != '*')
        return registry_find(types, wanted, INT64_MIN) != NULL;
    for (size_t i = 0; (row = registry_at(types, i)); i++)
        if (span_starts(registry_cell(types, row, "code"), span_from(wanted.at, wanted.len - 1)))
            return true;
    return false;
}

static void add_no_type(const struct registry *types, struct span value, struct place place,
                        struct diagnostics *diagnostics)
{
    char word[DISTRICT_CODE_BYTES], text[DISTRICT_CODE_BYTES];
    const char *near = district_nearest(types, span_to_cstr(value, word, sizeof word), text);
    diagnostics_add(diagnostics, place,
                    "use a code of registries/request_types.csv, or the beginning of some and a *",
                    "no type \"%.*s\"%s%s", SPAN_ARG(value), near ? "; did you mean " : "",
                    near ? near : "");
}

static void check_types(const struct registry *types, const struct predicates *when,
                        struct diagnostics *diagnostics)
{
    const struct predicate *asked = predicates_find(when, "type_code");
    for (size_t i = 0; asked && i < asked->value_count; i++)
        if (!is_type(types, asked->values[i]))
            add_no_type(types, asked->values[i], asked->place, diagnostics);
}

/* Of a case what it keeps comes from feeds alone; the rest the router may have stamped. */
static void check_values(const struct bundle *bundle, const struct trigger_step *step,
                         struct diagnostics *diagnostics)
{
    struct given given = {.feeds = bundle->feeds, .family = step->family, .kind = step->kind};
    if (step->family == EVENT_OBSERVATION) {
        given.names = step->names;
        given.name_count = step->name_count;
    }
    for (size_t i = 0; i < step->when.count; i++) {
        const struct predicate *asked = &step->when.all[i];
        given.field = asked->field;
        if (step->family == EVENT_CASE && !codes_number(bundle->codes, CODE_FIELD, asked->field))
            continue;
        for (size_t v = 0; v < asked->value_count; v++)
            given_warn(&given, asked->values[v], asked->place, diagnostics);
    }
}

void check_triggers(const struct bundle *bundle, struct diagnostics *diagnostics)
{
    const struct trigger *trigger;
    for (size_t i = 0; bundle->rule.triggers && (trigger = triggers_at(bundle->rule.triggers, i));
         i++)
        for (size_t k = 0; k < trigger->step_count; k++) {
            const struct trigger_step *step = &trigger->steps[k];
            if (step->family == EVENT_OBSERVATION && !step->sighting && bundle->feeds)
                check_observation(bundle->feeds, trigger, step, diagnostics);
            if (!step->sighting && bundle->feeds && bundle->codes)
                check_values(bundle, step, diagnostics);
            if (bundle->rule.district.types)
                check_types(bundle->rule.district.types, &step->when, diagnostics);
        }
}
