/* SPDX-License-Identifier: Apache-2.0 */
/* Every feed of a folder, read once at start. A feed keeps all versions of its mapping, because a
 * raw record is read by the version that was in force when it came. What one version says is
 * compiled in mapping_compile.c. */
#include "ingest/core/mapping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "config/yaml_folder.h"
#include "ingest/core/mapping_compile.h"

struct loaded {
    struct feed feed;
    struct yaml_document *document; /* owned; the texts' home */
};

struct feeds {
    struct loaded *list; /* owned */
    size_t count;
    struct mapping_memory memory;
};

static void check_versions(const struct feed *feed, struct diagnostics *diagnostics)
{
    for (size_t i = 1; i < feed->version_count; i++) {
        const struct mapping *before = &feed->versions[i - 1], *now = &feed->versions[i];
        if (now->valid_from_ms <= before->valid_from_ms || now->version <= before->version)
            diagnostics_add(diagnostics, now->place, "oldest first",
                            "version and valid_from do not rise");
    }
}

static const char *label_of(struct feeds *feeds, const char *id, int64_t version)
{
    size_t size = strlen(id) + SPAN_DECIMAL + 2;
    char *label = mapping_memory_take(&feeds->memory, size);
    snprintf(label, size, "%s/%lld", id, (long long)version);
    return label;
}

static void read_versions(struct feeds *feeds, struct feed *feed, const struct yaml_node *node,
                          struct diagnostics *diagnostics)
{
    if (node == NULL)
        return;
    if (node->type != YAML_LIST || node->count == 0) {
        diagnostics_add(diagnostics, node->place, "- version: 1", "versions is not a list");
        return;
    }
    feed->versions = mapping_memory_take(&feeds->memory, node->count * sizeof *feed->versions);
    for (const struct yaml_node *one = node->first; one; one = one->next) {
        struct mapping *mapping = &feed->versions[feed->version_count++];
        mapping_compile(mapping, one, &feeds->memory, diagnostics);
        mapping->label = label_of(feeds, feed->id, mapping->version);
    }
    check_versions(feed, diagnostics);
}

static const char *source_of(struct feeds *feeds, const char *id)
{
    static const char folder[] = "/feeds/";
    size_t size = sizeof folder + strlen(id);
    char *source = mapping_memory_take(&feeds->memory, size);
    snprintf(source, size, "%s%s", folder, id);
    return source;
}

/* Who its senders are in the life of a case; what a unit may say comes by its own door alone. */
static void read_party(struct feed *feed, const struct yaml_node *node,
                       struct diagnostics *diagnostics)
{
    static const char *const parties[] = {"source", "callback", "desk"};
    const char *word;
    if (node == NULL || !yaml_text(node, &word, diagnostics))
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(parties); i++)
        if (strcmp(word, parties[i]) == 0) {
            feed->party = parties[i];
            return;
        }
    diagnostics_add(diagnostics, node->place, "source, callback or desk",
                    "a feed cannot be the party %s", word);
}

static void read_feed(struct feeds *feeds, struct feed *feed, const struct yaml_node *root,
                      struct diagnostics *diagnostics)
{
    static const char *const known[] = {"feed",    "name",   "owner", "versions",
                                        "cadence", "spread", "party", NULL};
    yaml_only_keys(root, known, diagnostics);
    const struct yaml_node *id = yaml_require(root, "feed", diagnostics);
    const struct yaml_node *owner = yaml_get(root, "owner");
    feed->id = feed->name = feed->owner = "";
    feed->id_place = id ? id->place : (struct place){0};
    feed->owner_place = owner ? owner->place : (struct place){0};
    feed->party = "source";
    feed->spread = 1;
    if (yaml_text(id, &feed->id, diagnostics)) {
        size_t good = strspn(feed->id, "abcdefghijklmnopqrstuvwxyz0123456789_");
        if (good == 0 || feed->id[good] != 0 || good > 64)
            diagnostics_add(diagnostics, feed->id_place, "a-z, 0-9 and _, at most 64",
                            "%s cannot be a feed's id", feed->id);
        if (feeds_find(feeds, span_of(feed->id)) != NULL)
            diagnostics_add(diagnostics, feed->id_place, "another id", "feed %s is declared twice",
                            feed->id);
    }
    feed->source = source_of(feeds, feed->id);
    struct yaml_name called;
    yaml_name_read(&called, yaml_get(root, "name"), diagnostics);
    feed->name = called.chinese ? called.chinese : "";
    if (owner)
        yaml_text(owner, &feed->owner, diagnostics);
    read_party(feed, yaml_get(root, "party"), diagnostics);
    const struct yaml_node *cadence = yaml_get(root, "cadence");
    if (cadence)
        diagnostics_warn(
            diagnostics, cadence->key_place,
            "give who sends it a row in registries/stations.csv: family, cadence, hours",
            "nobody is silent by the cadence of a feed");
    if (yaml_get(root, "spread"))
        yaml_int(yaml_get(root, "spread"), 1, 64, &feed->spread, diagnostics);
    read_versions(feeds, feed, yaml_require(root, "versions", diagnostics), diagnostics);
}

