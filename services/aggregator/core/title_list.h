/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration calls what it declares: codes and their names. For display: what cannot be
 * read is left out, who decides by it refuses it; what has no name is not listed. */
#pragma once

#include "base/language.h"
#include "base/strbuf.h"
#include "config/diagnostics.h"

struct title_list;
/* Of each file of the folder: of "trigger: cluster" and "name: …" the code and the name. */
struct title_list *title_list_load(const char *folder, const char *key);
/* Of rules/dispatch.yaml: its limit classes, and its entries by their ids. */
struct title_list *title_list_load_classes(const char *rules_file);
struct title_list *title_list_load_rules(const char *rules_file);
/* Of a registry: code, name and name_en, where it has that column; of several rows of a
 * code the one that holds `day`, else the newest. In fields.csv the codes are
 * fields, and FIELD:VALUE. Empty where there is no such file; what is wrong with one is told to the
 * diagnostics, unless there are none because another reader of the file tells it. */
struct title_list *title_list_load_rows(const char *file, const char *key, int64_t day,
                                        struct diagnostics *diagnostics);
void title_list_free(struct title_list *list);
/* Absent where nothing is called by it. LANGUAGE_BOTH is Chinese. */
struct span title_list_find(const struct title_list *list, struct span code,
                            enum language language);
/* A JSON array of objects: key and "name", and "name_en" where that is another. */
void title_list_write(const struct title_list *list, struct strbuf *out);
