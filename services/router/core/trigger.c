/* SPDX-License-Identifier: Apache-2.0 */
/* A trigger is one file. Everything that can be known without a fact is checked here: keys, kinds,
 * stages, units, words of the sentence, and that a window which has fired is remembered for as long
 * as its facts are. */
#include "router/core/trigger.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/timestamp.h"
#include "config/yaml_folder.h"
#include "router/core/trigger_internal.h"

#define DAY_MS       INT64_C(86400000)
#define ZONE_MINUTES YAML_DATE_ZONE_MINUTES

struct triggers {
    struct trigger all[TRIGGER_MOST];
    size_t count;
    struct table names;                            /* of those */
    struct yaml_document *documents[TRIGGER_MOST]; /* owned; the triggers borrow from them */
    size_t document_count;
};

bool trigger_add_field(struct trigger *trigger, struct span field)
{
    for (size_t i = 0; i < trigger->field_count; i++)
        if (span_equal(trigger->fields[i], field))
            return true;
    if (trigger->field_count == TRIGGER_MOST_FIELDS)
        return false;
    trigger->fields[trigger->field_count++] = field;
    return true;
}

static bool read_name(const struct triggers *triggers, struct trigger_reading *reading,
                      const struct yaml_node *root)
{
    struct trigger *trigger = reading->trigger;
    struct diagnostics *d = reading->diagnostics;
    const struct yaml_node *node = yaml_require(root, "trigger", d);
    yaml_name_read(&trigger->called, yaml_require(root, "name", d), d);
    if (!yaml_text(node, &trigger->name, d) || !trigger->called.chinese)
        return false;
    size_t plain = strspn(trigger->name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (trigger->name[plain] || trigger->name[0] == '_' || plain > 48) {
        diagnostics_add(d, node->place, "write it like rain_on_past_points",
                        "a trigger cannot be called \"%s\"", trigger->name);
        return false;
    }
    if (!triggers_find(triggers, span_of(trigger->name)))
        return true;
    diagnostics_add(d, node->place, "keep one of the files",
                    "another file describes trigger %s already", trigger->name);
    return false;
}

static bool read_group(struct trigger_reading *reading, const struct yaml_node *node)
{
    struct trigger *trigger = reading->trigger;
    const char *text;
    if (!node)
        return false;
    trigger->group_place = node->place;
    if (node->type != YAML_LIST || node->count == 0 || node->count > TRIGGER_MOST_GROUP) {
        diagnostics_add(reading->diagnostics, node->place,
                        "write one to four fields: group: [community_code, type_code]",
                        "this is no group");
        return false;
    }
    for (const struct yaml_node *one = node->first; one; one = one->next) {
        if (!yaml_text(one, &text, reading->diagnostics))
            return false;
        trigger->group[trigger->group_count++] = span_of(text);
        if (strcmp(text, "case") != 0)
            trigger_add_field(trigger, span_of(text));
    }
    return true;
}

static bool read_caps(struct trigger_reading *reading, const struct yaml_node *node)
{
    static const char *const known[] = {"at_once", "per_day", NULL};
    struct trigger *trigger = reading->trigger;
    struct diagnostics *d = reading->diagnostics;
    trigger->most_at_once = 20;
    trigger->most_a_day = 100;
    if (!node)
        return true;
    const struct yaml_node *at_once = yaml_get(node, "at_once"), *day = yaml_get(node, "per_day");
    return yaml_only_keys(node, known, d) &&
           (!at_once || yaml_int(at_once, 1, 1000, &trigger->most_at_once, d)) &&
           (!day || yaml_int(day, 1, 100000, &trigger->most_a_day, d));
}

static bool read_confirm(struct trigger_reading *reading, const struct yaml_node *node)
{
    const char *text = "desk";
    if (node && !yaml_text(node, &text, reading->diagnostics))
        return false;
    reading->trigger->confirm = strcmp(text, "desk") == 0;
    if (reading->trigger->confirm || strcmp(text, "no") == 0)
        return true;
    diagnostics_add(reading->diagnostics, node->place, "write desk or no",
                    "confirm cannot be \"%s\"", text);
    return false;
}

/* How far apart two firings of a group are by themselves. */
static int64_t span_of_form(const struct trigger *trigger)
{
    switch (trigger->form) {
    case TRIGGER_COUNT:
    case TRIGGER_SEQUENCE: return trigger->within_ms;
    case TRIGGER_THRESHOLD: return trigger->for_ms;
    case TRIGGER_ABSENCE: return trigger->before_due ? DAY_MS : trigger->within_ms;
    case TRIGGER_NOTICE:
    case TRIGGER_SURGE:
    case TRIGGER_SILENCE:
    case TRIGGER_CALENDAR:
    case TRIGGER_FORMS: break;
    }
    return DAY_MS;
}

/* A window remembers WINDOW_MOST_FIRED firings; with shorter pauses it would have to forget some
 * whose facts it still has. */
static bool read_cool_down(struct trigger_reading *reading, const struct yaml_node *node)
{
    struct trigger *trigger = reading->trigger;
    trigger->cool_down_ms = span_of_form(trigger);
    return !node || yaml_duration(node, &trigger->cool_down_ms, reading->diagnostics);
}

static bool read_dates(struct trigger_reading *reading, const struct yaml_node *root)
{
    struct trigger *trigger = reading->trigger;
    const struct yaml_node *from = yaml_get(root, "valid_from"), *to = yaml_get(root, "valid_to");
    trigger->valid_from_ms = INT64_MIN;
    trigger->valid_to_ms = INT64_MAX;
    return (!from || yaml_time(from, &trigger->valid_from_ms, reading->diagnostics)) &&
           (!to || yaml_time(to, &trigger->valid_to_ms, reading->diagnostics));
}

static bool read_words(struct trigger_reading *reading, const struct yaml_node *node)
{
    reading->trigger->words = node;
    if (!node || node->type == YAML_MAP)
        return true;
    diagnostics_add(reading->diagnostics, node->place, "write words: { water: 水, power: 电 }",
                    "words is a map from codes to what they are called");
    return false;
}

static void read_trigger(struct triggers *triggers, const struct yaml_node *root,
                         const struct kinds *kinds, const struct district *district,
                         struct diagnostics *diagnostics)
{
    static const char *const known[] = {
        "trigger",  "name",      "valid_from", "valid_to", "season",  "on",      "group",
        "count",    "surge",     "sequence",   "notice",   "absence", "silence", "threshold",
        "calendar", "cool_down", "caps",       "confirm",  "open",    "words",   NULL};
    struct trigger *trigger = &triggers->all[triggers->count];
    struct trigger_reading reading = {trigger, kinds, district, diagnostics};
    size_t errors = diagnostics_errors(diagnostics);
    *trigger = (struct trigger){.place = root->place};
    bool good = yaml_only_keys(root, known, diagnostics);
    good &= read_name(triggers, &reading, root);
    good &= read_group(&reading, yaml_require(root, "group", diagnostics));
    good = good && trigger_read_form(&reading, root);
    good &= read_cool_down(&reading, yaml_get(root, "cool_down"));
    good &= read_caps(&reading, yaml_get(root, "caps"));
    good &= read_confirm(&reading, yaml_get(root, "confirm"));
    good &= read_dates(&reading, root);
    good &= read_words(&reading, yaml_get(root, "words"));
    good &= trigger_read_open(&reading, yaml_require(root, "open", diagnostics));
    trigger_shape(trigger);
    triggers->count++; /* a bad one too: what its steps own is freed with it */
    if (trigger->name)
        table_add(&triggers->names, span_of(trigger->name), trigger);
    if (!good && diagnostics_errors(diagnostics) == errors)
        diagnostics_add(diagnostics, root->place, "group by fewer fields, say less",
                        "it asks for more than %d fields of a fact", TRIGGER_MOST_FIELDS);
}

static void load_file(struct triggers *triggers, const char *path, const struct kinds *kinds,
                      const struct district *district, struct diagnostics *diagnostics)
{
    struct yaml_document *document = yaml_load(path, diagnostics);
    if (!document)
        return;
    triggers->documents[triggers->document_count++] = document;
    read_trigger(triggers, yaml_root(document), kinds, district, diagnostics);
}

struct triggers *triggers_load(const char *folder, const struct kinds *kinds,
                               const struct district *district, struct diagnostics *diagnostics)
{
    struct yaml_folder files;
    struct triggers *triggers = xcalloc(1, sizeof *triggers);
    size_t errors = diagnostics_errors(diagnostics);
    yaml_folder_read(&files, folder);
    if (files.count > TRIGGER_MOST)
        diagnostics_add(diagnostics, (struct place){folder, 0, 0}, "join or remove some",
                        "the folder holds more than %d triggers", TRIGGER_MOST);
    for (size_t i = 0; i < files.count && files.count <= TRIGGER_MOST; i++)
        load_file(triggers, files.paths[i], kinds, district, diagnostics);
    yaml_folder_fini(&files);
    if (diagnostics_errors(diagnostics) == errors)
        return triggers;
    triggers_free(triggers);
    return NULL;
}

void triggers_free(struct triggers *triggers)
{
    if (!triggers)
        return;
    for (size_t i = 0; i < triggers->count; i++)
        for (size_t k = 0; k < triggers->all[i].step_count; k++)
            predicates_fini(&triggers->all[i].steps[k].when);
    for (size_t i = 0; i < triggers->document_count; i++)
        yaml_free(triggers->documents[i]);
    table_fini(&triggers->names);
    free(triggers);
}

size_t triggers_count(const struct triggers *triggers)
{
    return triggers->count;
}

const struct trigger *triggers_at(const struct triggers *triggers, size_t index)
{
    return index < triggers->count ? &triggers->all[index] : NULL;
}

const struct trigger *triggers_find(const struct triggers *triggers, struct span name)
{
    return table_find(&triggers->names, name);
}

size_t triggers_index(const struct triggers *triggers, const struct trigger *trigger)
{
    return (size_t)(trigger - triggers->all);
}

bool trigger_is_on(const struct trigger *trigger, int64_t time_ms)
{
    const struct trigger_season *season = &trigger->season;
    struct civil civil;
    if (time_ms < trigger->valid_from_ms || time_ms >= trigger->valid_to_ms)
        return false;
    if (season->from_month == 0)
        return true;
    timestamp_to_civil(time_ms, ZONE_MINUTES, &civil);
    int from = season->from_month * 100 + season->from_day;
    int to = season->to_month * 100 + season->to_day;
    int here = civil.month * 100 + civil.day;
    return from <= to ? here >= from && here <= to : here >= from || here <= to;
}

int64_t trigger_keeps_ms(const struct trigger *trigger)
{
    switch (trigger->form) {
    case TRIGGER_COUNT:
    case TRIGGER_SEQUENCE:
    case TRIGGER_CALENDAR:
    case TRIGGER_NOTICE:
    case TRIGGER_ABSENCE: return trigger->within_ms + TRIGGER_HORIZON_MS;
    case TRIGGER_THRESHOLD: return trigger->for_ms + trigger->holds_ms + TRIGGER_HORIZON_MS;
    case TRIGGER_SURGE: return DAY_MS + TRIGGER_HORIZON_MS;
    case TRIGGER_SILENCE:
    case TRIGGER_FORMS: break;
    }
    return INT64_MAX / 4;
}
