/* SPDX-License-Identifier: Apache-2.0 */
/* One reader a form: the keys it has, what they default to, what cannot be meant. */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "model/cadence.h"
#include "router/core/trigger_internal.h"

#define DAY_MS     INT64_C(86400000)
#define LONGEST_MS (INT64_C(1100) * DAY_MS) /* three years and a few days */
#define MOST_FACTS 100                      /* as many as evidence may list */
#define MILLIONTH  INT64_C(1000000)

typedef bool read_fn(struct trigger_reading *reading, const struct yaml_node *node);

static bool fault(struct trigger_reading *reading, const struct yaml_node *node, const char *fix,
                  const char *cause)
{
    diagnostics_add(reading->diagnostics, node->place, fix, "%s", cause);
    return false;
}

/* A duration of that key; where it is not written, `otherwise`, or an error where that is 0. */
static bool read_time(struct trigger_reading *reading, const struct yaml_node *map, const char *key,
                      int64_t otherwise, int64_t *ms)
{
    const struct yaml_node *node =
        otherwise ? yaml_get(map, key) : yaml_require(map, key, reading->diagnostics);
    *ms = otherwise;
    if (!node)
        return otherwise != 0;
    if (!yaml_duration(node, ms, reading->diagnostics))
        return false;
    if (*ms > 0 && *ms <= LONGEST_MS)
        return true;
    return fault(reading, node, "write from 1s to 1100d", "no window has that length");
}

static bool read_number(struct trigger_reading *reading, const struct yaml_node *map,
                        const char *key, int64_t otherwise, int64_t most, int64_t *number)
{
    const struct yaml_node *node = yaml_get(map, key);
    *number = otherwise;
    return !node || yaml_int(node, 1, most, number, reading->diagnostics);
}

static bool read_on(struct trigger_reading *reading, const struct yaml_node *root)
{
    return trigger_read_steps(reading, yaml_require(root, "on", reading->diagnostics), TRIGGER_FACT,
                              false);
}

static bool read_millionths(struct trigger_reading *reading, const struct yaml_node *map,
                            const char *key, int64_t otherwise, int64_t *value)
{
    const struct yaml_node *node = yaml_get(map, key);
    *value = otherwise;
    if (!node || (node->type == YAML_SCALAR && span_to_millionths(span_of(node->text), value)))
        return true;
    return fault(reading, node, "write a number", "this is no number");
}

static bool read_distinct(struct trigger_reading *reading, const struct yaml_node *node)
{
    struct trigger *trigger = reading->trigger;
    if (!node)
        return true;
    if (node->type != YAML_MAP || node->count != 1)
        return fault(reading, node, "write distinct: { caller_ref: 2 }",
                     "distinct needs one field and a number");
    trigger->distinct = span_of(node->first->key);
    trigger->distinct_place = node->first->place;
    if (!yaml_int(node->first, 1, MOST_FACTS, &trigger->distinct_at_least, reading->diagnostics))
        return false;
    if (trigger->distinct_at_least > trigger->at_least)
        return fault(reading, node, "lower it, or raise at_least",
                     "so few facts are never of so many different people");
    return trigger_add_field(trigger, trigger->distinct);
}

static bool read_count(struct trigger_reading *reading, const struct yaml_node *map)
{
    static const char *const known[] = {"at_least", "distinct", "within", NULL};
    struct trigger *trigger = reading->trigger;
    return yaml_only_keys(map, known, reading->diagnostics) &&
           read_number(reading, map, "at_least", 1, MOST_FACTS, &trigger->at_least) &&
           read_time(reading, map, "within", trigger->at_least > 1 ? 0 : DAY_MS,
                     &trigger->within_ms) &&
           read_distinct(reading, yaml_get(map, "distinct"));
}

static bool read_sequence(struct trigger_reading *reading, const struct yaml_node *map)
{
    static const char *const known[] = {"first", "then", "within", "other_case", NULL};
    struct trigger *trigger = reading->trigger;
    struct diagnostics *d = reading->diagnostics;
    const struct yaml_node *other = yaml_get(map, "other_case");
    return yaml_only_keys(map, known, d) &&
           trigger_read_steps(reading, yaml_require(map, "first", d), TRIGGER_FACT, false) &&
           trigger_read_steps(reading, yaml_require(map, "then", d), TRIGGER_ANSWER, false) &&
           read_time(reading, map, "within", 0, &trigger->within_ms) &&
           (!other || yaml_bool(other, &trigger->other_case, d));
}

