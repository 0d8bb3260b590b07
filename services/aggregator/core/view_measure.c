/* SPDX-License-Identifier: Apache-2.0 */
/* One measure is one line of a view's file. Promises that each has its columns, a ratio two counts
 * that stand above it, and every moment and fact exists for the kind. */
#include "aggregator/core/view_measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/strbuf.h"

static const char *const moment_names[VIEW_STAGE] = {"opened", "response", "resolution", "closure",
                                                     "matter", "double",   "due",        "done",
                                                     "named",  "reported", "upheld"};

bool view_measure_word(const struct view_reading *reading, const struct yaml_node *node,
                       const char *const *words, size_t count, size_t *index)
{
    const char *text;
    if (!yaml_text(node, &text, reading->diagnostics))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *index = i;
            return true;
        }
    }
    const char *near = diagnostics_nearest(text, words, count);
    char list[1000];
    struct strbuf fix = {.at = list, .capacity = sizeof list, .max = sizeof list - 1};
    strbuf_add(&fix, near ? SPAN("did you mean ") : SPAN("one of "));
    for (size_t i = 0; i < count; i++)
        if (!near || near == words[i])
            strbuf_addf(&fix, "%s%s", near || i == 0 ? "" : ", ", words[i]);
    diagnostics_add(reading->diagnostics, node->place, list, "\"%s\" is not known here", text);
    return false;
}

/* A stage may count as what the moment of its name is. */
static bool is_of_stage(const struct kind_stage *stage, int moment)
{
    switch (moment) {
    case VIEW_OPENED: return true;
    case VIEW_RESPONSE: return stage->counts_as == COUNTS_RESPONSE;
    case VIEW_RESOLUTION: return stage->counts_as == COUNTS_RESOLUTION;
    case VIEW_CLOSURE: return stage->counts_as == COUNTS_CLOSURE;
    default: return false;
    }
}

/* The moment holds, and the kind has a stage that the same word may mean. */
static void warn_hidden(const struct view_reading *reading, const struct yaml_node *node,
                        int moment)
{
    const struct case_kind *kind = reading->view->of;
    int index = moment < VIEW_STAGE ? case_kind_stage(kind, span_of(node->text)) : -1;
    if (index >= 0 && !is_of_stage(&kind->stages[index], moment))
        diagnostics_warn(reading->diagnostics, node->place,
                         "to count that stage give it another name in codes.csv and its kind",
                         "\"%s\" is a moment of its own here, not the stage %s of kind %s",
                         node->text, node->text, kind->code);
}

/* What every case may have, or a stage of this kind. */
bool view_measure_read_moment(const struct view_reading *reading, const struct yaml_node *node,
                              int *moment)
{
    const char *words[VIEW_STAGE + CASE_KIND_MAX_STAGES];
    const struct view *view = reading->view;
    size_t count = 0, index;
    /* "closed" is what people call the stage that counts as closure. */
    if (node && node->type == YAML_SCALAR && strcmp(node->text, "closed") == 0) {
        *moment = VIEW_CLOSURE;
        warn_hidden(reading, node, VIEW_CLOSURE);
        return true;
    }
    while (count < VIEW_STAGE)
        words[count] = moment_names[count], count++;
    for (size_t i = 0; i < view->of->stage_count; i++)
        words[count++] = view->of->stages[i].name;
    if (!view_measure_word(reading, node, words, count, &index))
        return false;
    *moment = (int)index;
    if ((index != VIEW_NAMED && index != VIEW_REPORTED) || view->of_helpers) {
        warn_hidden(reading, node, *moment);
        return true;
    }
    diagnostics_add(reading->diagnostics, node->place, "of: { kind: …, each: helper }",
                    "\"%s\" is a moment of helpers, and this view counts cases", words[index]);
    return false;
}

const char *view_measure_moment_name(const struct view *view, int moment)
{
    return moment < VIEW_STAGE ? moment_names[moment] : view->of->stages[moment - VIEW_STAGE].name;
}

