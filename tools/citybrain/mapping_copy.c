/* SPDX-License-Identifier: Apache-2.0 */
/* The text is cut at lines, by the places of the tree that was read from it. */
#include "citybrain/mapping_copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "citybrain/file_exchange.h"
#include "citybrain/moment.h"
#include "config/yaml.h"
#include "ingest/core/mapping.h"

#define FILE_BYTES ((size_t)16 << 20) /* as yaml_load */

/* A scalar in the text, and what takes its place. */
struct change {
    size_t from, to;
    struct span text;
};

static size_t line_begin(struct span text, int line)
{
    size_t at = 0;
    for (int n = 1; n < line && at < text.len; n++) {
        const char *end = memchr(text.at + at, '\n', text.len - at);
        at = end ? (size_t)(end - text.at) + 1 : text.len;
    }
    return at;
}

static size_t offset_of(struct span text, struct place place)
{
    size_t at = line_begin(text, place.line);
    for (int col = 1; col < place.col && at < text.len; at++)
        col += at + 1 < text.len && ((unsigned char)text.at[at + 1] & 0xC0) != 0x80;
    return at;
}

static struct span line_at(struct span text, int line)
{
    struct span rest =
        span_from(text.at + line_begin(text, line), text.len - line_begin(text, line));
    return span_cut(&rest, '\n');
}

/* Behind its last line that says something. Comments before what follows are of that, where they do
 * not stand as deep as the version's own members. */
static int end_of(struct span text, const struct yaml_node *version, int next_line)
{
    int line = next_line;
    while (line > version->place.line + 1) {
        struct span last = line_at(text, line - 1), said = span_trim(last);
        bool deep = said.len && said.at - last.at >= version->place.col - 1;
        if (said.len && (said.at[0] != '#' || deep))
            break;
        line--;
    }
    return line;
}

static int next_line(struct span text, const struct yaml_node *root, const struct yaml_node *item)
{
    int after = 1;
    for (size_t i = 0; i < text.len; i++)
        after += text.at[i] == '\n';
    after += text.len && text.at[text.len - 1] != '\n';
    if (item->next)
        return item->next->place.line;
    for (const struct yaml_node *key = root->first; key; key = key->next)
        if (key->key_place.line > item->place.line && key->key_place.line < after)
            after = key->key_place.line;
    return after;
}

/* Lines of its own, behind "- ". */
static bool is_block(struct span text, const struct yaml_node *item)
{
    struct span line = line_at(text, item->place.line);
    struct span before = span_from(line.at, (size_t)item->place.col - 1);
    return item->type == YAML_MAP && item->place.col > 2 && before.len < line.len &&
           span_is(span_trim(before), "-") && line.at[before.len] != '{';
}

static struct change change_of(struct span text, const struct yaml_node *scalar, struct span to)
{
    size_t from = offset_of(text, scalar->place);
    return (struct change){from, from + strlen(scalar->text) + (scalar->quoted ? 2 : 0), to};
}

/* [from, to) of the text with both scalars changed. */
static void add_copy(struct strbuf *out, struct span text, size_t from, size_t to,
                     struct change one, struct change other)
{
    struct change first = one.from < other.from ? one : other,
                  second = one.from < other.from ? other : one;
    strbuf_add(out, span_from(text.at + from, first.from - from));
    strbuf_add(out, first.text);
    strbuf_add(out, span_from(text.at + first.to, second.from - first.to));
    strbuf_add(out, second.text);
    strbuf_add(out, span_from(text.at + second.to, to - second.to));
}

/* A file that two versions name is one: who changes it changes what the old one says. */
static void note_files(struct mapping_copy *copy, const struct yaml_node *node)
{
    for (const struct yaml_node *one = node ? node->first : NULL; one; one = one->next) {
        const struct yaml_node *file = one->type == YAML_MAP ? yaml_get(one, "file") : one;
        if (file && file->type == YAML_SCALAR)
            strbuf_addf(&copy->tables, "%s%s", copy->tables.len ? ", " : "", file->text);
    }
}

static const struct yaml_node *version_of(const struct yaml_node *item,
                                          struct diagnostics *diagnostics, int64_t *number)
{
    const struct yaml_node *version = yaml_require(item, "version", diagnostics);
    return yaml_int(version, 1, 999999, number, diagnostics) ? version : NULL;
}

struct source {
    const struct yaml_node *root, *taken, *last; /* the version to be copied; the last one */
    const struct yaml_node *number;              /* taken's version: */
};

static bool find(struct mapping_copy *copy, struct source *source, struct diagnostics *diagnostics)
{
    const struct yaml_node *versions = yaml_require(source->root, "versions", diagnostics);
    int64_t number = 0;
    for (const struct yaml_node *one = versions ? versions->first : NULL; one; one = one->next) {
        const struct yaml_node *said = version_of(one, diagnostics, &number);
        source->last = one;
        copy->version = number + 1;
        if (said && (copy->of == 0 || copy->of == number)) {
            source->taken = one;
            source->number = said;
        }
    }
    if (source->last && !source->taken)
        diagnostics_add(diagnostics, versions->place, "name one that is there",
                        "there is no version %lld", (long long)copy->of);
    return diagnostics_errors(diagnostics) == 0 && source->taken;
}