static bool read_notice(struct trigger_reading *reading, const struct yaml_node *map)
{
    static const char *const known[] = {"of", "at_least", "within", NULL};
    struct trigger *trigger = reading->trigger;
    return yaml_only_keys(map, known, reading->diagnostics) &&
           trigger_read_steps(reading, yaml_require(map, "of", reading->diagnostics),
                              TRIGGER_SPREAD, true) &&
           read_number(reading, map, "at_least", 1, MOST_FACTS, &trigger->at_least) &&
           read_time(reading, map, "within", 0, &trigger->within_ms);
}

static bool read_surge(struct trigger_reading *reading, const struct yaml_node *map)
{
    static const char *const known[] = {"weeks", "judged_with", "sigma", "at_least", NULL};
    struct trigger *trigger = reading->trigger;
    if (!yaml_only_keys(map, known, reading->diagnostics) ||
        !read_number(reading, map, "weeks", 8, 8, &trigger->weeks) ||
        !read_number(reading, map, "judged_with", 4, 8, &trigger->judged_with) ||
        !read_number(reading, map, "at_least", 5, 100000, &trigger->at_least) ||
        !read_millionths(reading, map, "sigma", 3 * MILLIONTH, &trigger->sigma_millionths))
        return false;
    if (trigger->judged_with > trigger->weeks)
        return fault(reading, map, "let judged_with be at most weeks",
                     "it asks for more weeks than it looks at");
    if (trigger->sigma_millionths < 0 || trigger->sigma_millionths > 100 * MILLIONTH)
        return fault(reading, map, "write sigma: 3", "sigma lies between 0 and 100");
    return true;
}

static bool read_share(struct trigger_reading *reading, const struct yaml_node *map)
{
    static const char *const known[] = {"share", "at_most", NULL};
    struct trigger *trigger = reading->trigger;
    if (map->type != YAML_MAP)
        return fault(reading, map, "write by: { share: 0.2, at_most: 4h }",
                     "it does not say how long before the due");
    return yaml_only_keys(map, known, reading->diagnostics) &&
           read_millionths(reading, map, "share", MILLIONTH / 5, &trigger->share_millionths) &&
           read_time(reading, map, "at_most", 4 * (DAY_MS / 24), &trigger->at_most_ms);
}

static bool read_absence(struct trigger_reading *reading, const struct yaml_node *map)
{
    static const char *const known[] = {"of", "within", "before", "by", NULL};
    struct trigger *trigger = reading->trigger;
    struct diagnostics *d = reading->diagnostics;
    const struct yaml_node *before = yaml_get(map, "before");
    if (!yaml_only_keys(map, known, d) ||
        !trigger_read_steps(reading, yaml_require(map, "of", d), TRIGGER_ANSWER, false))
        return false;
    if (!before == !yaml_get(map, "within"))
        return fault(reading, map, "write within: 48h, or before: due_at with by: { share: 0.2 }",
                     "an absence needs one of within: and before:");
    if (!before)
        return read_time(reading, map, "within", 0, &trigger->within_ms);
    trigger->before_due = true;
    if (before->type != YAML_SCALAR || strcmp(before->text, "due_at") != 0)
        return fault(reading, before, "write before: due_at", "only due_at can be waited for");
    const struct yaml_node *by = yaml_require(map, "by", d);
    return by && read_share(reading, by) && trigger_add_field(trigger, SPAN("due_at"));
}

static bool read_silence(struct trigger_reading *reading, const struct yaml_node *map)
{
    static const char *const known[] = {"cadences", NULL};
    struct trigger *trigger = reading->trigger;
    if (trigger->group_count != 1 || !span_is(trigger->group[0], "station"))
        return fault(reading, map, "write group: [station]", "silence is a station's");
    trigger->steps[trigger->step_count++] =
        (struct trigger_step){.role = TRIGGER_FACT, .sighting = true};
    return yaml_only_keys(map, known, reading->diagnostics) &&
           read_number(reading, map, "cadences", CADENCE_SILENT_AFTER, 1000, &trigger->cadences) &&
           trigger_add_field(trigger, SPAN("via"));
}

