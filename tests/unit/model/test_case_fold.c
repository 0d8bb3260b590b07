/* SPDX-License-Identifier: Apache-2.0 */
/* What a case is, from its lines: who may move it, what comes after what, rounds, timers, history.
 */

#include "kinds.h"

#define U1 "s110105001"
#define U2 "s110105002"

static const struct case_kind *kind;
static struct case_set set;
static struct case_fold fold;

static int begin(void **state)
{
    (void)state;
    arena_reset(&arena);
    set = (struct case_set){0};
    kind = kinds_find(kinds, SPAN("request"));
    return kind ? 0 : -1;
}

static struct case_line line(const char *id, const char *stage, const char *party, int64_t time_ms)
{
    struct case_line made = {.id = span_of(id),
                             .revision = SPAN("0.1.1.aa"),
                             .stage = codes_number(codes, CODE_STAGE, span_of(stage)),
                             .time_ms = time_ms,
                             .recorded_ms = time_ms + 1000,
                             .party = codes_number(codes, CODE_PARTY, span_of(party)),
                             .live = true};
    assert_true(made.stage > 0);
    return made;
}

static void add(const struct case_line *line)
{
    assert_int_equal(case_set_merge(&set, line, kind, &arena), CASE_SET_CHANGED);
}

static void says(const char *id, const char *stage, const char *party, int64_t time_ms)
{
    struct case_line made = line(id, stage, party, time_ms);
    add(&made);
}

static void unit_says(const char *id, const char *stage, const char *unit, int64_t time_ms)
{
    struct case_line made = line(id, stage, "lead", time_ms);
    made.unit = span_of(unit);
    add(&made);
}

static void dispatched(const char *id, const char *lead, int64_t time_ms, const char *due)
{
    struct case_line made = line(id, "dispatched", "router", time_ms);
    made.attribute[CASE_LEAD] = span_of(lead);
    made.attribute[CASE_CLASS] = SPAN("7d");
    made.attribute[CASE_RULE] = SPAN("place");
    made.attribute[CASE_DUE] = span_of(due);
    add(&made);
}

static enum line_effect effect_of(const char *id)
{
    case_fold(&fold, &set, kind, codes);
    for (size_t i = 0; i < set.count; i++)
        if (span_is(set.lines[i].id, id))
            return fold.effect[i];
    fail();
    return LINE_COUNTS;
}

static void assert_stage(const char *name)
{
    assert_int_equal(fold.stage, case_kind_stage(kind, span_of(name)));
}

static int64_t first(const char *stage)
{
    return fold.stage_ms[case_kind_stage(kind, span_of(stage))];
}

static void an_empty_set_is_no_case(void **state)
{
    (void)state;
    case_fold(&fold, &set, kind, codes);
    assert_true(fold.quiet && !fold.has_opened && !fold.dispatched && !fold.closed);
    assert_int_equal(fold.stage, -1);
    assert_true(fold.opened_ms == TIMESTAMP_NONE && fold.due_ms == TIMESTAMP_NONE);
    assert_null(fold.lead.at);
    assert_int_equal(fold.rounds, 1);
}

/* 条例第十二条: who classifies is the source and the desk. */
static void a_handler_cannot_make_it_another_case(void **state)
{
    (void)state;
    struct case_line opened = line("o", "opened", "source", 10);
    opened.attribute[CASE_TYPE] = SPAN("R0105");
    add(&opened);
    dispatched("d", U1, 20, "1000000");
    struct case_line contacted = line("c", "contacted", "lead", 30);
    contacted.unit = SPAN(U1);
    contacted.attribute[CASE_TYPE] = SPAN("R0201");
    contacted.attribute[CASE_COMMUNITY] = SPAN("110105001901");
    add(&contacted);
    assert_int_equal(effect_of("c"), LINE_COUNTS);
    assert_true(span_is(fold.type_code, "R0105"));
    assert_true(span_is(fold.community_code, "110105001901")); /* where nobody said it, it helps */
    struct case_line classified = line("k", "classified", "desk", 40);
    classified.attribute[CASE_TYPE] = SPAN("R0203");
    add(&classified);
    assert_int_equal(effect_of("k"), LINE_COUNTS);
    assert_true(span_is(fold.type_code, "R0203"));
}

static void a_case_without_opening_stays_headless(void **state)
{
    (void)state;
    unit_says("s", "signed", U1, 10);
    assert_int_equal(effect_of("s"), LINE_NOT_YOURS); /* nobody leads yet */
    says("c", "closed", "source", 20);
    assert_int_equal(effect_of("c"), LINE_IMPOSSIBLE);
    assert_true(!fold.has_opened && !fold.closed);
    says("o", "opened", "source", 15);
    assert_int_equal(effect_of("c"), LINE_COUNTS);
    assert_true(fold.has_opened && fold.closed);
}

