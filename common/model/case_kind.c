/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles kinds of cases from their files. Promises that every stage and party has its number in
 * codes.csv, that `after`, timers' stages and their form are sound, that a case can begin, and that
 * what is wrong is named by place with the nearest known word. The texts stay in the documents. */
#include "model/case_kind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "config/yaml_folder.h"
#include "config/yaml_said.h"
#include "model/case_kind_internal.h"
#include "model/desk.h"

#define MAX_KINDS      64
#define MAX_TIMERS     64
#define MAX_FILE_BYTES (1 << 20)

struct kinds {
    struct case_kind kinds[MAX_KINDS];          /* stages and timers owned */
    struct yaml_document *documents[MAX_KINDS]; /* owned */
    size_t count, document_count;
    const struct codes *codes; /* borrowed */
    struct missing_codes missing;
    char hash[DIGEST_ID_LEN + 1];
};

/* before: due_at, by: { share: 0.2, at_most: 4h } or by: 1d */
static void read_share(const struct case_kind_reading *reading, const struct yaml_node *by,
                       struct kind_timer *timer)
{
    static const char *const keys[] = {"share", "at_most", NULL};
    struct diagnostics *d = reading->diagnostics;
    const char *text;
    char *end;
    if (by && by->type == YAML_SCALAR) {
        yaml_duration(by, &timer->before_ms, d);
        return;
    }
    if (!by || !yaml_only_keys(by, keys, d))
        return;
    const struct yaml_node *share = yaml_require(by, "share", d);
    if (yaml_text(share, &text, d)) {
        timer->before_share = strtod(text, &end);
        bool plain = strspn(text, "0123456789.") == strlen(text) && !*end;
        if (!plain || !(timer->before_share > 0 && timer->before_share <= 1))
            diagnostics_add(d, share->place, "write a number above 0, up to 1, as in 0.2",
                            "share cannot be %s", text);
    }
    yaml_duration(yaml_require(by, "at_most", d), &timer->before_at_most_ms, d);
}

static void read_timer_form(const struct case_kind_reading *reading, const struct yaml_node *node,
                            struct kind_timer *timer)
{
    static const char *const due[] = {"due_at"};
    struct diagnostics *d = reading->diagnostics;
    const struct yaml_node *after = yaml_get(node, "after"), *at = yaml_get(node, "at");
    const struct yaml_node *before = yaml_get(node, "before");
    const struct yaml_node *in = yaml_get(node, "in"), *by = yaml_get(node, "by");
    if ((after != NULL) + (before != NULL) + (at != NULL) != 1) {
        diagnostics_add(d, node->key_place, "keep one of them",
                        "timer %s needs one of after, before and at", node->key);
        return;
    }
    if ((in && !after) || (by && !before))
        diagnostics_add(d, in && !after ? in->place : by->place, "remove it",
                        "timer %s has %s without %s", node->key, in && !after ? "in" : "by",
                        in && !after ? "after" : "before");
    if (after) {
        timer->after_stage = case_kind_read_stage_name(reading, after);
        yaml_duration(yaml_require(node, "in", d), &timer->in_ms, d);
    } else if (before) {
        case_kind_read_word(reading, before, due, 1);
        read_share(reading, yaml_require(node, "by", d), timer);
    } else {
        timer->at_due = case_kind_read_word(reading, at, due, 1) == 0;
    }
}

static bool may_say(const struct case_kind *kind, int index, int party)
{
    return index >= 0 && kind->stages[index].parties >> party & 1;
}

static const char *first_stage(const struct case_kind *kind)
{
    for (size_t i = 0; i < kind->stage_count; i++)
        if (!kind->stages[i].after)
            return kind->stages[i].name;
    return "opened";
}

static bool is_answered(const struct case_kind *kind)
{
    for (size_t i = 0; i < kind->stage_count; i++)
        if (desk_is_answer(DESK_OVERDUE, kind->stages[i].name) &&
            may_say(kind, (int)i, kind->party.desk))
            return true;
    return false;
}