bool view_measure_check_name(const struct view_reading *reading, const char *text,
                             struct place place)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (len > 0 && len <= 40 && text[len] == '\0' && text[0] >= 'a')
        return true;
    diagnostics_add(reading->diagnostics, place, "use lower-case letters, digits and _, at most 40",
                    "\"%s\" cannot name a column", text);
    return false;
}

const struct view_measure *view_measure_find(const struct view *view, const char *name)
{
    for (size_t i = 0; i < view->measure_count; i++)
        if (strcmp(view->measures[i].name, name) == 0)
            return &view->measures[i];
    return NULL;
}

static bool read_count_name(const struct view_reading *reading, const struct yaml_node *node,
                            size_t *index)
{
    const char *name;
    if (!yaml_text(node, &name, reading->diagnostics))
        return false;
    const struct view_measure *measure = view_measure_find(reading->view, name);
    if (measure && measure->type == VIEW_COUNT) {
        *index = (size_t)(measure - reading->view->measures);
        return true;
    }
    diagnostics_add(reading->diagnostics, node->place, "name a count that stands above it",
                    "\"%s\" is no count of this view", name);
    return false;
}

static bool read_ratio(const struct view_reading *reading, struct view_measure *measure,
                       const struct yaml_node *node)
{
    measure->type = VIEW_RATIO;
    reading->view->has_rates = true;
    if (node->type != YAML_LIST || node->count != 2) {
        diagnostics_add(reading->diagnostics, node->place, "ratio: [part, whole]",
                        "a ratio has two counts");
        return false;
    }
    return read_count_name(reading, node->first, &measure->part) &&
           read_count_name(reading, node->first->next, &measure->whole);
}

static bool read_duration(const struct view_reading *reading, struct view_measure *measure,
                          const struct yaml_node *node)
{
    static const char *const keys[] = {"from", "to", "net", NULL};
    struct diagnostics *d = reading->diagnostics;
    measure->type = VIEW_DURATION;
    reading->view->has_durations = true;
    return yaml_only_keys(node, keys, d) &&
           view_measure_read_moment(reading, yaml_require(node, "from", d), &measure->from) &&
           view_measure_read_moment(reading, yaml_require(node, "to", d), &measure->to) &&
           (!yaml_get(node, "net") || yaml_bool(yaml_get(node, "net"), &measure->net, d));
}

static bool read_percentile(struct view_measure *measure, const char *text)
{
    char *end;
    long percentile = text[0] == 'p' ? strtol(text + 1, &end, 10) : 0;
    if (percentile < 1 || percentile > 99 || *end)
        return false;
    if (measure->percentile_count == VIEW_MAX_PERCENTILES)
        return false;
    measure->percentiles[measure->percentile_count++] = (int)percentile;
    return true;
}

/* n and sum_ms are always kept; where nothing is said, so are the middle and the slow end. */
static bool read_stats(const struct view_reading *reading, struct view_measure *measure,
                       const struct yaml_node *node)
{
    if (!node) {
        measure->percentiles[0] = 50;
        measure->percentiles[1] = 90;
        measure->percentile_count = 2;
        return true;
    }
    if (node->type != YAML_LIST) {
        diagnostics_add(reading->diagnostics, node->place, "stats: [n, sum_ms, p50, p90]",
                        "stats is a list");
        return false;
    }
    for (const struct yaml_node *word = node->first; word; word = word->next) {
        const char *text;
        if (!yaml_text(word, &text, reading->diagnostics))
            return false;
        if (strcmp(text, "n") == 0 || strcmp(text, "sum_ms") == 0 || read_percentile(measure, text))
            continue;
        diagnostics_add(reading->diagnostics, word->place, "n, sum_ms, p50, p90 or p99",
                        "\"%s\" is no statistic, or one too many", text);
        return false;
    }
    return true;
}

