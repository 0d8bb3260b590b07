/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/contribution.h"

static struct codes *codes;
static struct kinds *kinds;

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    diagnostics_free(diagnostics);
    return kinds ? 0 : 1;
}

static int unload(void **state)
{
    (void)state;
    kinds_free(kinds);
    codes_free(codes);
    return 0;
}

static void reads_shipped_views(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct views *views = views_load("config/views", kinds, diagnostics);
    assert_non_null(views);
    const struct view *closure = views_find(views, SPAN("closure_rate"));
    const struct view *response = views_find(views, SPAN("response_time"));
    assert_non_null(closure);
    assert_int_equal(closure->column_count, 3);
    assert_int_equal(closure->measures[2].type, VIEW_RATIO);
    assert_int_equal(closure->measures[3].bucket, VIEW_CLOSURE);
    assert_int_equal(closure->grain, GRAIN_HALF); /* noon_day is among its buckets */
    assert_int_equal(response->column_count, 14);
    assert_true(response->has_durations && response->grain == GRAIN_DAY);
    assert_int_equal(response->measures[0].percentiles[2], 99);
    assert_int_equal(views_find(views, SPAN("inflow"))->grain, GRAIN_HOUR);
    assert_int_equal(views_find(views, SPAN("overdue"))->grain, GRAIN_MINUTE);
    assert_int_equal(views_hash(views).len, DIGEST_ID_LEN);
    views_free(views);
    diagnostics_free(diagnostics);
}

static void a_kinds_own_stages_are_moments(void **state)
{
    static const char text[] = "view: v\nof: { kind: service }\ngroup: [unit]\nmeasures:\n"
                               "  wait: { duration: { from: accepted, to: handled } }\n"
                               "  ends: { count: closed }\n";
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct views *views = views_parse("v.yaml", span_of(text), kinds, diagnostics);
    assert_non_null(views);
    const struct view *view = views_at(views, 0);
    int accepted = case_kind_stage(view->of, SPAN("accepted"));
    int handled = case_kind_stage(view->of, SPAN("handled"));
    assert_int_equal(view->measures[0].from, VIEW_STAGE + accepted);
    assert_int_equal(view->measures[0].to, VIEW_STAGE + handled);
    assert_int_equal(view->measures[1].to, VIEW_CLOSURE);

    struct case_fold fold = {.has_opened = true, .opened_ms = 0};
    struct contribution contribution;
    for (size_t i = 0; i < view->of->stage_count; i++)
        fold.stage_ms[i] = TIMESTAMP_NONE;
    fold.stage_ms[accepted] = 1000;
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(contribution.cell_count, 0); /* one end is missing */
    fold.stage_ms[handled] = 5000;
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(contribution.cell_count, 1);
    assert_int_equal(contribution.cells[0].value[view->measures[0].column], 1);
    assert_int_equal(contribution.cells[0].value[view->measures[0].column + 1], 4000);
    views_free(views);
    diagnostics_free(diagnostics);
}

struct wrong {
    const char *text, *says;
    int line;
};

static void keep_first(void *context, const char *line)
{
    char *kept = context;
    if (!kept[0])
        strncpy(kept, line, 500);
}

#define HEAD "view: v\nof: { kind: request }\ngroup: [unit]\n"
#define RATES                                                                                      \
    HEAD "measures:\n  a: { count: opened }\n  b: { count: closed }\n  r: { ratio: [b, a] }\n"     \
         "  s:\n    "

