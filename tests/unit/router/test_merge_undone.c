/* SPDX-License-Identifier: Apache-2.0 */
/* Merging over partitions: undone, refused, in rings, repeated. Each expectation is that of
 * docs/decisions/0038, or of the article or contract it names. */
#include "merging.h"

/* ---- and back ---- */

/* domain §2.10: a merge is an event and can be undone. */
static void an_unmerged_case_has_its_own_duty_again(void **state)
{
    (void)state;
    merged_pair();
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL);
    lanes_settle();
    desk_says(A, "u1", "unmerged", nobody, NOON + 5 * HOUR);
    lanes_settle();
    const struct laned_case *a = lanes_case(A);
    assert_true(!a->fold.parent.at && a->fold.dispatched);
    assert_true(a->fold.resolution_ms == TIMESTAMP_NONE);
    assert_int_equal(a->fold.rounds, 1); /* no reopening */
    assert_true(span_is(a->fold.cause_id, "u1"));
    assert_int_equal(lanes_said(A, "dispatched"), 2);
    assert_int_equal(lanes_ordered(A, "assigned"), 2);
    assert_int_equal(children(B), 0);
    assert_int_equal(lanes_said(B, "child_removed"), 1);
    assert_int_equal(lanes_ordered(B, "amended"), 1); /* B is resolved: its duty is over */
    says(A, "s2", "signed", "lead", NOON + 6 * HOUR);
    lanes_tick(NOON + 40 * DAY);
    lanes_settle();
    assert_int_equal(effect_of(A, "s2"), LINE_COUNTS);
    assert_int_equal(lanes_said(A, "overdue"), 1);
}

/* 条例 Art. 13: the limit written on the order stands. */
static void an_unmerged_case_has_its_orders_deadline(void **state)
{
    (void)state;
    int64_t due_ms;
    lanes_tell((struct told){.id = "opened-a",
                             .stage = "opened",
                             .subject = A,
                             .data = "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\","
                                     "\"due_at\":\"2025-12-01T04:00:00Z\"}",
                             .time_ms = NOON});
    opens(B, NOON);
    merges(A, "m1", B, NOON + HOUR);
    lanes_settle();
    desk_says(A, "u1", "unmerged", nobody, NOON + DAY);
    lanes_settle();
    assert_true(timestamp_parse_rfc3339(SPAN("2025-12-01T04:00:00Z"), &due_ms));
    assert_true(lanes_case(A)->fold.dispatched && lanes_case(A)->fold.due_ms == due_ms);
}

static void what_was_never_merged_is_not_unmerged(void **state)
{
    (void)state;
    open_both();
    desk_says(A, "u1", "unmerged", nobody, NOON + HOUR);
    merges(A, "m1", B, NOON + 2 * HOUR);
    desk_says(A, "u2", "unmerged", C, NOON + 3 * HOUR); /* from another one */
    lanes_settle();
    assert_int_equal(effect_of(A, "u1"), LINE_IMPOSSIBLE);
    assert_int_equal(effect_of(A, "u2"), LINE_IMPOSSIBLE);
    assert_true(is_child_of(A, B));
    assert_int_equal(lanes_said(A, "dispatched"), 1);
}

static void a_case_may_be_merged_again_elsewhere(void **state)
{
    (void)state;
    merged_pair();
    opens(C, NOON);
    merges(A, "m2", C, NOON + 2 * HOUR); /* still B's */
    lanes_settle();
    assert_true(is_child_of(A, B));
    assert_int_equal(effect_of(A, "m2"), LINE_IMPOSSIBLE);
    desk_says(A, "u1", "unmerged", B, NOON + 3 * HOUR);
    lanes_settle();
    merges(A, "m3", C, NOON + 4 * HOUR);
    lanes_settle();
    assert_true(is_child_of(A, C));
    assert_true(children(B) == 0 && children(C) == 1);
    resolves(B, "r1", LEAD, NOON + 5 * HOUR, NULL);
    lanes_settle();
    assert_true(lanes_case(A)->fold.resolution_ms == TIMESTAMP_NONE);
    resolves(C, "r2", LEAD, NOON + 6 * HOUR, NULL);
    lanes_settle();
    assert_true(lanes_case(A)->fold.resolution_ms == NOON + 6 * HOUR);
}

/* The same parent again: the copy of the resolution that it had then must count now. */
static void merged_again_into_the_same_parent(void **state)
{
    (void)state;
    merged_pair();
    resolves(B, "r1", LEAD, NOON + 2 * HOUR, NULL);
    lanes_settle();
    desk_says(A, "u1", "unmerged", B, NOON + 3 * HOUR);
    lanes_settle();
    merges(A, "m2", B, NOON + 4 * HOUR);
    lanes_settle();
    assert_true(is_child_of(A, B));
    assert_int_equal(children(B), 1);
    assert_true(lanes_case(A)->fold.resolution_ms == NOON + 4 * HOUR + 1);
}