/* Over `when`'s entry: text | [texts] | { not: text | [texts] } */
static bool read_values(const struct view_reading *reading, struct view_condition *condition,
                        const struct yaml_node *node)
{
    static const char *const keys[] = {"not", NULL};
    struct diagnostics *d = reading->diagnostics;
    if (node->type == YAML_MAP) {
        condition->negated = true;
        const struct yaml_node *wanted = yaml_require(node, "not", d);
        if (!wanted || !yaml_only_keys(node, keys, d))
            return false;
        node = wanted;
    }
    const struct yaml_node *one = node->type == YAML_LIST ? node->first : node;
    size_t count = node->type == YAML_LIST ? node->count : 1;
    if (count == 0 || count > VIEW_MAX_VALUES || node->type == YAML_MAP) {
        diagnostics_add(d, node->place, "a value, or a list of at most 6",
                        "this is no value or list of values");
        return false;
    }
    for (size_t i = 0; i < count; i++, one = one->next)
        if (!yaml_text(one, &condition->values[condition->value_count++], d))
            return false;
    return true;
}

/* Facts of few values: another one would never hold. */
static bool check_values(const struct view_reading *reading, const struct view_condition *condition,
                         const struct yaml_node *node)
{
    static const char *const truths[] = {"true", "false"}, *const answers[] = {"yes", "no"};
    static const char *const moods[] = {"satisfied", "acceptable", "dissatisfied"};
    bool mood = condition->fact == FACT_SATISFACTION;
    bool truth = condition->fact >= FACT_IN_TIME && condition->fact < FACT_FIELD;
    bool answer = condition->fact >= FACT_VALID && condition->fact <= FACT_SOLVED;
    const char *const *words = mood ? moods : truth ? truths : answers;
    for (size_t i = 0; i < condition->value_count && (mood || truth || answer); i++) {
        bool known = false;
        for (size_t w = 0; w < (mood ? 3U : 2U); w++)
            known = known || strcmp(condition->values[i], words[w]) == 0;
        if (known)
            continue;
        diagnostics_add(reading->diagnostics, node->place,
                        mood    ? "satisfied, acceptable or dissatisfied"
                        : truth ? "true or false"
                                : "yes or no",
                        "%s is never \"%s\"", node->key, condition->values[i]);
        return false;
    }
    return true;
}

static void add_unknown_fact(const struct view_reading *reading, const struct yaml_node *node)
{
    char names[FACT_COUNT][48], fix[1024];
    const char *words[FACT_COUNT];
    size_t count = view_fact_names(reading->codes, names);
    for (size_t i = 0; i < count; i++)
        words[i] = names[i];
    const char *near = diagnostics_nearest(node->key, words, count);
    size_t len = (size_t)snprintf(
        fix, sizeof fix, "%s%s%sadd it to codes.csv as a field, or take one that cases have:",
        near ? "did you mean " : "", near ? near : "", near ? "? Else " : "");
    for (size_t i = 0; i < count && len < sizeof fix; i++)
        len += (size_t)snprintf(fix + len, sizeof fix - len, "%s %s", i ? "," : "", words[i]);
    diagnostics_add(reading->diagnostics, node->key_place, fix,
                    "view %s asks a case for %s, which no case has", reading->view->name,
                    node->key);
}

static bool read_condition(const struct view_reading *reading, struct view_measure *measure,
                           const struct yaml_node *node)
{
    struct view_condition *condition = &measure->when[measure->condition_count];
    if (measure->condition_count == VIEW_MAX_CONDITIONS) {
        diagnostics_add(reading->diagnostics, node->key_place, "", "more than %d conditions",
                        VIEW_MAX_CONDITIONS);
        return false;
    }
    condition->fact = view_fact_find(reading->codes, span_of(node->key));
    if (condition->fact < 0) {
        add_unknown_fact(reading, node);
        return false;
    }
    condition->of_words = strcmp(node->key, "flags") == 0;
    condition->place = node->place;
    measure->condition_count++;
    return read_values(reading, condition, node) && check_values(reading, condition, node);
}

