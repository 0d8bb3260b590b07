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
#include "aggregator/core/view_measure.h"
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
                             .closure_ms = TIMESTAMP_NONE,
                             .due_ms = TIMESTAMP_NONE};
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

#define HOUR 3600000LL

static struct contribution contribution;

static int64_t of_unit(const char *unit, size_t column)
{
    int64_t sum = 0;
    for (size_t i = 0; i < contribution.cell_count; i++)
        if (span_is(contribution.cells[i].place.unit, unit))
            sum += contribution.cells[i].value[column];
    return sum;
}

static void led_by(struct case_fold *fold, const char *unit, int64_t ms)
{
    fold->lead = span_of(unit);
    fold->leads[fold->lead_count++] = (struct case_lead){fold->lead, ms};
}

static int64_t contribution_day(const struct case_fold *fold, const char *view)
{
    contribution_of(&contribution, views_find(views, span_of(view)), fold, 480);
    assert_true(contribution.cell_count > 0);
    return contribution.cells[0].place.day;
}

static size_t column_of(const struct view *view, const char *measure)
{
    const struct view_measure *found = view_measure_find(view, measure);
    assert_non_null(found);
    return found->column;
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
    led_by(&fold, "b", NOON + HOUR);
    assert_int_equal(counted(&fold, "places", "opened") + counted(&fold, "places", "closed"), 0);
    assert_int_equal(counted(&fold, "places", "doubles"), 1);
    const struct view *places = views_find(views, SPAN("places"));
    contribution_of(&contribution, places, &fold, 480);
    assert_int_equal(of_unit("b", column_of(places, "doubles")), 1); /* beside its opened ones */
}

/* --- whose row, and when it was so --- */

static void a_stock_goes_from_lead_to_lead(void **state)
{
    (void)state;
    struct case_fold fold = opened();
    led_by(&fold, "a", NOON);
    led_by(&fold, "b", NOON + 72 * HOUR);
    fold.due_ms = TIMESTAMP_NONE;
    contribution_of(&contribution, views_find(views, SPAN("backlog")), &fold, 480);
    assert_int_equal(contribution.cell_count, 3);
    assert_int_equal(of_unit("a", 0), 0); /* entered and left */
    assert_int_equal(of_unit("b", 0), 1);
    assert_true(contribution.cells[1].place.day == contribution.cells[0].place.day + 3);
}

static void overdue_is_from_its_due_time_until_it_is_done(void **state)
{
    (void)state;
    const struct view *view = views_find(views, SPAN("overdue"));
    struct case_fold fold = opened();
    led_by(&fold, "a", NOON);
    fold.due_ms = NOON + 5 * HOUR;
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(contribution.cell_count, 1); /* it may lie ahead */
    assert_int_equal(contribution.cells[0].place.part, 17 * 60);
    fold.resolution_ms = fold.due_ms; /* at the last moment is in time */
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(contribution.cell_count, 0);
    fold.resolution_ms = fold.due_ms + 48 * HOUR;
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(contribution.cell_count, 2);
    assert_int_equal(of_unit("a", 0), 0);
}

static size_t overdue_cells(const struct case_fold *fold)
{
    contribution_of(&contribution, views_find(views, SPAN("overdue")), fold, 480);
    return contribution.cell_count;
}

/* docs/decisions/0368 */
static void while_its_clock_stands_still_nothing_becomes_overdue(void **state)
{
    (void)state;
    struct case_fold fold = opened();
    led_by(&fold, "a", NOON);
    fold.due_ms = NOON + 5 * HOUR;
    fold.held = true;
    fold.pause_count = 1;
    fold.pauses[0] = (struct case_pause){NOON + 2 * HOUR, TIMESTAMP_NONE};
    assert_int_equal(overdue_cells(&fold), 0);
    assert_int_equal(counted(&fold, "on_time", "due"), 0);
    fold.resolution_ms =
        NOON + 72 * HOUR; /* as if it had run on just then: three hours were left */
    assert_int_equal(overdue_cells(&fold), 0);
    assert_int_equal(counted(&fold, "on_time", "on_time"), 1);
    assert_int_equal(contribution_day(&fold, "on_time"),
                     contribution_day(&fold, "closure_rate") + 3);
    fold.resolution_ms = TIMESTAMP_NONE;
    fold.pauses[0].from_ms = fold.due_ms; /* what was over by then stays so */
    assert_int_equal(overdue_cells(&fold), 1);
    assert_int_equal(contribution.cells[0].place.part, 17 * 60);
    assert_int_equal(counted(&fold, "on_time", "due"), 1);
}

