/* SPDX-License-Identifier: Apache-2.0 */
/* Merging over partitions: who is a child, and what its parent does for it. Each expectation is
 * that of docs/decisions/0038, of 国办函〔2025〕66号 (重复诉求原则上并单处理), or of the contract
 * it names. */
#include "merging.h"

/* ---- a child ---- */

/* 0038: the parent's key hears of it once, the lead of the child is recalled by an order `merged`.
 */
static void a_merge_attaches_a_case_in_another_partition(void **state)
{
    (void)state;
    merged_pair();
    assert_true(is_child_of(A, B));
    assert_int_equal(children(B), 1);
    assert_int_equal(lanes_said(B, "child_added"), 1);
    assert_int_equal(lanes_ordered(A, "merged"), 1);
    assert_int_equal(lanes_said(A, "recalled"), 1);
    assert_int_equal(lanes_ordered(B, "amended"), 1); /* its lead has one more to do it for */
    assert_int_equal(lanes.dead, 0);
}

/* contracts §6: an attached child has no timers. */
static void a_child_has_no_timers(void **state)
{
    (void)state;
    merged_pair();
    lanes_tick(NOON + 30 * DAY);
    lanes_settle();
    assert_int_equal(lanes_said(A, "nudged") + lanes_said(A, "overdue"), 0);
    assert_int_equal(lanes_said(B, "overdue"), 1);
}

/* 0038: the duty is the parent's; domain §2.10: the child keeps its own call-back. */
static void a_childs_handlers_are_silent_and_its_call_back_speaks(void **state)
{
    (void)state;
    merged_pair();
    says(A, "s1", "signed", "lead", NOON + 2 * HOUR);
    says(A, "r0", "resolved", "lead", NOON + 2 * HOUR);
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL);
    lanes_settle();
    says(A, "v1", "reviewed", "callback", NOON + 5 * HOUR);
    lanes_settle();
    assert_int_equal(effect_of(A, "s1"), LINE_NOT_YOURS);
    assert_int_equal(effect_of(A, "r0"), LINE_NOT_YOURS);
    assert_int_equal(effect_of(A, "v1"), LINE_COUNTS);
    assert_int_equal(lanes_said(B, "reviewed"), 0);
}

/* DESIGN §5: a case that folds to merged is not dispatched, though its opening comes later. */
static void a_case_merged_before_its_opening_came_is_not_dispatched(void **state)
{
    (void)state;
    opens(B, NOON);
    merges(A, "m1", B, NOON + HOUR);
    lanes_settle();
    assert_true(is_child_of(A, nobody)); /* nothing opened yet: an impossible move */
    assert_int_equal(lanes_said(B, "child_added"), 0);
    opens(A, NOON);
    lanes_settle();
    assert_true(is_child_of(A, B));
    assert_int_equal(lanes_said(A, "dispatched"), 0);
    assert_int_equal(lanes_ordered(A, "merged"), 0); /* nobody had it */
    assert_int_equal(children(B), 1);
}

/* domain §2.3: `order.merged`: any open → merged. */
static void what_is_resolved_or_closed_is_not_merged(void **state)
{
    (void)state;
    open_both();
    resolves(A, "r1", LEAD, NOON + HOUR, NULL);
    merges(A, "m1", B, NOON + 2 * HOUR);
    says(B, "c1", "closed", "desk", NOON + HOUR);
    merges(B, "m2", A, NOON + 2 * HOUR);
    lanes_settle();
    assert_int_equal(effect_of(A, "m1"), LINE_IMPOSSIBLE);
    assert_int_equal(effect_of(B, "m2"), LINE_IMPOSSIBLE);
    assert_int_equal(lanes_said(A, "child_added") + lanes_said(B, "child_added"), 0);
}

static void only_the_desk_merges(void **state)
{
    (void)state;
    static const char *const others[] = {"source", "lead", "co", "sub", "callback", "router"};
    open_both();
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        lanes_tell((struct told){.id = others[i],
                                 .stage = "merged",
                                 .subject = A,
                                 .party = others[i],
                                 .unit = LEAD,
                                 .data = "{\"parent\":\"" B "\"}",
                                 .time_ms = NOON + HOUR});
        lanes_settle();
        assert_int_equal(effect_of(A, others[i]), LINE_NOT_YOURS);
    }
    assert_int_equal(lanes_said(B, "child_added"), 0);
}

