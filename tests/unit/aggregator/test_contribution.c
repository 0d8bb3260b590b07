/* SPDX-License-Identifier: Apache-2.0 */
/* 件数, 事项数 and 双系统重复 (docs/domain.md §2.10, docs/decisions/0038): what a child and a
 * double count as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/contribution.h"
#include "base/base.h"

#define NOON 1764043200000LL

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

static struct case_fold opened(void)
{
    struct case_fold fold = {.has_opened = true,
                             .opened_ms = NOON,
                             .response_ms = TIMESTAMP_NONE,
                             .resolution_ms = TIMESTAMP_NONE,
                             .closure_ms = TIMESTAMP_NONE};
    for (size_t i = 0; i < CASE_KIND_MAX_STAGES; i++)
        fold.stage_ms[i] = TIMESTAMP_NONE;
    return fold;
}

static int64_t counted(const struct case_fold *fold, const char *view_name, const char *measure)
{
    struct contribution contribution;
    const struct view *view = views_find(views, span_of(view_name));
    int64_t sum = 0;
    assert_non_null(view);
    contribution_of(&contribution, view, fold, 480);
    for (size_t m = 0; m < view->measure_count; m++)
        for (size_t i = 0;
             strcmp(view->measures[m].name, measure) == 0 && i < contribution.cell_count; i++)
            sum += contribution.cells[i].value[view->measures[m].column];
    return sum;
}

static void an_order_is_a_matter(void **state)
{
    (void)state;
    struct case_fold fold = opened();
    assert_int_equal(counted(&fold, "matters", "orders"), 1);
    assert_int_equal(counted(&fold, "matters", "matters"), 1);
    assert_int_equal(counted(&fold, "matters", "doubles"), 0);
}

static void a_child_is_an_order_and_no_matter(void **state)
{
    (void)state;
    struct case_fold fold = opened();
    fold.parent = SPAN("request:12345:P");
    assert_int_equal(counted(&fold, "matters", "orders"), 1);
    assert_int_equal(counted(&fold, "matters", "matters"), 0);
    assert_int_equal(counted(&fold, "inflow", "opened"), 1);
}

static void a_double_counts_as_nothing_else(void **state)
{
    (void)state;
    struct case_fold fold = opened();
    fold.same_as = SPAN("request:other:1");
    fold.closed = true;
    fold.closure_ms = NOON;
    assert_int_equal(counted(&fold, "matters", "orders"), 0);
    assert_int_equal(counted(&fold, "matters", "matters"), 0);
    assert_int_equal(counted(&fold, "matters", "doubles"), 1);
    assert_int_equal(counted(&fold, "inflow", "opened") + counted(&fold, "inflow", "closed_in"), 0);
    assert_int_equal(counted(&fold, "closure_rate", "opened"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_a_matter),
        cmocka_unit_test(a_child_is_an_order_and_no_matter),
        cmocka_unit_test(a_double_counts_as_nothing_else),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