static void a_duration_is_of_who_led_at_its_end_and_net_of_pauses(void **state)
{
    (void)state;
    const struct view *view = views_find(views, SPAN("response_time"));
    struct case_fold fold = opened();
    led_by(&fold, "a", NOON);
    led_by(&fold, "b", NOON + 9 * HOUR);
    fold.closed = true;
    fold.closure_ms = NOON + 8 * HOUR;
    fold.pause_count = 2;
    fold.pauses[0] = (struct case_pause){NOON + HOUR, NOON + 3 * HOUR};
    fold.pauses[1] = (struct case_pause){NOON + 7 * HOUR, TIMESTAMP_NONE}; /* still, at the end */
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(of_unit("b", view->measures[0].column), 0);
    assert_int_equal(of_unit("a", view->measures[0].column + 1), 8 * HOUR);
    assert_int_equal(of_unit("a", view->measures[1].column + 1), 5 * HOUR);
}

/* docs/decisions/0311: told when it was done already, it was dispatched after it was resolved. */
static void what_ended_before_it_began_took_no_time_that_is_told(void **state)
{
    (void)state;
    const struct view *view = views_find(views, SPAN("response_time"));
    size_t handle = column_of(view, "handle"), dispatch = column_of(view, "dispatch");
    struct case_fold fold = opened();
    led_by(&fold, "a", NOON);
    fold.resolution_ms = NOON + HOUR;
    fold.stage_ms[case_kind_stage(view->of, SPAN("dispatched"))] = NOON + 9 * HOUR;
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(of_unit("a", dispatch), 1);
    assert_int_equal(of_unit("a", dispatch + 1), 9 * HOUR);
    assert_int_equal(of_unit("a", handle), 0);
    assert_int_equal(of_unit("a", handle + 1), 0);
    assert_int_equal(contribution.bin_count, 1);
    fold.resolution_ms = NOON + 9 * HOUR; /* at once is a length: none at all */
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(of_unit("a", handle), 1);
    assert_int_equal(of_unit("a", handle + 1), 0);
    assert_int_equal(contribution.bin_count, 3);
}

/* docs/decisions/0275 */
static void a_return_is_of_who_sent_it_back(void **state)
{
    (void)state;
    const struct view *view = views_find(views, SPAN("dispute"));
    struct case_fold fold = opened();
    led_by(&fold, "a", NOON);
    led_by(&fold, "b", NOON + 2 * HOUR);
    fold.stage_ms[case_kind_stage(view->of, SPAN("dispatched"))] = NOON;
    fold.stage_ms[case_kind_stage(view->of, SPAN("disputed"))] = NOON + HOUR;
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(of_unit("a", column_of(view, "disputed")), 1);
    assert_int_equal(of_unit("a", column_of(view, "returned")), 0);
    fold.upheld = 1;
    fold.rule = SPAN("desk"); /* which named b */
    fold.first_rule = SPAN("place");
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(of_unit("a", column_of(view, "returned")), 1);
    assert_int_equal(of_unit("b", column_of(view, "returned")), 0);
    assert_int_equal(of_unit("b", column_of(view, "upheld")), 1); /* the cohort's, with whole */
    assert_true(span_is(contribution.group[1], "place"));         /* what is to be mended */
}

static int64_t answered(const char *answer, const char *measure)
{
    struct case_fold fold = opened();
    fold.answer = answer ? span_of(answer) : SPAN_NONE;
    return counted(&fold, "three_rates", measure);
}

static void rates_count_valid_call_backs_alone(void **state)
{
    (void)state;
    assert_int_equal(answered("yyns", "valid"), 1);
    assert_int_equal(answered("yyns", "contacted"), 1);
    assert_int_equal(answered("yyns", "solved"), 0);
    assert_int_equal(answered("yyns", "satisfied"), 1);
    assert_int_equal(answered("yyna", "acceptable"), 1);
    assert_int_equal(answered("nyys", "valid") + answered("nyys", "contacted"), 0);
    assert_int_equal(answered("nyys", "reviewed"), 1);
    assert_int_equal(answered(NULL, "reviewed") + answered("-yys", "valid"), 0);
    assert_int_equal(answered(NULL, "orders"), 1);
}

static void words_of_flags_are_asked_one_by_one(void **state)
{
    (void)state;
    struct case_fold fold = opened();
    int flags = view_fact_find(codes, SPAN("flags")) - FACT_FIELD;
    fold.field[flags] = SPAN("threat again");
    assert_int_equal(counted(&fold, "repeat", "again"), 1);
    fold.field[flags] = SPAN("against");
    assert_int_equal(counted(&fold, "repeat", "again"), 0);
}