/* A correction of the merge moves the case to the other parent; the first one lets it go. */
static void a_corrected_parent_is_another_parent(void **state)
{
    (void)state;
    merged_pair();
    opens(C, NOON);
    lanes_tell(
        (struct told){.id = "m1",
                      .stage = "merged",
                      .subject = A,
                      .party = "desk",
                      .unit = "desk",
                      .data = "{\"parent\":\"" C "\"}",
                      .revision = "00000000000000000000.001764090000000.000001.00000000000000bb",
                      .time_ms = NOON + HOUR});
    lanes_settle();
    assert_true(is_child_of(A, C));
    assert_true(children(B) == 0 && children(C) == 1);
    assert_int_equal(lanes_said(A, "dispatched"), 1);
    resolves(B, "r1", LEAD, NOON + 2 * HOUR, NULL);
    lanes_settle();
    assert_true(lanes_case(A)->fold.resolution_ms == TIMESTAMP_NONE);
}

/* ---- refused ---- */

/* DESIGN §5: cycles are impossible moves. Both wait on the log before either is read. */
static void two_merged_into_each_other_at_once_come_to_an_end(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        lanes_begin();
        open_both();
        merges(A, "m1", B, NOON + HOUR + late);
        merges(B, "m2", A, NOON + HOUR + 1 - late);
        assert_true(lanes_settle() < 40); /* no storm */
        const char *first = late ? B : A, *second = late ? A : B;
        assert_true(is_child_of(first, second));
        assert_true(is_child_of(second, nobody));
        assert_true(children(second) == 1 && children(first) == 0);
        assert_int_equal(lanes_said(first, "dispatched"), 1);
        assert_int_equal(lanes_said(second, "dispatched"), 2); /* its duty is back */
        assert_true(lanes_case(second)->fold.dispatched);
        resolves(second, "r1", LEAD, NOON + DAY, NULL);
        lanes_settle();
        assert_true(lanes_case(first)->fold.resolution_ms == NOON + DAY);
    }
}

/* The same millisecond: neither. */
static void two_merged_into_each_other_in_one_moment_are_neither(void **state)
{
    (void)state;
    open_both();
    merges(A, "m1", B, NOON + HOUR);
    merges(B, "m2", A, NOON + HOUR);
    lanes_settle();
    assert_true(is_child_of(A, nobody) && is_child_of(B, nobody));
    assert_true(children(A) == 0 && children(B) == 0);
    assert_true(lanes_case(A)->fold.dispatched && lanes_case(B)->fold.dispatched);
    assert_true(lanes_said(A, "dispatched") == 2 && lanes_said(B, "dispatched") == 2);
}

/* DESIGN §5: children of children are impossible moves: told of the parent, the child has its duty
 * back, and says so to nobody twice. */
static void a_child_takes_no_children(void **state)
{
    (void)state;
    merged_pair();
    opens(C, NOON);
    lanes_settle();
    merges(C, "m2", A, NOON + 2 * HOUR);
    lanes_settle();
    assert_true(is_child_of(C, nobody));
    assert_int_equal(children(A), 0);
    assert_int_equal(lanes_said(C, "unmerged"), 1);
    assert_int_equal(lanes_said(C, "dispatched"), 2);
    assert_true(lanes_case(C)->fold.dispatched);
    assert_true(is_child_of(A, B));
}

/* The other way round: who has children is merged nowhere. */
static void a_parent_is_not_merged(void **state)
{
    (void)state;
    merged_pair();
    opens(C, NOON);
    merges(B, "m2", C, NOON + 2 * HOUR);
    lanes_settle();
    assert_int_equal(effect_of(B, "m2"), LINE_IMPOSSIBLE);
    assert_int_equal(lanes_said(C, "child_added"), 0);
    assert_true(is_child_of(A, B) && is_child_of(B, nobody));
    assert_int_equal(lanes_said(B, "dispatched"), 1); /* nothing was taken from it */
}

static void a_ring_of_three_comes_to_an_end(void **state)
{
    (void)state;
    open_both();
    opens(C, NOON);
    lanes_settle();
    merges(A, "m1", B, NOON + HOUR);
    merges(B, "m2", C, NOON + HOUR + 1);
    merges(C, "m3", A, NOON + HOUR + 2);
    assert_true(lanes_settle() < 60);
    assert_true(is_child_of(A, B) && is_child_of(B, nobody) && is_child_of(C, nobody));
    assert_true(lanes_case(B)->fold.dispatched && lanes_case(C)->fold.dispatched);
    assert_true(children(A) == 0 && children(B) == 1 && children(C) == 0);
}

