/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/core/title_list.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/yaml.h"

#define MOST_BYTES ((size_t)256 << 10)

struct title_list {
    struct strbuf json; /* owned */
};

static int is_yaml(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && span_ends(span_of(entry->d_name), SPAN(".yaml"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_file(struct strbuf *out, const char *path, const char *key)
{
    struct diagnostics *ignored = diagnostics_new();
    struct yaml_document *document = yaml_load(path, ignored);
    const char *code, *name;
    if (document && yaml_text(yaml_get(yaml_root(document), key), &code, ignored) &&
        yaml_text(yaml_get(yaml_root(document), "name"), &name, ignored)) {
        strbuf_addf(out, "%s{\"%s\":", out->len > 1 ? "," : "", key);
        strbuf_add_json(out, span_of(code));
        strbuf_add(out, SPAN(",\"name\":"));
        strbuf_add_json(out, span_of(name));
        strbuf_add_char(out, '}');
    }
    if (document)
        yaml_free(document);
    diagnostics_free(ignored);
}

struct title_list *title_list_load(const char *folder, const char *key)
{
    struct title_list *list = xcalloc(1, sizeof *list);
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_yaml, by_name);
    strbuf_init(&list->json, 4096, MOST_BYTES);
    strbuf_add_char(&list->json, '[');
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        add_file(&list->json, path, key);
        free(entries[i]);
    }
    free(entries);
    strbuf_add_char(&list->json, ']');
    return list;
}

void title_list_free(struct title_list *list)
{
    if (!list)
        return;
    strbuf_fini(&list->json);
    free(list);
}

void title_list_write(const struct title_list *list, struct strbuf *out)
{
    strbuf_add(out, strbuf_span(&list->json));
}
