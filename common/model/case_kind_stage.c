/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a kind: what each comes after, who may say it, what it does. What is asked of them
 * for every event is laid out here once. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/case_kind_internal.h"
#include "model/case_line.h"

#define MAX_PARTY   31
#define MAX_RANK    9999
#define MAX_AT_MOST 255
#define MAX_CODES   256 /* looked at for "did you mean" */
#define FIRST_OWN   501 /* releases number theirs below */

static void add_unknown(const struct case_kind_reading *reading, const struct yaml_node *node,
                        const char *what, const char *const *known, size_t count)
{
    char fix[128] = "";
    const char *near = diagnostics_nearest(node->text, known, count);
    if (near)
        snprintf(fix, sizeof fix, "did you mean %s", near);
    diagnostics_add(reading->diagnostics, node->place, fix, "there is no %s \"%s\"", what,
                    node->text);
}

/* The next that is free, to the codes that were missing before, too; of the same code the same. */
static int free_number(const struct case_kind_reading *reading, enum code_space space,
                       const char *word)
{
    struct missing_codes *missing = reading->missing;
    int number = space == CODE_PARTY ? 1 : FIRST_OWN; /* parties are bits */
    while (codes_text(reading->codes, space, number).at)
        number++;
    for (size_t i = 0; i < missing->count; i++) {
        if (missing->code[i].space != space)
            continue;
        if (strcmp(missing->code[i].word, word) == 0)
            return missing->code[i].number;
        for (number = missing->code[i].number + 1; codes_text(reading->codes, space, number).at;)
            number++;
    }
    if (missing->count < ARRAY_LENGTH(missing->code)) {
        missing->code[missing->count].space = space;
        missing->code[missing->count].word = word;
        missing->code[missing->count++].number = number;
    }
    return number;
}

/* Parties are few and the router knows them: nearly always it is one of these that is meant. */
static void list_parties(char *fix, size_t size, const char *const *known, size_t count)
{
    size_t len = (size_t)snprintf(fix, size, "use one of ");
    for (size_t i = 0; i < count && len < size; i++)
        len += (size_t)snprintf(fix + len, size - len, "%s%s", known[i],
                                i + 1 < count ? ", " : ", or ");
}

void case_kind_add_unknown_code(const struct case_kind_reading *reading, enum code_space space,
                                struct place place, const char *what, const char *word)
{
    char texts[MAX_CODES][48], fix[640] = "";
    const char *known[MAX_CODES];
    size_t count = 0;
    for (int number = 1; number <= MAX_CODES; number++) {
        struct span code = codes_text(reading->codes, space, number);
        if (code.at)
            known[count] = span_to_cstr(code, texts[count], sizeof texts[count]), count++;
    }
    const char *near = diagnostics_nearest(word, known, count);
    if (near) {
        snprintf(fix, sizeof fix, "did you mean %s", near);
    } else {
        if (space == CODE_PARTY)
            list_parties(fix, 512, known, count);
        size_t len = strlen(fix);
        snprintf(fix + len, sizeof fix - len, "append %s,%d,%.64s to codes.csv", what,
                 free_number(reading, space, word), word);
    }
    diagnostics_add(reading->diagnostics, place, fix, "codes.csv has no %s \"%s\"", what, word);
}

/* Items of a list as bits by `bit_of` (-1: it has reported). False when something was reported. */
static bool read_bits(const struct case_kind_reading *reading, const struct yaml_node *list,
                      uint64_t *bits,
                      int (*bit_of)(const struct case_kind_reading *, const struct yaml_node *))
{
    *bits = 0;
    if (list->type != YAML_LIST || !list->count) {
        diagnostics_add(reading->diagnostics, list->place, "write it as [a, b]",
                        "%s must be a list that is not empty", list->key);
        return false;
    }
    bool good = true;
    for (const struct yaml_node *item = list->first; item; item = item->next) {
        const char *text;
        int bit = yaml_text(item, &text, reading->diagnostics) ? bit_of(reading, item) : -1;
        if (bit >= 0 && (*bits >> bit & 1))
            diagnostics_add(reading->diagnostics, item->place, "keep one of them",
                            "\"%s\" stands twice in %s", text, list->key);
        good = good && bit >= 0 && !(*bits >> bit & 1);
        if (bit >= 0)
            *bits |= UINT64_C(1) << bit;
    }
    return good;
}