/* A parent that nobody knows is a headless case, as any is; its opening may still come. */
static void a_parent_that_does_not_exist_is_headless_until_it_does(void **state)
{
    (void)state;
    opens(A, NOON);
    lanes_settle();
    merges(A, "m1", B, NOON + HOUR);
    lanes_settle();
    const struct laned_case *b = lanes_case(B);
    assert_true(!b->fold.has_opened && b->set.count == 1);
    assert_int_equal(lanes_said(A, "unmerged"), 0);
    opens(B, NOON);
    lanes_settle();
    assert_int_equal(children(B), 1);
    assert_true(is_child_of(A, B));
    assert_int_equal(lanes_said(B, "dispatched"), 1);
}

/* Opened only after the merge is said to have been: there was nothing to merge into. */
static void a_parent_that_opens_after_the_merge_refuses(void **state)
{
    (void)state;
    opens(A, NOON);
    merges(A, "m1", B, NOON + HOUR);
    opens(B, NOON + 2 * HOUR);
    lanes_settle();
    assert_true(is_child_of(A, nobody));
    assert_int_equal(lanes_said(A, "unmerged"), 1);
    assert_true(lanes_case(A)->fold.dispatched);
}

/* 一办到底: what the parent did not do for its children is theirs to have done. */
static void a_parent_closed_without_a_resolution_gives_its_children_back(void **state)
{
    (void)state;
    merged_pair();
    says(B, "c1", "closed", "source", NOON + 3 * HOUR);
    lanes_settle();
    assert_true(is_child_of(A, nobody));
    assert_int_equal(lanes_said(A, "unmerged"), 1);
    assert_true(lanes_case(A)->fold.dispatched);
    assert_int_equal(children(B), 0); /* told back */
    opens(C, NOON);
    merges(C, "m2", B, NOON + 4 * HOUR);
    lanes_settle();
    assert_true(is_child_of(C, nobody) && lanes_case(C)->fold.dispatched);
}

/* A refusal is of one merge: an old one that comes late does not touch the next. */
static void a_refusal_is_of_one_merge(void **state)
{
    (void)state;
    merged_pair();
    lanes_tell(
        (struct told){.id = "old",
                      .stage = "unmerged",
                      .subject = A,
                      .party = "router",
                      .data = "{\"parent\":\"" B "\",\"cause\":\"m0\",\"rule\":\"parent_full\"}",
                      .time_ms = NOON + 2 * HOUR});
    lanes_settle();
    assert_int_equal(effect_of(A, "old"), LINE_IMPOSSIBLE);
    assert_true(is_child_of(A, B));
}

/* 0038: at most a hundred, and what is beyond keeps its own duty. */
static void a_parent_has_at_most_a_hundred_children(void **state)
{
    (void)state;
    char id[64], event_id[64];
    opens(B, NOON);
    for (int i = 0; i < 105; i++) {
        snprintf(id, sizeof id, "request:12345:N%d", i);
        snprintf(event_id, sizeof event_id, "m-%d", i);
        opens(id, NOON);
        merges(id, event_id, B, NOON + HOUR + i);
    }
    lanes_settle();
    assert_int_equal(children(B), 100);
    assert_int_equal(lanes.dead, 0);
    assert_true(is_child_of("request:12345:N99", B));
    assert_true(is_child_of("request:12345:N100", nobody));
    assert_true(lanes_case("request:12345:N104")->fold.dispatched);
    resolves(B, "r1", LEAD, NOON + DAY, NULL); /* it has room for its own life */
    lanes_settle();
    assert_true(lanes_case("request:12345:N0")->fold.resolution_ms == NOON + DAY);
    assert_true(lanes_case("request:12345:N100")->fold.resolution_ms == TIMESTAMP_NONE);
    assert_true(lanes_case(B)->fold.resolution_ms == NOON + DAY);
}

/* contracts §3: a set that takes no more: dead letter, and the child is not lost with it. */
static void a_full_set_turns_children_away(void **state)
{
    (void)state;
    char event_id[64];
    opens(B, NOON);
    for (int i = 0; i < 245; i++) {
        snprintf(event_id, sizeof event_id, "l-%d", i);
        says(B, event_id, "linked", "desk", NOON + HOUR + i);
    }
    opens(A, NOON);
    lanes_settle();
    size_t dead = lanes.dead;
    assert_true(dead > 0);
    merges(A, "m1", B, NOON + 2 * HOUR);
    lanes_settle();
    assert_true(is_child_of(A, nobody) && lanes_case(A)->fold.dispatched);
    assert_int_equal(lanes_said(A, "unmerged"), 1);
    assert_int_equal(lanes.dead, dead + 2); /* child_added, and child_removed that answers */
}

