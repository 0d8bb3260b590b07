/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles one version of a feed file: every word a record could be compared with is resolved here,
 * so that the per-record code only follows numbers. Each finding carries its place; the compiler
 * goes on after one, so that a person sees all of them at once. */
#include "ingest/core/mapping_compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FILE_MAX_BYTES ((size_t)8 << 20)

struct mapping_block {
    struct mapping_block *next;
    max_align_t at[];
};

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

int mapping_compile_column(struct mapping_compiler *compiler, const struct yaml_node *place,
                           const char *name)
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

const char **mapping_compile_texts(struct mapping_compiler *compiler, const struct yaml_node *node,
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

int *mapping_compile_columns(struct mapping_compiler *compiler, const struct yaml_node *node,
                             size_t *count)
{
    const char **names = mapping_compile_texts(compiler, node, count);
    int *columns = mapping_memory_take(compiler->memory, (*count + 1) * sizeof *columns);
    for (size_t i = 0; i < *count; i++)
        columns[i] = mapping_compile_column(compiler, node, names[i]);
    return columns;
}

int mapping_compile_word(struct mapping_compiler *compiler, const struct yaml_node *node,
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

/* "config/feeds/" has one, "", "/", "./" and "../" have none that its own name tells. */
static bool has_parent(const char *path, size_t folder)
{
    return folder > 1 && path[folder - 2] != '/' && path[folder - 2] != '.';
}

/* At most so much as a file may have, in the load's memory. */
static char *read_all(struct mapping_memory *memory, FILE *input, size_t *len)
{
    fseek(input, 0, SEEK_END);
    long end = ftell(input);
    rewind(input);
    size_t most = end < 0 ? 0 : (size_t)end;
    most = most > FILE_MAX_BYTES ? FILE_MAX_BYTES : most;
    char *text = mapping_memory_take(memory, most + 1);
    *len = fread(text, 1, most, input);
    return text;
}

/* Its path is taken from the folder of the feed's file; a step up leaves that folder out, so that
 * messages name the file as people do. */
struct span mapping_compile_file(struct mapping_compiler *compiler, const struct yaml_node *node,
                                 const char *name, const char **path)
{
    const char *own = node->place.file, *slash = strrchr(own, '/');
    size_t folder = slash ? (size_t)(slash - own) + 1 : 0;
    while (strncmp(name, "../", 3) == 0 && has_parent(own, folder)) {
        for (folder--; folder > 0 && own[folder - 1] != '/';)
            folder--;
        name += 3;
    }
    size_t size = folder + strlen(name) + 1;
    char *full = mapping_memory_take(compiler->memory, size);
    snprintf(full, size, "%.*s%s", (int)folder, own, name);
    *path = full;
    FILE *input = fopen(full, "rb");
    if (!input) {
        diagnostics_add(compiler->diagnostics, node->place,
                        "name a file that is there; paths begin at the feed's folder",
                        "%s cannot be read", full);
        return SPAN_NONE;
    }
    size_t len = 0;
    char *kept = read_all(compiler->memory, input, &len);
    fclose(input);
    if (len == FILE_MAX_BYTES)
        diagnostics_add(compiler->diagnostics, node->place, "split it", "%s is too large", full);
    return diagnostics_text(compiler->diagnostics, (struct place){full, 1, 1},
                            span_from(kept, len));
}

static void read_zone(struct mapping_compiler *compiler, const struct yaml_node *zone)
{
    const char *text;
    if (zone && yaml_text(zone, &text, compiler->diagnostics)) {
        compiler->mapping->zone = zone_new(span_of(text));
        if (compiler->mapping->zone)
            return;
        diagnostics_add(compiler->diagnostics, zone->place,
                        "Asia/Shanghai, UTC, +08:00, or another name of the IANA database",
                        "unknown zone %s", text);
    }
    compiler->mapping->zone = zone_new(SPAN("UTC"));
}

static void read_text_form(struct mapping_compiler *compiler, const struct yaml_node *node)
{
    static const char *const formats[] = {"csv", "ndjson", "json", "cloudevents"};
    static const char *const headers[] = {"by_name", "strict"};
    static const char *const widths[] = {"keep", "half"};
    struct mapping *mapping = compiler->mapping;
    struct diagnostics *d = compiler->diagnostics;
    const char *text;
    mapping->format = (enum mapping_format)mapping_compile_word(
        compiler, yaml_require(node, "format", d), formats, ARRAY_LENGTH(formats));
    const struct yaml_node *charset = yaml_get(node, "charset");
    if (charset && yaml_text(charset, &text, d) && !charset_parse(span_of(text), &mapping->charset))
        diagnostics_add(d, charset->place, "utf-8 or gb18030", "unknown charset %s", text);
    if (charset && mapping->charset != CHARSET_UTF8 && mapping->format != MAPPING_CSV)
        diagnostics_add(d, charset->place, "utf-8", "JSON is always UTF-8");
    read_zone(compiler, yaml_get(node, "zone"));
    mapping->separator = mapping_column_separator(compiler, yaml_get(node, "separator"));
    mapping->strict_header = mapping_compile_word(compiler, yaml_get(node, "header"), headers,
                                                  ARRAY_LENGTH(headers)) == 1;
    mapping->half_width =
        mapping_compile_word(compiler, yaml_get(node, "width"), widths, ARRAY_LENGTH(widths)) == 1;
    const char **missing =
        mapping_compile_texts(compiler, yaml_get(node, "missing"), &mapping->missing_count);
    mapping->missing = mapping_memory_take(compiler->memory,
                                           (mapping->missing_count + 1) * sizeof *mapping->missing);
    for (size_t i = 0; i < mapping->missing_count; i++)
        mapping->missing[i] = span_of(missing[i]);
}

static void read_aliases(struct mapping_compiler *compiler, const struct yaml_node *node)
{
    struct mapping *mapping = compiler->mapping;
    if (node == NULL)
        return;
    if (node->type != YAML_MAP) {
        diagnostics_add(compiler->diagnostics, node->place, "aliases: { district: column }",
                        "aliases is not a map");
        return;
    }
    mapping->aliases =
        mapping_memory_take(compiler->memory, (node->count + 1) * sizeof *mapping->aliases);
    for (const struct yaml_node *one = node->first; one; one = one->next) {
        const char *column;
        if (strspn(one->key, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(one->key))
            diagnostics_add(compiler->diagnostics, one->key_place, "a-z, 0-9 and _",
                            "%s cannot name a numbering", one->key);
        if (yaml_text(one, &column, compiler->diagnostics))
            mapping->aliases[mapping->alias_count++] =
                (struct mapping_alias){one->key, mapping_compile_column(compiler, one, column)};
    }
}

static void read_namespace(struct mapping_compiler *compiler, const struct yaml_node *name)
{
    struct mapping *mapping = compiler->mapping;
    mapping->namespace_ = "";
    if (!yaml_text(name, &mapping->namespace_, compiler->diagnostics))
        return;
    const char *colon = strchr(mapping->namespace_, ':');
    if (colon == NULL || colon == mapping->namespace_ || colon[1] == 0 ||
        strlen(mapping->namespace_) > 64)
        diagnostics_add(compiler->diagnostics, name->place, "request:12345",
                        "a namespace is <kind>:<name>, at most 64 bytes");
}

static void read_identity(struct mapping_compiler *compiler, const struct yaml_node *node)
{
    struct mapping *mapping = compiler->mapping;
    struct diagnostics *d = compiler->diagnostics;
    const struct yaml_node *identity = yaml_get(node, "identity");
    read_namespace(compiler, yaml_require(node, "namespace", d));
    mapping->numbers =
        mapping_compile_columns(compiler, yaml_require(node, "number", d), &mapping->number_count);
    read_aliases(compiler, yaml_get(node, "aliases"));
    if (identity && identity->type == YAML_SCALAR && strcmp(identity->text, "row") == 0)
        mapping->identity_row = true;
    else if (identity)
        mapping->identity = mapping_compile_columns(compiler, identity, &mapping->identity_count);
    mapping_field_moment(compiler, yaml_get(node, "revision"), &mapping->revision);
}

/* "~1" and "~0" of a JSON pointer's step. */
static struct span unescape(struct mapping_compiler *compiler, struct span step)
{
    char *text = mapping_memory_take(compiler->memory, step.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < step.len; i++) {
        bool escaped = step.at[i] == '~' && i + 1 < step.len &&
                       (step.at[i + 1] == '0' || step.at[i + 1] == '1');
        text[len++] = (char)(!escaped ? step.at[i] : step.at[++i] == '0' ? '~' : '/');
    }
    return span_from(text, len);
}

static struct mapping_member *member_of(struct mapping_compiler *compiler,
                                        struct mapping_member **list, struct span name)
{
    for (; *list; list = &(*list)->next)
        if (span_equal((*list)->name, name))
            return *list;
    *list = mapping_memory_take(compiler->memory, sizeof **list);
    **list = (struct mapping_member){.name = name, .column = -1};
    return *list;
}

/* "name" is a member of the object itself, "/a/b" one of its member a. */
static void add_member(struct mapping_compiler *compiler, int column)
{
    struct mapping *mapping = compiler->mapping;
    struct span rest = span_of(mapping->columns[column]);
    struct mapping_member **list = &mapping->members, *at;
    bool is_pointer = rest.len > 0 && rest.at[0] == '/';
    int steps = 0;
    if (is_pointer)
        span_cut(&rest, '/');
    do {
        struct span step = is_pointer ? unescape(compiler, span_cut(&rest, '/')) : rest;
        at = member_of(compiler, list, step);
        list = &at->first;
    } while (is_pointer && rest.at && ++steps < MAPPING_MAX_PATH);
    if (is_pointer && rest.at)
        diagnostics_add(compiler->diagnostics, mapping->place, "at most 8 steps",
                        "%s leads too deep", mapping->columns[column]);
    else if (at->column >= 0)
        diagnostics_add(compiler->diagnostics, mapping->place, "write it in one way",
                        "%s and %s are the same member", mapping->columns[column],
                        mapping->columns[at->column]);
    else
        at->column = column;
}

static void check_members(struct mapping_compiler *compiler, const struct mapping_member *list)
{
    for (const struct mapping_member *one = list; one; one = one->next) {
        if (one->first && one->column >= 0)
            diagnostics_add(
                compiler->diagnostics, compiler->mapping->place, "name the members that are wanted",
                "%s cannot be a value and have members", compiler->mapping->columns[one->column]);
        check_members(compiler, one->first);
    }
}

void mapping_compile(struct mapping *mapping, const struct yaml_node *node,
                     struct mapping_memory *memory, struct diagnostics *diagnostics)
{
    static const char *const known[] = {"version", "valid_from", "format",   "charset",   "zone",
                                        "header",  "missing",    "width",    "namespace", "number",
                                        "aliases", "identity",   "revision", "tables",    "words",
                                        "events",  "separator",  "synonyms", NULL};
    struct mapping_compiler compiler = {mapping, memory, diagnostics};
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
    mapping_table_read(&compiler, yaml_get(node, "tables"));
    mapping_words_read(&compiler, yaml_get(node, "words"));
    mapping_event_read(&compiler, yaml_require(node, "events", diagnostics));
    mapping_column_synonyms(&compiler, yaml_get(node, "synonyms"));
    if (mapping->format == MAPPING_CSV)
        return;
    for (size_t i = 0; i < mapping->column_count; i++)
        add_member(&compiler, (int)i);
    check_members(&compiler, mapping->members);
}
