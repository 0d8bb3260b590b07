/* SPDX-License-Identifier: Apache-2.0 */
/* By bytes, not by a locale: what is read in their order has the same hash everywhere. */
#include "config/yaml_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/span.h"

static int is_yaml(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && span_ends(span_of(entry->d_name), SPAN(".yaml"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = xmalloc(size);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

void yaml_folder_read(struct yaml_folder *files, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_yaml, by_name);
    *files = (struct yaml_folder){.count = count > 0 ? (size_t)count : 0};
    files->paths = xcalloc(files->count + 1, sizeof files->paths[0]);
    for (size_t i = 0; i < files->count; i++) {
        files->paths[i] = join(folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

void yaml_folder_fini(struct yaml_folder *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    free(files->paths);
    *files = (struct yaml_folder){0};
}