static void a_life_has_its_moments(void **state)
{
    (void)state;
    says("a", "opened", "source", 10);
    dispatched("b", U1, 20, "5000");
    unit_says("c", "signed", U1, 30);
    unit_says("d", "contacted", U1, 40);
    unit_says("e", "contacted", U1, 45);
    unit_says("f", "resolved", U1, 50);
    says("g", "closed", "desk", 60);
    case_fold(&fold, &set, kind, codes);
    assert_true(fold.opened_ms == 10 && fold.dispatched_ms == 20 && first("signed") == 30);
    assert_true(fold.response_ms == 40 && fold.resolution_ms == 50 && fold.closure_ms == 60);
    assert_int_equal(fold.recorded_ms, 1010);
    assert_int_equal(fold.due_ms, 5000);
    assert_true(span_is(fold.lead, U1) && span_is(fold.rule, "place"));
    assert_true(span_is(fold.opened_id, "a") && span_is(fold.dispatched_id, "b"));
    assert_true(span_is(fold.cause_id, "a"));
    assert_stage("closed");
}

static void only_the_present_lead_moves_as_lead(void **state)
{
    (void)state;
    says("a", "opened", "source", 10);
    dispatched("b", U1, 20, "5000");
    unit_says("c", "signed", U2, 30);
    assert_int_equal(effect_of("c"), LINE_NOT_YOURS);
    dispatched("d", U2, 25, "5000");
    assert_int_equal(effect_of("c"), LINE_COUNTS);
    assert_true(span_is(fold.lead, U2) && fold.dispatched_ms == 20);
}

static void a_party_that_is_not_named_moves_nothing(void **state)
{
    (void)state;
    says("a", "opened", "source", 10);
    says("b", "dispatched", "desk", 20);
    assert_int_equal(effect_of("b"), LINE_NOT_YOURS);
    assert_false(fold.dispatched);
    says("c", "closed", "", 30); /* who says nothing of himself is the source */
    assert_int_equal(effect_of("c"), LINE_COUNTS);
    says("d", "reopened", "", 40);
    assert_int_equal(effect_of("d"), LINE_NOT_YOURS);
}

static void a_stage_of_another_kind_is_impossible(void **state)
{
    (void)state;
    says("a", "opened", "source", 10);
    says("b", "finished", "source", 20);
    assert_int_equal(effect_of("b"), LINE_IMPOSSIBLE);
    assert_stage("opened");
}

static void a_case_opens_once(void **state)
{
    (void)state;
    says("a", "opened", "source", 10);
    says("b", "opened", "source", 20);
    assert_int_equal(effect_of("b"), LINE_IMPOSSIBLE);
    assert_int_equal(fold.opened_ms, 10);
}

static void what_came_earlier_in_the_round_still_counts(void **state)
{
    (void)state;
    says("a", "opened", "source", 10);
    dispatched("b", U1, 20, "5000");
    unit_says("c", "signed", U1, 30);
    struct case_line nudge = line("n", "nudged", "router", 40);
    add(&nudge);
    unit_says("f", "resolved", U1, 50);
    assert_int_equal(effect_of("n"), LINE_COUNTS);
    assert_int_equal(effect_of("f"), LINE_COUNTS);
}

static void a_nudge_does_not_move_the_case(void **state)
{
    (void)state;
    says("a", "opened", "source", 10);
    dispatched("b", U1, 20, "5000");
    says("n", "overdue", "router", 40);
    case_fold(&fold, &set, kind, codes);
    assert_stage("dispatched");
    says("c", "closed", "source", 50);
    dispatched("d", U1, 60, "5000");
    case_fold(&fold, &set, kind, codes);
    assert_stage("closed");
    assert_true(fold.closed);
}

static void a_new_round_forgets_answers_and_dispatch(void **state)
{
    (void)state;
    says("a", "opened", "source", 10);
    dispatched("b", U1, 20, "5000");
    unit_says("c", "signed", U1, 30);
    unit_says("f", "resolved", U1, 50);
    says("g", "closed", "source", 60);
    struct case_line overdue = line("o", "overdue", "router", 5000);
    overdue.attribute[CASE_RULE] = SPAN("overdue");
    add(&overdue);
    says("r", "reopened", "desk", 6000);
    says("v", "reviewed", "callback", 6001);
    assert_int_equal(effect_of("r"), LINE_COUNTS);
    assert_int_equal(effect_of("v"), LINE_IMPOSSIBLE); /* nothing is resolved in this round */
    assert_true(!fold.closed && !fold.dispatched && fold.rounds == 2);
    assert_true(fold.closure_ms == TIMESTAMP_NONE && fold.resolution_ms == TIMESTAMP_NONE);
    assert_true(first("signed") == TIMESTAMP_NONE && fold.due_ms == TIMESTAMP_NONE);
    assert_true(first("opened") == 10 && first("reopened") == 6000);
    assert_true(span_is(fold.cause_id, "r") && span_is(fold.opened_id, "a"));
    assert_int_equal(fold.opened_ms, 10);
    dispatched("b2", U2, 6010, "9000");
    unit_says("f2", "resolved", U2, 7000);
    says("g2", "closed", "source", 8000);
    case_fold(&fold, &set, kind, codes);
    assert_true(fold.dispatched_ms == 6010 && fold.resolution_ms == 7000);
    assert_true(first("dispatched") == 6010 && first("resolved") == 7000);
    assert_true(fold.closed && fold.closure_ms == 8000 && fold.due_ms == 9000);
    assert_true(span_is(fold.lead, U2) && span_is(fold.dispatched_id, "b2"));
}

