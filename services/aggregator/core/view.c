/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles view files. Names become SQL identifiers, so they are held to a strict alphabet here and
 * nowhere else; whoever builds SQL from a struct view need not quote. Promises that every measure
 * has its columns, every ratio two counts, and that the kind exists. */
#include "aggregator/core/view.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "config/yaml.h"

#define VIEW_MAX_FILES 64

struct views {
    struct view *view[VIEW_MAX_FILES];              /* owned */
    struct yaml_document *document[VIEW_MAX_FILES]; /* owned; the views' texts live there */
    char *path[VIEW_MAX_FILES];                     /* owned; places borrow it */
    size_t count;
    char hash[DIGEST_ID_LEN + 1];
};

static const char *const group_names[] = {"unit", "type_code", "street_code", "community_code"};
static const char *const moment_names[VIEW_STAGE] = {"opened",  "response", "resolution",
                                                     "closure", "matter",   "double"};

const char *view_group_name(enum view_group group)
{
    return group_names[group];
}

static bool word_index(const struct yaml_node *node, const char *const *words, size_t count,
                       size_t *index, struct diagnostics *d)
{
    const char *text;
    if (!yaml_text(node, &text, d))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *index = i;
            return true;
        }
    }
    const char *near = diagnostics_nearest(text, words, count);
    char fix[128];
    snprintf(fix, sizeof fix, "%s%s", near ? "did you mean " : "", near ? near : "");
    diagnostics_add(d, node->place, fix, "\"%s\" is not known here", text);
    return false;
}

/* What every case may have, or a stage of this kind. */
static bool read_moment(const struct view *view, const struct yaml_node *node, int *moment,
                        struct diagnostics *d)
{
    const char *words[VIEW_STAGE + CASE_KIND_MAX_STAGES];
    size_t count = 0, index;
    /* "closed" is what people call the stage that counts as closure. */
    if (node && node->type == YAML_SCALAR && strcmp(node->text, "closed") == 0) {
        *moment = VIEW_CLOSURE;
        return true;
    }
    while (count < VIEW_STAGE)
        words[count] = moment_names[count], count++;
    for (size_t i = 0; i < view->of->stage_count; i++)
        words[count++] = view->of->stages[i].name;
    if (!word_index(node, words, count, &index, d))
        return false;
    *moment = (int)index;
    return true;
}

static bool is_identifier(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && len <= 40 && text[len] == '\0' && text[0] >= 'a';
}

static bool check_identifier(const char *text, struct place place, struct diagnostics *d)
{
    if (is_identifier(text))
        return true;
    diagnostics_add(d, place, "use lower-case letters, digits and _, at most 40",
                    "\"%s\" cannot name a column", text);
    return false;
}

static struct view_measure *find_measure(struct view *view, const char *name)
{
    for (size_t i = 0; i < view->measure_count; i++)
        if (strcmp(view->measures[i].name, name) == 0)
            return &view->measures[i];
    return NULL;
}

static bool read_count_name(struct view *view, const struct yaml_node *node, size_t *index,
                            struct diagnostics *d)
{
    const char *name;
    if (!yaml_text(node, &name, d))
        return false;
    struct view_measure *measure = find_measure(view, name);
    if (measure && measure->type == VIEW_COUNT) {
        *index = (size_t)(measure - view->measures);
        return true;
    }
    diagnostics_add(d, node->place, "name a count that stands above it",
                    "\"%s\" is no count of this view", name);
    return false;
}

static bool read_ratio(struct view *view, struct view_measure *measure,
                       const struct yaml_node *node, struct diagnostics *d)
{
    measure->type = VIEW_RATIO;
    if (node->type != YAML_LIST || node->count != 2) {
        diagnostics_add(d, node->place, "ratio: [part, whole]", "a ratio has two counts");
        return false;
    }
    return read_count_name(view, node->first, &measure->part, d) &&
           read_count_name(view, node->first->next, &measure->whole, d);
}

static bool read_duration(struct view *view, struct view_measure *measure,
                          const struct yaml_node *node, struct diagnostics *d)
{
    static const char *const keys[] = {"from", "to", NULL};
    measure->type = VIEW_DURATION;
    view->has_durations = true;
    return yaml_only_keys(node, keys, d) &&
           read_moment(view, yaml_require(node, "from", d), &measure->from, d) &&
           read_moment(view, yaml_require(node, "to", d), &measure->to, d);
}

static bool read_stats(const struct yaml_node *node, struct diagnostics *d)
{
    static const char *const words[] = {"n", "sum_ms", "p50", "p90"};
    size_t ignored;
    if (node && node->type != YAML_LIST) {
        diagnostics_add(d, node->place, "stats: [n, sum_ms, p50, p90]", "stats is a list");
        return false;
    }
    for (const struct yaml_node *word = node ? node->first : NULL; word; word = word->next)
        if (!word_index(word, words, ARRAY_LENGTH(words), &ignored, d))
            return false;
    return true;
}

