/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a folder call what they declare: of "trigger: cluster" and "name: …" the code
 * and the name. For display: a file that cannot be read is left out, its own daemon refuses it. */
#pragma once

#include "base/strbuf.h"

struct title_list;
struct title_list *title_list_load(const char *folder, const char *key);
void title_list_free(struct title_list *list);
/* A JSON array of objects: key and "name". */
void title_list_write(const struct title_list *list, struct strbuf *out);
