/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/core/namespace_list.h"

#include <stdlib.h>

#include "base/memory.h"
#include "config/yaml.h"
#include "config/yaml_folder.h"

#define MOST 64

struct namespace_list {
    char *names[MOST]; /* owned; "request:12345", each once */
    size_t count;
};

static void add(struct namespace_list *list, const struct kinds *kinds, struct span name)
{
    struct span rest = name;
    if (!kinds_find(kinds, span_cut(&rest, ':')) || !rest.len || list->count == MOST)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (span_is(name, list->names[i]))
            return;
    list->names[list->count++] = xspandup(name);
}

static void add_file(struct namespace_list *list, const struct kinds *kinds, const char *path)
{
    struct diagnostics *ignored = diagnostics_new();
    struct yaml_document *document = yaml_load(path, ignored);
    const struct yaml_node *versions = document ? yaml_get(yaml_root(document), "versions") : NULL;
    const char *name;
    for (const struct yaml_node *one = versions ? versions->first : NULL; one; one = one->next)
        if (one->type == YAML_MAP && yaml_text(yaml_get(one, "namespace"), &name, ignored))
            add(list, kinds, span_of(name));
    if (document)
        yaml_free(document);
    diagnostics_free(ignored);
}

struct namespace_list *namespace_list_load(const char *folder, const struct kinds *kinds)
{
    struct namespace_list *list = xcalloc(1, sizeof *list);
    struct yaml_folder files;
    yaml_folder_read(&files, folder);
    for (size_t i = 0; i < files.count; i++)
        add_file(list, kinds, files.paths[i]);
    yaml_folder_fini(&files);
    return list;
}

void namespace_list_free(struct namespace_list *list)
{
    if (!list)
        return;
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list);
}

void namespace_list_ids(const struct namespace_list *list, struct span number, struct strbuf *out)
{
    for (size_t i = 0; i < list->count; i++)
        strbuf_addf(out, "%s%s:%.*s", i ? "," : "", list->names[i], SPAN_ARG(number));
}
