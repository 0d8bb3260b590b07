/* SPDX-License-Identifier: Apache-2.0 */
/* What a firing opens, and the words its sentence may have. A word that nothing fills would stand
 * in a task as it is written here, so it is looked for now. */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/codes.h"
#include "router/core/trigger_internal.h"

/* The first ones are numbers of the window, the others fields of its newest fact; of those behind
 * `station` the value itself is said, or what `words:` calls it. */
static const struct word {
    const char *word, *field;
} words[] = {
    {"count", NULL},
    {"distinct", NULL},
    {"within", NULL},
    {"since", NULL},
    {"until", NULL},
    {"mean", NULL},
    {"value", NULL},
    {"lasted", NULL},
    {"date", NULL},
    {"type", "type_code"},
    {"community", "community_code"},
    {"street", "street_code"},
    {"estate", "estate_code"},
    {"lead", "lead"},
    {"unit", "unit"},
    {"station", "station"},
    {"sort", "sort"},
    {"level", "level"},
    {"cause", "cause"},
    {"limit_class", "limit_class"},
    {"due_at", "due_at"},
    {"begins", "begins"},
    {"households", "households"},
    {"case", "case"},
};

/* {type_code} would say a code where {type} says a name. */
static const char *word_of_field(struct span field)
{
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (words[i].field && span_is(field, words[i].field))
            return words[i].word;
    return NULL;
}

bool trigger_word(const struct trigger *trigger, struct span word, struct span *field)
{
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (span_is(word, words[i].word)) {
            *field = words[i].field ? span_of(words[i].field) : SPAN_NONE;
            return true;
        }
    for (size_t i = 0; i < trigger->group_count; i++)
        if (span_equal(word, trigger->group[i]) && !word_of_field(word) &&
            !codes_field_is_of_caller(word)) {
            *field = trigger->group[i];
            return true;
        }
    return false;
}

static void add_unknown_word(struct trigger_reading *reading, const struct yaml_node *say,
                             struct span word)
{
    const char *known[ARRAY_LENGTH(words) + TRIGGER_MOST_GROUP];
    char text[64], fix[96];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        known[count++] = words[i].word;
    for (size_t i = 0; i < reading->trigger->group_count; i++)
        if (!codes_field_is_of_caller(reading->trigger->group[i]))
            known[count++] = reading->trigger->group[i].at;
    const char *nearest = word_of_field(word);
    span_to_cstr(word, text, sizeof text);
    if (!nearest && !codes_field_is_of_caller(word))
        nearest = diagnostics_nearest(text, known, count);
    if (nearest)
        snprintf(fix, sizeof fix, "did you mean {%s}?", nearest);
    diagnostics_add(reading->diagnostics, say->place,
                    nearest ? fix
                            : "use {count}, {distinct}, {within}, {type}, {community}, …, or a "
                              "field of group:",
                    "nothing fills {%s}", text);
}

static bool read_say(struct trigger_reading *reading, const struct yaml_node *node)
{
    struct trigger *trigger = reading->trigger;
    bool good = yaml_text(node, &trigger->open.say, reading->diagnostics);
    struct span rest = span_of(good ? trigger->open.say : ""), field;
    while (rest.at) {
        span_cut(&rest, '{');
        if (!rest.at)
            break;
        struct span word = span_cut(&rest, '}');
        if (!trigger_word(trigger, word, &field)) {
            add_unknown_word(reading, node, word);
            good = false;
        } else if (field.at && !span_is(field, "case")) {
            good &= trigger_add_field(trigger, field);
        }
    }
    return good;
}

static bool is_same(const struct yaml_node *node)
{
    return node && node->type == YAML_SCALAR && strcmp(node->text, "same") == 0;
}

static bool read_type(struct trigger_reading *reading, const struct yaml_node *node)
{
    struct trigger_open *open = &reading->trigger->open;
    open->same_type = is_same(node);
    if (!node || open->same_type)
        return true;
    if (!yaml_text(node, &open->type_code, reading->diagnostics))
        return false;
    if (registry_find(reading->district->types, span_of(open->type_code), INT64_MIN))
        return true;
    diagnostics_add(reading->diagnostics, node->place,
                    "write same, or a code of registries/request_types.csv", "no type \"%s\"",
                    open->type_code);
    return false;
}

static bool read_lead(struct trigger_reading *reading, const struct yaml_node *node)
{
    struct trigger_open *open = &reading->trigger->open;
    if (!node)
        return true;
    if (!yaml_text(node, &open->lead, reading->diagnostics))
        return false;
    if (registry_find(reading->district->units, span_of(open->lead), INT64_MIN))
        return true;
    diagnostics_add(reading->diagnostics, node->place, "use a code of registries/units.csv",
                    "no unit \"%s\"", open->lead);
    return false;
}

/* `words:` is of the sentence and stands beside open:, so many look for it here. */
static bool only_keys(const struct yaml_node *open, const char *const *known,
                      struct diagnostics *diagnostics)
{
    const struct yaml_node *aside = open->type == YAML_MAP ? yaml_get(open, "words") : NULL;
    if (!aside)
        return yaml_only_keys(open, known, diagnostics);
    diagnostics_add(diagnostics, aside->key_place, "move it to the top level of the file",
                    "words is no key of open:");
    return false;
}

bool trigger_read_open(struct trigger_reading *reading, const struct yaml_node *node)
{
    static const char *const known[] = {"type_code", "place", "lead", "limit_class", "say", NULL};
    static const char *const place[] = {"street_code", "community_code", "estate_code"};
    struct trigger *trigger = reading->trigger;
    struct diagnostics *d = reading->diagnostics;
    if (!node || !only_keys(node, known, d))
        return false;
    const struct yaml_node *where = yaml_get(node, "place"), *limit = yaml_get(node, "limit_class");
    bool good = read_type(reading, yaml_get(node, "type_code")) &
                read_lead(reading, yaml_get(node, "lead")) &
                read_say(reading, yaml_require(node, "say", d));
    trigger->open.same_place = is_same(where);
    if (where && !trigger->open.same_place) {
        diagnostics_add(d, where->place, "write place: same, or leave it out",
                        "only the facts know a place");
        good = false;
    }
    if (limit)
        good &= yaml_text(limit, &trigger->open.limit_class, d);
    if (trigger->open.same_type)
        good &= trigger_add_field(trigger, SPAN("type_code"));
    for (size_t i = 0; trigger->open.same_place && i < ARRAY_LENGTH(place); i++)
        good &= trigger_add_field(trigger, span_of(place[i]));
    return good;
}
