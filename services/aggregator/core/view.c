/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles view files. Names become SQL identifiers, so they are held to a strict alphabet here and
 * in view_measure.c alone; whoever builds SQL from a struct view need not quote. Promises that the
 * kind exists and that a view either sums or is a stock. */
#include "aggregator/core/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/core/view_measure.h"
#include "aggregator/core/view_shape.h"
#include "aggregator/core/view_words.h"
#include "base/memory.h"
#include "config/yaml_folder.h"
#include "config/yaml_said.h"

#define VIEW_MAX_FILES 64

struct views {
    struct view *view[VIEW_MAX_FILES];              /* owned */
    struct yaml_document *document[VIEW_MAX_FILES]; /* owned; the views' texts live there */
    char *path[VIEW_MAX_FILES];                     /* owned; places borrow it */
    size_t count;
    char hash[DIGEST_ID_LEN + 1];
};

/* With "did you mean". */
static void add_unknown(const struct view_reading *reading, const struct yaml_node *node)
{
    char names[FACT_COUNT][48], fix[128];
    const char *words[FACT_COUNT];
    size_t count = 0, all = view_fact_names(reading->codes, names);
    for (size_t i = 0; i < all; i++)
        if (view_fact_may_group(reading->codes, view_fact_find(reading->codes, span_of(names[i]))))
            words[count++] = names[i];
    const char *near = diagnostics_nearest(node->text, words, count);
    snprintf(fix, sizeof fix, "%s%s", near ? "did you mean " : "see docs/views.md",
             near ? near : "");
    diagnostics_add(reading->diagnostics, node->place, fix,
                    "\"%s\" is nothing that rows are made by", node->text);
}

static bool read_group(const struct view_reading *reading, const struct yaml_node *item)
{
    struct view *view = reading->view;
    const char *text;
    if (!yaml_text(item, &text, reading->diagnostics))
        return false;
    int fact = view_fact_find(reading->codes, span_of(text));
    if (fact < 0 || !view_fact_may_group(reading->codes, fact)) {
        add_unknown(reading, item);
        return false;
    }
    if (fact == FACT_CO_UNIT && !view->of_helpers) {
        diagnostics_add(reading->diagnostics, item->place, "of: { kind: …, each: helper }",
                        "a case has no co_unit of its own");
        return false;
    }
    bool twice = view_group_index(view, fact) >= 0;
    if (twice || view->group_count == VIEW_MAX_GROUPS) {
        diagnostics_add(reading->diagnostics, item->place,
                        twice ? "name it once" : "leave one out, or count it in a second view",
                        twice ? "\"%s\" groups already" : "\"%s\" is a fifth group", text);
        return false;
    }
    if (!view_measure_check_name(reading, text, item->place))
        return false;
    view->group_names[view->group_count] = text;
    view->groups[view->group_count++] = fact;
    return true;
}

static void read_groups(const struct view_reading *reading, const struct yaml_node *node)
{
    if (node && node->type != YAML_LIST)
        diagnostics_add(reading->diagnostics, node->place, "group: [unit, type_code]",
                        "group is a list");
    for (const struct yaml_node *item = node ? node->first : NULL; item; item = item->next)
        if (!read_group(reading, item))
            return;
}

static bool has_stock_of_due(const struct view *view)
{
    for (size_t i = 0; i < view->measure_count; i++)
        if (view->measures[i].type == VIEW_STOCK &&
            (view->measures[i].from == VIEW_DUE || view->measures[i].to == VIEW_DUE))
            return true;
    return false;
}

/* What comes due is told to the minute: the clock moves on where no event comes. */
static enum view_grain grain_of(const struct view *view)
{
    if (view->is_stock && has_stock_of_due(view))
        return GRAIN_MINUTE;
    if (view_has_bucket(view, BUCKET_HOUR))
        return GRAIN_HOUR;
    return view_has_bucket(view, BUCKET_NOON_DAY) ? GRAIN_HALF : GRAIN_DAY;
}

static void read_buckets(const struct view_reading *reading, const struct yaml_node *node)
{
    struct view *view = reading->view;
    size_t index;
    if (!node) {
        view->buckets[view->bucket_count++] = BUCKET_DAY;
        return;
    }
    if (node->type != YAML_LIST || node->count == 0) {
        diagnostics_add(reading->diagnostics, node->place, "buckets: [day, month]",
                        "buckets is a list that is not empty");
        return;
    }
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        if (!view_measure_word(reading, item, view_bucket_names, VIEW_BUCKETS, &index))
            return;
        if (view_has_bucket(view, (enum view_bucket)index)) {
            diagnostics_add(reading->diagnostics, item->place, "", "\"%s\" is a bucket already",
                            item->text);
            return;
        }
        view->buckets[view->bucket_count++] = (enum view_bucket)index;
    }
}