static const struct wrong wrongs[] = {
    {"view: v\nof: { kind: requst }\ngroup: [unit]\nmeasures:\n  a: { count: opened }\n", "no kind",
     2},
    {"view: v\nof: { kind: request }\ngroup: [colour]\nmeasures:\n  a: { count: opened }\n",
     "colour", 3},
    {"view: v\nof: { kind: request }\ngroup: [unit]\nmeasures:\n  a: { count: openned }\n",
     "opened", 5},
    {"view: v\nof: { kind: request }\ngroup: [unit]\nmeasures:\n  a: { ratio: [b, c] }\n",
     "no count", 5},
    {"view: v; drop table\nof: { kind: request }\ngroup: []\nmeasures:\n  a: { count: opened "
     "}\n",
     "cannot name", 1},
    {"view: ledger\nof: { kind: request }\ngroup: []\nmeasures:\n  a: { count: opened }\n",
     "system's own", 1},
    {"view: a_bins\nof: { kind: request }\ngroup: []\nmeasures:\n  a: { count: opened }\n",
     "system's own", 1},
    {"view: v\nof: { kind: request }\ngroup: [unit]\n", "measures nothing", 1},
    {"view: v\nof: { kind: request }\ngroup: [unit]\nflow:\n  a: { count: opened }\n", "flow", 5},
    {"view: v\nof: { kind: request }\ngroup: [unit, unit]\nmeasures:\n  a: { count: opened }\n",
     "already", 3},
    {"view: v\nof: { kind: service }\ngroup: [unit]\nmeasures:\n  a: { count: signed }\n", "signed",
     5}, /* a stage of another kind */
    {HEAD "buckets: [day, week]\nmeasures:\n  a: { count: opened }\n", "week", 4},
    {HEAD "buckets: [day, day]\nmeasures:\n  a: { count: opened }\n", "already", 4},
    {HEAD "measures:\n  a: { count: opened, when: { vald: yes } }\n", "vald", 5},
    {HEAD "measures:\n  a: { count: opened, when: { valid: maybe } }\n", "never", 5},
    {HEAD "measures:\n  a: { count: opened, when: { in_time: yes } }\n", "true or false", 5},
    {HEAD "measures:\n  a: { count: named }\n", "helpers", 5},
    /* a case has several: nothing but a flow by it can say whose day it is */
    {HEAD "measures:\n  a: { count: upheld }\n", "in a flow by itself", 5},
    {HEAD "flow:\n  a: { count: upheld, by: closed }\n", "in a flow by itself", 5},
    {HEAD "flow:\n  a: { count: opened, by: upheld }\n", "in a flow by itself", 5},
    {HEAD "cohort: { by: upheld }\nmeasures:\n  a: { count: opened }\n", "in a flow by itself", 6},
    {HEAD "measures:\n  a: { duration: { from: upheld, to: closed } }\n", "in a flow by itself", 5},
    {HEAD "stock:\n  a: { from: opened, to: upheld }\n", "in a flow by itself", 5},
    {HEAD "measures:\n  a: { duration: { from: opened, to: closed }, stats: [p100] }\n", "p100", 5},
    {"view: v\nof: { kind: request }\ngroup: [caller_ref]\nmeasures:\n  a: { count: opened }\n",
     "caller_ref", 3}, /* a person makes no row */
    {"view: v\nof: { kind: request }\ngroup: [co_unit]\nmeasures:\n  a: { count: opened }\n",
     "co_unit", 3},
    {HEAD "stock:\n  a: { from: opened }\n", "left", 5},
    {HEAD "buckets: [hour]\nstock:\n  a: { from: opened, to: closed }\n", "end of days", 4},
    {HEAD "measures:\n  a: { count: opened }\nstock:\n  b: { while: held }\n", "stands alone", 6},
    {RATES "versions: [{ valid_from: 2026-01-01, weights: { r: 0.5 } }]\n", "sum to 0.5000", 9},
    {RATES "versions: [{ valid_from: soon, weights: { r: 1 } }]\n", "no day", 9},
    {RATES "versions: [{ valid_from: 2026-01-01, weights: { a: 1 } }]\n", "weighed", 9},
    {RATES "versions: [{ valid_from: 2026-01-01, weights: { r: 0.12345 } }]\n", "no weight", 9},
    {RATES "versions: [{ valid_from: 2026-01-02, weights: { r: 1 } }, { valid_from: 2026-01-01, "
           "weights: { r: 1 } }]\n",
     "does not come after", 9},
    {"view: v\nof: { kind: request }\ngroup: unit\nmeasures:\n  a: { count: opened }\n", "a list",
     3},
    {HEAD "measures:\n  - { count: opened }\n  - { count: closed }\n", "measures is a map", 5},
    {HEAD "stock: held\n", "stock is a map", 4},
    /* rows have it already */
    {HEAD "measures:\n  n: { count: opened }\n", "a column \"n\"", 5},
    {HEAD "flow:\n  unit: { count: opened, by: closed }\n", "a column \"unit\"", 5},
    {HEAD "measures:\n  d_n: { count: opened }\n  d: { duration: { from: opened, to: closed } }\n",
     "a column \"d_n\"", 6},
};

static void hash_of(const char *text, char hash[DIGEST_ID_LEN + 1])
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct views *views = views_parse("v.yaml", span_of(text), kinds, diagnostics);
    assert_non_null(views);
    memcpy(hash, views_at(views, 0)->hash, DIGEST_ID_LEN + 1);
    views_free(views);
    diagnostics_free(diagnostics);
}

/* What is counted, not what it is called: neither a name nor a comment fills a view anew. */
static void the_hash_follows_what_is_counted_but_not_the_names(void **state)
{
#define HEAD "view: v\nof: { kind: request }\ngroup: [unit]\n"
    static const char *const same[] = {
        HEAD "measures: { name: { count: opened } }\n",
        "# of ours\nname: 一\n" HEAD "measures: { name: { name: 受理, count: opened } }\n",
        "name: 二\n" HEAD "measures:\n  name:\n    count: opened\n    name: 接件\n",
        "name: { zh: 一, en: One }\n" HEAD
        "measures: { name: { name: { zh: 受理, en: Opened }, count: opened } }\n"};
    static const char *const others[] = {HEAD "measures: { named: { count: opened } }\n",
                                         HEAD "measures: { name: { count: closed } }\n",
                                         HEAD "buckets: [month]\nmeasures: { name: { count: "
                                              "opened } }\n"};
#undef HEAD
    char first[DIGEST_ID_LEN + 1], hash[DIGEST_ID_LEN + 1];
    (void)state;
    hash_of(same[0], first);
    for (size_t i = 1; i < ARRAY_LENGTH(same); i++) {
        hash_of(same[i], hash);
        assert_string_equal(hash, first);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        hash_of(others[i], hash);
        assert_string_not_equal(hash, first);
    }
}

static void refuses_wrong_views_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        char first[512] = "", place[32];
        struct diagnostics *diagnostics = diagnostics_new();
        assert_null(views_parse("v.yaml", span_of(wrongs[i].text), kinds, diagnostics));
        diagnostics_each(diagnostics, keep_first, first);
        snprintf(place, sizeof place, "v.yaml:%d:", wrongs[i].line);
        if (!strstr(first, wrongs[i].says) || strncmp(first, place, strlen(place)) != 0)
            fail_msg("view %zu: %s", i, first);
        diagnostics_free(diagnostics);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_shipped_views),
        cmocka_unit_test(a_kinds_own_stages_are_moments),
        cmocka_unit_test(the_hash_follows_what_is_counted_but_not_the_names),
        cmocka_unit_test(refuses_wrong_views_with_their_place),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
