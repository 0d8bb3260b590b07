/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles config/kinds: stages first, then what names stages (after, timers), so that order in the
 * file is free. */
#include "model/case_kind.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/digest.h"
#include "base/memory.h"
#include "config/yaml.h"

#define MOST_KINDS  32
#define MOST_STAGES 64
#define MOST_TIMERS 32

struct kinds {
    struct case_kind kinds[MOST_KINDS];
    struct yaml_document *documents[MOST_KINDS]; /* owned: names borrow from them */
    size_t count;
    char hash[DIGEST_ID_LEN + 1];
};

int case_kind_stage(const struct case_kind *kind, struct span name)
{
    for (size_t i = 0; i < kind->stage_count; i++)
        if (span_is(name, kind->stages[i].name))
            return (int)i;
    return -1;
}

int case_kind_stage_number(const struct case_kind *kind, int number)
{
    for (size_t i = 0; i < kind->stage_count; i++)
        if (kind->stages[i].number == number)
            return (int)i;
    return -1;
}

static const struct yaml_node *first_item(const struct yaml_node *node)
{
    return node && node->type == YAML_LIST ? node->first : node;
}

static int need_stage(const struct case_kind *kind, const struct yaml_node *node,
                      struct diagnostics *diagnostics)
{
    int index = node ? case_kind_stage(kind, span_of(node->text)) : -1;
    if (node && index < 0)
        diagnostics_add(diagnostics, node->place, "name a stage of this kind", "no stage \"%s\"",
                        node->text);
    return index;
}

static void read_counts(struct kind_stage *stage, const struct yaml_node *node,
                        struct diagnostics *diagnostics)
{
    static const char *const words[] = {"", "response", "resolution", "closure"};
    if (!node)
        return;
    for (size_t i = 1; i < ARRAY_LENGTH(words); i++)
        if (strcmp(node->text, words[i]) == 0)
            stage->counts_as = (enum counts_as)i;
    if (stage->counts_as == COUNTS_NOTHING)
        diagnostics_add(diagnostics, node->place, "write response, resolution or closure",
                        "counts_as \"%s\"", node->text);
}

static void read_parties(struct kind_stage *stage, const struct yaml_node *by,
                         const struct codes *codes, struct diagnostics *diagnostics)
{
    for (const struct yaml_node *one = first_item(by); one; one = one->next) {
        int number = codes_number(codes, CODE_PARTY, span_of(one->text));
        if (number < 1 || number > 31)
            diagnostics_add(diagnostics, one->place, "use a party of codes.csv", "no party \"%s\"",
                            one->text);
        else
            stage->parties |= 1U << number;
        if (by->type != YAML_LIST)
            break;
    }
}

static void read_stage(struct case_kind *kind, const struct yaml_node *node,
                       const struct codes *codes, struct diagnostics *diagnostics)
{
    static const char *const known[] = {
        "rank", "by", "after", "counts_as", "new_round", "clock", "copy_to_children", NULL};
    int64_t rank = 0;
    if (!yaml_only_keys(node, known, diagnostics) || kind->stage_count == MOST_STAGES)
        return;
    struct kind_stage *stage = &kind->stages[kind->stage_count++];
    stage->name = node->key;
    stage->number = codes_number(codes, CODE_STAGE, span_of(node->key));
    if (!stage->number)
        diagnostics_add(diagnostics, node->key_place, "append it to codes.csv",
                        "stage \"%s\" has no number", node->key);
    const struct yaml_node *rank_node = yaml_get(node, "rank"), *by = yaml_get(node, "by");
    const struct yaml_node *clock = yaml_get(node, "clock");
    if (!rank_node || !by) {
        diagnostics_add(diagnostics, node->key_place, "write rank: and by:", "a stage needs both");
        return;
    }
    yaml_int(rank_node, 0, 999, &rank, diagnostics);
    stage->rank = (int)rank;
    read_parties(stage, by, codes, diagnostics);
    read_counts(stage, yaml_get(node, "counts_as"), diagnostics);
    if (yaml_get(node, "new_round"))
        yaml_bool(yaml_get(node, "new_round"), &stage->new_round, diagnostics);
    if (yaml_get(node, "copy_to_children"))
        yaml_bool(yaml_get(node, "copy_to_children"), &stage->copy_to_children, diagnostics);
    stage->clock_stops = clock && strcmp(clock->text, "stops") == 0;
}

static void link_stage(struct case_kind *kind, const struct yaml_node *node,
                       struct diagnostics *diagnostics)
{
    struct kind_stage *stage = &kind->stages[case_kind_stage(kind, span_of(node->key))];
    const struct yaml_node *after = yaml_get(node, "after");
    for (const struct yaml_node *one = first_item(after); one; one = one->next) {
        int index = need_stage(kind, one, diagnostics);
        if (index >= 0)
            stage->after |= (uint64_t)1 << index;
        if (after->type != YAML_LIST)
            break;
    }
}

static void read_timer_moment(struct kind_timer *timer, const struct case_kind *kind,
                              const struct yaml_node *node, struct diagnostics *diagnostics)
{
    const struct yaml_node *by = yaml_get(node, "by"), *share = by ? yaml_get(by, "share") : NULL;
    if (yaml_get(node, "after")) {
        timer->after_stage = need_stage(kind, yaml_get(node, "after"), diagnostics);
        if (!yaml_get(node, "in") ||
            !yaml_duration(yaml_get(node, "in"), &timer->in_ms, diagnostics))
            diagnostics_add(diagnostics, node->place, "write in: 30m",
                            "a timer after a stage needs its wait");
    } else if (yaml_get(node, "at")) {
        timer->at_due = true;
    } else if (yaml_get(node, "before") && share) {
        timer->before_share = strtod(share->text, NULL);
        if (yaml_get(by, "at_most"))
            yaml_duration(yaml_get(by, "at_most"), &timer->before_at_most_ms, diagnostics);
    } else {
        diagnostics_add(
            diagnostics, node->place,
            "write after: + in:, at: due_at or before: due_at + by:", "a timer needs its moment");
    }
}

