/* SPDX-License-Identifier: Apache-2.0 */
/* The name is taken before and after the files are read: a folder that somebody is writing to while
 * we read would give a bundle no name stands for. */
#include "router/core/rule_bundle.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model/bundle_hash.h"

#define PATH_BYTES 4096

/* What a timer sends to a unit that there is not would wait for ever for its topic. */
static void check_timers(const struct kinds *kinds, const struct district *district,
                         struct diagnostics *diagnostics)
{
    const struct case_kind *kind;
    for (size_t i = 0; (kind = kinds_at(kinds, i)); i++)
        for (size_t j = 0; j < kind->timer_count; j++) {
            const struct kind_timer *timer = &kind->timers[j];
            char text[DISTRICT_CODE_BYTES];
            if (!timer->to || district_has_unit(district, span_of(timer->to), INT64_MIN))
                continue;
            const char *near = district_nearest(district->units, timer->to, text);
            diagnostics_add(diagnostics, timer->to_place,
                            "use a code of registries/units.csv, or leave to: out, then it goes to "
                            "the lead",
                            "timer %s is for \"%s\", and there is no such unit%s%s", timer->name,
                            timer->to, near ? "; did you mean " : "", near ? near : "");
        }
}

/* Nothing is decided by it, but it is part of what the bundle's name stands for: a bundle in force
 * is one that all daemons can read. */
static void check_unread(const char *config_dir, const char *name, struct diagnostics *diagnostics)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/registries/%s.csv", config_dir, name);
    if (access(path, F_OK) == 0)
        registry_free(registry_load(path, diagnostics));
}

static void read_parts(struct rule_bundle *bundle, const char *config_dir,
                       const struct kinds *kinds, struct diagnostics *diagnostics)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/registries/calendar.csv", config_dir);
    if (access(path, F_OK) != 0)
        diagnostics_add(diagnostics, (struct place){path, 0, 0}, "copy it from a new configuration",
                        "there is no calendar of holidays");
    check_unread(config_dir, "fields", diagnostics);
    check_unread(config_dir, "service_items", diagnostics);
    if (!district_load(&bundle->district, config_dir, diagnostics))
        return;
    bundle->district.kinds = kinds;
    if (kinds)
        check_timers(kinds, &bundle->district, diagnostics);
    snprintf(path, sizeof path, "%s/rules/dispatch.yaml", config_dir);
    bundle->rules = rules_load(path, &bundle->district, diagnostics);
    snprintf(path, sizeof path, "%s/registries/stations.csv", config_dir);
    bundle->stations = stations_load(path, diagnostics);
    snprintf(path, sizeof path, "%s/triggers", config_dir);
    if (kinds)
        bundle->triggers = triggers_load(path, kinds, &bundle->district, diagnostics);
    if (bundle->triggers)
        bundle->listeners = listeners_new(bundle->triggers, kinds, kinds_codes(kinds), diagnostics);
}

bool rule_bundle_load(struct rule_bundle *bundle, const char *config_dir, const struct kinds *kinds,
                      struct diagnostics *diagnostics)
{
    char before[DIGEST_ID_LEN + 1];
    size_t errors = diagnostics_errors(diagnostics);
    *bundle = (struct rule_bundle){0};
    bool named = bundle_hash(before, config_dir, diagnostics);
    read_parts(bundle, config_dir, kinds, diagnostics);
    named = named && bundle_hash(bundle->hash, config_dir, diagnostics);
    if (named && strcmp(before, bundle->hash) != 0)
        diagnostics_add(diagnostics, (struct place){config_dir, 0, 0},
                        "read it again when it is complete", "was written to while it was read");
    return diagnostics_errors(diagnostics) == errors;
}

void rule_bundle_fini(struct rule_bundle *bundle)
{
    listeners_free(bundle->listeners);
    triggers_free(bundle->triggers);
    stations_free(bundle->stations);
    rules_free(bundle->rules);
    district_fini(&bundle->district);
    *bundle = (struct rule_bundle){0};
}
