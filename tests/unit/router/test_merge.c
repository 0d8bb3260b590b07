/* SPDX-License-Identifier: Apache-2.0 */
/* Merging over partitions, each expectation after docs/decisions/0038, docs/domain.md §2.3 and
 * §2.10 (国办函〔2025〕66号: 重复诉求原则上并单处理) or DESIGN §5. A, B and C lie in three
 * partitions. */
#include "lanes.h"

#define A "request:12345:A"
#define B "request:12345:B"
#define C "request:12345:C"

#define LEAD "s110105001"

static const char *const nobody = "";

static void opens(const char *id, int64_t ms)
{
    char event_id[64];
    snprintf(event_id, sizeof event_id, "opened-%s", id);
    lanes_tell((struct told){.id = event_id, .stage = "opened", .subject = id, .time_ms = ms});
}

static void desk_says(const char *id, const char *event_id, const char *stage, const char *parent,
                      int64_t ms)
{
    char data[128];
    snprintf(data, sizeof data, *parent ? "{\"parent\":\"%s\"}" : "{}%s", parent);
    lanes_tell((struct told){.id = event_id,
                             .stage = stage,
                             .subject = id,
                             .party = "desk",
                             .unit = "desk",
                             .data = data,
                             .time_ms = ms});
}

static void merges(const char *id, const char *event_id, const char *parent, int64_t ms)
{
    desk_says(id, event_id, "merged", parent, ms);
}

static void resolves(const char *id, const char *event_id, const char *unit, int64_t ms,
                     const char *revision)
{
    lanes_tell((struct told){.id = event_id,
                             .stage = "resolved",
                             .subject = id,
                             .party = "lead",
                             .unit = unit,
                             .data = "{}",
                             .revision = revision,
                             .time_ms = ms});
}

static void says(const char *id, const char *event_id, const char *stage, const char *party,
                 int64_t ms)
{
    lanes_tell((struct told){.id = event_id,
                             .stage = stage,
                             .subject = id,
                             .party = party,
                             .unit = strcmp(party, "lead") == 0 ? LEAD : NULL,
                             .data = "{}",
                             .time_ms = ms});
}

static int begin_lanes(void **state)
{
    (void)state;
    lanes_begin();
    assert_true(lanes_of(SPAN(A)) != lanes_of(SPAN(B)));
    assert_true(lanes_of(SPAN(A)) != lanes_of(SPAN(C)));
    assert_true(lanes_of(SPAN(B)) != lanes_of(SPAN(C)));
    return 0;
}

/* A and B are open and dispatched. */
static void open_both(void)
{
    opens(A, NOON);
    opens(B, NOON);
    lanes_settle();
    assert_int_equal(lanes_said(A, "dispatched") + lanes_said(B, "dispatched"), 2);
}

static void merged_pair(void)
{
    open_both();
    merges(A, "m1", B, NOON + HOUR);
    lanes_settle();
}

static bool is_child_of(const char *id, const char *parent)
{
    const struct laned_case *found = lanes_case(id);
    return *parent ? span_is(found->fold.parent, parent) : !found->fold.parent.at;
}

static size_t children(const char *id)
{
    return lanes_case(id)->fold.child_count;
}

static enum line_effect effect_of(const char *id, const char *event_id)
{
    const struct laned_case *found = lanes_case(id);
    for (size_t i = 0; i < found->set.count; i++)
        if (span_is(found->set.lines[i].id, event_id))
            return (enum line_effect)found->fold.effect[i];
    fail_msg("%s has no line %s", id, event_id);
    return LINE_IMPOSSIBLE;
}

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

static int finish(void **state)
{
    lanes_end();
    free(lanes.store);
    arena_fini(&lanes_arena);
    return unload(state);
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