/* Else its move would count for nothing, and what it asks would reach nobody or have no answer. */
static void check_landing(const struct case_kind_reading *reading, const struct yaml_node *node,
                          const struct kind_timer *timer)
{
    const struct case_kind *kind = reading->kind;
    const char *stage = case_kind_timer_stage(timer);
    int index = case_kind_stage(kind, span_of(stage));
    bool escalates = timer->action == TIMER_ESCALATE;
    char fix[256];
    snprintf(fix, sizeof fix,
             index < 0 ? "add `%s: { rank: %d, by: [router], after: [%s] }` to its stages"
                       : "add router to the by: of %s",
             stage, escalates ? 92 : 91, first_stage(kind));
    if (!may_say(kind, index, kind->party.router))
        diagnostics_add(reading->diagnostics, yaml_get(node, "do")->place, fix,
                        "timer %s makes the router say %s, %s kind %s", timer->name, stage,
                        index < 0 ? "and there is no such stage in" : "who may not in", kind->code);
    if (!escalates || !timer->to || strcmp(timer->to, DESK_UNIT) != 0 || is_answered(kind))
        return;
    snprintf(fix, sizeof fix,
             "add some of %s to its stages, as `noted: { rank: 48, by: [desk], after: [%s] }`",
             desk_row(DESK_OVERDUE)->answers, first_stage(kind));
    diagnostics_add(reading->diagnostics, yaml_get(node, "to")->place, fix,
                    "timer %s asks the desk, which can answer by no stage of kind %s", timer->name,
                    kind->code);
}

static void read_timer(const struct case_kind_reading *reading, const struct yaml_node *node,
                       struct kind_timer *timer)
{
    static const char *const keys[] = {"after",  "before", "at", "by", "in",
                                       "unless", "do",     "to", "of", NULL};
    static const char *const actions[] = {"nudge", "escalate"};
    static const char *const whose[] = {"helpers"};
    struct diagnostics *d = reading->diagnostics;
    *timer = (struct kind_timer){.name = node->key, .after_stage = -1, .unless_stage = -1};
    if (!yaml_only_keys(node, keys, d))
        return;
    read_timer_form(reading, node, timer);
    const struct yaml_node *unless = yaml_require(node, "unless", d);
    if (unless)
        timer->unless_stage = case_kind_read_stage_name(reading, unless);
    const struct yaml_node *action = yaml_require(node, "do", d);
    int does = action ? case_kind_read_word(reading, action, actions, ARRAY_LENGTH(actions)) : -1;
    timer->action = does == 1 ? TIMER_ESCALATE : TIMER_NUDGE;
    const struct yaml_node *to = yaml_get(node, "to");
    if (to && yaml_text(to, &timer->to, d))
        timer->to_place = to->place;
    if (does >= 0)
        check_landing(reading, node, timer);
    if (yaml_get(node, "of"))
        timer->of_helpers = case_kind_read_word(reading, yaml_get(node, "of"), whose, 1) == 0;
    if (timer->of_helpers && timer->after_stage >= 0)
        diagnostics_add(d, yaml_get(node, "of")->place, "hang it on due_at",
                        "timer %s counts from a stage, not to a helper's time", node->key);
}

static void read_timers(const struct case_kind_reading *reading, const struct yaml_node *map)
{
    struct case_kind *kind = reading->kind;
    if (!map)
        return;
    if (map->type != YAML_MAP || map->count > MAX_TIMERS) {
        diagnostics_add(reading->diagnostics, map->place, "write timers below it, one a line",
                        "timers must be a map of at most %d", MAX_TIMERS);
        return;
    }
    kind->timers = xcalloc(map->count + 1, sizeof *kind->timers);
    for (const struct yaml_node *node = map->first; node; node = node->next)
        read_timer(reading, node, &kind->timers[kind->timer_count++]);
}

static void read_kind(struct kinds *kinds, const struct yaml_node *root, const struct codes *codes,
                      struct diagnostics *d)
{
    static const char *const keys[] = {"kind", "name", "stages", "timers", NULL};
    const char *code = NULL;
    struct yaml_name called;
    const struct yaml_node *code_node = yaml_require(root, "kind", d);
    const struct yaml_node *stages = yaml_require(root, "stages", d);
    bool known = yaml_only_keys(root, keys, d);
    bool named = yaml_text(code_node, &code, d);
    yaml_name_read(&called, yaml_require(root, "name", d), d);
    if (!called.chinese || !named || !stages || !known)
        return;
    struct case_kind_reading reading = {
        .codes = codes, .diagnostics = d, .missing = &kinds->missing};
    if (!codes_number(codes, CODE_KIND, span_of(code)))
        case_kind_add_unknown_code(&reading, CODE_KIND, code_node->place, "kind", code);
    if (kinds_find(kinds, span_of(code)))
        diagnostics_add(d, code_node->place, "keep one of the files",
                        "another file describes kind %s already", code);
    reading.kind = &kinds->kinds[kinds->count++];
    reading.kind->code = code;
    reading.kind->called = called;
    case_kind_read_stages(&reading, stages);
    reading.kind->dispatched = case_kind_stage(reading.kind, SPAN("dispatched"));
    reading.kind->escalated = case_kind_stage(reading.kind, SPAN("escalated"));
    reading.kind->amended = case_kind_stage(reading.kind, SPAN("amended"));
    read_timers(&reading, yaml_get(root, "timers"));
    reading.kind->lasting = case_kind_lasting(reading.kind);
}