/* 0038: without a parent, into itself, into another kind. */
static void a_merge_into_nothing_that_can_be_is_impossible(void **state)
{
    (void)state;
    static const char *const parents[] = {"",         A,         "proactive:desk:1",
                                          "request:", "request", "12345:A"};
    open_both();
    for (size_t i = 0; i < ARRAY_LENGTH(parents); i++) {
        char id[16];
        snprintf(id, sizeof id, "m%zu", i);
        merges(A, id, parents[i], NOON + HOUR);
        lanes_settle();
        assert_int_equal(effect_of(A, id), LINE_IMPOSSIBLE);
    }
    assert_true(is_child_of(A, nobody));
    for (int i = 0; i < LANES; i++)
        for (size_t n = 0; n < lanes.at[i].count; n++)
            assert_null(strstr(lanes.at[i].log[n].value, "child_added"));
}

/* ---- what a parent does is done for its children ---- */

static void the_parents_resolution_is_the_childs(void **state)
{
    (void)state;
    merged_pair();
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL);
    lanes_settle();
    const struct laned_case *a = lanes_case(A);
    assert_true(a->fold.resolution_ms == NOON + 3 * HOUR);
    assert_true(span_is(a->fold.lead, LEAD)); /* whose work it is counted for */
    assert_int_equal(a->fold.stage, case_kind_stage(a->kind, SPAN("resolved")));
    assert_int_equal(lanes_said(A, "resolved"), 1);
    assert_int_equal(lanes.dead, 0);
}

/* 0038: a late merge: what was done before it holds from the merge on. */
static void a_late_merge_still_copies(void **state)
{
    (void)state;
    open_both();
    resolves(B, "r1", LEAD, NOON + HOUR, NULL);
    lanes_settle();
    merges(A, "m1", B, NOON + 3 * HOUR);
    lanes_settle();
    assert_true(lanes_case(A)->fold.resolution_ms == NOON + 3 * HOUR + 1);
    assert_int_equal(lanes_said(A, "resolved"), 1);
}

static void a_closed_parent_with_a_resolution_takes_children(void **state)
{
    (void)state;
    open_both();
    resolves(B, "r1", LEAD, NOON + HOUR, NULL);
    says(B, "c1", "closed", "desk", NOON + 2 * HOUR);
    lanes_settle();
    merges(A, "m1", B, NOON + 3 * HOUR);
    lanes_settle();
    assert_true(is_child_of(A, B));
    assert_true(lanes_case(A)->fold.resolution_ms == NOON + 3 * HOUR + 1);
}

/* 0038: a correction is copied again under the same id, and the greater revision wins. */
static void a_corrected_resolution_corrects_its_copies(void **state)
{
    (void)state;
    static const char *const later = "00000000000000000000.001764090000000.000001.00000000000000bb";
    merged_pair();
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL);
    lanes_settle();
    resolves(B, "r1", LEAD, NOON + 4 * HOUR, later);
    lanes_settle();
    assert_true(lanes_case(A)->fold.resolution_ms == NOON + 4 * HOUR);
    assert_int_equal(lanes_said(A, "resolved"), 2);
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL); /* the old one comes again */
    lanes_settle();
    assert_true(lanes_case(A)->fold.resolution_ms == NOON + 4 * HOUR);
    assert_int_equal(lanes_said(A, "resolved"), 2);
    size_t copies = 0;
    const struct laned_case *a = lanes_case(A);
    for (size_t i = 0; i < a->set.count; i++)
        copies += a->set.lines[i].attribute[CASE_VIA].at != NULL;
    assert_int_equal(copies, 1);
}

/* A correction that takes the resolution its effect takes the copies theirs. */
static void a_resolution_that_never_was_is_taken_back(void **state)
{
    (void)state;
    static const char *const later = "00000000000000000000.001764090000000.000001.00000000000000bb";
    merged_pair();
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL);
    lanes_settle();
    resolves(B, "r1", LEAD, NOON - HOUR, later); /* before the case was opened */
    lanes_settle();
    assert_true(lanes_case(B)->fold.resolution_ms == TIMESTAMP_NONE);
    assert_true(lanes_case(A)->fold.resolution_ms == TIMESTAMP_NONE);
    assert_true(is_child_of(A, B));
}

/* DESIGN §5: never passed on further. */
static void a_copy_is_not_copied(void **state)
{
    (void)state;
    merged_pair();
    opens(C, NOON);
    merges(C, "m2", A, NOON + 2 * HOUR); /* A is a child: refused */
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL);
    lanes_settle();
    assert_int_equal(lanes_said(A, "resolved"), 1);
    assert_int_equal(lanes_said(C, "resolved"), 0);
}

