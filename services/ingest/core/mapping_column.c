/* SPDX-License-Identifier: Apache-2.0 */
/* How the columns of a CSV file are told apart: by their separator, and by the names they go by. */
#include "ingest/core/mapping_compile.h"

/* As it stands in the file, or `tab`. */
char mapping_column_separator(struct mapping_compiler *compiler, const struct yaml_node *node)
{
    const char *text;
    if (node == NULL || !yaml_text(node, &text, compiler->diagnostics))
        return ',';
    if (strcmp(text, "tab") == 0)
        return '\t';
    if (strlen(text) == 1 && strchr(",;|\t", text[0]))
        return text[0];
    diagnostics_add(compiler->diagnostics, node->place, "\",\", \";\", \"|\" or tab",
                    "cells cannot be separated by \"%s\"", text);
    return ',';
}

static void add_synonyms(struct mapping_compiler *compiler, const struct yaml_node *node)
{
    struct mapping *mapping = compiler->mapping;
    int column = mapping_column(mapping, span_of(node->key));
    size_t count;
    const char **names = mapping_compile_texts(compiler, node, &count);
    if (column < 0)
        diagnostics_add(compiler->diagnostics, node->key_place, "a column that is read",
                        "no column %s", node->key);
    for (size_t i = 0; column >= 0 && i < count; i++) {
        if (mapping_column(mapping, span_of(names[i])) >= 0)
            diagnostics_add(compiler->diagnostics, node->place, "another name",
                            "%s names two columns", names[i]);
        mapping->synonyms[mapping->synonym_count++] = (struct mapping_synonym){names[i], column};
    }
}

void mapping_column_synonyms(struct mapping_compiler *compiler, const struct yaml_node *node)
{
    struct mapping *mapping = compiler->mapping;
    size_t most = 0;
    if (node == NULL)
        return;
    if (node->type != YAML_MAP || mapping->format != MAPPING_CSV) {
        diagnostics_add(compiler->diagnostics, node->place,
                        "synonyms: { column: [other, names] }; of JSON, from: [member, other]",
                        node->type != YAML_MAP ? "synonyms is not a map"
                                               : "synonyms are read of a CSV header only");
        return;
    }
    for (const struct yaml_node *one = node->first; one; one = one->next)
        most += one->type == YAML_LIST ? one->count : 1;
    mapping->synonyms =
        mapping_memory_take(compiler->memory, (most + 1) * sizeof *mapping->synonyms);
    for (const struct yaml_node *one = node->first; one; one = one->next)
        add_synonyms(compiler, one);
}

int mapping_column(const struct mapping *mapping, struct span name)
{
    for (size_t i = 0; i < mapping->column_count; i++)
        if (span_is(name, mapping->columns[i]))
            return (int)i;
    for (size_t i = 0; i < mapping->synonym_count; i++)
        if (span_is(name, mapping->synonyms[i].name))
            return mapping->synonyms[i].column;
    return -1;
}