static void an_order_with_lead_and_class_is_adopted(void **state)
{
    (void)state;
    struct case_line opened = line("a", "opened", "source", 10);
    opened.attribute[CASE_LEAD] = SPAN(U1);
    opened.attribute[CASE_DUE] = SPAN("777");
    add(&opened);
    case_fold(&fold, &set, kind, codes);
    assert_true(!fold.adopted && span_is(fold.lead, U1) && fold.due_ms == 777);
    begin(NULL);
    opened.attribute[CASE_CLASS] = SPAN("24h");
    add(&opened);
    unit_says("f", "resolved", U1, 20);
    assert_int_equal(effect_of("f"), LINE_COUNTS); /* named in `opened`: need not be dispatched */
    assert_true(fold.adopted && span_is(fold.limit_class, "24h"));
}

static void a_correction_is_not_hidden_by_the_routers_copy(void **state)
{
    (void)state;
    struct case_line opened = line("a", "opened", "source", 10);
    struct case_line copy = line("b", "dispatched", "router", 20);
    opened.attribute[CASE_TYPE] = SPAN("R0303");
    copy.attribute[CASE_TYPE] = SPAN("R0101");
    copy.attribute[CASE_STREET] = SPAN("110105001");
    add(&opened);
    add(&copy);
    case_fold(&fold, &set, kind, codes);
    assert_true(span_is(fold.type_code, "R0303") && span_is(fold.street_code, "110105001"));
    struct case_line classified = line("c", "classified", "desk", 30);
    classified.attribute[CASE_TYPE] = SPAN("R0404");
    add(&classified);
    case_fold(&fold, &set, kind, codes);
    assert_true(span_is(fold.type_code, "R0404"));
}

static void one_live_line_wakes_a_quiet_case(void **state)
{
    (void)state;
    struct case_line opened = line("a", "opened", "source", 10);
    struct case_line closed = line("b", "closed", "source", 90);
    opened.live = closed.live = false;
    add(&opened);
    add(&closed);
    case_fold(&fold, &set, kind, codes);
    assert_true(fold.quiet && fold.closed && fold.closure_ms == 90);
    says("r", "linked", "source", 95);
    case_fold(&fold, &set, kind, codes);
    assert_false(fold.quiet);
}

static void a_service_item_needs_no_dispatch(void **state)
{
    (void)state;
    kind = kinds_find(kinds, SPAN("service"));
    says("a", "opened", "source", 10);
    says("b", "accepted", "source", 20);
    says("c", "finished", "source", 30);
    case_fold(&fold, &set, kind, codes);
    assert_true(fold.response_ms == 20 && fold.closure_ms == 30 && fold.closed);
    assert_int_equal(fold.resolution_ms, TIMESTAMP_NONE);
}

static void one_time_is_ordered_by_rank(void **state)
{
    (void)state;
    says("z", "opened", "source", 10);
    says("y", "dispatched", "router", 10);
    says("a", "closed", "source", 10);
    assert_int_equal(effect_of("a"), LINE_COUNTS);
    assert_true(span_is(set.lines[0].id, "z") && span_is(set.lines[2].id, "a"));
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_set_is_no_case),
        TEST(a_handler_cannot_make_it_another_case),
        TEST(a_case_without_opening_stays_headless),
        TEST(a_life_has_its_moments),
        TEST(only_the_present_lead_moves_as_lead),
        TEST(a_party_that_is_not_named_moves_nothing),
        TEST(a_stage_of_another_kind_is_impossible),
        TEST(a_case_opens_once),
        TEST(what_came_earlier_in_the_round_still_counts),
        TEST(a_nudge_does_not_move_the_case),
        TEST(a_new_round_forgets_answers_and_dispatch),
        TEST(an_order_with_lead_and_class_is_adopted),
        TEST(a_correction_is_not_hidden_by_the_routers_copy),
        TEST(one_live_line_wakes_a_quiet_case),
        TEST(a_service_item_needs_no_dispatch),
        TEST(one_time_is_ordered_by_rank),
    };
    return cmocka_run_group_tests(tests, load_kinds, unload_kinds);
}
