/* SPDX-License-Identifier: Apache-2.0 */
/* The golden cases below a folder: every folder with an input.<ext> or an expected.jsonl, at any
 * depth, in order of their paths. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct golden_folders {
    char **list; /* owned */
    size_t count;
};

/* False when `root` is no folder. May be called for several roots; a case is kept once. */
bool golden_find(struct golden_folders *folders, const char *root);
void golden_folders_fini(struct golden_folders *folders);