static char *read_file(const char *path, size_t *len)
{
    FILE *stream = fopen(path, "rbe");
    if (!stream)
        return NULL;
    char *text = xmalloc(MAX_FILE_BYTES);
    *len = fread(text, 1, MAX_FILE_BYTES, stream);
    bool whole = !ferror(stream) && *len < MAX_FILE_BYTES;
    fclose(stream);
    if (whole)
        return text;
    free(text);
    return NULL;
}

static void load_file(struct kinds *kinds, const char *path, const struct codes *codes,
                      struct digest *digest, struct diagnostics *diagnostics)
{
    size_t len;
    char *text = read_file(path, &len);
    if (!text) {
        diagnostics_add(diagnostics, (struct place){path, 0, 0}, "make it readable, below 1 MiB",
                        "the file cannot be read");
        return;
    }
    struct yaml_document *document = yaml_parse(path, span_from(text, len), diagnostics);
    free(text);
    if (!document)
        return;
    kinds->documents[kinds->document_count++] = document;
    yaml_said_add(digest, yaml_root(document));
    read_kind(kinds, yaml_root(document), codes, diagnostics);
}

struct kinds *kinds_load(const char *folder, const struct codes *codes,
                         struct diagnostics *diagnostics)
{
    struct yaml_folder files;
    struct kinds *kinds = xcalloc(1, sizeof *kinds);
    kinds->codes = codes;
    struct digest *digest = digest_new();
    size_t errors = diagnostics_errors(diagnostics);
    yaml_folder_read(&files, folder);
    if (files.count == 0 || files.count > MAX_KINDS)
        diagnostics_add(diagnostics, (struct place){folder, 0, 0}, "put files <kind>.yaml there",
                        "the folder holds no kind, or more than %d", MAX_KINDS);
    for (size_t i = 0; i < files.count && files.count <= MAX_KINDS; i++)
        load_file(kinds, files.paths[i], codes, digest, diagnostics);
    yaml_folder_fini(&files);
    digest_finish(digest, kinds->hash);
    if (diagnostics_errors(diagnostics) == errors)
        return kinds;
    kinds_free(kinds);
    return NULL;
}

void kinds_free(struct kinds *kinds)
{
    if (!kinds)
        return;
    for (size_t i = 0; i < kinds->count; i++) {
        free(kinds->kinds[i].stages);
        free(kinds->kinds[i].timers);
    }
    for (size_t i = 0; i < kinds->document_count; i++)
        yaml_free(kinds->documents[i]);
    free(kinds);
}

const struct case_kind *kinds_find(const struct kinds *kinds, struct span code)
{
    for (size_t i = 0; i < kinds->count; i++)
        if (span_is(code, kinds->kinds[i].code))
            return &kinds->kinds[i];
    return NULL;
}

const char *kinds_nearest(const struct kinds *kinds, const char *word)
{
    const char *known[MAX_KINDS];
    for (size_t i = 0; i < kinds->count; i++)
        known[i] = kinds->kinds[i].code;
    return diagnostics_nearest(word, known, kinds->count);
}

const struct codes *kinds_codes(const struct kinds *kinds)
{
    return kinds->codes;
}

const struct case_kind *kinds_at(const struct kinds *kinds, size_t index)
{
    return index < kinds->count ? &kinds->kinds[index] : NULL;
}

const char *case_kind_timer_stage(const struct kind_timer *timer)
{
    return timer->action == TIMER_ESCALATE ? "overdue" : "nudged";
}

int case_kind_stage(const struct case_kind *kind, struct span name)
{
    for (size_t i = 0; i < kind->stage_count; i++)
        if (span_is(name, kind->stages[i].name))
            return (int)i;
    return -1;
}

int case_kind_stage_number(const struct case_kind *kind, int number)
{
    if (number > 0 && number < (int)ARRAY_LENGTH(kind->index_of))
        return (int)kind->index_of[number] - 1;
    for (size_t i = 0; i < kind->stage_count; i++)
        if (kind->stages[i].number == number)
            return (int)i;
    return -1;
}

struct span kinds_hash(const struct kinds *kinds)
{
    return span_of(kinds->hash);
}