static void add_document(struct feeds *feeds, struct yaml_document *document,
                         struct diagnostics *diagnostics)
{
    struct loaded loaded = {.document = document};
    if (document == NULL)
        return;
    read_feed(feeds, &loaded.feed, yaml_root(document), diagnostics);
    feeds->list = xrealloc(feeds->list, (feeds->count + 1) * sizeof *feeds->list);
    feeds->list[feeds->count++] = loaded;
}

static struct feeds *finish(struct feeds *feeds, size_t errors_before,
                            const struct diagnostics *diagnostics)
{
    if (diagnostics_errors(diagnostics) == errors_before)
        return feeds;
    feeds_free(feeds);
    return NULL;
}

struct feeds *feeds_load(const char *folder, struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics);
    struct feeds *feeds = xcalloc(1, sizeof *feeds);
    struct yaml_folder files;
    yaml_folder_read(&files, folder);
    if (files.count == 0)
        diagnostics_add(diagnostics, (struct place){folder, 0, 0}, "one YAML file a feed",
                        "no feed can be read here");
    for (size_t i = 0; i < files.count; i++)
        add_document(feeds, yaml_load(files.paths[i], diagnostics), diagnostics);
    yaml_folder_fini(&files);
    return finish(feeds, errors, diagnostics);
}

struct feeds *feeds_parse(const char *name, struct span text, struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics);
    struct feeds *feeds = xcalloc(1, sizeof *feeds);
    add_document(feeds, yaml_parse(name, text, diagnostics), diagnostics);
    return finish(feeds, errors, diagnostics);
}

/* What of it lies elsewhere than in the feeds' memory. */
static void fini_mapping(struct mapping *mapping)
{
    zone_free(mapping->zone);
    for (size_t i = 0; i < mapping->table_count; i++)
        table_fini(&mapping->tables[i].index);
    for (struct mapping_table *table = mapping->registries; table; table = table->next)
        table_fini(&table->index);
}

void feeds_free(struct feeds *feeds)
{
    if (feeds == NULL)
        return;
    for (size_t i = 0; i < feeds->count; i++) {
        for (size_t v = 0; v < feeds->list[i].feed.version_count; v++)
            fini_mapping(&feeds->list[i].feed.versions[v]);
        yaml_free(feeds->list[i].document);
    }
    mapping_memory_free(&feeds->memory);
    free(feeds->list);
    free(feeds);
}

const struct feed *feeds_find(const struct feeds *feeds, struct span id)
{
    for (size_t i = 0; i < feeds->count; i++)
        if (span_is(id, feeds->list[i].feed.id))
            return &feeds->list[i].feed;
    return NULL;
}

const struct feed *feeds_at(const struct feeds *feeds, size_t index)
{
    return index < feeds->count ? &feeds->list[index].feed : NULL;
}

const struct mapping *feeds_that_need_key(const struct feeds *feeds)
{
    for (size_t i = 0; i < feeds->count; i++)
        for (size_t v = 0; v < feeds->list[i].feed.version_count; v++)
            if (feeds->list[i].feed.versions[v].needs_key)
                return &feeds->list[i].feed.versions[v];
    return NULL;
}

const struct mapping *feed_mapping_at(const struct feed *feed, int64_t received_ms)
{
    const struct mapping *found = NULL;
    for (size_t i = 0; i < feed->version_count; i++)
        if (feed->versions[i].valid_from_ms <= received_ms)
            found = &feed->versions[i];
    return found;
}

const struct mapping *feed_mapping(const struct feed *feed, int64_t version)
{
    for (size_t i = 0; i < feed->version_count; i++)
        if (feed->versions[i].version == version)
            return &feed->versions[i];
    return NULL;
}