static void read_timer(struct case_kind *kind, const struct yaml_node *node,
                       struct diagnostics *diagnostics)
{
    static const char *const known[] = {"after", "unless", "in", "do", "before",
                                        "by",    "at",     "to", NULL};
    const struct yaml_node *action = yaml_get(node, "do"), *to = yaml_get(node, "to");
    if (!yaml_only_keys(node, known, diagnostics) || kind->timer_count == MOST_TIMERS)
        return;
    struct kind_timer *timer = &kind->timers[kind->timer_count++];
    *timer = (struct kind_timer){.name = node->key, .after_stage = -1, .to = to ? to->text : NULL};
    timer->unless_stage = need_stage(kind, yaml_get(node, "unless"), diagnostics);
    read_timer_moment(timer, kind, node, diagnostics);
    if (action && strcmp(action->text, "escalate") == 0)
        timer->action = TIMER_ESCALATE;
    else if (!action || strcmp(action->text, "nudge") != 0)
        diagnostics_add(diagnostics, node->place, "write do: nudge or do: escalate",
                        "a timer must do something");
}

static void read_kind(struct kinds *kinds, struct yaml_document *document,
                      const struct codes *codes, struct diagnostics *diagnostics)
{
    static const char *const known[] = {"kind", "name", "stages", "timers", NULL};
    const struct yaml_node *root = yaml_root(document), *code = yaml_get(root, "kind");
    const struct yaml_node *stages = yaml_get(root, "stages"), *timers = yaml_get(root, "timers");
    if (!yaml_only_keys(root, known, diagnostics))
        return;
    if (!code || !stages || kinds->count == MOST_KINDS) {
        diagnostics_add(diagnostics, root->place, "write kind: and stages:", "a kind needs both");
        return;
    }
    if (kinds_find(kinds, span_of(code->text)))
        diagnostics_add(diagnostics, code->place, "remove one of them",
                        "kind \"%s\" is there already", code->text);
    struct case_kind *kind = &kinds->kinds[kinds->count];
    kinds->documents[kinds->count++] = document;
    kind->code = code->text;
    kind->name = yaml_get(root, "name") ? yaml_get(root, "name")->text : code->text;
    kind->stages = xcalloc(MOST_STAGES, sizeof *kind->stages);
    kind->timers = xcalloc(MOST_TIMERS, sizeof *kind->timers);
    for (const struct yaml_node *one = stages->first; one; one = one->next)
        read_stage(kind, one, codes, diagnostics);
    for (const struct yaml_node *one = stages->first; one; one = one->next)
        link_stage(kind, one, diagnostics);
    for (const struct yaml_node *one = timers ? timers->first : NULL; one; one = one->next)
        read_timer(kind, one, diagnostics);
}

static void add_bytes(struct digest *digest, const char *path)
{
    char buffer[16384];
    FILE *file = fopen(path, "rb");
    for (size_t n; file && (n = fread(buffer, 1, sizeof buffer, file)) > 0;)
        digest_add(digest, span_from(buffer, n));
    if (file)
        fclose(file);
}

static int is_yaml(const struct dirent *entry)
{
    return span_ends(span_of(entry->d_name), SPAN(".yaml"));
}

struct kinds *kinds_load(const char *folder, const struct codes *codes,
                         struct diagnostics *diagnostics)
{
    struct dirent **entries;
    size_t errors = diagnostics_errors(diagnostics);
    int n = scandir(folder, &entries, is_yaml, alphasort);
    if (n < 0) {
        diagnostics_add(diagnostics, (struct place){folder, 0, 0}, "name the configuration folder",
                        "cannot be read: %m");
        return NULL;
    }
    struct kinds *kinds = xcalloc(1, sizeof *kinds);
    struct digest *digest = digest_new();
    for (int i = 0; i < n; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        struct yaml_document *document = yaml_load(path, diagnostics);
        size_t before = kinds->count;
        if (document)
            read_kind(kinds, document, codes, diagnostics);
        if (kinds->count == before)
            yaml_free(document);
        add_bytes(digest, path);
        free(entries[i]);
    }
    free(entries);
    digest_finish(digest, kinds->hash);
    if (diagnostics_errors(diagnostics) == errors)
        return kinds;
    kinds_free(kinds);
    return NULL;
}

void kinds_free(struct kinds *kinds)
{
    for (size_t i = 0; i < kinds->count; i++) {
        free(kinds->kinds[i].stages);
        free(kinds->kinds[i].timers);
        yaml_free(kinds->documents[i]);
    }
    free(kinds);
}

const struct case_kind *kinds_find(const struct kinds *kinds, struct span code)
{
    for (size_t i = 0; i < kinds->count; i++)
        if (span_is(code, kinds->kinds[i].code))
            return &kinds->kinds[i];
    return NULL;
}

const struct case_kind *kinds_at(const struct kinds *kinds, size_t index)
{
    return index < kinds->count ? &kinds->kinds[index] : NULL;
}

struct span kinds_hash(const struct kinds *kinds)
{
    return span_of(kinds->hash);
}