static bool read_threshold(struct trigger_reading *reading, const struct yaml_node *map)
{
    static const char *const known[] = {"field", "above", "below", "for", "holds", NULL};
    struct trigger *trigger = reading->trigger;
    const char *field = NULL;
    if (!yaml_only_keys(map, known, reading->diagnostics) ||
        !yaml_text(yaml_require(map, "field", reading->diagnostics), &field,
                   reading->diagnostics) ||
        !read_millionths(reading, map, "above", INT64_MIN, &trigger->above) ||
        !read_millionths(reading, map, "below", INT64_MAX, &trigger->below) ||
        !read_time(reading, map, "for", 0, &trigger->for_ms) ||
        !read_time(reading, map, "holds", trigger->for_ms, &trigger->holds_ms))
        return false;
    if ((trigger->above == INT64_MIN) == (trigger->below == INT64_MAX))
        return fault(reading, map, "write above: 50, or below: 5",
                     "a threshold needs one of above: and below:");
    trigger->value = span_of(field);
    trigger->value_place = yaml_get(map, "field")->place;
    return trigger_add_field(trigger, trigger->value);
}

static bool read_date(struct trigger_reading *reading, const struct yaml_node *node, int *month,
                      int *day)
{
    int64_t ms;
    struct civil civil;
    char text[32];
    if (node && node->type == YAML_SCALAR) {
        snprintf(text, sizeof text, "2024-%.20s", node->text); /* a leap year: 02-29 is a day */
        if (timestamp_parse(span_of(text), "%Y-%m-%d", 0, &ms)) {
            timestamp_to_civil(ms, 0, &civil);
            *month = civil.month;
            *day = civil.day;
            return true;
        }
    }
    return node && fault(reading, node, "write month and day: 11-15", "this is no day of the year");
}

static bool read_calendar(struct trigger_reading *reading, const struct yaml_node *map)
{
    static const char *const known[] = {"every_year", "at_least", "within", NULL};
    struct trigger *trigger = reading->trigger;
    return yaml_only_keys(map, known, reading->diagnostics) &&
           read_date(reading, yaml_require(map, "every_year", reading->diagnostics),
                     &trigger->month, &trigger->day) &&
           read_number(reading, map, "at_least", 1, MOST_FACTS, &trigger->at_least) &&
           read_time(reading, map, "within", 365 * DAY_MS, &trigger->within_ms);
}

static const struct form {
    const char *key;
    bool listens; /* has `on:` */
    read_fn *read;
} forms[TRIGGER_FORMS] = {
    [TRIGGER_COUNT] = {"count", true, read_count},
    [TRIGGER_SEQUENCE] = {"sequence", false, read_sequence},
    [TRIGGER_NOTICE] = {"notice", true, read_notice},
    [TRIGGER_SURGE] = {"surge", true, read_surge},
    [TRIGGER_ABSENCE] = {"absence", true, read_absence},
    [TRIGGER_SILENCE] = {"silence", false, read_silence},
    [TRIGGER_THRESHOLD] = {"threshold", true, read_threshold},
    [TRIGGER_CALENDAR] = {"calendar", true, read_calendar},
};

const char *trigger_form_name(enum trigger_form form)
{
    return forms[form].key;
}

static bool read_season(struct trigger_reading *reading, const struct yaml_node *node)
{
    static const char *const known[] = {"from", "to", NULL};
    struct trigger_season *season = &reading->trigger->season;
    struct diagnostics *d = reading->diagnostics;
    return !node ||
           (yaml_only_keys(node, known, d) &&
            read_date(reading, yaml_require(node, "from", d), &season->from_month,
                      &season->from_day) &&
            read_date(reading, yaml_require(node, "to", d), &season->to_month, &season->to_day));
}

bool trigger_read_form(struct trigger_reading *reading, const struct yaml_node *root)
{
    const struct yaml_node *node = NULL;
    int form = TRIGGER_FORMS;
    for (int i = 0; i < TRIGGER_FORMS; i++) {
        const struct yaml_node *here = yaml_get(root, forms[i].key);
        if (here && node)
            return fault(reading, here, "make two triggers of it", "a trigger has one form");
        form = here ? i : form;
        node = here ? here : node;
    }
    if (!node)
        return fault(reading, root,
                     "write one of count:, sequence:, notice:, surge:, absence:, silence:, "
                     "threshold: and calendar:",
                     "it does not say when it fires");
    if (node->type != YAML_MAP)
        return fault(reading, node, "write its keys: count: { at_least: 3, within: 7d }",
                     "a form is a map");
    reading->trigger->form = (enum trigger_form)form;
    const struct yaml_node *on = yaml_get(root, "on");
    if (on && !forms[form].listens)
        return fault(reading, on, "strike it out", "this form listens to what it says itself");
    return (!forms[form].listens || read_on(reading, root)) && forms[form].read(reading, node) &&
           read_season(reading, yaml_get(root, "season"));
}
