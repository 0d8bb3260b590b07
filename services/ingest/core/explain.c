/* SPDX-License-Identifier: Apache-2.0 */
/* The item is cut into cells once more; then the mapping is walked as the normaliser walks it, by
 * the same functions. What a field became is read out of the event itself, so that no second
 * account of a value can differ from the first. */
#include "ingest/core/explain.h"

#include <stdio.h>

#include "ingest/core/normalise_internal.h"

struct walk {
    struct item *item;
    const struct normalise_result *result;
    struct strbuf *out;
    bool shown[MAPPING_MAX_COLUMNS]; /* the column's text may stand in an event */
};

static void add_name(struct strbuf *out, const char *name)
{
    char last = out->len ? out->at[out->len - 1] : '{';
    if (last != '{' && last != '[' && last != ',')
        strbuf_add_char(out, ',');
    strbuf_add_json(out, span_of(name));
    strbuf_add_char(out, ':');
}

static void add_text(struct strbuf *out, const char *name, struct span text)
{
    add_name(out, name);
    if (text.at)
        strbuf_add_json(out, text);
    else
        strbuf_add(out, SPAN("null"));
}

static void add_bool(struct strbuf *out, const char *name, bool value)
{
    add_name(out, name);
    strbuf_add(out, value ? SPAN("true") : SPAN("false"));
}

static void begin_object(struct strbuf *out)
{
    strbuf_add(out, out->len && out->at[out->len - 1] == '}' ? SPAN(",{") : SPAN("{"));
}

static size_t characters(struct span text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    return count;
}

/* A column's text, or how long it is where it is not shown. */
static void add_cell(struct walk *walk, int column, struct span text)
{
    if (text.at == NULL || walk->shown[column]) {
        add_text(walk->out, "text", text);
        return;
    }
    add_name(walk->out, "withheld");
    strbuf_add_int(walk->out, (int64_t)characters(text));
}

static void show_columns(bool *shown, const int *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        shown[columns[i]] = true;
}

void explain_columns(const struct mapping *mapping, bool shown[MAPPING_MAX_COLUMNS])
{
    for (size_t i = 0; i < mapping->column_count; i++)
        shown[i] = false;
    show_columns(shown, mapping->numbers, mapping->number_count);
    show_columns(shown, mapping->identity, mapping->identity_count);
    show_columns(shown, mapping->revision.columns, mapping->revision.column_count);
    for (size_t i = 0; i < mapping->alias_count; i++)
        shown[mapping->aliases[i].column] = true;
    for (size_t e = 0; e < mapping->event_count; e++) {
        const struct mapping_event *event = &mapping->events[e];
        show_columns(shown, event->time.columns, event->time.column_count);
        for (size_t i = 0; i < event->field_count; i++)
            if (event->fields[i].class_ == MAPPING_PUBLIC && event->fields[i].word_count == 0)
                show_columns(shown, event->fields[i].columns, event->fields[i].column_count);
    }
}

static void find_shown(struct walk *walk, bool private_too)
{
    const struct mapping *mapping = walk->item->mapping;
    explain_columns(mapping, walk->shown);
    for (size_t i = 0; private_too && i < mapping->column_count; i++)
        walk->shown[i] = true;
}

static void write_cell(struct walk *walk, int column)
{
    const struct mapping *mapping = walk->item->mapping;
    struct strbuf *out = walk->out;
    begin_object(out);
    add_text(out, "column", span_of(mapping->columns[column]));
    if (mapping->format == MAPPING_CSV) {
        add_name(out, "number");
        strbuf_add_int(out, walk->item->normalise->decode.cell_of[column]);
    }
    add_cell(walk, column, walk->item->cells[column]);
    add_bool(out, "missing", normalise_value_cell(walk->item, column).at == NULL);
    strbuf_add_char(out, '}');
}

/* A row's in the order of its header. */
static void write_cells(struct walk *walk)
{
    const struct mapping *mapping = walk->item->mapping;
    const struct decode *decode = &walk->item->normalise->decode;
    bool csv = mapping->format == MAPPING_CSV;
    size_t count = csv ? decode->header_cells : mapping->column_count;
    add_name(walk->out, "cells");
    strbuf_add_char(walk->out, '[');
    for (size_t i = 0; i < count; i++) {
        int column = csv ? decode->column_of[i] : (int)i;
        if (column >= 0)
            write_cell(walk, column);
    }
    strbuf_add_char(walk->out, ']');
}

/* What is made of a value on its way, in the words of the mapping. */
static const char *means(const struct mapping_field *field)
{
    if (field->word_count > 0)
        return "words";
    if (field->table)
        return "table";
    if (field->date_count > 0)
        return "date";
    return field->range.of != MAPPING_RANGE_NONE ? "range" : "";
}

/* Of a field that goes nowhere: all that it names. */
static void add_columns(struct walk *walk, const struct mapping_field *field)
{
    char names[512];
    size_t len = 0;
    for (size_t i = 0; i < field->column_count && len < sizeof names; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i ? " " : "",
                                walk->item->mapping->columns[field->columns[i]]);
    add_text(walk->out, "from", span_from(names, len < sizeof names ? len : 0));
}