/* A copy by another way than that of the present parent is nobody's. */
static void a_copy_from_a_stranger_is_impossible(void **state)
{
    (void)state;
    merged_pair();
    lanes_tell((struct told){.id = "x1",
                             .stage = "resolved",
                             .subject = A,
                             .party = "router",
                             .data = "{\"via\":\"" C "\",\"cause\":\"y\"}",
                             .time_ms = NOON + 2 * HOUR});
    lanes_tell((struct told){.id = "x2",
                             .stage = "resolved",
                             .subject = B,
                             .party = "router",
                             .data = "{\"via\":\"" C "\",\"cause\":\"y\"}",
                             .time_ms = NOON + 2 * HOUR});
    lanes_tell((struct told){.id = "x3", /* no stage that is copied */
                             .stage = "reviewed",
                             .subject = A,
                             .party = "router",
                             .data = "{\"via\":\"" B "\",\"cause\":\"y\"}",
                             .time_ms = NOON + 2 * HOUR});
    lanes_settle();
    assert_int_equal(effect_of(A, "x1"), LINE_IMPOSSIBLE);
    assert_int_equal(effect_of(B, "x2"), LINE_IMPOSSIBLE);
    assert_int_equal(effect_of(A, "x3"), LINE_NOT_YOURS);
}

/* The lead cannot make a copy of what it says by naming a way. */
static void a_handler_who_names_a_way_is_a_handler(void **state)
{
    (void)state;
    open_both();
    lanes_tell((struct told){.id = "r1",
                             .stage = "resolved",
                             .subject = B,
                             .party = "lead",
                             .unit = LEAD,
                             .data = "{\"via\":\"" C "\"}",
                             .time_ms = NOON + HOUR});
    merges(A, "m1", B, NOON + 2 * HOUR);
    lanes_settle();
    assert_int_equal(effect_of(B, "r1"), LINE_COUNTS);
    assert_true(lanes_case(A)->fold.resolution_ms != TIMESTAMP_NONE);
}

/* A parent that is reopened is handled again; a child whose own caller was content is not. */
static void a_reopened_parent_reopens_no_child(void **state)
{
    (void)state;
    merged_pair();
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL);
    lanes_settle();
    says(B, "v1", "reopened", "callback", NOON + 5 * HOUR);
    lanes_settle();
    assert_true(lanes_case(A)->fold.resolution_ms == NOON + 3 * HOUR);
    assert_true(is_child_of(A, B));
    resolves(B, "r2", LEAD, NOON + 30 * HOUR, NULL);
    lanes_settle();
    assert_true(lanes_case(A)->fold.resolution_ms == NOON + 3 * HOUR);
    assert_int_equal(lanes_said(A, "resolved"), 2);
}

/* The child's own caller is not content: 重办 of the child alone, with a lead of its own. */
static void a_reopened_child_has_its_own_duty(void **state)
{
    (void)state;
    merged_pair();
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL);
    lanes_settle();
    says(A, "v1", "reopened", "callback", NOON + 5 * HOUR);
    lanes_settle();
    assert_true(is_child_of(A, nobody));
    assert_int_equal(children(B), 0);
    assert_int_equal(lanes_said(A, "dispatched"), 2);
    resolves(B, "r2", LEAD, NOON + 6 * HOUR, NULL);
    lanes_settle();
    assert_true(lanes_case(A)->fold.resolution_ms == TIMESTAMP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_merge_attaches_a_case_in_another_partition, begin_lanes),
        cmocka_unit_test_setup(a_child_has_no_timers, begin_lanes),
        cmocka_unit_test_setup(a_childs_handlers_are_silent_and_its_call_back_speaks, begin_lanes),
        cmocka_unit_test_setup(a_case_merged_before_its_opening_came_is_not_dispatched,
                               begin_lanes),
        cmocka_unit_test_setup(what_is_resolved_or_closed_is_not_merged, begin_lanes),
        cmocka_unit_test_setup(only_the_desk_merges, begin_lanes),
        cmocka_unit_test_setup(a_merge_into_nothing_that_can_be_is_impossible, begin_lanes),
        cmocka_unit_test_setup(the_parents_resolution_is_the_childs, begin_lanes),
        cmocka_unit_test_setup(a_late_merge_still_copies, begin_lanes),
        cmocka_unit_test_setup(a_closed_parent_with_a_resolution_takes_children, begin_lanes),
        cmocka_unit_test_setup(a_corrected_resolution_corrects_its_copies, begin_lanes),
        cmocka_unit_test_setup(a_resolution_that_never_was_is_taken_back, begin_lanes),
        cmocka_unit_test_setup(a_copy_is_not_copied, begin_lanes),
        cmocka_unit_test_setup(a_copy_from_a_stranger_is_impossible, begin_lanes),
        cmocka_unit_test_setup(a_handler_who_names_a_way_is_a_handler, begin_lanes),
        cmocka_unit_test_setup(a_reopened_parent_reopens_no_child, begin_lanes),
        cmocka_unit_test_setup(a_reopened_child_has_its_own_duty, begin_lanes),
    };
    return cmocka_run_group_tests(tests, load, finish);
}