static int party_bit(const struct case_kind_reading *reading, const struct yaml_node *node)
{
    int number = codes_number(reading->codes, CODE_PARTY, span_of(node->text));
    if (number >= 1 && number <= MAX_PARTY)
        return number;
    case_kind_add_unknown_code(reading, CODE_PARTY, node->place, "party", node->text);
    return -1;
}

static int stage_bit(const struct case_kind_reading *reading, const struct yaml_node *node)
{
    int index = case_kind_stage(reading->kind, span_of(node->text));
    if (index < 0)
        add_unknown(reading, node, "stage", reading->names, reading->kind->stage_count);
    return index;
}

/* The word's place in a list of words, or -1 with an error. */
int case_kind_read_word(const struct case_kind_reading *reading, const struct yaml_node *node,
                        const char *const *words, size_t count)
{
    const char *text;
    if (!yaml_text(node, &text, reading->diagnostics))
        return -1;
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return (int)i;
    add_unknown(reading, node, node->key, words, count);
    return -1;
}

static void read_counts_as(const struct case_kind_reading *reading, const struct yaml_node *node,
                           struct kind_stage *stage)
{
    static const char *const words[] = {"response", "resolution", "closure"};
    static const enum counts_as values[] = {COUNTS_RESPONSE, COUNTS_RESOLUTION, COUNTS_CLOSURE};
    int word = node ? case_kind_read_word(reading, node, words, ARRAY_LENGTH(words)) : -1;
    if (word >= 0)
        stage->counts_as = values[word];
}

static int need_bit(const struct case_kind_reading *reading, const struct yaml_node *node)
{
    static const char *const known[] = {"lead",    "due_at", "limit_class", "type_code",
                                        "co_unit", "level",  "sub_unit",    "outcome",
                                        "parent",  "child",  "via"};
    int attribute = case_line_attribute(span_of(node->text));
    if (attribute < 0)
        add_unknown(reading, node, "member of the data", known, ARRAY_LENGTH(known));
    return attribute;
}

/* Who says it and when: by, after, unless, ends, needs, at_most. */
static void read_conditions(const struct case_kind_reading *reading, const struct yaml_node *node,
                            struct kind_stage *stage)
{
    struct diagnostics *d = reading->diagnostics;
    const struct yaml_node *by = yaml_require(node, "by", d), *after = yaml_get(node, "after");
    const struct yaml_node *unless = yaml_get(node, "unless"), *ends = yaml_get(node, "ends");
    const struct yaml_node *needs = yaml_get(node, "needs"), *most = yaml_get(node, "at_most");
    uint64_t parties = 0, needed = 0;
    int64_t at_most = 0;
    if (by && read_bits(reading, by, &parties, party_bit))
        stage->parties = (uint32_t)parties;
    if (after && read_bits(reading, after, &stage->after, stage_bit) &&
        stage->after == UINT64_C(1) << (stage - reading->kind->stages))
        diagnostics_add(d, after->place, "name what comes before it",
                        "%s can come after itself only: it can never happen", stage->name);
    if (unless)
        read_bits(reading, unless, &stage->unless, stage_bit);
    if (ends)
        read_bits(reading, ends, &stage->ends, stage_bit);
    if (needs && read_bits(reading, needs, &needed, need_bit))
        stage->needs = (uint32_t)needed;
    if (most && yaml_int(most, 1, MAX_AT_MOST, &at_most, d))
        stage->at_most = (int)at_most;
}

static void read_clock(const struct case_kind_reading *reading, const struct yaml_node *node,
                       struct kind_stage *stage)
{
    static const char *const clocks[] = {"stops", "runs"};
    int word = node ? case_kind_read_word(reading, node, clocks, ARRAY_LENGTH(clocks)) : -1;
    stage->clock_stops = word == 0;
    stage->clock_runs = word == 1;
}