static void write_field(struct walk *walk, const struct mapping_field *field,
                        const struct json_value *data, bool told)
{
    static const char *const classes[] = {"public", "mask", "pseudonym", "contact", "drop"};
    const struct mapping *mapping = walk->item->mapping;
    struct strbuf *out = walk->out;
    int column;
    struct span text = normalise_value_first(walk->item, field, &column);
    const struct json_value *value = json_get(data, span_of(field->name));
    begin_object(out);
    add_text(out, "field", span_of(field->name));
    add_text(out, "class", span_of(classes[field->class_]));
    if (field->class_ >= MAPPING_CONTACT && field->word_count == 0)
        add_columns(walk, field);
    else
        add_text(out, "from", column >= 0 ? span_of(mapping->columns[column]) : SPAN_NONE);
    if (text.at)
        add_cell(walk, column, text);
    else if (field->constant || field->fallback)
        add_text(out, field->constant ? "const" : "default",
                 span_of(field->constant ? field->constant : field->fallback));
    if (means(field)[0])
        add_text(out, "by", span_of(means(field)));
    if (field->table)
        add_text(out, "table", span_of(field->table->name));
    if (told)
        add_text(out, "value", value ? value->text : SPAN_NONE);
    strbuf_add_char(out, '}');
}

static void write_conditions(struct walk *walk, const struct mapping_event *event)
{
    struct strbuf *out = walk->out;
    if (event->condition_count == 0)
        return;
    add_name(out, "when");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < event->condition_count; i++) {
        struct mapping_event one = *event;
        one.conditions = &event->conditions[i];
        one.condition_count = 1;
        begin_object(out);
        add_text(out, "column", span_of(walk->item->mapping->columns[event->conditions[i].column]));
        add_bool(out, "holds", normalise_value_holds(walk->item, &one));
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

static void write_event(struct walk *walk, const struct mapping_event *event,
                        const struct normalise_event *told)
{
    static const char *const families[] = {"case", "observation", "registry"};
    struct strbuf *out = walk->out;
    struct normalise *normalise = walk->item->normalise;
    const struct json_value *json = NULL, *data = NULL;
    size_t bad_at;
    if (told && json_read(normalise->decode.reader, told->json, &normalise->arena, &json,
                          &bad_at) == REJECT_NONE)
        data = json_get(json, SPAN("data"));
    begin_object(out);
    add_text(out, "family", span_of(families[event->family]));
    add_text(out, "name", span_of(event->name));
    add_bool(out, "holds", normalise_value_holds(walk->item, event));
    write_conditions(walk, event);
    add_name(out, "fields");
    strbuf_add_char(out, '[');
    struct mapping_field time = event->time;
    time.name = "time";
    write_field(walk, &time, json, json != NULL);
    for (size_t i = 0; i < event->field_count; i++)
        write_field(walk, &event->fields[i], data, data != NULL);
    for (size_t i = 0; i < event->withheld_count; i++)
        write_field(walk, &event->withheld[i], NULL, false);
    strbuf_add_char(out, ']');
    if (told) {
        add_name(out, "event");
        strbuf_add(out, told->json);
    }
    strbuf_add_char(out, '}');
}

static bool make_cells(struct normalise *normalise, const struct mapping *mapping,
                       struct span value)
{
    struct reject_place place = {.byte_offset = -1};
    enum reject reject = REJECT_FEED;
    if (mapping->format == MAPPING_CSV)
        reject = decode_csv(&normalise->decode, mapping, value, &normalise->arena, normalise->cells,
                            &place);
    else if (mapping->format != MAPPING_CLOUDEVENTS)
        reject = decode_json(&normalise->decode, mapping, value, &normalise->arena,
                             normalise->cells, &place);
    return reject == REJECT_NONE;
}

void explain_write(struct normalise *normalise, const struct feed *feed,
                   const struct raw_header *header, struct span value,
                   const struct normalise_result *result, bool private_too, struct strbuf *out)
{
    const struct mapping *mapping = result->mapping;
    struct reject_place nowhere = {.byte_offset = -1};
    if (mapping == NULL || !make_cells(normalise, mapping, value))
        return;
    struct item item = {.normalise = normalise,
                        .feed = feed,
                        .mapping = mapping,
                        .header = header,
                        .cells = normalise->cells,
                        .why = &nowhere};
    struct walk walk = {.item = &item, .result = result, .out = out};
    size_t next = 0;
    find_shown(&walk, private_too);
    write_cells(&walk);
    add_name(out, "events");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < mapping->event_count; i++) {
        const struct mapping_event *event = &mapping->events[i];
        bool told = next < result->count && normalise_value_holds(&item, event);
        write_event(&walk, event, told ? &result->events[next++] : NULL);
    }
    strbuf_add_char(out, ']');
}