static bool read_kind_of_measure(struct view *view, struct view_measure *measure,
                                 const struct yaml_node *node, struct diagnostics *d)
{
    const struct yaml_node *count = yaml_get(node, "count"), *ratio = yaml_get(node, "ratio");
    const struct yaml_node *duration = yaml_get(node, "duration");
    if ((count != NULL) + (ratio != NULL) + (duration != NULL) != 1) {
        diagnostics_add(d, node->place, "give one of count, ratio, duration",
                        "\"%s\" measures nothing, or several things", measure->name);
        return false;
    }
    if (ratio)
        return read_ratio(view, measure, ratio, d);
    if (duration)
        return read_duration(view, measure, duration, d);
    measure->type = VIEW_COUNT;
    return read_moment(view, count, &measure->to, d);
}

static void read_measure(struct view *view, const struct yaml_node *node, bool flow,
                         struct diagnostics *d)
{
    static const char *const keys[] = {"name",  "count", "ratio", "duration",
                                       "stats", "empty", "by",    NULL};
    struct view_measure measure = {.name = node->key, .title = node->key};
    const struct yaml_node *by = yaml_get(node, "by");
    if (node->type != YAML_MAP) {
        diagnostics_add(d, node->place, "name: { count: opened }", "a measure is a map");
        return;
    }
    if (view->measure_count == VIEW_MAX_MEASURES || find_measure(view, node->key)) {
        diagnostics_add(d, node->key_place, "", "\"%s\" is one measure too many, or there already",
                        node->key);
        return;
    }
    if (!yaml_only_keys(node, keys, d) || !check_identifier(node->key, node->key_place, d) ||
        !read_kind_of_measure(view, &measure, node, d) || !read_stats(yaml_get(node, "stats"), d))
        return;
    if (yaml_get(node, "name") && !yaml_text(yaml_get(node, "name"), &measure.title, d))
        return;
    if (flow && (!by || measure.type == VIEW_RATIO)) {
        diagnostics_add(d, node->place, "by: closed", "a flow is counted by a moment");
        return;
    }
    if (flow && !read_moment(view, by, &measure.bucket, d))
        return;
    measure.column = view->column_count;
    view->column_count += measure.type == VIEW_DURATION ? 2 : measure.type == VIEW_COUNT ? 1 : 0;
    view->measures[view->measure_count++] = measure;
}

static void read_groups(struct view *view, const struct yaml_node *node, struct diagnostics *d)
{
    for (const struct yaml_node *item = node ? node->first : NULL; item; item = item->next) {
        size_t index;
        if (!word_index(item, group_names, ARRAY_LENGTH(group_names), &index, d))
            return;
        bool there = false;
        for (size_t i = 0; i < view->group_count; i++)
            there = there || view->groups[i] == (enum view_group)index;
        if (there) {
            diagnostics_add(d, item->place, "", "\"%s\" groups already", item->text);
            return;
        }
        view->groups[view->group_count++] = (enum view_group)index;
    }
}

static void read_buckets(struct view *view, const struct yaml_node *node, struct diagnostics *d)
{
    static const char *const words[] = {"day", "hour"};
    size_t index = 0;
    if (node && (node->type != YAML_LIST || node->count != 1))
        diagnostics_add(d, node->place, "buckets: [day]", "a view has one bucket");
    else if (node)
        word_index(node->first, words, ARRAY_LENGTH(words), &index, d);
    view->hourly = index == 1;
}

/* Views stand beside what schema `api` holds already, and durations bring NAME_bins along. */
static bool check_free(const char *name, struct place place, struct diagnostics *d)
{
    static const char *const taken[] = {"case_timeline", "clock", "ledger"};
    bool free = !span_ends(span_of(name), SPAN("_bins"));
    for (size_t i = 0; i < ARRAY_LENGTH(taken); i++)
        free = free && strcmp(name, taken[i]) != 0;
    if (!free)
        diagnostics_add(d, place, "another name", "\"%s\" is a view of the system's own", name);
    return free;
}

static bool read_head(struct view *view, const struct yaml_node *root, const struct kinds *kinds,
                      struct diagnostics *d)
{
    static const char *const keys[] = {"view",   "name",     "of",   "group", "buckets",
                                       "cohort", "measures", "flow", NULL};
    const struct yaml_node *name = yaml_require(root, "view", d);
    const struct yaml_node *of = yaml_require(root, "of", d);
    if (!yaml_only_keys(root, keys, d) || !yaml_text(name, &view->name, d) ||
        !check_identifier(view->name, name->place, d) || !check_free(view->name, name->place, d) ||
        !of)
        return false;
    view->title = view->name;
    if (yaml_get(root, "name") && !yaml_text(yaml_get(root, "name"), &view->title, d))
        return false;
    const struct yaml_node *kind = yaml_require(of, "kind", d);
    if (!yaml_text(kind, &view->kind, d))
        return false;
    view->of = kinds_find(kinds, span_of(view->kind));
    if (!view->of) {
        diagnostics_add(d, kind->place, "name a file of kinds/", "there is no kind \"%s\"",
                        view->kind);
        return false;
    }
    return true;
}

