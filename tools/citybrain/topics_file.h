/* SPDX-License-Identifier: Apache-2.0 */
/* config/topics.yaml: the declared list, with one topic per unit of registries/units.csv where a
 * name says <unit>. */
#pragma once

#include <stddef.h>

#include "config/diagnostics.h"
#include "kafka/admin.h"

struct topics_file;
/* Durations of *.ms keys become milliseconds; `prefix` and `replication` are applied. NULL on
 * error. */
struct topics_file *topics_file_load(const char *config_dir, const char *prefix,
                                     int32_t replication, struct diagnostics *diagnostics);
void topics_file_free(struct topics_file *file);
const struct admin_topic *topics_file_topics(const struct topics_file *file, size_t *count);