static void read_stage(const struct case_kind_reading *reading, const struct yaml_node *node,
                       struct kind_stage *stage)
{
    static const char *const keys[] = {
        "name",    "rank",   "by",        "after",     "unless",   "ends",  "needs",
        "at_most", "within", "counts_as", "new_round", "new_lead", "clock", "copy_to_children",
        NULL};
    struct diagnostics *d = reading->diagnostics;
    int64_t rank = 0;
    if (!yaml_only_keys(node, keys, d))
        return;
    stage->number = codes_number(reading->codes, CODE_STAGE, span_of(stage->name));
    if (!stage->number)
        case_kind_add_unknown_code(reading, CODE_STAGE, node->key_place, "stage", stage->name);
    if (yaml_int(yaml_require(node, "rank", d), 0, MAX_RANK, &rank, d))
        stage->rank = (int)rank;
    yaml_name_read(&stage->called, yaml_get(node, "name"), d);
    read_conditions(reading, node, stage);
    read_counts_as(reading, yaml_get(node, "counts_as"), stage);
    if (yaml_get(node, "new_round"))
        yaml_bool(yaml_get(node, "new_round"), &stage->new_round, d);
    if (yaml_get(node, "new_lead"))
        yaml_bool(yaml_get(node, "new_lead"), &stage->new_lead, d);
    if (yaml_get(node, "copy_to_children"))
        yaml_bool(yaml_get(node, "copy_to_children"), &stage->copy_to_children, d);
    if (yaml_get(node, "within"))
        yaml_duration(yaml_get(node, "within"), &stage->within_ms, d);
    read_clock(reading, yaml_get(node, "clock"), stage);
}

static enum stage_meaning meaning_of(const char *name)
{
    static const struct {
        const char *name;
        enum stage_meaning meaning;
    } words[] = {
        {"opened", MEANS_OPENED},
        {"classified", MEANS_CLASSIFIED},
        {"dispatched", MEANS_DISPATCHED},
        {"recalled", MEANS_RECALLED},
        {"amended", MEANS_AMENDED},
        {"forwarded", MEANS_FORWARDED},
        {"co_assigned", MEANS_CO_ASSIGNED},
        {"whistle_blown", MEANS_WHISTLE_BLOWN},
        {"whistle_reported", MEANS_WHISTLE_REPORTED},
        {"disputed", MEANS_DISPUTED},
        {"dispute_decided", MEANS_DISPUTE_DECIDED},
        {"extended", MEANS_EXTENDED},
        {"escalated", MEANS_ESCALATED},
        {"supervised", MEANS_SUPERVISED},
        {"exclusion_decided", MEANS_EXCLUSION_DECIDED},
        {"nudged", MEANS_NUDGED},
        {"overdue", MEANS_OVERDUE},
        {"merged", MEANS_MERGED},
        {"unmerged", MEANS_UNMERGED},
        {"child_added", MEANS_CHILD_ADDED},
        {"child_removed", MEANS_CHILD_REMOVED},
        {"linked", MEANS_LINKED},
        {"reviewed", MEANS_REVIEWED},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strcmp(words[i].name, name) == 0)
            return words[i].meaning;
    return MEANS_NOTHING;
}

static bool asks_router(const struct kind_stage *stage)
{
    switch (stage->meaning) {
    case MEANS_CO_ASSIGNED:
    case MEANS_WHISTLE_BLOWN:
    case MEANS_DISPUTE_DECIDED:
    case MEANS_EXTENDED:
    case MEANS_ESCALATED:
    case MEANS_SUPERVISED: return true;
    case MEANS_NOTHING:
    case MEANS_OPENED:
    case MEANS_CLASSIFIED:
    case MEANS_DISPATCHED:
    case MEANS_RECALLED:
    case MEANS_AMENDED:
    case MEANS_FORWARDED:
    case MEANS_WHISTLE_REPORTED:
    case MEANS_DISPUTED:
    case MEANS_EXCLUSION_DECIDED:
    case MEANS_NUDGED:
    case MEANS_OVERDUE:
    case MEANS_MERGED:
    case MEANS_UNMERGED:
    case MEANS_CHILD_ADDED:
    case MEANS_CHILD_REMOVED:
    case MEANS_LINKED:
    case MEANS_REVIEWED: break;
    }
    return stage->new_lead || stage->clock_stops || stage->clock_runs;
}

