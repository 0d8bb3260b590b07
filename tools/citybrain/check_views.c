/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings, not errors: the aggregator starts on such a view, and what was told under a registry
 * or a feed of before may have the value. */
#include "citybrain/check_views.h"

#include <stdio.h>

#include "base/base.h"
#include "citybrain/given.h"

struct asked { /* a value of a condition */
    const struct bundle *bundle;
    const struct view *view;
    const struct view_condition *condition;
    struct span value;
    struct diagnostics *diagnostics;
};

static void check_code(const struct asked *asked, const struct registry *registry, const char *name)
{
    char word[DISTRICT_CODE_BYTES], text[DISTRICT_CODE_BYTES], fix[256];
    if (!registry || registry_find(registry, asked->value, INT64_MIN))
        return;
    const char *near =
        district_nearest(registry, span_to_cstr(asked->value, word, sizeof word), text);
    snprintf(fix, sizeof fix, "%s%s%suse a code of registries/%s.csv", near ? "did you mean " : "",
             near ? near : "", near ? "? Else " : "", name);
    diagnostics_warn(asked->diagnostics, asked->condition->place, fix,
                     "view %s asks for \"%.*s\", which is in no row of registries/%s.csv",
                     asked->view->name, SPAN_ARG(asked->value), name);
}

static void check_given(const struct asked *asked)
{
    const struct given given = {.feeds = asked->bundle->feeds,
                                .family = EVENT_CASE,
                                .kind = span_of(asked->view->kind),
                                .field =
                                    view_fact_name(asked->bundle->codes, asked->condition->fact)};
    if (asked->bundle->feeds && asked->bundle->codes)
        given_warn(&given, asked->value, asked->condition->place, asked->diagnostics);
}

static void check_value(const struct asked *asked)
{
    const struct district *district = &asked->bundle->rule.district;
    switch (asked->condition->fact) {
    case FACT_TYPE: check_code(asked, district->types, "request_types"); break;
    case FACT_STREET:
    case FACT_COMMUNITY: check_code(asked, district->divisions, "divisions"); break;
    case FACT_UNIT:
    case FACT_CO_UNIT: check_code(asked, district->units, "units"); break;
    default:
        if (asked->condition->fact >= FACT_FIELD)
            check_given(asked);
        break;
    }
}

static void check_measure(struct asked *asked, const struct view_measure *measure)
{
    for (size_t i = 0; i < measure->condition_count; i++) {
        asked->condition = &measure->when[i];
        for (size_t v = 0; v < asked->condition->value_count; v++) {
            asked->value = span_of(asked->condition->values[v]);
            check_value(asked);
        }
    }
}

void check_views(const struct bundle *bundle, struct diagnostics *diagnostics)
{
    struct asked asked = {.bundle = bundle, .diagnostics = diagnostics};
    for (size_t i = 0; bundle->views && i < views_count(bundle->views); i++) {
        asked.view = views_at(bundle->views, i);
        for (size_t k = 0; k < asked.view->measure_count; k++)
            check_measure(&asked, &asked.view->measures[k]);
    }
}
