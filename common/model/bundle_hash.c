/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes, not meaning: a comment that changes makes another bundle, and nobody has to ask which part
 * of a file a decision hangs on. Each file is its name, its length and its bytes, so that what
 * moves from one file to another is a change too. */
#include "model/bundle_hash.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/span.h"

#define PATH_BYTES 4096

static const struct part {
    const char *folder, *ending;
} parts[] = {{"rules", ".yaml"}, {"triggers", ".yaml"}, {"registries", ".csv"}};

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* By bytes: alphasort follows the locale, and a bundle's name must not. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_file(struct digest *digest, const char *path, const char *folder, const char *name,
                     struct diagnostics *diagnostics)
{
    char buffer[65536], head[PATH_BYTES];
    long size = -1;
    FILE *file = fopen(path, "rb");
    if (file && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size < 0) {
        diagnostics_add(diagnostics, (struct place){path, 0, 0}, "make it readable",
                        "cannot be read: %m");
        if (file)
            fclose(file);
        return false;
    }
    rewind(file);
    int len = snprintf(head, sizeof head, "%s/%s\n%ld\n", folder, name, size);
    digest_add(digest, span_from(head, (size_t)len));
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;)
        digest_add(digest, span_from(buffer, n));
    fclose(file);
    return true;
}

static bool add_part(struct digest *digest, const char *config_dir, const struct part *part,
                     struct diagnostics *diagnostics)
{
    char folder[PATH_BYTES], path[2 * PATH_BYTES];
    struct dirent **entries = NULL;
    bool good = true;
    snprintf(folder, sizeof folder, "%s/%s", config_dir, part->folder);
    int n = scandir(folder, &entries, is_shown, by_name);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (span_ends(span_of(name), span_of(part->ending)))
            good = add_file(digest, path, part->folder, name, diagnostics) && good;
        free(entries[i]);
    }
    free(entries);
    return good;
}

bool bundle_hash(char hash[DIGEST_ID_LEN + 1], const char *config_dir,
                 struct diagnostics *diagnostics)
{
    struct digest *digest = digest_new();
    bool good = true;
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
        good = add_part(digest, config_dir, &parts[i], diagnostics) && good;
    digest_finish(digest, hash);
    return good;
}
