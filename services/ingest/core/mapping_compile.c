/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles one version of a feed file: every word a record could be compared with is resolved here,
 * so that the per-record code only follows numbers. Each finding carries its place; the compiler
 * goes on after one, so that a person sees all of them at once. */
#include "ingest/core/mapping_compile.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"

struct mapping_block {
    struct mapping_block *next;
    max_align_t at[];
};

struct compiler {
    struct mapping *mapping;
    struct mapping_memory *memory;
    struct diagnostics *diagnostics;
};

static const char *const default_dates[] = {"%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S",
                                            "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"};

void *mapping_memory_take(struct mapping_memory *memory, size_t size)
{
    struct mapping_block *block = xcalloc(1, sizeof *block + size);
    block->next = memory->blocks;
    memory->blocks = block;
    return block->at;
}

void mapping_memory_free(struct mapping_memory *memory)
{
    while (memory->blocks) {
        struct mapping_block *block = memory->blocks;
        memory->blocks = block->next;
        free(block);
    }
}

static int column_number(struct compiler *compiler, const struct yaml_node *place, const char *name)
{
    struct mapping *mapping = compiler->mapping;
    for (size_t i = 0; i < mapping->column_count; i++)
        if (strcmp(mapping->columns[i], name) == 0)
            return (int)i;
    if (mapping->column_count == MAPPING_MAX_COLUMNS) {
        diagnostics_add(compiler->diagnostics, place->place, "drop some", "more than %d columns",
                        MAPPING_MAX_COLUMNS);
        return 0;
    }
    mapping->columns[mapping->column_count] = name;
    return (int)mapping->column_count++;
}

/* A scalar or a list of scalars. */
static const char **read_texts(struct compiler *compiler, const struct yaml_node *node,
                               size_t *count)
{
    *count = 0;
    if (node == NULL)
        return NULL;
    size_t most = node->type == YAML_LIST ? node->count : 1;
    const char **texts = mapping_memory_take(compiler->memory, (most + 1) * sizeof *texts);
    const struct yaml_node *one = node->type == YAML_LIST ? node->first : node;
    for (; one; one = node->type == YAML_LIST ? one->next : NULL)
        if (yaml_text(one, &texts[*count], compiler->diagnostics))
            (*count)++;
    return texts;
}

static int *read_columns(struct compiler *compiler, const struct yaml_node *node, size_t *count)
{
    const char **names = read_texts(compiler, node, count);
    int *columns = mapping_memory_take(compiler->memory, (*count + 1) * sizeof *columns);
    for (size_t i = 0; i < *count; i++)
        columns[i] = column_number(compiler, node, names[i]);
    return columns;
}

static int read_column(struct compiler *compiler, const struct yaml_node *node)
{
    const char *name;
    return yaml_text(node, &name, compiler->diagnostics) ? column_number(compiler, node, name) : 0;
}

/* A directive that timestamp_parse has not would reject every row. */
static const char **read_dates(struct compiler *compiler, const struct yaml_node *node,
                               size_t *count)
{
    const char **dates = read_texts(compiler, node, count);
    for (size_t i = 0; i < *count; i++)
        for (const char *at = strchr(dates[i], '%'); at; at = strchr(at + (at[1] ? 2 : 1), '%'))
            if (at[1] == '\0' || !strchr("YmdHMSfz%", at[1]))
                diagnostics_add(compiler->diagnostics, node->place,
                                "write %Y %m %d %H %M %S, %f for a fraction, %z for an offset",
                                "no date can be read by \"%s\"", dates[i]);
    return dates;
}

static void use_default_dates(struct compiler *compiler, struct mapping_field *field)
{
    field->date_count = ARRAY_LENGTH(default_dates);
    field->dates = mapping_memory_take(compiler->memory, sizeof default_dates);
    memcpy(field->dates, default_dates, sizeof default_dates);
}

