/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events become a tree with places. What makes YAML a program (anchors, aliases, tags,
 * merge keys, several documents) and what makes it ambiguous (duplicate keys, keys that are not
 * text) is refused with the place and what to write instead. Memory of a document is one chain of
 * blocks. */
#include "config/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/memory.h"
#include "base/timestamp.h"

#define DEPTH_MAX      32
#define FILE_MAX_BYTES (16 << 20)

struct block {
    struct block *next; /* owned */
    max_align_t data[];
};

struct yaml_document {
    struct block *blocks; /* owned: nodes, texts, the file's name */
    const char *file;
    struct yaml_node *root;
};

struct level {
    struct yaml_node *node;
    struct yaml_node *last;
    const char *key; /* read, its value is next */
    struct place key_place;
};

struct builder {
    struct yaml_document *document;
    struct diagnostics *diagnostics;
    struct level levels[DEPTH_MAX];
    int depth; /* open lists and maps */
    int documents;
    bool too_deep;
};

static void *take(struct yaml_document *document, size_t size)
{
    struct block *block = xcalloc(1, sizeof(*block) + size);
    block->next = document->blocks;
    document->blocks = block;
    return block->data;
}

static const char *take_text(struct yaml_document *document, const char *at, size_t len)
{
    char *text = take(document, len + 1);
    if (len > 0)
        memcpy(text, at, len);
    return text;
}

static struct place place_of(const struct builder *builder, const yaml_mark_t *mark)
{
    return (struct place){builder->document->file, (int)mark->line + 1, (int)mark->column + 1};
}

static void refuse_extras(struct builder *builder, struct place place, const yaml_char_t *anchor,
                          const yaml_char_t *tag)
{
    if (anchor != NULL)
        diagnostics_add(builder->diagnostics, place, "write the value out where it is needed",
                        "anchor &%s is not allowed", (const char *)anchor);
    if (tag != NULL)
        diagnostics_add(builder->diagnostics, place, "remove the tag",
                        "tag %s is not allowed: every value is text", (const char *)tag);
}

/* Puts a node under the innermost open list or map. */
static void attach(struct builder *builder, struct yaml_node *node)
{
    if (builder->depth == 0) {
        builder->document->root = node;
        return;
    }
    struct level *level = &builder->levels[builder->depth - 1];
    if (level->node->type == YAML_MAP) {
        node->key = level->key;
        node->key_place = level->key_place;
        level->key = NULL;
    }
    if (level->last == NULL)
        level->node->first = node;
    else
        level->last->next = node;
    level->last = node;
    level->node->count++;
}

static bool wants_key(const struct builder *builder)
{
    if (builder->depth == 0)
        return false;
    const struct level *level = &builder->levels[builder->depth - 1];
    return level->node->type == YAML_MAP && level->key == NULL;
}

static void take_key(struct builder *builder, const char *key, struct place place, bool plain)
{
    struct level *level = &builder->levels[builder->depth - 1];
    if (plain && strcmp(key, "<<") == 0)
        diagnostics_add(builder->diagnostics, place, "write the keys out",
                        "merge key << is not allowed");
    if (key[0] == '\0')
        diagnostics_add(builder->diagnostics, place, "write a key before the colon",
                        "a key is empty");
    const struct yaml_node *twin = yaml_get(level->node, key);
    if (twin != NULL)
        diagnostics_add(builder->diagnostics, place, "keep one of them",
                        "key %s appears twice, first in line %d", key, twin->key_place.line);
    level->key = key;
    level->key_place = place;
}

static void on_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct place place = place_of(builder, &event->start_mark);
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    refuse_extras(builder, place, event->data.scalar.anchor, event->data.scalar.tag);
    if (memchr(value, '\0', len) != NULL)
        diagnostics_add(builder->diagnostics, place, "remove it", "text contains a NUL byte");
    const char *text = take_text(builder->document, value, len);
    if (wants_key(builder)) {
        take_key(builder, text, place, plain);
        return;
    }
    struct yaml_node *node = take(builder->document, sizeof(*node));
    *node = (struct yaml_node){
        .type = YAML_SCALAR,
        .place = place,
        .text = text,
        .quoted = event->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
                  event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE,
    };
    attach(builder, node);
}

static void on_open(struct builder *builder, enum yaml_type type, const yaml_event_t *event)
{
    struct place place = place_of(builder, &event->start_mark);
    if (type == YAML_MAP)
        refuse_extras(builder, place, event->data.mapping_start.anchor,
                      event->data.mapping_start.tag);
    else
        refuse_extras(builder, place, event->data.sequence_start.anchor,
                      event->data.sequence_start.tag);
    if (wants_key(builder)) {
        diagnostics_add(builder->diagnostics, place, "write a word",
                        "a key must be text, not a list or map");
        take_key(builder, "?", place, false);
    }
    if (builder->depth == DEPTH_MAX) {
        diagnostics_add(builder->diagnostics, place, "flatten it", "nested deeper than %d levels",
                        DEPTH_MAX);
        builder->too_deep = true;
        return;
    }
    struct yaml_node *node = take(builder->document, sizeof(*node));
    *node = (struct yaml_node){.type = type, .place = place};
    attach(builder, node);
    builder->levels[builder->depth++] = (struct level){.node = node};
}

