/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon reads only what its settings let in (insecure_bearer), and a file that is not there or
 * not ours to read is the daemon's to miss: keys belong to its user. */
#include "citybrain/check_credentials.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "config/yaml.h"
#include "ingest/core/door_names.h"

#define PATH_BYTES 512

typedef void check_fn(const char *file, struct door_names *names, struct diagnostics *diagnostics);

static void check_keys(const char *file, struct door_names *names, struct diagnostics *diagnostics)
{
    struct station_keys *keys = station_keys_load(file, diagnostics);
    names->keys = keys;
    door_names_check(names, diagnostics);
    names->keys = NULL;
    station_keys_free(keys);
}

static void check_tokens(const char *file, struct door_names *names,
                         struct diagnostics *diagnostics)
{
    struct token_table *tokens = token_table_load(file, diagnostics);
    names->tokens = tokens;
    door_names_check(names, diagnostics);
    names->tokens = NULL;
    token_table_free(tokens);
}

static const struct named {
    const char *file, *section, *key; /* no section: the file itself */
    check_fn *check;
} named[] = {
    {"ingest.yaml", "ingest", "keys", check_keys},
    {"ingest.yaml", "ingest", "tokens", check_tokens},
    {"aggregator.yaml", "aggregator", "tokens", check_tokens},
    {"tokens.csv", NULL, NULL, check_tokens},
};

/* As the settings name it, or ""; told in `path`. */
static void find(const struct named *one, const char *folder, char path[PATH_BYTES])
{
    char file[PATH_BYTES];
    snprintf(file, sizeof file, "%s/%s", folder, one->file);
    snprintf(path, PATH_BYTES, "%s", one->section ? "" : file);
    if (!one->section)
        return;
    struct diagnostics *unsaid = diagnostics_new(); /* settings are told by their daemon */
    struct yaml_document *document = yaml_load(file, unsaid);
    const struct yaml_node *map = document ? yaml_get(yaml_root(document), one->section) : NULL;
    const struct yaml_node *node = yaml_get(map, one->key);
    if (node && node->type == YAML_SCALAR)
        snprintf(path, PATH_BYTES, "%s", node->text);
    yaml_free(document);
    diagnostics_free(unsaid);
}

static bool is_there(const char *path, struct stat *about)
{
    return stat(path, about) == 0 && S_ISREG(about->st_mode) && access(path, R_OK) == 0;
}

void check_credentials(const struct bundle *bundle, const char *folder,
                       struct diagnostics *diagnostics)
{
    struct door_names names = {.feeds = bundle->feeds, .units = bundle->rule.district.units};
    struct stat seen[ARRAY_LENGTH(named)];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(named); i++) {
        char path[PATH_BYTES];
        find(&named[i], folder, path);
        bool is_new = is_there(path, &seen[count]);
        for (size_t j = 0; is_new && j < count; j++)
            is_new = seen[j].st_dev != seen[count].st_dev || seen[j].st_ino != seen[count].st_ino;
        if (is_new) {
            named[i].check(path, &names, diagnostics);
            count++;
        }
    }
}
