/* SPDX-License-Identifier: Apache-2.0 */
/* Codes, topics and files. Numbers of codes are each installation's own (they stand in its stored
 * lines), so a code that is missing gets the next number there, whatever it has in the release. */
#include "citybrain/check_upgrade.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "config/yaml.h"
#include "config/yaml_folder.h"
#include "model/codes.h"

#define PATH_BYTES 4096
#define MOST_CODES 4096

struct upgrade {
    const char *folder, *release;
    FILE *out;
    struct diagnostics *diagnostics;
};

static const char *in(char path[PATH_BYTES], const char *folder, const char *name)
{
    snprintf(path, PATH_BYTES, "%.3700s/%.380s", folder, name);
    return path;
}

/* ---- codes ---- */

static int next_number(const struct codes *codes, enum code_space space)
{
    int next = 1;
    for (int number = 1; number <= MOST_CODES; number++)
        if (codes_text(codes, space, number).at)
            next = number + 1;
    return next;
}

/* Units are the district's own. */
static void check_codes(const struct upgrade *upgrade)
{
    static const struct {
        enum code_space space;
        const char *name;
    } spaces[] = {{CODE_STAGE, "stage"}, {CODE_PARTY, "party"}, {CODE_KIND, "kind"}};
    char path[PATH_BYTES], theirs[PATH_BYTES];
    struct codes *ours = codes_load(in(path, upgrade->folder, "codes.csv"), upgrade->diagnostics);
    struct codes *release =
        codes_load(in(theirs, upgrade->release, "codes.csv"), upgrade->diagnostics);
    for (size_t i = 0; ours && release && i < ARRAY_LENGTH(spaces); i++) {
        int next = next_number(ours, spaces[i].space);
        for (int number = 1; number <= MOST_CODES; number++) {
            struct span code = codes_text(release, spaces[i].space, number);
            char fix[128];
            if (!code.at || codes_number(ours, spaces[i].space, code))
                continue;
            snprintf(fix, sizeof fix, "append %s,%d,%.*s", spaces[i].name, next++, SPAN_ARG(code));
            diagnostics_add(upgrade->diagnostics, (struct place){path, 0, 0}, fix,
                            "the release has the %s %.*s", spaces[i].name, SPAN_ARG(code));
        }
    }
    if (ours)
        codes_free(ours);
    if (release)
        codes_free(release);
}

/* ---- topics ---- */

static const struct yaml_node *entries_of(const struct yaml_document *document)
{
    const struct yaml_node *topics = document ? yaml_get(yaml_root(document), "topics") : NULL;
    const struct yaml_node *entries = topics ? yaml_get(topics, "entries") : NULL;
    return entries && entries->type == YAML_LIST ? entries : NULL;
}

static const char *text_of(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = yaml_get(map, key);
    return node && node->type == YAML_SCALAR ? node->text : "";
}

static const struct yaml_node *topic_named(const struct yaml_node *entries, const char *name)
{
    for (const struct yaml_node *one = entries->first; one; one = one->next)
        if (strcmp(text_of(one, "name"), name) == 0)
            return one;
    return NULL;
}

static void check_topics(const struct upgrade *upgrade)
{
    char path[PATH_BYTES];
    struct yaml_document *ours =
        yaml_load(in(path, upgrade->folder, "topics.yaml"), upgrade->diagnostics);
    struct yaml_document *release =
        yaml_load(in(path, upgrade->release, "topics.yaml"), upgrade->diagnostics);
    const struct yaml_node *have = entries_of(ours), *want = entries_of(release);
    for (const struct yaml_node *one = have && want ? want->first : NULL; one; one = one->next) {
        const char *name = text_of(one, "name");
        const struct yaml_node *same = topic_named(have, name);
        char fix[PATH_BYTES + 64];
        snprintf(fix, sizeof fix, "copy its entry of %s, then citybrain topics apply", path);
        if (!same)
            diagnostics_add(upgrade->diagnostics, have->place, fix, "the release has the topic %s",
                            name);
        else if (strcmp(text_of(same, "partitions"), text_of(one, "partitions")) != 0)
            fprintf(upgrade->out, "differs\t%s:%d\ttopic %s has %s partitions, in the release %s\n",
                    same->place.file, same->place.line, name, text_of(same, "partitions"),
                    text_of(one, "partitions"));
    }
    yaml_free(ours);
    yaml_free(release);
}

/* ---- files ---- */

static char *read_file(const char *path, size_t *len)
{
    FILE *stream = fopen(path, "rbe");
    if (!stream)
        return NULL;
    char *text = xmalloc((size_t)4 << 20);
    *len = fread(text, 1, (size_t)4 << 20, stream);
    fclose(stream);
    return text;
}

static void compare(const struct upgrade *upgrade, const char *name)
{
    char ours[PATH_BYTES], theirs[PATH_BYTES];
    size_t have = 0, want = 0;
    char *mine = read_file(in(ours, upgrade->folder, name), &have);
    char *release = read_file(in(theirs, upgrade->release, name), &want);
    if (release && !mine)
        fprintf(upgrade->out, "new\t%s\tcopy it where it is wanted\n", theirs);
    else if (release && (have != want || memcmp(mine, release, have) != 0))
        fprintf(upgrade->out, "differs\t%s\tyours stays: diff it against %s\n", ours, theirs);
    free(mine);
    free(release);
}

static void check_files(const struct upgrade *upgrade)
{
    static const char *const folders[] = {"kinds", "views", "triggers", "feeds"};
    for (size_t i = 0; i < ARRAY_LENGTH(folders); i++) {
        char path[PATH_BYTES], name[PATH_BYTES];
        struct yaml_folder files;
        yaml_folder_read(&files, in(path, upgrade->release, folders[i]));
        for (size_t k = 0; k < files.count; k++)
            compare(upgrade, in(name, folders[i], strrchr(files.paths[k], '/') + 1));
        yaml_folder_fini(&files);
    }
}

void check_upgrade(const char *folder, const char *release, FILE *out,
                   struct diagnostics *diagnostics)
{
    const struct upgrade upgrade = {folder, release, out, diagnostics};
    check_codes(&upgrade);
    check_topics(&upgrade);
    check_files(&upgrade);
}