static void on_document(struct builder *builder, const yaml_event_t *event)
{
    struct place place = place_of(builder, &event->start_mark);
    if (++builder->documents == 2)
        diagnostics_add(builder->diagnostics, place, "put it into a file of its own",
                        "a second document begins here");
    if (event->data.document_start.tag_directives.start !=
        event->data.document_start.tag_directives.end)
        diagnostics_add(builder->diagnostics, place, "remove the %TAG line",
                        "tag directives are not allowed");
}

/* False when reading further makes no sense. */
static bool on_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT: on_document(builder, event); break;
    case YAML_SCALAR_EVENT: on_scalar(builder, event); break;
    case YAML_SEQUENCE_START_EVENT: on_open(builder, YAML_LIST, event); break;
    case YAML_MAPPING_START_EVENT: on_open(builder, YAML_MAP, event); break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: builder->depth--; break;
    case YAML_ALIAS_EVENT:
        diagnostics_add(builder->diagnostics, place_of(builder, &event->start_mark),
                        "write the value out", "alias *%s is not allowed",
                        (const char *)event->data.alias.anchor);
        return false; /* it stands for a node that is not there */
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
    return builder->documents < 2 && !builder->too_deep;
}

static void add_parser_problem(struct builder *builder, const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "unreadable";
    if (parser->error == YAML_READER_ERROR) {
        struct place file = {builder->document->file, 0, 0};
        diagnostics_add(builder->diagnostics, file, "save the file as UTF-8", "%s at byte %zu",
                        problem, parser->problem_offset);
        return;
    }
    bool tab = strstr(problem, "cannot start any token") != NULL;
    diagnostics_add(builder->diagnostics, place_of(builder, &parser->problem_mark),
                    tab ? "indent by spaces; quote a value that begins with a special character"
                        : "check indentation and colons of this line and the one before",
                    "%s%s%s", problem, parser->context ? " " : "",
                    parser->context ? parser->context : "");
}

static void build(struct builder *builder, struct span text)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        fprintf(stderr, "out of memory in the YAML parser\n");
        abort();
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.at ? text.at : ""),
                                 text.len);
    bool more = true;
    while (more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            add_parser_problem(builder, &parser);
            break;
        }
        more = on_event(builder, &event) && event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

struct yaml_document *yaml_parse(const char *name, struct span text,
                                 struct diagnostics *diagnostics)
{
    struct yaml_document *document = xcalloc(1, sizeof(*document));
    document->file = take_text(document, name, strlen(name));

    size_t errors_before = diagnostics_errors(diagnostics);
    struct builder builder = {.document = document, .diagnostics = diagnostics};
    build(&builder, text);
    bool readable = diagnostics_errors(diagnostics) == errors_before;
    struct place file = {document->file, 0, 0};
    if (readable && document->root == NULL)
        diagnostics_add(diagnostics, file, "write at least one key", "the file says nothing");
    else if (readable && document->root->type != YAML_MAP)
        diagnostics_add(diagnostics, document->root->place, "begin with a line `key: value`",
                        "the file must be a map");
    if (diagnostics_errors(diagnostics) == errors_before)
        return document;
    yaml_free(document);
    return NULL;
}

/* Whole file into memory; NULL with *cause set. */
static char *read_file(const char *file, size_t *len, const char **cause)
{
    FILE *stream = fopen(file, "rbe");
    if (stream == NULL) {
        *cause = strerror(errno);
        return NULL;
    }
    size_t capacity = 16384;
    char *text = xmalloc(capacity);
    *len = 0;
    size_t got;
    errno = 0;
    while ((got = fread(text + *len, 1, capacity - *len, stream)) > 0) {
        *len += got;
        if (*len > FILE_MAX_BYTES)
            break;
        if (*len == capacity)
            text = xrealloc(text, capacity *= 2);
    }
    *cause = ferror(stream) ? strerror(errno) : *len > FILE_MAX_BYTES ? "larger than 16 MiB" : NULL;
    fclose(stream);
    if (*cause == NULL)
        return text;
    free(text);
    return NULL;
}

struct yaml_document *yaml_load(const char *file, struct diagnostics *diagnostics)
{
    size_t len;
    const char *cause;
    char *text = read_file(file, &len, &cause);
    if (text == NULL) {
        diagnostics_add(diagnostics, (struct place){file, 0, 0},
                        "give the path of a file that can be read", "cannot read the file: %s",
                        cause);
        return NULL;
    }
    struct yaml_document *document = yaml_parse(file, span_from(text, len), diagnostics);
    free(text);
    return document;
}