/* `time:` and `revision:`: a column, or { from:, date: }. */
static void read_moment(struct compiler *compiler, const struct yaml_node *node,
                        struct mapping_field *field)
{
    static const char *const known[] = {"from", "date", NULL};
    const struct yaml_node *from = node, *dates = NULL;
    if (node == NULL)
        return;
    if (node->type == YAML_MAP) {
        yaml_only_keys(node, known, compiler->diagnostics);
        from = yaml_require(node, "from", compiler->diagnostics);
        dates = yaml_get(node, "date");
    }
    field->columns = read_columns(compiler, from, &field->column_count);
    if (dates)
        field->dates = read_dates(compiler, dates, &field->date_count);
    else
        use_default_dates(compiler, field);
}

static void read_table_name(struct compiler *compiler, const struct yaml_node *node,
                            struct mapping_field *field)
{
    struct mapping *mapping = compiler->mapping;
    const char *name, *names[64];
    size_t count = 0;
    if (node == NULL || !yaml_text(node, &name, compiler->diagnostics))
        return;
    for (size_t i = 0; i < mapping->table_count; i++) {
        if (strcmp(mapping->tables[i].name, name) == 0)
            field->table = &mapping->tables[i];
        if (count < ARRAY_LENGTH(names))
            names[count++] = mapping->tables[i].name;
    }
    const char *near = diagnostics_nearest(name, names, count);
    if (field->table == NULL)
        diagnostics_add(compiler->diagnostics, node->place,
                        near ? near : "declare it under tables:", "no table %s", name);
}

/* Which classes go out: true only for public. */
static bool is_public(struct compiler *compiler, const struct yaml_node *node, bool *dropped)
{
    static const char *const classes[] = {"public", "drop", "contact", "pseudonym", "mask"};
    const char *word = "public";
    *dropped = false;
    if (node && !yaml_text(node, &word, compiler->diagnostics))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(classes); i++) {
        if (strcmp(word, classes[i]) != 0)
            continue;
        *dropped = i != 0;
        return i == 0;
    }
    const char *near = diagnostics_nearest(word, classes, ARRAY_LENGTH(classes));
    diagnostics_add(compiler->diagnostics, node->place, near ? near : "public or drop",
                    "no field class %s", word);
    return false;
}

static void refuse_unread(struct compiler *compiler, const struct yaml_node *node)
{
    static const char *const unread[] = {"words", "registry", "by"};
    for (size_t i = 0; i < ARRAY_LENGTH(unread); i++) {
        const struct yaml_node *found = yaml_get(node, unread[i]);
        if (found)
            diagnostics_add(compiler->diagnostics, found->key_place, "class: drop, or remove it",
                            "%s: is not read for a public field", unread[i]);
    }
}

/* A value out of a column alone may be written without braces. False when it does not go out. */
static bool read_field(struct compiler *compiler, const struct yaml_node *node,
                       struct mapping_field *field)
{
    static const char *const known[] = {"from",     "const", "default",  "table", "unknown", "date",
                                        "required", "class", "registry", "by",    "words",   NULL};
    struct diagnostics *d = compiler->diagnostics;
    bool dropped;
    field->name = node->key;
    if (node->type != YAML_MAP) {
        field->columns = read_columns(compiler, node, &field->column_count);
        return true;
    }
    yaml_only_keys(node, known, d);
    const struct yaml_node *from = yaml_get(node, "from"), *constant = yaml_get(node, "const");
    if (!from && !constant)
        diagnostics_add(d, node->place, "from: a column", "%s has no source", node->key);
    if (from)
        field->columns = read_columns(compiler, from, &field->column_count);
    if (!is_public(compiler, yaml_get(node, "class"), &dropped))
        return false;
    refuse_unread(compiler, node);
    if (constant)
        yaml_text(constant, &field->constant, d);
    if (yaml_get(node, "default"))
        yaml_text(yaml_get(node, "default"), &field->fallback, d);
    read_table_name(compiler, yaml_get(node, "table"), field);
    if (yaml_get(node, "unknown"))
        yaml_text(yaml_get(node, "unknown"), &field->unknown, d);
    field->dates = read_dates(compiler, yaml_get(node, "date"), &field->date_count);
    if (yaml_get(node, "required"))
        yaml_bool(yaml_get(node, "required"), &field->required, d);
    return true;
}

