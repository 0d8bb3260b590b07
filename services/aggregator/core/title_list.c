/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/core/title_list.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/table.h"
#include "config/yaml_folder.h"
#include "config/yaml_name.h"
#include "model/registry.h"

struct title {
    char *code, *chinese, *english; /* owned */
    struct title *next;
};

struct title_list {
    const char *key; /* static */
    struct title *first, **end;
    struct table by_code; /* of them */
};

static struct title_list *new_list(const char *key)
{
    struct title_list *list = xcalloc(1, sizeof *list);
    list->key = key;
    list->end = &list->first;
    return list;
}

/* Of two the first: it is the one that stands. */
static void add(struct title_list *list, struct span code, struct span chinese, struct span english)
{
    if (!code.len || !chinese.len || table_find(&list->by_code, code))
        return;
    struct title *title = xcalloc(1, sizeof *title);
    title->code = xspandup(code);
    title->chinese = xspandup(chinese);
    title->english = xspandup(english.len ? english : chinese);
    *list->end = title;
    list->end = &title->next;
    table_add(&list->by_code, span_of(title->code), title);
}

static void add_named(struct title_list *list, const char *code, const struct yaml_node *named)
{
    struct yaml_name name;
    struct diagnostics *ignored = diagnostics_new();
    yaml_name_read(&name, yaml_get(named, "name"), ignored);
    if (name.chinese && name.english)
        add(list, span_of(code), yaml_name_in(&name, LANGUAGE_CHINESE),
            yaml_name_in(&name, LANGUAGE_ENGLISH));
    diagnostics_free(ignored);
}

static struct yaml_document *read_file(const char *path)
{
    struct diagnostics *ignored = diagnostics_new();
    struct yaml_document *document = access(path, R_OK) == 0 ? yaml_load(path, ignored) : NULL;
    diagnostics_free(ignored);
    return document;
}

static void add_file(struct title_list *list, const char *path)
{
    struct yaml_document *document = read_file(path);
    const struct yaml_node *root = document ? yaml_root(document) : NULL;
    const struct yaml_node *code = root ? yaml_get(root, list->key) : NULL;
    if (code && code->type == YAML_SCALAR)
        add_named(list, code->text, root);
    if (document)
        yaml_free(document);
}

struct title_list *title_list_load(const char *folder, const char *key)
{
    struct title_list *list = new_list(key);
    struct yaml_folder files;
    yaml_folder_read(&files, folder);
    for (size_t i = 0; i < files.count; i++)
        add_file(list, files.paths[i]);
    yaml_folder_fini(&files);
    return list;
}

struct title_list *title_list_load_classes(const char *rules_file)
{
    struct title_list *list = new_list("class");
    struct yaml_document *document = read_file(rules_file);
    const struct yaml_node *classes = document ? yaml_get(yaml_root(document), "classes") : NULL;
    const struct yaml_node *one = classes && classes->type == YAML_MAP ? classes->first : NULL;
    for (; one; one = one->next)
        if (one->type == YAML_MAP)
            add_named(list, one->key, one);
    if (document)
        yaml_free(document);
    return list;
}

struct title_list *title_list_load_rules(const char *rules_file)
{
    struct title_list *list = new_list("rule");
    struct yaml_document *document = read_file(rules_file);
    const struct yaml_node *entries = document ? yaml_get(yaml_root(document), "entries") : NULL;
    const struct yaml_node *one = entries && entries->type == YAML_LIST ? entries->first : NULL;
    for (; one; one = one->next) {
        const struct yaml_node *id = one->type == YAML_MAP ? yaml_get(one, "id") : NULL;
        if (id && id->type == YAML_SCALAR)
            add_named(list, id->text, one);
    }
    if (document)
        yaml_free(document);
    return list;
}

/* Of the rows of a code the one that holds that day, else the newest; an alias names another's. */
static const struct registry_row *row_of(const struct registry *registry, struct span code,
                                         int64_t day)
{
    const struct registry_row *row = registry_find(registry, code, day);
    while (row && !span_equal(registry_cell(registry, row, "code"), code))
        row = registry_find_next(registry, code, day, row);
    return row || day == INT64_MIN ? row : row_of(registry, code, INT64_MIN);
}

struct title_list *title_list_load_rows(const char *file, const char *key, int64_t day,
                                        struct diagnostics *diagnostics)
{
    struct title_list *list = new_list(key);
    struct diagnostics *ignored = diagnostics_new();
    struct registry *registry =
        access(file, F_OK) == 0 ? registry_load(file, diagnostics ? diagnostics : ignored) : NULL;
    const struct registry_row *row;
    for (size_t i = 0; registry && (row = registry_at(registry, i)); i++) {
        struct span code = registry_cell(registry, row, "code");
        row = row_of(registry, code, day);
        add(list, code, registry_cell(registry, row, "name"),
            registry_cell(registry, row, "name_en"));
    }
    registry_free(registry);
    diagnostics_free(ignored);
    return list;
}

void title_list_free(struct title_list *list)
{
    if (!list)
        return;
    table_fini(&list->by_code);
    for (struct title *title = list->first, *next; title; title = next) {
        next = title->next;
        free(title->code);
        free(title->chinese);
        free(title->english);
        free(title);
    }
    free(list);
}

struct span title_list_find(const struct title_list *list, struct span code, enum language language)
{
    const struct title *title = list && code.len ? table_find(&list->by_code, code) : NULL;
    if (!title)
        return SPAN_NONE;
    return span_of(language == LANGUAGE_ENGLISH ? title->english : title->chinese);
}

void title_list_write(const struct title_list *list, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    for (const struct title *title = list->first; title; title = title->next) {
        strbuf_addf(out, "%s{\"%s\":", title == list->first ? "" : ",", list->key);
        strbuf_add_json(out, span_of(title->code));
        strbuf_add(out, SPAN(",\"name\":"));
        strbuf_add_json(out, span_of(title->chinese));
        if (strcmp(title->chinese, title->english) != 0) {
            strbuf_add(out, SPAN(",\"name_en\":"));
            strbuf_add_json(out, span_of(title->english));
        }
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}