static void make(struct mapping_copy *copy, struct span text, const struct source *source,
                 const struct yaml_node *since, struct strbuf *out)
{
    char number[SPAN_DECIMAL], time[40];
    struct strbuf when = {.at = time, .capacity = sizeof time, .max = sizeof time - 1};
    moment_add(&when, copy->valid_from_ms);
    time[10] = 'T';
    int from = source->taken->place.line,
        to = end_of(text, source->taken, next_line(text, source->root, source->taken));
    int at = end_of(text, source->last, next_line(text, source->root, source->last));
    size_t begin = line_begin(text, from), end = line_begin(text, to),
           behind = line_begin(text, at);
    strbuf_add(out, span_from(text.at, behind));
    if (behind > 0 && text.at[behind - 1] != '\n')
        strbuf_add_char(out, '\n');
    add_copy(out, text, begin, end,
             change_of(text, source->number, span_decimal(number, copy->version)),
             change_of(text, since, strbuf_span(&when)));
    if (out->at[out->len - 1] != '\n')
        strbuf_add_char(out, '\n');
    strbuf_add(out, span_from(text.at + behind, text.len - behind));
    copy->line = at;
    copy->last_line = at + to - from - 1;
}

/* As it is read, so it stands in the text: not folded, no escape. */
static bool is_plain(struct span text, const struct yaml_node *scalar, const char *name,
                     struct diagnostics *diagnostics)
{
    size_t at = offset_of(text, scalar->place) + scalar->quoted, len = strlen(scalar->text);
    if (at + len <= text.len && memcmp(text.at + at, scalar->text, len) == 0)
        return true;
    diagnostics_add(diagnostics, scalar->place, "write it behind its name, on the same line",
                    "%s is written in a way that cannot be copied", name);
    return false;
}

static bool is_copied(struct span text, const struct yaml_node *item,
                      struct diagnostics *diagnostics)
{
    if (is_block(text, item))
        return true;
    struct span line = line_at(text, item->place.line);
    bool alone = item->type == YAML_MAP && line.at[item->place.col - 1] != '{';
    diagnostics_add(diagnostics, item->place, "begin it with `- version:`, its lines below it",
                    alone ? "a version whose `-` stands on another line cannot be copied"
                          : "a version on one line cannot be copied");
    return false;
}

static bool write_copy(struct mapping_copy *copy, struct span text,
                       const struct yaml_document *document, struct strbuf *out,
                       struct diagnostics *diagnostics)
{
    struct source source = {.root = yaml_root(document)};
    if (!find(copy, &source, diagnostics))
        return false;
    const struct yaml_node *since = yaml_require(source.taken, "valid_from", diagnostics);
    if (!since || !is_copied(text, source.taken, diagnostics) ||
        !is_copied(text, source.last, diagnostics) ||
        !is_plain(text, since, "valid_from", diagnostics) ||
        !is_plain(text, source.number, "version", diagnostics))
        return false;
    version_of(source.taken, diagnostics, &copy->of);
    note_files(copy, yaml_get(source.taken, "tables"));
    note_files(copy, yaml_get(source.taken, "words"));
    make(copy, text, &source, since, out);
    feeds_free(feeds_parse(copy->file, strbuf_span(out), diagnostics));
    if (diagnostics_errors(diagnostics) > 0)
        return false;
    struct error error = {0};
    if (out->len > FILE_BYTES)
        diagnostics_add(diagnostics, (struct place){copy->file, 0, 0},
                        "put tables into files beside it", "with a copy larger than %zu MiB",
                        FILE_BYTES >> 20);
    else if (!file_exchange(copy->file, strbuf_span(out), &error))
        diagnostics_add(diagnostics, (struct place){copy->file, 0, 0}, "may you write there?", "%s",
                        error.text);
    return diagnostics_errors(diagnostics) == 0;
}

/* Whole, or none. */
static char *read_file(const char *file, size_t *len, struct diagnostics *diagnostics)
{
    struct place place = {file, 0, 0};
    FILE *in = fopen(file, "rbe");
    if (!in) {
        diagnostics_add(diagnostics, place, "name a feed of feeds/", "cannot be read: %m");
        return NULL;
    }
    char *bytes = xmalloc(FILE_BYTES + 1);
    *len = fread(bytes, 1, FILE_BYTES + 1, in);
    bool broken = ferror(in) != 0;
    if (broken)
        diagnostics_add(diagnostics, place, "name a feed of feeds/", "cannot be read: %m");
    else if (*len > FILE_BYTES)
        diagnostics_add(diagnostics, place, "put tables into files beside it",
                        "larger than %zu MiB", FILE_BYTES >> 20);
    fclose(in);
    if (!broken && *len <= FILE_BYTES)
        return bytes;
    free(bytes);
    return NULL;
}

bool mapping_copy_write(struct mapping_copy *copy, struct diagnostics *diagnostics)
{
    struct strbuf out;
    strbuf_init(&copy->tables, 128, 4096);
    strbuf_init(&out, 65536, 2 * FILE_BYTES);
    size_t len = 0;
    char *bytes = read_file(copy->file, &len, diagnostics);
    struct span text = span_from(bytes, len);
    struct yaml_document *document = bytes ? yaml_parse(copy->file, text, diagnostics) : NULL;
    bool good = document && write_copy(copy, text, document, &out, diagnostics);
    if (document)
        yaml_free(document);
    free(bytes);
    strbuf_fini(&out);
    return good;
}
