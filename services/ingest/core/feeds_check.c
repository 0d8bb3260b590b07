/* SPDX-License-Identifier: Apache-2.0 */
/* A word that two files must spell alike is found wrong by neither alone. Names of fields are open,
 * a feed may tell what nobody asked for: wrong is what is nearly a name that means something. */
#include "ingest/core/feeds_check.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/utf8.h"
#include "config/yaml.h"

#define MOST_NAMES 128
#define TYPE_BYTES 64

struct check {
    const struct feeds_known *known;
    struct diagnostics *diagnostics;
    const char *names[MOST_NAMES]; /* of fields */
    size_t name_count;
    char texts[CODES_MOST_FIELDS][64]; /* those of codes.csv */
    bool is_request;                   /* the mapping that is looked at */
};

/* ---- the feed ---- */

static void check_owner(const struct check *check, const struct feed *feed)
{
    const struct registry *units = check->known->units;
    if (units && feed->owner[0] && !registry_find(units, span_of(feed->owner), INT64_MIN))
        diagnostics_add(check->diagnostics, feed->owner_place, "a code of registries/units.csv",
                        "no unit \"%s\" to own this feed", feed->owner);
}

/* Who looks for a feed looks for its file. */
static void check_file(const struct check *check, const struct feed *feed)
{
    const char *slash = strrchr(feed->id_place.file, '/');
    const char *file = slash ? slash + 1 : feed->id_place.file;
    size_t len = strlen(feed->id);
    if (strncmp(file, feed->id, len) != 0 || strcmp(file + len, ".yaml") != 0)
        diagnostics_add(check->diagnostics, feed->id_place, "name the file after its feed",
                        "feed %s stands in %s", feed->id, file);
}

/* ---- stages ---- */

static void check_stages(const struct mapping *mapping, const struct kinds *kinds,
                         struct diagnostics *diagnostics)
{
    struct span rest = span_of(mapping->namespace_);
    struct span code = span_cut(&rest, ':');
    const struct case_kind *kind = kinds_find(kinds, code);
    for (size_t i = 0; i < mapping->event_count; i++) {
        const struct mapping_event *event = &mapping->events[i];
        if (event->family != EVENT_CASE)
            continue;
        if (kind == NULL) {
            diagnostics_add(diagnostics, mapping->place, "add it under kinds/", "no kind %.*s",
                            SPAN_ARG(code));
            return;
        }
        if (case_kind_stage(kind, span_of(event->name)) < 0)
            diagnostics_add(diagnostics, event->place, "a stage of its kind",
                            "kind %s has no stage %s", kind->code, event->name);
    }
}

bool feeds_check_kinds(const struct feeds *feeds, const struct kinds *kinds,
                       struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics);
    const struct feed *feed;
    for (size_t i = 0; (feed = feeds_at(feeds, i)); i++)
        for (size_t v = 0; v < feed->version_count; v++)
            if (feed->versions[v].namespace_ != NULL)
                check_stages(&feed->versions[v], kinds, diagnostics);
    return diagnostics_errors(diagnostics) == errors;
}

/* ---- types ---- */

static void nearest_type(const struct check *check, const char *type, char near[TYPE_BYTES])
{
    const struct registry *lists[] = {check->known->types, check->known->items};
    const struct registry_row *row;
    *near = '\0';
    for (size_t list = 0; list < ARRAY_LENGTH(lists); list++)
        for (size_t i = 0; lists[list] && (row = registry_at(lists[list], i)); i++) {
            char code[TYPE_BYTES];
            span_to_cstr(registry_cell(lists[list], row, "code"), code, sizeof code);
            const char *const two[] = {near, code};
            if (diagnostics_nearest(type, two, ARRAY_LENGTH(two)) == code)
                snprintf(near, TYPE_BYTES, "%s", code);
        }
}

/* Another kind may have types of its own: they get a row where all can look them up. */
static void warn_type(const struct check *check, struct place place, const char *how,
                      struct span type)
{
    const struct feeds_known *known = check->known;
    char word[TYPE_BYTES], near[TYPE_BYTES], fix[192];
    if (!known->warns || !known->items || registry_find(known->items, type, INT64_MIN))
        return;
    nearest_type(check, span_to_cstr(type, word, sizeof word), near);
    snprintf(fix, sizeof fix, "%s%s%sa code of registries/request_types.csv or service_items.csv",
             *near ? "did you mean " : "", near, *near ? "? Else " : "");
    diagnostics_warn(check->diagnostics, place, fix,
                     "%s gives the type_code \"%.*s\", which no registry has", how, SPAN_ARG(type));
}

static void check_type(const struct check *check, struct place place, const char *how,
                       struct span type)
{
    const struct registry *types = check->known->types;
    if (!types || !type.len || registry_find(types, type, INT64_MIN))
        return;
    if (check->is_request)
        diagnostics_add(check->diagnostics, place, "a code of registries/request_types.csv",
                        "%s gives the type_code \"%.*s\", which is no type", how, SPAN_ARG(type));
    else
        warn_type(check, place, how, type);
}

