/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/core/view_shape.h"

#include <stdio.h>

#include "aggregator/core/view_measure.h"

static const char *const form_names[] = {"count", "level", "rate", "score", "seconds"};

static enum view_form form_of(const struct view_measure *measure)
{
    switch (measure->type) {
    case VIEW_COUNT: return VIEW_FORM_COUNT;
    case VIEW_STOCK: return VIEW_FORM_LEVEL;
    case VIEW_RATIO: return VIEW_FORM_RATE;
    case VIEW_FORMULA: return measure->scale == 1 ? VIEW_FORM_RATE : VIEW_FORM_SCORE;
    case VIEW_DURATION: break;
    }
    return VIEW_FORM_SECONDS;
}

static size_t add_duration(const struct view_measure *measure, size_t index,
                           struct view_column *columns)
{
    size_t count = 2;
    columns[0] =
        (struct view_column){.measure = index, .form = VIEW_FORM_COUNT, .stat = VIEW_STAT_N};
    columns[1] =
        (struct view_column){.measure = index, .form = VIEW_FORM_SECONDS, .stat = VIEW_STAT_MEAN};
    snprintf(columns[0].name, sizeof columns[0].name, "%s_n", measure->name);
    snprintf(columns[1].name, sizeof columns[1].name, "%s_avg_seconds", measure->name);
    for (size_t i = 0; i < measure->percentile_count; i++, count++) {
        columns[count] = (struct view_column){.measure = index,
                                              .form = VIEW_FORM_SECONDS,
                                              .stat = VIEW_STAT_PERCENTILE,
                                              .percentile = measure->percentiles[i]};
        snprintf(columns[count].name, sizeof columns[count].name, "%s_p%d_seconds", measure->name,
                 measure->percentiles[i]);
    }
    return count;
}

size_t view_shape_columns(const struct view *view, struct view_column columns[VIEW_MAX_ROW_COLUMNS])
{
    size_t count = 0;
    for (size_t i = 0; i < view->measure_count; i++) {
        const struct view_measure *measure = &view->measures[i];
        if (measure->type == VIEW_DURATION) {
            count += add_duration(measure, i, &columns[count]);
            continue;
        }
        columns[count] = (struct view_column){.measure = i, .form = form_of(measure)};
        snprintf(columns[count].name, sizeof columns[count].name, "%s", measure->name);
        count++;
    }
    return count;
}

static void add_word(struct strbuf *out, const char *word)
{
    strbuf_addf(out, "%s\"%s\"", out->at[out->len - 1] == '[' ? "" : ",", word);
}

/* Only what is excluded from a kind's reviews makes two scopes; only units' rates have a mean. */
static void add_ways(struct strbuf *out, const struct view *view)
{
    bool excludes = false;
    for (size_t i = 0; i < view->of->stage_count; i++)
        excludes = excludes || view->of->stages[i].meaning == MEANS_EXCLUSION_DECIDED;
    strbuf_add(out, SPAN("],\"scopes\":["));
    add_word(out, "all");
    if (excludes)
        add_word(out, "net");
    strbuf_add(out, SPAN("],\"methods\":["));
    add_word(out, "pooled");
    if (view->has_rates && view_group_index(view, FACT_UNIT) >= 0)
        add_word(out, "mean");
}

/* Weights are integers of VIEW_WEIGHT_ONE; a term of a rate's or a score's. */
static void add_versions(struct strbuf *out, const struct view *view,
                         const struct view_measure *measure)
{
    strbuf_add(out, SPAN(",\"versions\":["));
    for (size_t i = 0; i < measure->version_count; i++) {
        const struct view_version *version = &measure->versions[i];
        strbuf_addf(out, "%s{\"valid_from\":\"%s\",\"weights\":{", i ? "," : "", version->name);
        for (size_t k = 0; k < version->term_count; k++)
            strbuf_addf(out, "%s\"%s\":%d.%04d", k ? "," : "",
                        view->measures[version->terms[k].measure].name,
                        version->terms[k].weight / VIEW_WEIGHT_ONE,
                        version->terms[k].weight % VIEW_WEIGHT_ONE);
        strbuf_add(out, SPAN("}}"));
    }
    strbuf_add_char(out, ']');
}

static void add_column(struct strbuf *out, const struct view *view,
                       const struct view_column *column)
{
    const struct view_measure *measure = &view->measures[column->measure];
    strbuf_addf(out, "%s{\"column\":\"%s\",\"measure\":\"%s\",",
                out->at[out->len - 1] == '[' ? "" : ",", column->name, measure->name);
    yaml_name_write(&measure->title, out);
    strbuf_addf(out, ",\"form\":\"%s\"", form_names[column->form]);
    if (measure->type == VIEW_RATIO)
        strbuf_addf(out, ",\"of\":[\"%s\",\"%s\"]", view->measures[measure->part].name,
                    view->measures[measure->whole].name);
    if (measure->type == VIEW_FORMULA)
        add_versions(out, view, measure);
    switch (column->stat) {
    case VIEW_STAT_NONE: break;
    case VIEW_STAT_N: strbuf_add(out, SPAN(",\"stat\":\"n\"")); break;
    case VIEW_STAT_MEAN: strbuf_add(out, SPAN(",\"stat\":\"avg\"")); break;
    case VIEW_STAT_PERCENTILE: strbuf_addf(out, ",\"stat\":\"p%d\"", column->percentile); break;
    }
    strbuf_add_char(out, '}');
}

void view_shape_write(struct strbuf *out, const struct view *view)
{
    struct view_column columns[VIEW_MAX_ROW_COLUMNS];
    size_t count = view_shape_columns(view, columns);
    strbuf_addf(out, "{\"view\":\"%s\",", view->name);
    yaml_name_write(&view->title, out);
    strbuf_addf(out, ",\"kind\":\"%s\",\"each\":\"%s\",\"cohort\":", view->kind,
                view->of_whistles  ? "whistle"
                : view->of_helpers ? "helper"
                                   : "case");
    if (view->is_stock)
        strbuf_add(out, SPAN("null"));
    else
        strbuf_addf(out, "\"%s\"", view_measure_moment_name(view, view->cohort));
    strbuf_add(out, SPAN(",\"groups\":["));
    for (size_t i = 0; i < view->group_count; i++)
        add_word(out, view->group_names[i]);
    strbuf_add(out, SPAN("],\"buckets\":["));
    for (size_t i = 0; i < view->bucket_count; i++)
        add_word(out, view_bucket_names[view->buckets[i]]);
    add_ways(out, view);
    strbuf_add(out, SPAN("],\"columns\":["));
    for (size_t i = 0; i < count; i++)
        add_column(out, view, &columns[i]);
    strbuf_add(out, SPAN("]}"));
}
