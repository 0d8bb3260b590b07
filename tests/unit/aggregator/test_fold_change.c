/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is changed in a fold: a view whose contributions are others then asked for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/core/contribution.h"
#include "aggregator/core/fold_change.h"
#include "base/base.h"

#define HOUR 3600000
#define NOON (1767225600000LL + 4 * HOUR) /* 2026-01-01 in Beijing */

static struct codes *codes;
static struct kinds *kinds;
static struct views *views;

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    views = kinds ? views_load("config/views", kinds, diagnostics) : NULL;
    diagnostics_free(diagnostics);
    return views ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    views_free(views);
    kinds_free(kinds);
    codes_free(codes);
    return 0;
}

/* Everything has happened to it. */
static void fill(struct case_fold *fold, const struct case_kind *kind)
{
    *fold = (struct case_fold){.has_opened = true,
                               .closed = true,
                               .opened_ms = NOON,
                               .dispatched_ms = NOON + HOUR,
                               .response_ms = NOON + 3 * HOUR,
                               .resolution_ms = NOON + 20 * HOUR,
                               .closure_ms = NOON + 40 * HOUR,
                               .due_ms = NOON + 24 * HOUR,
                               .lead = SPAN("d_urban"),
                               .type_code = SPAN("R0101"),
                               .street_code = SPAN("110105001"),
                               .community_code = SPAN("110105001001"),
                               .limit_class = SPAN("24h"),
                               .first_rule = SPAN("place"),
                               .answer = SPAN("yyys"),
                               .rounds = 1,
                               .former_count = 1,
                               .upheld_count = 1,
                               .lead_count = 1,
                               .co_count = 1,
                               .pause_count = 1};
    fold->leads[0] = (struct case_lead){SPAN("d_urban"), NOON};
    fold->co[0] = (struct case_co){.unit = SPAN("s110105001"),
                                   .due_ms = NOON + 9 * HOUR,
                                   .named_ms = NOON + 2 * HOUR,
                                   .reported_ms = NOON + 5 * HOUR,
                                   .whistled = true};
    fold->pauses[0] = (struct case_pause){NOON + 6 * HOUR, NOON + 8 * HOUR};
    for (size_t i = 0; i < kind->stage_count; i++) {
        fold->stage_ms[i] = NOON + (int64_t)(i + 1) * HOUR;
        fold->former[0].stage_ms[i] = NOON - (int64_t)(i + 1) * HOUR;
    }
    fold->former[0].first_rule = SPAN("place");
    fold->upheld_at[0] = (struct case_upheld){NOON + 30 * HOUR, SPAN("place")};
    for (size_t i = 0; i < CODES_MOST_FIELDS; i++)
        fold->field[i] = SPAN("110105001");
}

/* The n-th of them; false behind the last. */
static bool change(struct case_fold *fold, const struct case_kind *kind, size_t n)
{
    int64_t *const times[] = {
        &fold->opened_ms,         &fold->dispatched_ms,     &fold->response_ms,
        &fold->resolution_ms,     &fold->closure_ms,        &fold->due_ms,
        &fold->leads[0].from_ms,  &fold->co[0].due_ms,      &fold->co[0].named_ms,
        &fold->co[0].reported_ms, &fold->pauses[0].from_ms, &fold->pauses[0].to_ms,
        &fold->upheld_at[0].ms};
    struct span *const texts[] = {&fold->lead,
                                  &fold->type_code,
                                  &fold->street_code,
                                  &fold->community_code,
                                  &fold->limit_class,
                                  &fold->first_rule,
                                  &fold->answer,
                                  &fold->parent,
                                  &fold->same_as,
                                  &fold->leads[0].unit,
                                  &fold->co[0].unit,
                                  &fold->former[0].first_rule,
                                  &fold->upheld_at[0].rule};
    bool *const truths[] = {&fold->has_opened, &fold->closed, &fold->excluded,
                            &fold->co[0].whistled};
    size_t *const counts[] = {&fold->lead_count, &fold->co_count, &fold->pause_count,
                              &fold->former_count, &fold->upheld_count};
    if (n < ARRAY_LENGTH(times))
        return *times[n] -= *times[n] == TIMESTAMP_NONE ? 0 : 30 * HOUR, true;
    if ((n -= ARRAY_LENGTH(times)) < ARRAY_LENGTH(times))
        return *times[n] = TIMESTAMP_NONE, true;
    if ((n -= ARRAY_LENGTH(times)) < kind->stage_count)
        return fold->stage_ms[n] += 30 * HOUR, true;
    if ((n -= kind->stage_count) < kind->stage_count)
        return fold->former[0].stage_ms[n] += 30 * HOUR, true;
    if ((n -= kind->stage_count) < ARRAY_LENGTH(texts))
        return *texts[n] = texts[n] == &fold->answer ? SPAN("ynnd") : SPAN("110105002009"), true;
    if ((n -= ARRAY_LENGTH(texts)) < CODES_MOST_FIELDS)
        return fold->field[n] = SPAN("again 110105009"), true;
    if ((n -= CODES_MOST_FIELDS) < ARRAY_LENGTH(truths))
        return *truths[n] = !*truths[n], true;
    if ((n -= ARRAY_LENGTH(truths)) < ARRAY_LENGTH(counts))
        return (*counts[n])--, true;
    if ((n -= ARRAY_LENGTH(counts)) == 0)
        return fold->rounds++, true;
    int *const upheld[] = {&fold->upheld, &fold->former[0].upheld};
    return n <= ARRAY_LENGTH(upheld) && ((*upheld[n - 1])++, true);
}

static void assert_measures_ask(int64_t held_until_ms)
{
    static struct contribution was, is;
    static struct case_fold before, after;
    size_t differ = 0, passed_over = 0, measures = 0;
    for (size_t i = 0; i < views_count(views); i++)
        measures += views_at(views, i)->measure_count;
    for (size_t at = 0, i = 0, m = 0; at < measures; at++, m++) {
        for (; m == views_at(views, i)->measure_count; m = 0)
            i++;
        const struct view *view = views_at(views, i);
        struct fold_change asked = fold_change_asked(&view->measures[m]);
        fill(&before, view->of);
        before.pauses[0].to_ms = held_until_ms;
        contribution_of_some(&was, view, &before, 480, UINT32_C(1) << m);
        for (size_t n = 0; after = before, change(&after, view->of, n); n++) {
            struct fold_change changed = fold_change_of(&before, &after, view->of);
            contribution_of_some(&is, view, &after, 480, UINT32_C(1) << m);
            bool meets = fold_change_measures(&changed, &asked, 1) != 0;
            bool same = contribution_same(&was, &is, view) || was.cell_count + is.cell_count == 0;
            if (!same && !meets)
                fail_msg("%s adds something else of %s after change %zu and did not ask",
                         view->name, view->measures[m].name, n);
            differ += !same;
            passed_over += !meets;
        }
    }
    assert_true(differ > 100 && passed_over > 100);
}

static void a_measure_that_adds_something_else_asked_for_it(void **state)
{
    (void)state;
    assert_measures_ask(NOON + 8 * HOUR);
}

/* What it is overdue by is then of its end too. */
static void so_does_one_of_a_case_on_hold(void **state)
{
    (void)state;
    assert_measures_ask(TIMESTAMP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_measure_that_adds_something_else_asked_for_it),
        cmocka_unit_test(so_does_one_of_a_case_on_hold),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