/* ---- repeats, history, restarts ---- */

/* The whole log once more, after a restart: nothing is said a second time. */
static void nothing_is_said_twice(void **state)
{
    (void)state;
    merged_pair();
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL);
    lanes_settle();
    desk_says(A, "u1", "unmerged", nobody, NOON + 5 * HOUR);
    lanes_settle();
    size_t orders = lanes.order_count;
    for (int i = 0; i < LANES; i++) {
        size_t count = lanes.at[i].count;
        lanes_restart(i);
        for (size_t n = 0; n < count; n++)
            lanes_give(i, &lanes.at[i].log[n]);
        assert_int_equal(lanes.at[i].count, count);
    }
    assert_int_equal(lanes.order_count, orders);
}

/* DESIGN §5: a quiet case has no effects. */
static void history_tells_nobody(void **state)
{
    (void)state;
    opens(B, NOON);
    static const struct told past[] = {
        {.id = "o", .stage = "opened", .subject = A, .replayof = "backfill", .time_ms = NOON},
        {.id = "m",
         .stage = "merged",
         .subject = A,
         .party = "desk",
         .unit = "desk",
         .data = "{\"parent\":\"" B "\"}",
         .replayof = "backfill",
         .time_ms = NOON + HOUR},
    };
    lanes_tell(past[0]);
    lanes_tell(past[1]);
    lanes_settle();
    assert_true(is_child_of(A, B)); /* state */
    assert_int_equal(lanes_said(B, "child_added"), 0);
    assert_int_equal(children(B), 0);
}

/* A child that is closed and cut down is still a child, and can be given back. */
static void a_stub_knows_whose_child_it_is(void **state)
{
    (void)state;
    merged_pair();
    resolves(B, "r1", LEAD, NOON + 3 * HOUR, NULL);
    lanes_settle();
    says(A, "c1", "closed", "desk", NOON + 5 * HOUR);
    says(B, "c2", "closed", "desk", NOON + 5 * HOUR);
    lanes_settle();
    lanes_tick(NOON + 9 * DAY);
    lanes_settle();
    assert_true(is_child_of(A, B));
    assert_int_equal(children(B), 1);
    desk_says(A, "u1", "unmerged", nobody, NOON + 10 * DAY);
    lanes_settle();
    assert_true(lanes_case(A)->fold.dispatched && is_child_of(A, nobody));
    assert_int_equal(children(B), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_unmerged_case_has_its_own_duty_again, begin_lanes),
        cmocka_unit_test_setup(an_unmerged_case_has_its_orders_deadline, begin_lanes),
        cmocka_unit_test_setup(what_was_never_merged_is_not_unmerged, begin_lanes),
        cmocka_unit_test_setup(a_case_may_be_merged_again_elsewhere, begin_lanes),
        cmocka_unit_test_setup(merged_again_into_the_same_parent, begin_lanes),
        cmocka_unit_test_setup(a_corrected_parent_is_another_parent, begin_lanes),
        cmocka_unit_test_setup(two_merged_into_each_other_at_once_come_to_an_end, begin_lanes),
        cmocka_unit_test_setup(two_merged_into_each_other_in_one_moment_are_neither, begin_lanes),
        cmocka_unit_test_setup(a_child_takes_no_children, begin_lanes),
        cmocka_unit_test_setup(a_parent_is_not_merged, begin_lanes),
        cmocka_unit_test_setup(a_ring_of_three_comes_to_an_end, begin_lanes),
        cmocka_unit_test_setup(a_parent_that_does_not_exist_is_headless_until_it_does, begin_lanes),
        cmocka_unit_test_setup(a_parent_that_opens_after_the_merge_refuses, begin_lanes),
        cmocka_unit_test_setup(a_parent_closed_without_a_resolution_gives_its_children_back,
                               begin_lanes),
        cmocka_unit_test_setup(a_refusal_is_of_one_merge, begin_lanes),
        cmocka_unit_test_setup(a_parent_has_at_most_a_hundred_children, begin_lanes),
        cmocka_unit_test_setup(a_full_set_turns_children_away, begin_lanes),
        cmocka_unit_test_setup(nothing_is_said_twice, begin_lanes),
        cmocka_unit_test_setup(history_tells_nobody, begin_lanes),
        cmocka_unit_test_setup(a_stub_knows_whose_child_it_is, begin_lanes),
    };
    return cmocka_run_group_tests(tests, load, finish);
}