/* Views stand beside what schema `api` holds already, and bring some relations along. */
static bool check_free(const struct view_reading *reading, const char *name, struct place place)
{
    static const char *const taken[] = {
        "case_now",     "case_timeline", "clock",     "ledger",  "observation",
        "station_seen", "feed_health",   "feed_seen", "refused", "observation_sums"};
    static const char *const ends[] = {"_bins", "_periods", "_mean"};
    bool free = true;
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++)
        free = free && !span_ends(span_of(name), span_of(ends[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(taken); i++)
        free = free && strcmp(name, taken[i]) != 0;
    if (!free)
        diagnostics_add(reading->diagnostics, place, "another name",
                        "\"%s\" is a view of the system's own", name);
    return free;
}

/* of: { kind: request }, or { kind: request, each: whistle } */
static bool read_of(const struct view_reading *reading, const struct yaml_node *of,
                    const struct kinds *kinds)
{
    static const char *const keys[] = {"kind", "each", NULL};
    static const char *const each[] = {"helper", "whistle"};
    struct view *view = reading->view;
    struct diagnostics *d = reading->diagnostics;
    const struct yaml_node *kind = yaml_require(of, "kind", d);
    size_t word;
    if (!yaml_only_keys(of, keys, d) || !yaml_text(kind, &view->kind, d))
        return false;
    view->of = kinds_find(kinds, span_of(view->kind));
    if (!view->of) {
        diagnostics_add(d, kind->place, "name a file of kinds/", "there is no kind \"%s\"",
                        view->kind);
        return false;
    }
    if (!yaml_get(of, "each"))
        return true;
    view->of_helpers = true;
    if (!view_measure_word(reading, yaml_get(of, "each"), each, ARRAY_LENGTH(each), &word))
        return false;
    view->of_whistles = word == 1;
    return true;
}

static bool read_head(const struct view_reading *reading, const struct yaml_node *root,
                      const struct kinds *kinds)
{
    static const char *const keys[] = {"view",   "name",     "of",   "group", "buckets",
                                       "cohort", "measures", "flow", "stock", NULL};
    struct view *view = reading->view;
    struct diagnostics *d = reading->diagnostics;
    const struct yaml_node *name = yaml_require(root, "view", d);
    const struct yaml_node *of = yaml_require(root, "of", d);
    if (!yaml_only_keys(root, keys, d) || !yaml_text(name, &view->name, d) ||
        !view_measure_check_name(reading, view->name, name->place) ||
        !check_free(reading, view->name, name->place) || !of)
        return false;
    yaml_name_read(&view->title, yaml_get(root, "name"), d);
    if (!view->title.chinese)
        view->title.chinese = view->title.english = view->name;
    view->accepted_in = view_fact_find(reading->codes, SPAN("accepted_in"));
    view->accepted_in = view->accepted_in < 0 ? -1 : view->accepted_in - FACT_FIELD;
    return read_of(reading, of, kinds);
}

static void read_cohort(const struct view_reading *reading, const struct yaml_node *node)
{
    struct view *view = reading->view;
    const struct yaml_node *by = node ? yaml_require(node, "by", reading->diagnostics) : NULL;
    view->cohort = view->of_helpers ? VIEW_NAMED : VIEW_OPENED;
    if (by)
        view_measure_read_moment(reading, by, &view->cohort);
}

static void read_section(const struct view_reading *reading, const struct yaml_node *node,
                         enum view_section section)
{
    if (node && node->type != YAML_MAP) {
        diagnostics_add(reading->diagnostics, node->place, "a name and what it measures, each",
                        "%s is a map", node->key);
        return;
    }
    for (const struct yaml_node *one = node ? node->first : NULL; one; one = one->next)
        view_measure_read(reading, one, section);
}

/* A stock is a level, the others are sums: no row could hold both. */
static void check_stock(const struct view_reading *reading, const struct yaml_node *root)
{
    const struct view *view = reading->view;
    const struct yaml_node *stock = yaml_get(root, "stock");
    if (yaml_get(root, "measures") || yaml_get(root, "flow") || yaml_get(root, "cohort"))
        diagnostics_add(reading->diagnostics, stock->key_place, "a view of its own",
                        "a stock stands alone: it is a level, not a sum");
    else if (view_has_bucket(view, BUCKET_HOUR))
        diagnostics_add(reading->diagnostics, yaml_get(root, "buckets")->place,
                        "day, noon_day, month, period_19", "a stock is told at the end of days");
    else if (view->measure_count > VIEW_MAX_STOCKS)
        diagnostics_add(reading->diagnostics, stock->key_place, "another view",
                        "a view has at most %d stocks", VIEW_MAX_STOCKS);
}

/* What a row has beside its measures. */
static bool is_of_rows(const struct view *view, const char *name)
{
    static const char *const members[] = {"bucket",  "scope", "method",
                                          "formula", "n",     "suppressed"};
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
        if (strcmp(name, members[i]) == 0)
            return true;
    for (size_t i = 0; i < VIEW_BUCKETS; i++)
        if (strcmp(name, view_bucket_names[i]) == 0)
            return true;
    for (size_t i = 0; i < view->group_count; i++)
        if (strcmp(name, view->group_names[i]) == 0)
            return true;
    return false;
}

static struct place place_of(const struct yaml_node *root, const char *measure)
{
    static const char *const sections[] = {"measures", "flow", "stock"};
    for (size_t i = 0; i < ARRAY_LENGTH(sections); i++) {
        const struct yaml_node *section = yaml_get(root, sections[i]);
        const struct yaml_node *node = section ? yaml_get(section, measure) : NULL;
        if (node)
            return node->key_place;
    }
    return root->place;
}

/* A row has each member once: a duration's are its name with _n, _avg_seconds … behind it. */
static void check_columns(const struct view_reading *reading, const struct yaml_node *root)
{
    struct view_column columns[VIEW_MAX_ROW_COLUMNS];
    const struct view *view = reading->view;
    size_t count = view_shape_columns(view, columns);
    for (size_t i = 0; i < count; i++) {
        bool taken = is_of_rows(view, columns[i].name);
        for (size_t k = 0; k < i; k++)
            taken = taken || strcmp(columns[k].name, columns[i].name) == 0;
        if (taken)
            diagnostics_add(reading->diagnostics,
                            place_of(root, view->measures[columns[i].measure].name), "another name",
                            "rows have a column \"%s\" already", columns[i].name);
    }
}

/* Told here, not by the database when the views are applied. */
static void check_group(const struct view_reading *reading, const struct yaml_node *item)
{
    const char *text = item->text;
    const char *why = view_words_is_column(reading->view, text)
                          ? "the view's rows have a column of that name"
                      : view_words_is_sql(text) ? "it is a word of SQL"
                                                : NULL;
    if (why)
        diagnostics_add(reading->diagnostics, item->place,
                        "give the field another name, in codes.csv and in the feeds that tell it",
                        "rows cannot be made by \"%s\": %s", text, why);
}

/* Once it is known what is measured. */
static void check_groups(const struct view_reading *reading, const struct yaml_node *root)
{
    const struct yaml_node *group = yaml_get(root, "group");
    const struct yaml_node *item = group ? group->first : NULL;
    for (size_t i = 0; i < reading->view->group_count; i++, item = item->next)
        check_group(reading, item);
}

/* What cells have of a measure: how many, and of a duration how long; of a rate nothing. */
static bool is_of_cells(const struct view_measure *measure, const char *name)
{
    size_t len = strlen(measure->name);
    if (measure->type == VIEW_RATIO || measure->type == VIEW_FORMULA ||
        strncmp(name, measure->name, len) != 0)
        return false;
    return strcmp(name + len, "_n") == 0 ||
           (measure->type == VIEW_DURATION && strcmp(name + len, "_ms") == 0);
}

static void check_cells(const struct view_reading *reading, const struct yaml_node *root)
{
    const struct view *view = reading->view;
    for (size_t i = 0; i < view->measure_count; i++)
        for (size_t k = 0; k < view->group_count; k++)
            if (is_of_cells(&view->measures[i], view->group_names[k]))
                diagnostics_add(reading->diagnostics, place_of(root, view->measures[i].name),
                                "another name", "cells have a column \"%s\" of their own",
                                view->group_names[k]);
}

static bool view_read(const struct view_reading *reading, const struct yaml_node *root,
                      const struct kinds *kinds)
{
    struct view *view = reading->view;
    struct diagnostics *d = reading->diagnostics;
    size_t errors = diagnostics_errors(d);
    if (!read_head(reading, root, kinds))
        return false;
    read_groups(reading, yaml_require(root, "group", d));
    read_buckets(reading, yaml_get(root, "buckets"));
    read_cohort(reading, yaml_get(root, "cohort"));
    read_section(reading, yaml_get(root, "measures"), SECTION_COHORT);
    read_section(reading, yaml_get(root, "flow"), SECTION_FLOW);
    read_section(reading, yaml_get(root, "stock"), SECTION_STOCK);
    view->is_stock = yaml_get(root, "stock") != NULL;
    if (view->is_stock)
        check_stock(reading, root);
    check_groups(reading, root);
    check_columns(reading, root);
    check_cells(reading, root);
    view->grain = grain_of(view);
    if (view->column_count == 0 && diagnostics_errors(d) == errors)
        diagnostics_add(d, root->place, "measures: { opened: { count: opened } }",
                        "the view measures nothing");
    return diagnostics_errors(d) == errors;
}

static void hash_view(struct view *view, const struct yaml_document *document)
{
    struct digest *digest = digest_new();
    yaml_said_add(digest, yaml_root(document));
    digest_finish(digest, view->hash);
}

static void take_view(struct views *views, struct yaml_document *document,
                      const struct kinds *kinds, struct diagnostics *d)
{
    struct view *view = xcalloc(1, sizeof *view);
    views->document[views->count] = document;
    views->view[views->count++] = view;
    hash_view(view, document);
    const struct view_reading reading = {view, kinds_codes(kinds), d};
    if (!view_read(&reading, yaml_root(document), kinds))
        return;
    for (size_t i = 0; i + 1 < views->count; i++)
        if (views->view[i]->name && strcmp(views->view[i]->name, view->name) == 0)
            diagnostics_add(d, yaml_root(document)->place, "", "view \"%s\" is there already",
                            view->name);
}

static void load_file(struct views *views, const char *path, const struct kinds *kinds,
                      struct diagnostics *d)
{
    char *kept = xstrdup(path);
    struct yaml_document *document = yaml_load(kept, d);
    views->path[views->count] = kept;
    if (!document) {
        free(kept);
        views->path[views->count] = NULL;
        return;
    }
    take_view(views, document, kinds, d);
}

static void hash_all(struct views *views)
{
    struct digest *digest = digest_new();
    for (size_t i = 0; i < views->count; i++)
        digest_add(digest, span_of(views->view[i]->hash));
    digest_finish(digest, views->hash);
}

struct views *views_load(const char *folder, const struct kinds *kinds,
                         struct diagnostics *diagnostics)
{
    struct yaml_folder files;
    struct views *views = xcalloc(1, sizeof *views);
    size_t errors = diagnostics_errors(diagnostics);
    yaml_folder_read(&files, folder);
    if (files.count == 0 || files.count > VIEW_MAX_FILES)
        diagnostics_add(diagnostics, (struct place){folder, 0, 0}, "put view files there",
                        "the folder holds no view, or more than %d", VIEW_MAX_FILES);
    for (size_t i = 0; i < files.count && files.count <= VIEW_MAX_FILES; i++)
        load_file(views, files.paths[i], kinds, diagnostics);
    yaml_folder_fini(&files);
    hash_all(views);
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
    if (document)
        take_view(views, document, kinds, diagnostics);
    hash_all(views);
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
        for (size_t m = 0; m < views->view[i]->measure_count; m++)
            free(views->view[i]->measures[m].versions);
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

bool view_has_bucket(const struct view *view, enum view_bucket bucket)
{
    for (size_t i = 0; i < view->bucket_count; i++)
        if (view->buckets[i] == bucket)
            return true;
    return false;
}

bool view_has_formula(const struct view *view)
{
    for (size_t i = 0; i < view->measure_count; i++)
        if (view->measures[i].type == VIEW_FORMULA)
            return true;
    return false;
}

int view_group_index(const struct view *view, int fact)
{
    for (size_t i = 0; i < view->group_count; i++)
        if (view->groups[i] == fact)
            return (int)i;
    return -1;
}

const struct view_version *view_version_at(const struct view_measure *measure, int64_t day)
{
    const struct view_version *found = NULL;
    for (size_t i = 0; i < measure->version_count; i++)
        if (measure->versions[i].valid_from <= day)
            found = &measure->versions[i];
    return found;
}