static void a_whistle_is_a_row_of_both_sides(void **state)
{
    (void)state;
    const struct view *view = views_find(views, SPAN("whistle"));
    struct case_fold fold = opened();
    led_by(&fold, "street", NOON);
    fold.due_ms = NOON + 9 * HOUR;
    fold.co_count = 2;
    fold.co[0] = (struct case_co){.unit = SPAN("d_urban"),
                                  .whistled = true,
                                  .named_ms = NOON,
                                  .reported_ms = NOON + 2 * HOUR,
                                  .due_ms = NOON + HOUR};
    fold.co[1] = (struct case_co){.unit = SPAN("d_fire"),
                                  .named_ms = NOON,
                                  .reported_ms = TIMESTAMP_NONE,
                                  .due_ms = TIMESTAMP_NONE};
    contribution_of(&contribution, view, &fold, 480);
    assert_int_equal(contribution.cell_count, 1); /* the desk's helper was not whistled for */
    assert_true(span_is(contribution.cells[0].place.co_unit, "d_urban"));
    assert_int_equal(of_unit("street", 0), 1); /* called */
    assert_int_equal(of_unit("street", 1), 1); /* reported */
    assert_int_equal(of_unit("street", 2), 0); /* late */
}

static void keep_excluded(struct contribution *other)
{
    other->excluded = true;
}

static void move_day(struct contribution *other)
{
    other->cells[0].place.day++;
}

static void move_unit(struct contribution *other)
{
    other->cells[0].place.unit = SPAN("d_urban");
}

static void move_type(struct contribution *other)
{
    other->group[1] = SPAN("R0303");
}

static void count_more(struct contribution *other)
{
    other->cells[0].value[0]++;
}

/* Of two helpers: 10 and 20 minutes have the sum of 15 and 15. */
static void move_bin(struct contribution *other)
{
    other->bins[0].bin++;
}

static void drop_cell(struct contribution *other)
{
    other->cell_count--;
}

static void drop_bin(struct contribution *other)
{
    other->bin_count--;
}

static void what_adds_the_same_is_known_by_everything_it_adds(void **state)
{
    (void)state;
    static struct contribution one, other; /* too large for a stack of theirs */
    static void (*const changes[])(struct contribution *) = {
        keep_excluded, move_day, move_unit, move_type, count_more, move_bin, drop_cell, drop_bin};
    struct case_fold fold = opened();
    const struct view *view = views_find(views, SPAN("response_time"));
    fold.type_code = SPAN("R0101");
    fold.closed = true;
    fold.closure_ms = NOON + HOUR;
    contribution_of(&one, view, &fold, 480);
    contribution_of(&other, view, &fold, 480);
    assert_true(one.cell_count > 0 && one.bin_count > 0);
    assert_true(contribution_same(&one, &other, view));
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        contribution_of(&other, view, &fold, 480);
        changes[i](&other);
        assert_false(contribution_same(&one, &other, view));
    }
}

/* Only what a move changes is left of it, whatever is changed. */
static void what_both_add_is_taken_out_of_both(void **state)
{
    (void)state;
    static struct contribution was, is;
    struct case_fold fold = opened();
    const struct view *view = views_find(views, SPAN("response_time"));
    fold.type_code = SPAN("R0101");
    fold.closed = true;
    fold.closure_ms = NOON + HOUR;
    contribution_of(&was, view, &fold, 480);
    contribution_of(&is, view, &fold, 480);
    contribution_settle(&was, &is, view);
    assert_int_equal(was.cell_count + was.bin_count + is.bin_count, 0);
    for (size_t c = 0; c < view->column_count; c++)
        assert_int_equal(is.cells[0].value[c], 0);

    contribution_of(&was, view, &fold, 480);
    fold.closure_ms = NOON + 2 * HOUR;
    contribution_of(&is, view, &fold, 480);
    size_t bins = is.bin_count;
    contribution_settle(&was, &is, view);
    assert_int_equal(was.cell_count, 0);
    assert_int_equal(was.bin_count, bins);
    assert_int_equal(is.bin_count, bins);
    assert_int_equal(is.cells[0].value[0], 0); /* as many */
    assert_int_equal(is.cells[0].value[1], HOUR);

    contribution_of(&was, view, &fold, 480);
    contribution_of(&is, view, &fold, 480);
    keep_excluded(&is);
    contribution_settle(&was, &is, view);
    assert_true(was.cell_count > 0 && is.cell_count > 0 && is.cells[0].value[0] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_both_add_is_taken_out_of_both),
        cmocka_unit_test(an_order_is_a_matter),
        cmocka_unit_test(a_child_is_an_order_and_no_matter),
        cmocka_unit_test(a_double_counts_as_nothing_else),
        cmocka_unit_test(a_stock_goes_from_lead_to_lead),
        cmocka_unit_test(overdue_is_from_its_due_time_until_it_is_done),
        cmocka_unit_test(while_its_clock_stands_still_nothing_becomes_overdue),
        cmocka_unit_test(a_duration_is_of_who_led_at_its_end_and_net_of_pauses),
        cmocka_unit_test(what_ended_before_it_began_took_no_time_that_is_told),
        cmocka_unit_test(a_return_is_of_who_sent_it_back),
        cmocka_unit_test(rates_count_valid_call_backs_alone),
        cmocka_unit_test(words_of_flags_are_asked_one_by_one),
        cmocka_unit_test(a_whistle_is_a_row_of_both_sides),
        cmocka_unit_test(what_adds_the_same_is_known_by_everything_it_adds),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
