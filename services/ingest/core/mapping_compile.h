/* SPDX-License-Identifier: Apache-2.0 */
/* YAML of one version of a feed to struct mapping: used by mapping.c only. */
#pragma once

#include "config/yaml.h"
#include "ingest/core/mapping.h"

/* Memory of a load, given back all at once. */
struct mapping_memory {
    struct mapping_block *blocks; /* owned */
};

void *mapping_memory_take(struct mapping_memory *memory, size_t size); /* zeroed */
void mapping_memory_free(struct mapping_memory *memory);

/* Texts are borrowed from the document. What is wrong was added to diagnostics. */
void mapping_compile(struct mapping *mapping, const struct yaml_node *node,
                     struct mapping_memory *memory, struct diagnostics *diagnostics);