static void read_conditions(struct compiler *compiler, const struct yaml_node *node,
                            struct mapping_event *event)
{
    if (node == NULL)
        return;
    if (node->type != YAML_MAP) {
        diagnostics_add(compiler->diagnostics, node->place, "when: { column: present }",
                        "when is not a map");
        return;
    }
    event->conditions =
        mapping_memory_take(compiler->memory, (node->count + 1) * sizeof *event->conditions);
    for (const struct yaml_node *one = node->first; one; one = one->next) {
        struct mapping_condition *condition = &event->conditions[event->condition_count++];
        condition->column = column_number(compiler, one, one->key);
        if (one->type == YAML_SCALAR && !one->quoted && strcmp(one->text, "present") == 0)
            continue;
        condition->values = read_texts(compiler, one, &condition->value_count);
    }
}

static void read_event(struct compiler *compiler, const struct yaml_node *node,
                       struct mapping_event *event)
{
    static const char *const known[] = {"stage", "when", "time", "data", NULL};
    struct diagnostics *d = compiler->diagnostics;
    event->stage = "";
    event->place = node->place;
    if (node->type != YAML_MAP) {
        diagnostics_add(d, node->place, "- stage: ...", "an event is not a map");
        return;
    }
    yaml_only_keys(node, known, d);
    yaml_text(yaml_require(node, "stage", d), &event->stage, d);
    read_conditions(compiler, yaml_get(node, "when"), event);
    read_moment(compiler, yaml_require(node, "time", d), &event->time);
    const struct yaml_node *data = yaml_get(node, "data");
    if (data == NULL)
        return;
    if (data->type != YAML_MAP) {
        diagnostics_add(d, data->place, "data: { field: { from: column } }", "data is not a map");
        return;
    }
    event->fields =
        mapping_memory_take(compiler->memory, (data->count + 1) * sizeof *event->fields);
    for (const struct yaml_node *one = data->first; one; one = one->next) {
        struct mapping_field field = {0};
        if (read_field(compiler, one, &field))
            event->fields[event->field_count++] = field;
    }
}

static void read_events(struct compiler *compiler, const struct yaml_node *node)
{
    struct mapping *mapping = compiler->mapping;
    if (node == NULL)
        return;
    if (node->type != YAML_LIST || node->count == 0 || node->count > MAPPING_MAX_EVENTS) {
        diagnostics_add(compiler->diagnostics, node->place, "a list of 1 to 16 events",
                        "events cannot be read");
        return;
    }
    for (const struct yaml_node *one = node->first; one; one = one->next)
        read_event(compiler, one, &mapping->events[mapping->event_count++]);
}

static void read_tables(struct compiler *compiler, const struct yaml_node *node)
{
    struct mapping *mapping = compiler->mapping;
    if (node == NULL)
        return;
    if (node->type != YAML_MAP) {
        diagnostics_add(compiler->diagnostics, node->place, "tables: { name: { from: to } }",
                        "tables is not a map");
        return;
    }
    mapping->tables =
        mapping_memory_take(compiler->memory, (node->count + 1) * sizeof *mapping->tables);
    for (const struct yaml_node *one = node->first; one; one = one->next) {
        struct mapping_table *table = &mapping->tables[mapping->table_count++];
        table->name = one->key;
        table->pairs =
            mapping_memory_take(compiler->memory, (one->count + 1) * sizeof *table->pairs);
        for (const struct yaml_node *pair = one->first; pair; pair = pair->next) {
            struct mapping_pair *to = &table->pairs[table->count];
            to->from = pair->key ? pair->key : "";
            if (yaml_text(pair, &to->to, compiler->diagnostics))
                table->count++;
        }
    }
}

/* A word out of a list; its index, or 0 and an error. */
static int read_word(struct compiler *compiler, const struct yaml_node *node,
                     const char *const *words, size_t count)
{
    const char *text;
    if (node == NULL || !yaml_text(node, &text, compiler->diagnostics))
        return 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0)
            return (int)i;
    const char *near = diagnostics_nearest(text, words, count);
    diagnostics_add(compiler->diagnostics, node->place, near ? near : words[0],
                    "%s: unknown word %s", node->key, text);
    return 0;
}

