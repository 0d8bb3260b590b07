/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/core/trigger_forms.h"

#include <stdlib.h>
#include <unistd.h>

#include "config/yaml.h"
#include "config/yaml_folder.h"

#define MOST_BYTES ((size_t)16 << 10)

static void add(struct strbuf *list, const char *code)
{
    if (list->len)
        strbuf_add_char(list, ',');
    strbuf_add(list, span_of(code));
}

static void read_root(struct trigger_forms *forms, const struct yaml_node *root)
{
    const struct yaml_node *code = yaml_get(root, "trigger"), *absence = yaml_get(root, "absence");
    if (!code || code->type != YAML_SCALAR)
        return;
    if (absence && absence->type == YAML_MAP && yaml_get(absence, "before"))
        add(&forms->limits, code->text);
    if (yaml_get(root, "silence"))
        add(&forms->silences, code->text);
}

static void read_file(struct trigger_forms *forms, const char *path)
{
    struct diagnostics *ignored = diagnostics_new();
    struct yaml_document *document = access(path, R_OK) == 0 ? yaml_load(path, ignored) : NULL;
    if (document && yaml_root(document) && yaml_root(document)->type == YAML_MAP)
        read_root(forms, yaml_root(document));
    if (document)
        yaml_free(document);
    diagnostics_free(ignored);
}

void trigger_forms_load(struct trigger_forms *forms, const char *folder)
{
    struct yaml_folder files;
    strbuf_init(&forms->limits, 256, MOST_BYTES);
    strbuf_init(&forms->silences, 256, MOST_BYTES);
    yaml_folder_read(&files, folder);
    for (size_t i = 0; i < files.count; i++)
        read_file(forms, files.paths[i]);
    yaml_folder_fini(&files);
}

void trigger_forms_fini(struct trigger_forms *forms)
{
    strbuf_fini(&forms->limits);
    strbuf_fini(&forms->silences);
}