static bool view_read(struct view *view, const struct yaml_node *root, const struct kinds *kinds,
                      struct diagnostics *d)
{
    size_t errors = diagnostics_errors(d);
    if (!read_head(view, root, kinds, d))
        return false;
    read_groups(view, yaml_require(root, "group", d), d);
    read_buckets(view, yaml_get(root, "buckets"), d);
    int cohort;
    const struct yaml_node *by = yaml_get(root, "cohort");
    if (by && read_moment(view, yaml_require(by, "by", d), &cohort, d) && cohort != VIEW_OPENED)
        diagnostics_add(d, by->place, "by: opened", "a cohort is counted by its opening");
    const struct yaml_node *measures = yaml_get(root, "measures"), *flow = yaml_get(root, "flow");
    for (const struct yaml_node *node = measures ? measures->first : NULL; node; node = node->next)
        read_measure(view, node, false, d);
    for (const struct yaml_node *node = flow ? flow->first : NULL; node; node = node->next)
        read_measure(view, node, true, d);
    if (view->column_count == 0 && diagnostics_errors(d) == errors)
        diagnostics_add(d, root->place, "measures: { opened: { count: opened } }",
                        "the view measures nothing");
    return diagnostics_errors(d) == errors;
}

static void take_view(struct views *views, struct yaml_document *document,
                      const struct kinds *kinds, struct diagnostics *d)
{
    struct view *view = xcalloc(1, sizeof *view);
    views->document[views->count] = document;
    views->view[views->count++] = view;
    if (!view_read(view, yaml_root(document), kinds, d))
        return;
    for (size_t i = 0; i + 1 < views->count; i++)
        if (views->view[i]->name && strcmp(views->view[i]->name, view->name) == 0)
            diagnostics_add(d, yaml_root(document)->place, "", "view \"%s\" is there already",
                            view->name);
}

static bool hash_file(struct digest *digest, const char *path)
{
    char bytes[8192];
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
        digest_add(digest, span_from(bytes, n));
    fclose(file);
    return true;
}

static int is_yaml(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

/* Bytewise, whatever the locale: the hash depends on the order. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_file(struct views *views, const char *folder, const char *name,
                      const struct kinds *kinds, struct diagnostics *d)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *kept = xstrdup(path);
    struct yaml_document *document = yaml_load(kept, d);
    views->path[views->count] = kept;
    if (!document) {
        free(kept);
        views->path[views->count] = NULL;
        return;
    }
    take_view(views, document, kinds, d);
    struct digest *digest = digest_new();
    hash_file(digest, path);
    digest_finish(digest, views->view[views->count - 1]->hash);
}

struct views *views_load(const char *folder, const struct kinds *kinds,
                         struct diagnostics *diagnostics)
{
    struct dirent **entries = NULL;
    struct views *views = xcalloc(1, sizeof *views);
    size_t errors = diagnostics_errors(diagnostics);
    int n = scandir(folder, &entries, is_yaml, by_name);
    struct digest *digest = digest_new();
    if (n <= 0 || n > VIEW_MAX_FILES)
        diagnostics_add(diagnostics, (struct place){folder, 0, 0}, "put view files there",
                        "the folder holds no view, or more than %d", VIEW_MAX_FILES);
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (n <= VIEW_MAX_FILES) {
            load_file(views, folder, entries[i]->d_name, kinds, diagnostics);
            hash_file(digest, path);
        }
        free(entries[i]);
    }
    free(entries);
    digest_finish(digest, views->hash);
    if (diagnostics_errors(diagnostics) == errors)
        return views;
    views_free(views);
    return NULL;
}

struct views *views_parse(const char *name, struct span text, const struct kinds *kinds,
                          struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics);
    struct views *views = xcalloc(1, sizeof *views);
    struct yaml_document *document = yaml_parse(name, text, diagnostics);
    if (document) {
        take_view(views, document, kinds, diagnostics);
        digest_bytes(views->view[0]->hash, text);
    }
    digest_bytes(views->hash, text);
    if (diagnostics_errors(diagnostics) == errors)
        return views;
    views_free(views);
    return NULL;
}

void views_free(struct views *views)
{
    if (!views)
        return;
    for (size_t i = 0; i < views->count; i++) {
        free(views->view[i]);
        yaml_free(views->document[i]);
        free(views->path[i]);
    }
    free(views);
}

size_t views_count(const struct views *views)
{
    return views->count;
}

const struct view *views_at(const struct views *views, size_t index)
{
    return views->view[index];
}

const struct view *views_find(const struct views *views, struct span name)
{
    for (size_t i = 0; i < views->count; i++)
        if (span_is(name, views->view[i]->name))
            return views->view[i];
    return NULL;
}

struct span views_hash(const struct views *views)
{
    return span_of(views->hash);
}