/* An aside is what the router says and nobody else builds on (nudged, overdue, delivered). */
static void lay_out(struct case_kind *kind, const struct codes *codes)
{
    uint64_t by_router = 0, built_on = 0;
    kind->party = (struct kind_parties){
        .source = codes_number(codes, CODE_PARTY, SPAN("source")),
        .desk = codes_number(codes, CODE_PARTY, SPAN("desk")),
        .lead = codes_number(codes, CODE_PARTY, SPAN("lead")),
        .co = codes_number(codes, CODE_PARTY, SPAN("co")),
        .sub = codes_number(codes, CODE_PARTY, SPAN("sub")),
        .router = codes_number(codes, CODE_PARTY, SPAN("router")),
    };
    uint32_t router = kind->party.router ? UINT32_C(1) << kind->party.router : 0;
    for (size_t i = 0; i < kind->stage_count; i++) {
        struct kind_stage *stage = &kind->stages[i];
        stage->meaning = meaning_of(stage->name);
        if (stage->number > 0 && stage->number < (int)ARRAY_LENGTH(kind->index_of))
            kind->index_of[stage->number] = (uint8_t)(i + 1);
        kind->first |= stage->after ? 0 : UINT64_C(1) << i;
        kind->asking |= asks_router(stage) ? UINT64_C(1) << i : 0;
        by_router |= stage->after && (stage->parties & router) ? UINT64_C(1) << i : 0;
        built_on |= stage->parties == router ? 0 : stage->after;
    }
    kind->asides = by_router & ~built_on;
}

static const struct yaml_node *stage_node(const struct yaml_node *map, const char *name)
{
    for (const struct yaml_node *node = map->first; node; node = node->next)
        if (strcmp(node->key, name) == 0)
            return node;
    return map; /* every name was read from there */
}

/* Stages that wait for each other in a ring never begin, nor does what waits for them alone. */
static void check_reached(const struct case_kind_reading *reading, const struct yaml_node *map)
{
    const struct case_kind *kind = reading->kind;
    uint64_t reached = kind->first, before = 0;
    while (reached != before) {
        before = reached;
        for (size_t i = 0; i < kind->stage_count; i++)
            if (kind->stages[i].after & before)
                reached |= UINT64_C(1) << i;
    }
    for (size_t i = 0; i < kind->stage_count; i++) {
        const struct kind_stage *stage = &kind->stages[i];
        if ((reached >> i & 1) || stage->after == UINT64_C(1) << i)
            continue;
        diagnostics_add(
            reading->diagnostics, yaml_get(stage_node(map, stage->name), "after")->place,
            "name a stage that a case comes to without it",
            "%s can never happen: what it comes after waits for it, or never happens either",
            stage->name);
    }
}

/* Names first: `after` may look ahead. */
void case_kind_read_stages(struct case_kind_reading *reading, const struct yaml_node *map)
{
    struct case_kind *kind = reading->kind;
    struct diagnostics *d = reading->diagnostics;
    if (map->type != YAML_MAP || !map->count || map->count > CASE_KIND_MAX_STAGES) {
        diagnostics_add(d, map->place, "write stages below it, one a line",
                        "stages must be a map of 1 to %d", CASE_KIND_MAX_STAGES);
        return;
    }
    kind->stages = xcalloc(map->count, sizeof *kind->stages);
    for (const struct yaml_node *node = map->first; node; node = node->next) {
        reading->names[kind->stage_count] = node->key;
        kind->stages[kind->stage_count++].name = node->key;
    }
    struct kind_stage *stage = kind->stages;
    for (const struct yaml_node *node = map->first; node; node = node->next)
        read_stage(reading, node, stage++);
    int opened = case_kind_stage(kind, SPAN("opened"));
    if (opened < 0 || kind->stages[opened].after)
        diagnostics_add(d, map->place, "add `opened: { rank: 10, by: [source] }`",
                        "a kind needs a stage opened that comes after nothing");
    lay_out(kind, reading->codes);
    if (opened >= 0 && !kind->stages[opened].after)
        check_reached(reading, map);
}

int case_kind_read_stage_name(const struct case_kind_reading *reading, const struct yaml_node *node)
{
    const char *text;
    return yaml_text(node, &text, reading->diagnostics) ? stage_bit(reading, node) : -1;
}
