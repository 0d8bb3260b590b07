/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the feed is, whether it is found where one looks for it, and whether the types its tables
 * give are types that anybody decides by. */
#include "citybrain/check_feeds.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"

#define PATH_BYTES 1024

struct check {
    const struct bundle *bundle;
    struct diagnostics *diagnostics;
};

static bool is_unit(const struct check *check, struct span code)
{
    const struct registry *units = check->bundle->rule.district.units;
    return !units || registry_find(units, code, INT64_MIN);
}

static void check_owner(const struct check *check, const struct yaml_node *owner)
{
    if (owner && owner->type == YAML_SCALAR && !is_unit(check, span_of(owner->text)))
        diagnostics_add(check->diagnostics, owner->place, "a code of registries/units.csv",
                        "no unit \"%s\" to own this feed", owner->text);
}

static void check_name(const struct check *check, const struct yaml_node *feed, const char *file)
{
    struct span stem = span_from(file, strlen(file) - strlen(".yaml"));
    if (feed && feed->type == YAML_SCALAR && !span_is(stem, feed->text))
        diagnostics_warn(check->diagnostics, feed->place, "name the file after its feed",
                         "feed %s stands in %s", feed->text, file);
}

/* ---- types ---- */

static void check_type(const struct check *check, struct place place, const char *how,
                       struct span type)
{
    const struct registry *types = check->bundle->rule.district.types;
    if (types && type.len && !registry_find(types, type, INT64_MIN))
        diagnostics_add(check->diagnostics, place, "a code of registries/request_types.csv",
                        "%s gives the type_code \"%.*s\", which is no type", how, SPAN_ARG(type));
}

static void check_field(const struct check *check, struct place place,
                        const struct mapping_field *field)
{
    char how[128];
    if (strcmp(field->name, "type_code") != 0)
        return;
    check_type(check, place, "value:", span_of(field->constant));
    check_type(check, place, "default:", span_of(field->fallback));
    for (size_t i = 0; field->table && i < field->table->count; i++) {
        snprintf(how, sizeof how, "table %.90s", field->table->name);
        check_type(check, place, how, field->table->pairs[i].to);
    }
}

/* Of requests: other kinds name what they are about by registries of their own. */
static void check_types(const struct check *check, const struct mapping *mapping)
{
    struct span kind = span_of(mapping->namespace_);
    if (!kind.len || !span_is(span_cut(&kind, ':'), "request"))
        return;
    for (size_t e = 0; e < mapping->event_count; e++)
        for (size_t f = 0; f < mapping->events[e].field_count; f++)
            if (mapping->events[e].family == EVENT_CASE)
                check_field(check, mapping->events[e].place, &mapping->events[e].fields[f]);
}

/* ---- files ---- */

static int is_yaml(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && span_ends(span_of(entry->d_name), SPAN(".yaml"));
}

static void check_file(const struct check *check, const char *folder, const char *file)
{
    char path[PATH_BYTES];
    /* What is wrong with the file itself is told by who reads it for ingest. */
    struct diagnostics *unsaid = diagnostics_new();
    snprintf(path, sizeof path, "%s/feeds/%s", folder, file);
    struct yaml_document *document = yaml_load(path, unsaid);
    if (document) {
        check_owner(check, yaml_get(yaml_root(document), "owner"));
        check_name(check, yaml_get(yaml_root(document), "feed"), file);
    }
    yaml_free(document);
    diagnostics_free(unsaid);
}

void check_feeds(const struct bundle *bundle, const char *folder, struct diagnostics *diagnostics)
{
    char path[PATH_BYTES];
    struct dirent **entries = NULL;
    struct check check = {bundle, diagnostics};
    const struct feed *feed;
    snprintf(path, sizeof path, "%s/feeds", folder);
    int count = scandir(path, &entries, is_yaml, alphasort);
    for (int i = 0; i < count; i++) {
        check_file(&check, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    for (size_t i = 0; bundle->feeds && (feed = feeds_at(bundle->feeds, i)); i++)
        for (size_t v = 0; v < feed->version_count; v++)
            check_types(&check, &feed->versions[v]);
}
