/* SPDX-License-Identifier: Apache-2.0 */
/* Everything lives in one arena that goes with the file. */
#include "citybrain/topics_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "config/yaml.h"
#include "model/registry.h"

#define MOST_TOPICS 4096

struct topics_file {
    struct arena arena;
    struct admin_topic *topics; /* arena */
    size_t count;
    int32_t replication;
};

static const char *text(struct topics_file *file, const char *first, struct span middle,
                        const char *last)
{
    size_t n = strlen(first) + middle.len + strlen(last) + 1;
    char *at = arena_take(&file->arena, n);
    if (at)
        snprintf(at, n, "%s%.*s%s", first, SPAN_ARG(middle), last);
    return at ? at : "";
}

static struct admin_entry entry_of(struct topics_file *file, const struct yaml_node *node)
{
    struct admin_entry entry = {.name = text(file, node->key, SPAN_NONE, ""),
                                .value = text(file, node->text, SPAN_NONE, "")};
    bool friendly = strcmp(node->key, "retention") == 0;
    int64_t ms;
    if ((friendly || span_ends(span_of(node->key), SPAN(".ms"))) &&
        timestamp_parse_duration(span_of(node->text), &ms)) {
        char number[32];
        snprintf(number, sizeof number, "%" PRId64, ms);
        entry.value = text(file, number, SPAN_NONE, "");
    }
    if (friendly)
        entry.name = "retention.ms";
    return entry;
}

static void add_topic(struct topics_file *file, const char *name, const struct yaml_node *node,
                      struct diagnostics *diagnostics)
{
    static const char *const known[] = {"name", "partitions", "config", NULL};
    int64_t partitions = 1;
    if (!yaml_only_keys(node, known, diagnostics) ||
        !yaml_int(yaml_get(node, "partitions"), 1, 1000, &partitions, diagnostics))
        return;
    const struct yaml_node *config = yaml_get(node, "config");
    size_t n = config ? config->count : 0;
    struct admin_entry *entries = arena_take(&file->arena, (n + 1) * sizeof *entries);
    if (!entries || file->count == MOST_TOPICS) {
        diagnostics_add(diagnostics, node->place, "split the list", "too many topics");
        return;
    }
    size_t i = 0;
    for (const struct yaml_node *one = config ? config->first : NULL; one; one = one->next)
        entries[i++] = entry_of(file, one);
    file->topics[file->count++] =
        (struct admin_topic){name, (int32_t)partitions, file->replication, entries, n};
}

static void add_entry(struct topics_file *file, const char *prefix, const struct yaml_node *node,
                      const struct registry *units, struct diagnostics *diagnostics)
{
    const char *name;
    if (!yaml_get(node, "name") || !yaml_get(node, "partitions")) {
        diagnostics_add(diagnostics, node->place,
                        "write name: and partitions:", "a topic needs both");
        return;
    }
    if (!yaml_text(yaml_get(node, "name"), &name, diagnostics))
        return;
    const char *hole = strstr(name, "<unit>");
    if (!hole) {
        add_topic(file, text(file, prefix, span_of(name), ""), node, diagnostics);
        return;
    }
    const char *front = text(file, prefix, span_from(name, (size_t)(hole - name)), "");
    const struct registry_row *row;
    for (size_t i = 0; (row = registry_at(units, i)); i++)
        add_topic(file, text(file, front, registry_cell(units, row, "topic"), hole + 6), node,
                  diagnostics);
}

struct topics_file *topics_file_load(const char *config_dir, const char *prefix,
                                     int32_t replication, struct diagnostics *diagnostics)
{
    char path[512], units_path[512];
    snprintf(path, sizeof path, "%s/topics.yaml", config_dir);
    snprintf(units_path, sizeof units_path, "%s/registries/units.csv", config_dir);
    struct yaml_document *document = yaml_load(path, diagnostics);
    struct registry *units = registry_load(units_path, diagnostics);
    struct topics_file *file = NULL;
    const struct yaml_node *topics = document ? yaml_get(yaml_root(document), "topics") : NULL;
    const struct yaml_node *entries = topics ? yaml_get(topics, "entries") : NULL;
    if (document && !entries)
        diagnostics_add(diagnostics, (struct place){path, 1, 1}, "write topics: entries: - name: …",
                        "no list of topics");
    if (entries && units) {
        file = xcalloc(1, sizeof *file);
        file->replication = replication;
        arena_init(&file->arena, 4 << 20);
        file->topics = arena_take(&file->arena, MOST_TOPICS * sizeof *file->topics);
        const struct yaml_node *declared = yaml_get(topics, "prefix");
        const char *front = prefix ? prefix : declared ? declared->text : "cb.";
        for (const struct yaml_node *one = entries->first; one; one = one->next)
            add_entry(file, front, one, units, diagnostics);
    }
    registry_free(units);
    yaml_free(document);
    return file;
}

void topics_file_free(struct topics_file *file)
{
    if (!file)
        return;
    arena_fini(&file->arena);
    free(file);
}

const struct admin_topic *topics_file_topics(const struct topics_file *file, size_t *count)
{
    *count = file->count;
    return file->topics;
}
