/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as such, and registries as tables; what words mean is the next level's. */
#include "citybrain/check_syntax.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/yaml.h"
#include "model/registry.h"

#define PATH_BYTES 4096

static int is_wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "cases") != 0;
}

static bool is_registry(const char *folder, const char *name)
{
    const char *slash = strrchr(folder, '/');
    return strcmp(slash ? slash + 1 : folder, "registries") == 0 &&
           span_ends(span_of(name), SPAN(".csv")) && strcmp(name, "calendar.csv") != 0;
}

static size_t check_entry(const char *folder, const char *name, struct diagnostics *diagnostics)
{
    char path[PATH_BYTES];
    struct stat about;
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (len >= PATH_BYTES || stat(path, &about) != 0)
        return 0;
    if (S_ISDIR(about.st_mode))
        return check_syntax(path, diagnostics);
    if (span_ends(span_of(name), SPAN(".yaml")))
        yaml_free(yaml_load(path, diagnostics));
    else if (is_registry(folder, name))
        registry_free(registry_load(path, diagnostics));
    else
        return 0;
    return 1;
}

/* As deep as a configuration is: links in a ring end with the path's length. */
size_t check_syntax(const char *folder, struct diagnostics *diagnostics)
{
    struct dirent **entries = NULL;
    size_t files = 0;
    int count = scandir(folder, &entries, is_wanted, alphasort);
    if (count < 0)
        diagnostics_add(diagnostics, (struct place){folder, 0, 0}, "name a folder by --config",
                        "the folder cannot be read");
    for (int i = 0; i < count; i++) {
        files += check_entry(folder, entries[i]->d_name, diagnostics);
        free(entries[i]);
    }
    free(entries);
    return files;
}
