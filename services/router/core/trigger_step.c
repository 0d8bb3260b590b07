/* SPDX-License-Identifier: Apache-2.0 */
/* What a trigger listens to. Kinds and stages are known, so a wrong one is found here and not by
 * waiting for it in vain; a trigger hears of proactive cases only where it names them, or firings
 * would make firings. */
#include <string.h>

#include "base/base.h"
#include "router/core/trigger_internal.h"

static const char *const step_keys[] = {"kind", "stage", "observation", NULL};

static bool add_name(struct trigger_reading *reading, struct trigger_step *step,
                     const struct yaml_node *node)
{
    const char *text;
    if (!yaml_text(node, &text, reading->diagnostics))
        return false;
    if (step->name_count == TRIGGER_MOST_NAMES) {
        diagnostics_add(reading->diagnostics, node->place, "write a second entry of the list",
                        "more than %d names in one entry", TRIGGER_MOST_NAMES);
        return false;
    }
    step->names[step->name_count++] = span_of(text);
    return true;
}

static bool read_names(struct trigger_reading *reading, struct trigger_step *step,
                       const struct yaml_node *node)
{
    bool good = true;
    if (node->type != YAML_LIST)
        return add_name(reading, step, node);
    for (const struct yaml_node *one = node->first; one; one = one->next)
        good &= add_name(reading, step, one);
    return good;
}

/* The stage of that kind, or of any kind where none is named. */
static bool is_stage(const struct kinds *kinds, struct span kind, struct span stage)
{
    const struct case_kind *one;
    for (size_t i = 0; (one = kinds_at(kinds, i)); i++)
        if ((!kind.at || span_is(kind, one->code)) && case_kind_stage(one, stage) >= 0)
            return true;
    return false;
}

/* A stage of that kind, or of any, that the misspelt word may mean, or NULL. */
static const char *nearest_stage(const struct kinds *kinds, struct span kind, struct span word)
{
    const char *names[CASE_KIND_MAX_STAGES], *nearest = NULL;
    char text[64];
    const struct case_kind *one;
    span_to_cstr(word, text, sizeof text);
    for (size_t i = 0; !nearest && (one = kinds_at(kinds, i)); i++) {
        if (kind.at && !span_is(kind, one->code))
            continue;
        for (size_t k = 0; k < one->stage_count; k++)
            names[k] = one->stages[k].name;
        nearest = diagnostics_nearest(text, names, one->stage_count);
    }
    return nearest;
}

static bool check_stages(struct trigger_reading *reading, const struct trigger_step *step,
                         const struct yaml_node *node)
{
    bool good = true;
    for (size_t i = 0; i < step->name_count; i++) {
        if (is_stage(reading->kinds, step->kind, step->names[i]))
            continue;
        const char *near = nearest_stage(reading->kinds, step->kind, step->names[i]);
        diagnostics_add(reading->diagnostics, node->place, "use a stage of kinds/",
                        "%s%.*s has no stage \"%.*s\"%s%s", step->kind.at ? "kind " : "no kind",
                        SPAN_ARG(step->kind), SPAN_ARG(step->names[i]),
                        near ? "; did you mean " : "", near ? near : "");
        good = false;
    }
    return good;
}

static bool read_case(struct trigger_reading *reading, struct trigger_step *step,
                      const struct yaml_node *node)
{
    const struct yaml_node *kind = yaml_get(node, "kind"), *stage = yaml_get(node, "stage");
    const char *text;
    step->family = EVENT_CASE;
    if (kind) {
        if (!yaml_text(kind, &text, reading->diagnostics))
            return false;
        step->kind = span_of(text);
        if (!kinds_find(reading->kinds, step->kind)) {
            const char *near = kinds_nearest(reading->kinds, text);
            diagnostics_add(reading->diagnostics, kind->place, "use a kind of kinds/",
                            "no kind \"%s\"%s%s", text, near ? "; did you mean " : "",
                            near ? near : "");
            return false;
        }
    }
    return !stage || (read_names(reading, step, stage) && check_stages(reading, step, stage));
}

static bool read_step(struct trigger_reading *reading, const struct yaml_node *node,
                      struct trigger_step *step)
{
    const struct yaml_node *observation =
        node->type == YAML_MAP ? yaml_get(node, "observation") : NULL;
    bool says_case = node->type == YAML_MAP && (yaml_get(node, "kind") || yaml_get(node, "stage"));
    if (!observation == !says_case) {
        diagnostics_add(
            reading->diagnostics, node->place,
            "write { kind: request, stage: opened, … } or { observation: weather_alert, … }",
            "it does not say what to listen to");
        return false;
    }
    step->family = EVENT_OBSERVATION;
    step->place = observation ? observation->place : node->place;
    bool good =
        observation ? read_names(reading, step, observation) : read_case(reading, step, node);
    return predicates_read(&step->when, node, step_keys, reading->diagnostics) && good;
}

bool trigger_read_steps(struct trigger_reading *reading, const struct yaml_node *node,
                        enum trigger_role role, bool everywhere)
{
    struct trigger *trigger = reading->trigger;
    bool good = true;
    if (!node)
        return false;
    const struct yaml_node *one = node->type == YAML_LIST ? node->first : node;
    for (; one; one = node->type == YAML_LIST ? one->next : NULL) {
        if (trigger->step_count == TRIGGER_MOST_STEPS) {
            diagnostics_add(reading->diagnostics, one->place, "make two triggers of it",
                            "more than %d things to listen to", TRIGGER_MOST_STEPS);
            return false;
        }
        struct trigger_step *step = &trigger->steps[trigger->step_count++];
        *step = (struct trigger_step){.role = role, .everywhere = everywhere};
        good &= read_step(reading, one, step);
    }
    return good;
}

const struct trigger_step *trigger_step(const struct trigger *trigger, uint32_t key)
{
    for (size_t i = 0; i < trigger->step_count; i++)
        if (trigger->steps[i].key == key)
            return &trigger->steps[i];
    return NULL;
}