static bool is_in_feed(const struct mapping_table *table)
{
    return table->written && table->written->type == YAML_MAP && !yaml_get(table->written, "file");
}

/* The table's own line where it is written in the feed. */
static struct place place_of(const struct mapping_table *table, struct span to, struct place place)
{
    const struct yaml_node *one = table->written;
    if (is_in_feed(table))
        for (one = one->first; one; one = one->next)
            if (one->type == YAML_SCALAR && span_is(to, one->text))
                return one->place;
    return table->written ? table->written->place : place;
}

/* In a file of its own it is found by the word it stands for. */
static void name_row(char *how, size_t size, const struct mapping_table *table, struct span from)
{
    int len = snprintf(how, size, "table %.90s", table->name);
    if (!is_in_feed(table))
        snprintf(how + len, size - (size_t)len, ", for \"%.*s\",", (int)utf8_cut(from, 60),
                 from.at);
}

static void check_types(const struct check *check, const struct mapping_field *field)
{
    const struct mapping_table *table = field->table;
    char how[192];
    if (strcmp(field->name, "type_code") != 0)
        return;
    check_type(check, field->place, "const:", span_of(field->constant));
    check_type(check, field->place, "default:", span_of(field->fallback));
    bool is_asked = table && (check->is_request || table->written); /* of a registry: it has them */
    for (size_t i = 0; is_asked && i < table->count; i++) {
        name_row(how, sizeof how, table, table->pairs[i].from);
        check_type(check, place_of(table, table->pairs[i].to, field->place), how,
                   table->pairs[i].to);
    }
}

/* ---- names of fields ---- */

/* What a case keeps, what a rule, a view or a page asks for, and words so like one of them that
 * they would be taken for its misspelling. */
static const char *const known_names[] = {
    "request_kind", "type_code",    "street_code", "community_code", "estate_code", "lead",
    "due_at",       "limit_class",  "result_code", "aliases",        "flags",       "caller_ref",
    "co_unit",      "sub_unit",     "to_unit",     "outcome",        "level",       "parent",
    "child",        "same_as",      "part_of",     "grew_from",      "valid",       "contacted",
    "solved",       "satisfaction", "contact",     "content",        "channel",     "station",
    "line",         "accepted_in",  "address",     "label",
};

static void gather_names(struct check *check)
{
    for (size_t i = 0; i < ARRAY_LENGTH(known_names); i++)
        check->names[check->name_count++] = known_names[i];
    for (int number = 1; check->known->codes && number <= CODES_MOST_FIELDS; number++) {
        struct span name = codes_text(check->known->codes, CODE_FIELD, number);
        if (name.at)
            check->names[check->name_count++] =
                span_to_cstr(name, check->texts[number - 1], sizeof check->texts[0]);
    }
}

static bool is_known(const struct check *check, const char *name)
{
    for (size_t i = 0; i < check->name_count; i++)
        if (strcmp(check->names[i], name) == 0)
            return true;
    return false;
}

static void check_name(const struct check *check, const struct mapping_field *field)
{
    char fix[192];
    if (is_known(check, field->name)) /* nearly all are; the nearest is dear to find */
        return;
    const char *near = diagnostics_nearest(field->name, check->names, check->name_count);
    if (!near)
        return;
    snprintf(fix, sizeof fix,
             "did you mean %s? a name of your own gets a row of space field in codes.csv", near);
    diagnostics_add(check->diagnostics, field->place, fix, "%s is no field that anybody asks for",
                    field->name);
}

/* ---- all of it ---- */

/* Only a request must be about a type of request_types.csv; observations name their fields
 * themselves. */
static void check_mapping(struct check *check, const struct mapping *mapping)
{
    struct span kind = span_of(mapping->namespace_);
    check->is_request = kind.len && span_is(span_cut(&kind, ':'), "request");
    for (size_t e = 0; e < mapping->event_count; e++) {
        const struct mapping_event *event = &mapping->events[e];
        for (size_t f = 0; event->family == EVENT_CASE && f < event->field_count; f++) {
            check_name(check, &event->fields[f]);
            check_types(check, &event->fields[f]);
        }
    }
}

bool feeds_check(const struct feeds *feeds, const struct feeds_known *known,
                 struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics);
    struct check check = {.known = known, .diagnostics = diagnostics};
    const struct feed *feed;
    gather_names(&check);
    if (known->kinds)
        feeds_check_kinds(feeds, known->kinds, diagnostics);
    for (size_t i = 0; (feed = feeds_at(feeds, i)); i++) {
        check_owner(&check, feed);
        check_file(&check, feed);
        for (size_t v = 0; v < feed->version_count; v++)
            check_mapping(&check, &feed->versions[v]);
    }
    return diagnostics_errors(diagnostics) == errors;
}
