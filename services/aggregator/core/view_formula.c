/* SPDX-License-Identifier: Apache-2.0 */
/* Dated formulas (三率 and their score, docs/domain.md §2.6): what weighs how much, from which day
 * on. A new version never touches what an older one judged. */
#include <stdlib.h>
#include <string.h>

#include "aggregator/core/view_measure.h"
#include "base/base.h"
#include "base/memory.h"
#include "base/timestamp.h"

/* "0.4" as 4000, at most four digits behind the point. */
static bool read_weight(const char *text, int *weight)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || text[0] < '0' || text[0] > '9' || value > 100)
        return false;
    value *= VIEW_WEIGHT_ONE;
    if (*end == '.')
        for (long unit = VIEW_WEIGHT_ONE / 10; *++end >= '0' && *end <= '9'; unit /= 10) {
            if (unit == 0)
                return false;
            value += (*end - '0') * unit;
        }
    *weight = (int)value;
    return *end == '\0' && value > 0;
}

/* Counts where there is something to divide by, else rates that stand above. */
static bool may_weigh(const struct view_measure *term, const struct view_measure *formula)
{
    if (!term)
        return false;
    return formula->has_whole ? term->type == VIEW_COUNT
                              : term->type == VIEW_RATIO || term->type == VIEW_FORMULA;
}

static bool read_terms(const struct view_reading *reading, const struct view_measure *measure,
                       struct view_version *version, const struct yaml_node *node)
{
    struct diagnostics *d = reading->diagnostics;
    long sum = 0;
    if (!node || node->type != YAML_MAP || node->count == 0 || node->count > VIEW_MAX_TERMS) {
        if (node)
            diagnostics_add(d, node->place, "weights: { rate: 0.4, … }",
                            "weights are a map of at most %d measures", VIEW_MAX_TERMS);
        return false;
    }
    for (const struct yaml_node *one = node->first; one; one = one->next) {
        struct view_term *term = &version->terms[version->term_count++];
        const struct view_measure *of = view_measure_find(reading->view, one->key);
        const char *text;
        if (!may_weigh(of, measure)) {
            diagnostics_add(d, one->key_place,
                            measure->has_whole ? "name a count that stands above it"
                                               : "name a ratio or formula that stands above it",
                            "\"%s\" cannot be weighed here", one->key);
            return false;
        }
        if (!yaml_text(one, &text, d))
            return false;
        if (!read_weight(text, &term->weight)) {
            diagnostics_add(d, one->place, "a number such as 0.4, at most four digits behind it",
                            "\"%s\" is no weight", text);
            return false;
        }
        term->measure = (size_t)(of - reading->view->measures);
        sum += term->weight;
    }
    if (measure->has_whole || sum == VIEW_WEIGHT_ONE)
        return true;
    diagnostics_add(d, node->place, "let them sum to 1", "the weights of rates sum to %ld.%04ld",
                    sum / VIEW_WEIGHT_ONE, sum % VIEW_WEIGHT_ONE);
    return false;
}

static bool read_version(const struct view_reading *reading, struct view_measure *measure,
                         const struct yaml_node *node)
{
    static const char *const keys[] = {"valid_from", "weights", NULL};
    struct diagnostics *d = reading->diagnostics;
    struct view_version *version = &measure->versions[measure->version_count];
    if (node->type != YAML_MAP) {
        diagnostics_add(d, node->place, "- { valid_from: 2026-01-01, weights: { … } }",
                        "a version is a map");
        return false;
    }
    const struct yaml_node *from = yaml_require(node, "valid_from", d);
    int64_t ms;
    if (!yaml_only_keys(node, keys, d) || !yaml_text(from, &version->name, d))
        return false;
    if (!timestamp_parse(span_of(version->name), "%Y-%m-%d", 0, &ms)) {
        diagnostics_add(d, from->place, "a day such as 2026-01-01", "\"%s\" is no day",
                        version->name);
        return false;
    }
    version->valid_from = timestamp_day(ms, 0);
    if (measure->version_count > 0 &&
        version->valid_from <= measure->versions[measure->version_count - 1].valid_from) {
        diagnostics_add(d, from->place, "the oldest first, each with a day of its own",
                        "%s does not come after the version above it", version->name);
        return false;
    }
    measure->version_count++;
    return read_terms(reading, measure, version, yaml_require(node, "weights", d));
}

static bool read_over(const struct view_reading *reading, struct view_measure *measure,
                      const struct yaml_node *over)
{
    const char *name;
    if (!yaml_text(over, &name, reading->diagnostics))
        return false;
    const struct view_measure *whole = view_measure_find(reading->view, name);
    if (!whole || whole->type != VIEW_COUNT) {
        diagnostics_add(reading->diagnostics, over->place, "name a count that stands above it",
                        "\"%s\" is no count of this view", name);
        return false;
    }
    measure->has_whole = true;
    measure->whole = (size_t)(whole - reading->view->measures);
    return true;
}

bool view_formula_read(const struct view_reading *reading, struct view_measure *measure,
                       const struct yaml_node *node)
{
    const struct yaml_node *versions = yaml_get(node, "versions"), *over = yaml_get(node, "over");
    const struct yaml_node *scale = yaml_get(node, "scale");
    static const char *const scales[] = {"1", "100"};
    size_t word = 0;
    measure->type = VIEW_FORMULA;
    reading->view->has_rates = true;
    if (over && !read_over(reading, measure, over))
        return false;
    if (scale && !view_measure_word(reading, scale, scales, ARRAY_LENGTH(scales), &word))
        return false;
    measure->scale = word ? 100 : 1;
    if (versions->type != YAML_LIST || versions->count == 0 ||
        versions->count > VIEW_MAX_VERSIONS) {
        diagnostics_add(reading->diagnostics, versions->place,
                        "versions: [{ valid_from: 2026-01-01, weights: { … } }]",
                        "a formula has one to %d versions", VIEW_MAX_VERSIONS);
        return false;
    }
    measure->versions = xcalloc(versions->count, sizeof *measure->versions);
    for (const struct yaml_node *one = versions->first; one; one = one->next)
        if (!read_version(reading, measure, one))
            return false;
    return true;
}
