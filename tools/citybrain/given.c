/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/given.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

#define MOST_NEAR 256 /* candidates of "did you mean" */

/* False: that is enough. */
typedef bool field_fn(void *context, const struct mapping_field *field);
typedef void value_fn(void *context, struct span value);

static bool is_of_kind(const struct mapping *mapping, struct span kind)
{
    struct span rest = span_of(mapping->namespace_);
    return !kind.at || !mapping->namespace_ || span_equal(span_cut(&rest, ':'), kind);
}

static bool is_event(const struct given *given, const struct mapping *mapping,
                     const struct mapping_event *event)
{
    if (event->family != given->family)
        return false;
    if (event->family == EVENT_CASE && !is_of_kind(mapping, given->kind))
        return false;
    for (size_t i = 0; i < given->name_count; i++)
        if (span_is(given->names[i], event->name))
            return true;
    return given->name_count == 0;
}

static bool each_of_event(const struct given *given, const struct mapping_event *event,
                          field_fn *see, void *context)
{
    for (size_t i = 0; i < event->field_count; i++)
        if (span_is(given->field, event->fields[i].name) && !see(context, &event->fields[i]))
            return false;
    return true;
}

/* Of every version: what was told under an old one is asked too. */
static void each_field(const struct given *given, field_fn *see, void *context)
{
    const struct feed *feed;
    for (size_t i = 0; (feed = feeds_at(given->feeds, i)); i++)
        for (size_t v = 0; v < feed->version_count; v++)
            for (size_t e = 0; e < feed->versions[v].event_count; e++) {
                const struct mapping *mapping = &feed->versions[v];
                if (is_event(given, mapping, &mapping->events[e]) &&
                    !each_of_event(given, &mapping->events[e], see, context))
                    return;
            }
}

static bool is_open(const struct mapping_field *field)
{
    bool shown = field->class_ == MAPPING_PUBLIC || (field->class_ == MAPPING_DROP && field->words);
    return !shown || field->unknown_kept ||
           (!field->table && !field->word_count && !field->constant);
}

static void each_value(const struct mapping_field *field, value_fn *see, void *context)
{
    const char *const said[] = {field->constant, field->fallback, field->unknown};
    for (size_t i = 0; field->table && i < field->table->count; i++)
        if (field->table->pairs[i].to.at)
            see(context, field->table->pairs[i].to);
    for (size_t i = 0; i < field->word_count; i++)
        see(context, span_of(field->words[i]->name));
    for (size_t i = 0; i < ARRAY_LENGTH(said); i++)
        if (said[i])
            see(context, span_of(said[i]));
}

/* ---- may it be ---- */

struct ask {
    struct span value;
    bool has_field, found;
};

static bool is_meant(struct span wanted, struct span value)
{
    if (wanted.len && wanted.at[wanted.len - 1] == '*')
        return span_starts(value, span_from(wanted.at, wanted.len - 1));
    return span_equal(wanted, value);
}

static void ask_value(void *context, struct span value)
{
    struct ask *ask = context;
    ask->found = ask->found || is_meant(ask->value, value);
    while (!ask->found && value.len)
        ask->found = is_meant(ask->value, span_cut(&value, ' '));
}

static bool ask_field(void *context, const struct mapping_field *field)
{
    struct ask *ask = context;
    ask->has_field = true;
    if (is_open(field))
        ask->found = true;
    else
        each_value(field, ask_value, ask);
    return !ask->found;
}

bool given_may_be(const struct given *given, struct span value)
{
    struct ask ask = {.value = value};
    each_field(given, ask_field, &ask);
    return ask.found || !ask.has_field;
}

/* ---- what is near ---- */

struct near {
    char texts[MOST_NEAR][GIVEN_BYTES];
    const char *all[MOST_NEAR];
    size_t count;
};

static void near_value(void *context, struct span value)
{
    struct near *near = context;
    if (near->count == MOST_NEAR || value.len >= GIVEN_BYTES)
        return;
    near->all[near->count] = span_to_cstr(value, near->texts[near->count], GIVEN_BYTES);
    near->count++;
}

static bool near_field(void *context, const struct mapping_field *field)
{
    each_value(field, near_value, context);
    return true;
}

const char *given_nearest(const struct given *given, struct span value, char text[GIVEN_BYTES])
{
    char wanted[GIVEN_BYTES];
    struct near near;
    near.count = 0;
    each_field(given, near_field, &near);
    const char *nearest =
        diagnostics_nearest(span_to_cstr(value, wanted, sizeof wanted), near.all, near.count);
    if (!nearest)
        return NULL;
    snprintf(text, GIVEN_BYTES, "%s", nearest);
    return text;
}

void given_warn(const struct given *given, struct span value, struct place place,
                struct diagnostics *diagnostics)
{
    char text[GIVEN_BYTES], fix[256];
    if (given_may_be(given, value))
        return;
    const char *near = given_nearest(given, value, text);
    snprintf(fix, sizeof fix, "%s%s%sspell it as a feed does, or let one give it (%.*s: of feeds/)",
             near ? "did you mean " : "", near ? near : "", near ? "? Else " : "",
             SPAN_ARG(given->field));
    if (span_is(given->field, "flags"))
        diagnostics_warn(diagnostics, place, fix, "no feed gives the flag %.*s", SPAN_ARG(value));
    else
        diagnostics_warn(diagnostics, place, fix, "no feed gives %.*s the value \"%.*s\"",
                         SPAN_ARG(given->field), SPAN_ARG(value));
}
