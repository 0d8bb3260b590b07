/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/own_names.h"

#include <stdio.h>

#include "aggregator/core/title_list.h"
#include "base/timestamp.h"
#include "citybrain/moment.h"
#include "config/yaml.h"

#define KEY_BYTES 256

void own_names_load(struct own_names *names, const char *config_dir)
{
    const int64_t today = timestamp_day(moment_now_ms(), YAML_DATE_ZONE_MINUTES);
    char path[4096];
    snprintf(path, sizeof path, "%s/rules/dispatch.yaml", config_dir);
    names->classes = title_list_load_classes(path);
    names->rules = title_list_load_rules(path);
    snprintf(path, sizeof path, "%s/triggers", config_dir);
    names->triggers = title_list_load(path, "trigger");
    snprintf(path, sizeof path, "%s/registries/fields.csv", config_dir);
    names->fields = title_list_load_rows(path, "field", today, NULL);
    snprintf(path, sizeof path, "%s/registries/stations.csv", config_dir);
    names->stations = title_list_load_rows(path, "station", today, NULL);
}

void own_names_fini(struct own_names *names)
{
    title_list_free(names->classes);
    title_list_free(names->rules);
    title_list_free(names->triggers);
    title_list_free(names->fields);
    title_list_free(names->stations);
}

static struct span find(const struct title_list *list, struct span code)
{
    return list ? title_list_find(list, code, LANGUAGE_CHINESE) : SPAN_NONE;
}

bool own_names_has(const struct own_names *names, struct span member)
{
    return span_is(member, "limit_class") || span_is(member, "rule") ||
           span_is(member, "trigger") || span_is(member, "station") ||
           own_names_field(names, member).at;
}

struct span own_names_value(const struct own_names *names, struct span member, struct span value)
{
    char key[KEY_BYTES];
    if (span_is(member, "limit_class"))
        return find(names->classes, value);
    if (span_is(member, "trigger"))
        return find(names->triggers, value);
    if (span_is(member, "station"))
        return find(names->stations, value);
    if (span_is(member, "rule")) { /* a trigger gives the word that its case waits for */
        struct span rule = find(names->rules, value);
        return rule.at ? rule : find(names->triggers, value);
    }
    int len = snprintf(key, sizeof key, "%.*s:%.*s", SPAN_ARG(member), SPAN_ARG(value));
    return len < KEY_BYTES ? find(names->fields, span_from(key, (size_t)len)) : SPAN_NONE;
}

struct span own_names_field(const struct own_names *names, struct span field)
{
    return find(names->fields, field);
}
