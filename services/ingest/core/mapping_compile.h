/* SPDX-License-Identifier: Apache-2.0 */
/* YAML of one version of a feed to struct mapping: used by mapping.c, and by the files that compile
 * its parts (mapping_table.c, mapping_words.c, mapping_field.c, mapping_event.c). */
#pragma once

#include "config/yaml.h"
#include "ingest/core/mapping.h"

/* Memory of a load, given back all at once. */
struct mapping_memory {
    struct mapping_block *blocks; /* owned */
};

void *mapping_memory_take(struct mapping_memory *memory, size_t size); /* zeroed */
void mapping_memory_free(struct mapping_memory *memory);

struct mapping_compiler {
    struct mapping *mapping;
    struct mapping_memory *memory;
    struct diagnostics *diagnostics;
};

/* Texts are borrowed from the document. What is wrong was added to diagnostics. */
void mapping_compile(struct mapping *mapping, const struct yaml_node *node,
                     struct mapping_memory *memory, struct diagnostics *diagnostics);

/* The column's number; a new name becomes a column. */
int mapping_compile_column(struct mapping_compiler *compiler, const struct yaml_node *place,
                           const char *name);
/* A scalar or a list of scalars. */
const char **mapping_compile_texts(struct mapping_compiler *compiler, const struct yaml_node *node,
                                   size_t *count);
int *mapping_compile_columns(struct mapping_compiler *compiler, const struct yaml_node *node,
                             size_t *count);
/* A word out of a list; its index, or 0 and an error. */
int mapping_compile_word(struct mapping_compiler *compiler, const struct yaml_node *node,
                         const char *const *words, size_t count);
/* "can be read" text of a file beside the feed's own, in the load's memory; absent and an error. */
struct span mapping_compile_file(struct mapping_compiler *compiler, const struct yaml_node *node,
                                 const char *name, const char **path);

char mapping_column_separator(struct mapping_compiler *compiler, const struct yaml_node *node);
/* `synonyms: { column: [other names] }`, once all columns are known. */
void mapping_column_synonyms(struct mapping_compiler *compiler, const struct yaml_node *node);
void mapping_table_read(struct mapping_compiler *compiler, const struct yaml_node *node);
/* What `table:` or `registry:` of a field names, or NULL. */
const struct mapping_table *mapping_table_of(struct mapping_compiler *compiler,
                                             const struct yaml_node *field);
void mapping_words_read(struct mapping_compiler *compiler, const struct yaml_node *node);
const struct mapping_words *mapping_words_of(struct mapping_compiler *compiler,
                                             const struct yaml_node *place, const char *name);
/* One member of `data:`. */
void mapping_field_read(struct mapping_compiler *compiler, const struct yaml_node *node,
                        struct mapping_field *field);
/* `time:` and `revision:`: a column or several, or { from:, date:, default: }. */
void mapping_field_moment(struct mapping_compiler *compiler, const struct yaml_node *node,
                          struct mapping_field *field);
/* { from:, to: }: moments where dates are read, else numbers. */
void mapping_field_range(struct mapping_compiler *compiler, const struct yaml_node *node,
                         bool of_time, struct mapping_range *range);
void mapping_event_read(struct mapping_compiler *compiler, const struct yaml_node *node);