static bool read_when(const struct view_reading *reading, struct view_measure *measure,
                      const struct yaml_node *node)
{
    if (node && node->type != YAML_MAP) {
        diagnostics_add(reading->diagnostics, node->place, "when: { valid: \"yes\" }",
                        "when is a map of what must hold");
        return false;
    }
    for (const struct yaml_node *one = node ? node->first : NULL; one; one = one->next)
        if (!read_condition(reading, measure, one))
            return false;
    return true;
}

static bool read_of_cases(const struct view_reading *reading, struct view_measure *measure,
                          const struct yaml_node *node)
{
    const struct yaml_node *count = yaml_get(node, "count"), *ratio = yaml_get(node, "ratio");
    const struct yaml_node *duration = yaml_get(node, "duration");
    const struct yaml_node *versions = yaml_get(node, "versions");
    if ((count != NULL) + (ratio != NULL) + (duration != NULL) + (versions != NULL) != 1) {
        diagnostics_add(reading->diagnostics, node->place,
                        "give one of count, ratio, duration, versions",
                        "\"%s\" measures nothing, or several things", measure->name);
        return false;
    }
    if (ratio)
        return read_ratio(reading, measure, ratio);
    if (duration)
        return read_duration(reading, measure, duration);
    if (versions)
        return view_formula_read(reading, measure, node);
    measure->type = VIEW_COUNT;
    if (!view_measure_read_moment(reading, count, &measure->to))
        return false;
    if (measure->to == VIEW_DOUBLE && measure->bucket == VIEW_OPENED)
        measure->bucket = VIEW_DOUBLE; /* the opening of what counts as nothing else */
    return true;
}

static bool read_of_stock(const struct view_reading *reading, struct view_measure *measure,
                          const struct yaml_node *node)
{
    static const char *const words[] = {"held"};
    const struct yaml_node *from = yaml_get(node, "from"), *to = yaml_get(node, "to");
    const struct yaml_node *during = yaml_get(node, "while");
    size_t word;
    measure->type = VIEW_STOCK;
    measure->while_held = during != NULL;
    if (during && !from && !to)
        return view_measure_word(reading, during, words, ARRAY_LENGTH(words), &word);
    if (from && to && !during)
        return view_measure_read_moment(reading, from, &measure->from) &&
               view_measure_read_moment(reading, to, &measure->to);
    diagnostics_add(reading->diagnostics, node->place,
                    "open: { from: opened, to: closure }, or { while: held }",
                    "a stock has a moment it is entered at and one it is left at");
    return false;
}

static bool read_keys(const struct view_reading *reading, const struct yaml_node *node,
                      enum view_section section)
{
    static const char *const cases[] = {"name", "count", "ratio", "duration", "stats", "empty",
                                        "by",   "when",  "over",  "versions", "scale", NULL};
    static const char *const stocks[] = {"name", "from", "to", "while", "when", NULL};
    return yaml_only_keys(node, section == SECTION_STOCK ? stocks : cases, reading->diagnostics);
}

static bool read_flow(const struct view_reading *reading, struct view_measure *measure,
                      const struct yaml_node *node)
{
    const struct yaml_node *by = yaml_get(node, "by");
    measure->is_flow = true;
    if (measure->type == VIEW_RATIO || measure->type == VIEW_FORMULA)
        return true; /* of counts, whatever those are counted by */
    if (by)
        return view_measure_read_moment(reading, by, &measure->bucket);
    diagnostics_add(reading->diagnostics, node->place, "by: closed",
                    "a flow is counted by a moment");
    return false;
}

static size_t columns_of(const struct view_measure *measure)
{
    switch (measure->type) {
    case VIEW_COUNT:
    case VIEW_STOCK: return 1;
    case VIEW_DURATION: return 2;
    case VIEW_RATIO:
    case VIEW_FORMULA: break;
    }
    return 0;
}

