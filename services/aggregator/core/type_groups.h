/* SPDX-License-Identifier: Apache-2.0 */
/* Types that people speak of as one matter (type_groups.yaml). A group is its types and all below
 * them in the registry: a question by it is a question by that list, so nothing is stored for it.
 */
#pragma once

#include "base/strbuf.h"
#include "config/diagnostics.h"
#include "model/registry.h"

struct type_groups;
/* A file that is not there declares none. What is wrong was added; what is right is there. */
struct type_groups *type_groups_load(const char *path, const struct registry *types,
                                     struct diagnostics *diagnostics);
void type_groups_free(struct type_groups *groups);
/* Their codes, blanks between them; NULL: there are none. */
const char *type_groups_words(const struct type_groups *groups);
/* Adds `codes` and the types of the groups `asked`, "," between; either may be absent. */
void type_groups_join(const struct type_groups *groups, struct span codes, struct span asked,
                      struct strbuf *out);
/* A JSON array of objects: group, name (name_en where it has another in English) and types. */
void type_groups_write(const struct type_groups *groups, struct strbuf *out);