static void read_text_form(struct compiler *compiler, const struct yaml_node *node)
{
    static const char *const formats[] = {"csv", "ndjson", "json", "cloudevents"};
    static const char *const headers[] = {"by_name", "strict"};
    struct mapping *mapping = compiler->mapping;
    struct diagnostics *d = compiler->diagnostics;
    const char *text;
    mapping->format = (enum mapping_format)read_word(compiler, yaml_require(node, "format", d),
                                                     formats, ARRAY_LENGTH(formats));
    const struct yaml_node *charset = yaml_get(node, "charset"), *zone = yaml_get(node, "zone");
    if (charset && yaml_text(charset, &text, d) && !charset_parse(span_of(text), &mapping->charset))
        diagnostics_add(d, charset->place, "utf-8 or gb18030", "unknown charset %s", text);
    if (charset && mapping->charset != CHARSET_UTF8 && mapping->format != MAPPING_CSV)
        diagnostics_add(d, charset->place, "utf-8", "JSON is always UTF-8");
    if (zone && yaml_text(zone, &text, d) &&
        !timestamp_parse_zone(span_of(text), &mapping->zone_minutes))
        diagnostics_add(d, zone->place, "Asia/Shanghai, UTC or +08:00", "unknown zone %s", text);
    mapping->strict_header =
        read_word(compiler, yaml_get(node, "header"), headers, ARRAY_LENGTH(headers)) == 1;
    mapping->missing = read_texts(compiler, yaml_get(node, "missing"), &mapping->missing_count);
}

static void read_namespace(struct compiler *compiler, const struct yaml_node *name)
{
    struct mapping *mapping = compiler->mapping;
    struct diagnostics *d = compiler->diagnostics;
    mapping->namespace_ = "";
    if (yaml_text(name, &mapping->namespace_, d)) {
        const char *colon = strchr(mapping->namespace_, ':');
        if (colon == NULL || colon == mapping->namespace_ || colon[1] == 0)
            diagnostics_add(d, name->place, "request:12345", "a namespace is <kind>:<name>");
    }
}

static void read_identity(struct compiler *compiler, const struct yaml_node *node)
{
    struct mapping *mapping = compiler->mapping;
    struct diagnostics *d = compiler->diagnostics;
    const struct yaml_node *identity = yaml_get(node, "identity");
    read_namespace(compiler, yaml_require(node, "namespace", d));
    const struct yaml_node *number = yaml_require(node, "number", d);
    if (number)
        mapping->number = read_column(compiler, number);
    if (identity && identity->type == YAML_SCALAR && strcmp(identity->text, "row") == 0)
        mapping->identity_row = true;
    else if (identity)
        mapping->identity = read_columns(compiler, identity, &mapping->identity_count);
    read_moment(compiler, yaml_get(node, "revision"), &mapping->revision);
}

void mapping_compile(struct mapping *mapping, const struct yaml_node *node,
                     struct mapping_memory *memory, struct diagnostics *diagnostics)
{
    static const char *const known[] = {
        "version",   "valid_from", "format",   "charset",  "zone",   "header", "missing",
        "namespace", "number",     "identity", "revision", "tables", "events", NULL};
    struct compiler compiler = {mapping, memory, diagnostics};
    mapping->place = node->place;
    if (node->type != YAML_MAP) {
        diagnostics_add(diagnostics, node->place, "- version: 1", "a version is not a map");
        return;
    }
    yaml_only_keys(node, known, diagnostics);
    yaml_int(yaml_require(node, "version", diagnostics), 1, 999999, &mapping->version, diagnostics);
    yaml_time(yaml_require(node, "valid_from", diagnostics), &mapping->valid_from_ms, diagnostics);
    read_text_form(&compiler, node);
    if (mapping->format == MAPPING_CLOUDEVENTS) { /* its items say all else themselves */
        if (yaml_get(node, "namespace"))
            read_namespace(&compiler, yaml_get(node, "namespace"));
        return;
    }
    read_identity(&compiler, node);
    read_tables(&compiler, yaml_get(node, "tables"));
    read_events(&compiler, yaml_require(node, "events", diagnostics));
}