/* There are several of one case, so nothing lasts from one or to it, and no cohort stands by it. */
static bool may_be_upheld(const struct view_reading *reading, const struct view_measure *measure,
                          const struct yaml_node *node)
{
    bool by = measure->bucket == VIEW_UPHELD, counts = measure->to == VIEW_UPHELD;
    bool any = by || counts || measure->from == VIEW_UPHELD;
    if (!any || measure->type == VIEW_RATIO || measure->type == VIEW_FORMULA ||
        (by && counts && measure->is_flow && measure->type == VIEW_COUNT &&
         !reading->view->of_helpers))
        return true;
    diagnostics_add(
        reading->diagnostics, node->place, "flow: { upheld_in: { count: upheld, by: upheld } }",
        "\"upheld\" is each time a dispute was upheld: it is counted in a flow by itself");
    return false;
}

/* As files of before say it; the list of cases has each decision. */
static void warn_upheld(const struct view_reading *reading, const struct view_measure *measure,
                        const struct yaml_node *node)
{
    const struct view *view = reading->view;
    if (!measure->is_flow || measure->type != VIEW_COUNT || measure->to < VIEW_STAGE ||
        view->of->stages[measure->to - VIEW_STAGE].meaning != MEANS_DISPUTE_DECIDED)
        return;
    for (size_t i = 0; i < measure->condition_count; i++) {
        const struct view_condition *condition = &measure->when[i];
        if (condition->fact != FACT_UPHELD || condition->value_count != 1 ||
            strcmp(condition->values[0], condition->negated ? "false" : "true") != 0)
            continue;
        diagnostics_warn(
            reading->diagnostics, yaml_get(node, "count")->place,
            "say `count: upheld, by: upheld` without that condition (docs/decisions/0386)",
            "%s counts a decision once a round, on the day of the first, upheld or not; "
            "upheld_from of /api/cases has each that upheld a dispute, on its own day",
            measure->name);
    }
}

static bool is_good(const struct view_reading *reading, struct view_measure *measure,
                    const struct yaml_node *node, enum view_section section)
{
    if (!read_keys(reading, node, section) ||
        !view_measure_check_name(reading, node->key, node->key_place))
        return false;
    if (!(section == SECTION_STOCK ? read_of_stock(reading, measure, node)
                                   : read_of_cases(reading, measure, node)))
        return false;
    if (measure->type == VIEW_DURATION && !read_stats(reading, measure, yaml_get(node, "stats")))
        return false;
    if (!read_when(reading, measure, yaml_get(node, "when")))
        return false;
    if (yaml_get(node, "name"))
        yaml_name_read(&measure->title, yaml_get(node, "name"), reading->diagnostics);
    if ((section == SECTION_FLOW && !read_flow(reading, measure, node)) ||
        !may_be_upheld(reading, measure, node))
        return false;
    warn_upheld(reading, measure, node);
    return true;
}

void view_measure_read(const struct view_reading *reading, const struct yaml_node *node,
                       enum view_section section)
{
    struct view *view = reading->view;
    struct view_measure measure = {
        .name = node->key, .title = {node->key, node->key}, .bucket = view->cohort, .scale = 1};
    if (node->type != YAML_MAP) {
        diagnostics_add(reading->diagnostics, node->place, "name: { count: opened }",
                        "a measure is a map");
        return;
    }
    if (view->measure_count == VIEW_MAX_MEASURES || view_measure_find(view, node->key)) {
        diagnostics_add(reading->diagnostics, node->key_place, "",
                        "\"%s\" is one measure too many, or there already", node->key);
        return;
    }
    if (!is_good(reading, &measure, node, section)) {
        free(measure.versions);
        return;
    }
    measure.column = view->column_count;
    view->column_count += columns_of(&measure);
    view->measures[view->measure_count++] = measure;
}