void yaml_discard(struct yaml_document *document)
{
    if (document == NULL)
        return;
    for (struct block *block = document->blocks, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(document);
}

const struct yaml_node *yaml_root(const struct yaml_document *document)
{
    return document->root;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (map == NULL || map->type != YAML_MAP)
        return NULL;
    for (const struct yaml_node *entry = map->first; entry != NULL; entry = entry->next)
        if (strcmp(entry->key, key) == 0)
            return entry;
    return NULL;
}

static const char *label(const struct yaml_node *node)
{
    return node->key ? node->key : "this item";
}

const struct yaml_node *yaml_require(const struct yaml_node *map, const char *key,
                                     struct diagnostics *d)
{
    const struct yaml_node *entry = yaml_get(map, key);
    if (entry == NULL) {
        char fix[120];
        snprintf(fix, sizeof(fix), "add `%s: ...`", key);
        diagnostics_add(d, map->place, fix, "%s has no %s", map->key ? map->key : "this map", key);
    }
    return entry;
}

bool yaml_text(const struct yaml_node *node, const char **text, struct diagnostics *d)
{
    static const char *const forms[] = {"a value", "a list", "a map"};
    if (node == NULL)
        return false;
    if (node->type != YAML_SCALAR) {
        diagnostics_add(d, node->place, "write one value", "%s must be one value, not %s",
                        label(node), forms[node->type]);
        return false;
    }
    if (node->text[0] == '\0' && !node->quoted) {
        diagnostics_add(d, node->place, "write a value, or \"\" for an empty text",
                        "%s has no value", label(node));
        return false;
    }
    *text = node->text;
    return true;
}

bool yaml_int(const struct yaml_node *node, int64_t min, int64_t max, int64_t *value,
              struct diagnostics *d)
{
    const char *text;
    if (!yaml_text(node, &text, d))
        return false;
    int64_t number;
    if (span_to_int64(span_of(text), &number) && number >= min && number <= max) {
        *value = number;
        return true;
    }
    char fix[80];
    snprintf(fix, sizeof(fix), "write a whole number from %lld to %lld", (long long)min,
             (long long)max);
    diagnostics_add(d, node->place, fix, "%s cannot be %s", label(node), text);
    return false;
}

bool yaml_bool(const struct yaml_node *node, bool *value, struct diagnostics *d)
{
    const char *text;
    if (!yaml_text(node, &text, d))
        return false;
    *value = strcmp(text, "true") == 0;
    if (*value || strcmp(text, "false") == 0)
        return true;
    diagnostics_add(d, node->place, "write true or false", "%s cannot be %s", label(node), text);
    return false;
}

bool yaml_duration(const struct yaml_node *node, int64_t *ms, struct diagnostics *d)
{
    const char *text;
    if (!yaml_text(node, &text, d))
        return false;
    if (timestamp_parse_duration(span_of(text), ms))
        return true;
    diagnostics_add(d, node->place, "write a number and ms, s, m, h, d or w, as in 30s or 7d",
                    "%s is no duration: %s", label(node), text);
    return false;
}

bool yaml_time(const struct yaml_node *node, int64_t *ms, struct diagnostics *d)
{
    const char *text;
    if (!yaml_text(node, &text, d))
        return false;
    struct span s = span_of(text);
    bool dated = s.len == 10 && timestamp_parse(s, "%Y-%m-%d", YAML_DATE_ZONE_MINUTES, ms);
    if (dated || timestamp_parse_rfc3339(s, ms) || timestamp_parse(s, "%Y-%m-%dT%H:%M%z", 0, ms))
        return true;
    diagnostics_add(d, node->place, "write 2026-03-01 or 2026-03-01T08:30:00+08:00",
                    "%s is no date or time: %s", label(node), text);
    return false;
}

void yaml_add_unknown(const struct yaml_node *entry, const char *const *known, size_t count,
                      struct diagnostics *d)
{
    const char *nearest = diagnostics_nearest(entry->key, known, count);
    char fix[160];
    if (nearest != NULL)
        snprintf(fix, sizeof(fix), "did you mean %s?", nearest);
    else
        snprintf(fix, sizeof(fix), "remove it");
    diagnostics_add(d, entry->key_place, fix, "unknown key %s", entry->key);
}

bool yaml_only_keys(const struct yaml_node *map, const char *const *known, struct diagnostics *d)
{
    if (map == NULL)
        return true;
    if (map->type != YAML_MAP) {
        diagnostics_add(d, map->place, "write keys and values below it", "%s must be a map",
                        label(map));
        return false;
    }
    size_t count = 0;
    while (known[count] != NULL)
        count++;
    bool ok = true;
    for (const struct yaml_node *entry = map->first; entry != NULL; entry = entry->next) {
        size_t i = 0;
        while (i < count && strcmp(known[i], entry->key) != 0)
            i++;
        if (i == count) {
            yaml_add_unknown(entry, known, count, d);
            ok = false;
        }
    }
    return ok;
}
