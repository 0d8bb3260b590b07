/* SPDX-License-Identifier: Apache-2.0 */
/* No list of cases is kept anywhere: a new folder is a new case. */
#include "citybrain/golden_find.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define PATH_BYTES 1024
#define MOST_DEEP  16

static void add(struct golden_folders *folders, const char *path)
{
    for (size_t i = 0; i < folders->count; i++)
        if (strcmp(folders->list[i], path) == 0)
            return;
    folders->list = xrealloc(folders->list, (folders->count + 1) * sizeof *folders->list);
    folders->list[folders->count++] = xstrdup(path);
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool is_part_of_a_case(const char *name)
{
    return strncmp(name, "input.", 6) == 0 || strcmp(name, "expected.jsonl") == 0;
}

static bool walk(struct golden_folders *folders, const char *path, int depth)
{
    struct dirent **entries = NULL;
    bool found = false;
    int count = depth < MOST_DEEP ? scandir(path, &entries, is_shown, alphasort) : -1;
    if (count < 0)
        return false;
    for (int i = 0; i < count; i++)
        found = found || is_part_of_a_case(entries[i]->d_name);
    if (found)
        add(folders, path);
    for (int i = 0; i < count; i++) {
        char below[PATH_BYTES];
        snprintf(below, sizeof below, "%s/%s", path, entries[i]->d_name);
        walk(folders, below, depth + 1); /* a file is no folder: nothing is found */
        free(entries[i]);
    }
    free(entries);
    return true;
}

bool golden_find(struct golden_folders *folders, const char *root)
{
    char path[PATH_BYTES];
    size_t len = strlen(root);
    while (len > 1 && root[len - 1] == '/')
        len--;
    snprintf(path, sizeof path, "%.*s", (int)len, root);
    return walk(folders, path, 0);
}

void golden_folders_fini(struct golden_folders *folders)
{
    for (size_t i = 0; i < folders->count; i++)
        free(folders->list[i]);
    free(folders->list);
    *folders = (struct golden_folders){0};
}
