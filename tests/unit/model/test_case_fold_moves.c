/* SPDX-License-Identifier: Apache-2.0 */
/* What moves make of a case, line by line: helpers and offices, pauses, disputes, another lead; and
 * that the order in which lines come is nothing to the fold. */

#include "kinds.h"

#define U1 "s110105001"
#define U2 "s110105002"
#define CO "d_urban"

static const struct case_kind *kind;
static struct case_set set;
static struct case_fold fold;

struct move {
    const char *id, *stage, *party, *unit;
    int64_t time_ms;
    const char *lead, *due, *co, *sub, *outcome, *level, *cause, *rule;
    int64_t recorded_ms; /* 0 = right after its time */
};

static struct case_line line_of(const struct move *move)
{
    struct case_line line = {.id = span_of(move->id),
                             .revision = SPAN("0.1.1.aa"),
                             .stage = codes_number(codes, CODE_STAGE, span_of(move->stage)),
                             .time_ms = move->time_ms,
                             .recorded_ms =
                                 move->recorded_ms ? move->recorded_ms : move->time_ms + 1,
                             .unit = span_of(move->unit),
                             .party = codes_number(codes, CODE_PARTY, span_of(move->party)),
                             .live = true};
    line.attribute[CASE_LEAD] = span_of(move->lead);
    line.attribute[CASE_DUE] = span_of(move->due);
    line.attribute[CASE_CO] = span_of(move->co);
    line.attribute[CASE_SUB] = span_of(move->sub);
    line.attribute[CASE_OUTCOME] = span_of(move->outcome);
    line.attribute[CASE_LEVEL] = span_of(move->level);
    line.attribute[CASE_CAUSE] = span_of(move->cause);
    line.attribute[CASE_RULE] = span_of(move->rule);
    return line;
}

/* Told in the order given, or from the last to the first. */
static void tell(const struct move *moves, size_t count, bool backwards)
{
    arena_reset(&arena);
    set = (struct case_set){0};
    kind = kinds_find(kinds, SPAN("request"));
    for (size_t i = 0; i < count; i++) {
        struct case_line line = line_of(&moves[backwards ? count - 1 - i : i]);
        assert_int_equal(case_set_merge(&set, &line, kind, &arena), CASE_SET_CHANGED);
    }
    case_fold(&fold, &set, kind, codes);
}

static enum line_reason reason_of(const char *id)
{
    for (size_t i = 0; i < set.count; i++)
        if (span_is(set.lines[i].id, id))
            return (enum line_reason)fold.reason[i];
    fail();
    return LINE_REASON_NONE;
}

#define OPEN                                                                                       \
    {                                                                                              \
        .id = "o", .stage = "opened", .party = "source", .time_ms = 10, .due = "1000"              \
    }
#define DISPATCH                                                                                   \
    {                                                                                              \
        .id = "d", .stage = "dispatched", .party = "router", .time_ms = 20, .lead = U1,            \
        .due = "1000", .cause = "o", .rule = "place"                                               \
    }
#define SIGN                                                                                       \
    {                                                                                              \
        .id = "s", .stage = "signed", .party = "lead", .unit = U1, .time_ms = 30                   \
    }
#define EACH_WAY(moves)                                                                            \
    for (int way = 0; way < 2 && (tell((moves), ARRAY_LENGTH(moves), way), true); way++)

static void pauses_are_intervals_and_move_the_deadline(void **state)
{
    (void)state;
    const struct move moves[] = {OPEN,
                                 DISPATCH,
                                 SIGN,
                                 {.id = "h", .stage = "held", .party = "desk", .time_ms = 100},
                                 {.id = "r", .stage = "resumed", .party = "desk", .time_ms = 300},
                                 {.id = "h2", .stage = "held", .party = "desk", .time_ms = 500}};
    EACH_WAY(moves)
    {
        assert_int_equal(fold.pause_count, 2);
        assert_true(fold.pauses[0].from_ms == 100 && fold.pauses[0].to_ms == 300);
        assert_true(fold.pauses[1].from_ms == 500 && fold.pauses[1].to_ms == TIMESTAMP_NONE);
        assert_true(fold.held && fold.paused_ms == 200 && fold.due_ms == 1200);
    }
}

static void a_deadline_that_was_over_does_not_move(void **state)
{
    (void)state;
    const struct move moves[] = {OPEN,
                                 DISPATCH,
                                 SIGN,
                                 {.id = "h", .stage = "held", .party = "desk", .time_ms = 1000},
                                 {.id = "r", .stage = "resumed", .party = "desk", .time_ms = 3000}};
    EACH_WAY(moves)
    assert_true(!fold.held && fold.paused_ms == 2000 && fold.due_ms == 1000);
}

/* Decision 0034: the order's own deadline, as extended, stays; an answer to something else only
 * repeats what held when it was said. */
static void an_extension_told_late_is_not_hidden_by_a_later_amendment(void **state)
{
    (void)state;
    const struct move moves[] = {
        OPEN,
        DISPATCH,
        SIGN,
        {.id = "v", .stage = "supervised", .party = "desk", .time_ms = 100},
        {.id = "a",
         .stage = "amended",
         .party = "router",
         .time_ms = 101,
         .due = "1000",
         .cause = "v",
         .rule = "supervised"},
        {.id = "e", .stage = "extended", .party = "desk", .time_ms = 50, .due = "2000"},
        {.id = "h", .stage = "held", .party = "desk", .time_ms = 60},
        {.id = "r", .stage = "resumed", .party = "desk", .time_ms = 80}};
    EACH_WAY(moves)
    assert_int_equal(fold.due_ms, 2020);
}

static void nor_by_another_leads_decision(void **state)
{
    (void)state;
    const struct move moves[] = {
        OPEN,
        DISPATCH,
        {.id = "n", .stage = "assigned", .party = "desk", .time_ms = 100, .lead = U2},
        {.id = "c", .stage = "recalled", .party = "router", .time_ms = 101, .cause = "n"},
        {.id = "d2",
         .stage = "dispatched",
         .party = "router",
         .time_ms = 102,
         .lead = U2,
         .due = "1000",
         .cause = "n"},
        {.id = "e", .stage = "extended", .party = "desk", .time_ms = 50, .due = "2000"}};
    EACH_WAY(moves)
    assert_true(fold.due_ms == 2000 && span_is(fold.lead, U2));
}

#define CORRECTED                                                                                  \
    {.id = "o", .stage = "opened", .party = "source", .time_ms = 10, .due = "1500"}, DISPATCH,     \
        SIGN,                                                                                      \
    {                                                                                              \
        .id = "a", .stage = "amended", .party = "router", .time_ms = 100, .due = "1500",           \
        .cause = "o", .rule = "corrected"                                                          \
    }

/* 条例 13: the deadline on the order is the order's. */
static void a_corrected_deadline_counts_from_its_amendment_on(void **state)
{
    (void)state;
    const struct move alone[] = {CORRECTED};
    const struct move behind[] = {
        CORRECTED, {.id = "e", .stage = "extended", .party = "desk", .time_ms = 50, .due = "2000"}};
    const struct move late[] = {CORRECTED,
                                {.id = "e",
                                 .stage = "extended",
                                 .party = "desk",
                                 .time_ms = 50,
                                 .due = "2000",
                                 .recorded_ms = 120}};
    const struct move paused[] = {
        CORRECTED,
        {.id = "h", .stage = "held", .party = "desk", .time_ms = 40, .recorded_ms = 120},
        {.id = "r", .stage = "resumed", .party = "desk", .time_ms = 60, .recorded_ms = 121}};
    EACH_WAY(alone)
    assert_int_equal(fold.due_ms, 1500);
    EACH_WAY(behind) /* corrected after it was extended */
    assert_int_equal(fold.due_ms, 1500);
    EACH_WAY(late)
    assert_int_equal(fold.due_ms, 2000);
    EACH_WAY(paused)
    assert_int_equal(fold.due_ms, 1520);
}

/* What is left of working time only the router can count (decision 0034). */
static void after_a_pause_working_time_is_what_the_router_says_of_it(void **state)
{
    (void)state;
    const struct move moves[] = {OPEN,
                                 DISPATCH,
                                 SIGN,
                                 {.id = "h", .stage = "held", .party = "desk", .time_ms = 100},
                                 {.id = "r", .stage = "resumed", .party = "desk", .time_ms = 300},
                                 {.id = "a",
                                  .stage = "amended",
                                  .party = "router",
                                  .time_ms = 301,
                                  .due = "1700",
                                  .cause = "r",
                                  .rule = "working_time"}};
    EACH_WAY(moves)
    assert_int_equal(fold.due_ms, 1700);
}

/* Contracts §2: one lead per cause. A round that was told late has none by the former one's. */
static void what_was_said_of_a_round_is_nothing_in_the_next(void **state)
{
    (void)state;
    const struct move moves[] = {
        OPEN,
        {.id = "r", .stage = "resolved", .party = "source", .time_ms = 12},
        {.id = "n", .stage = "reopened", .party = "desk", .time_ms = 15, .due = "3000"},
        DISPATCH,
        {.id = "c",
         .stage = "co_assigned",
         .party = "router",
         .time_ms = 21,
         .co = CO,
         .cause = "o"},
        {.id = "a",
         .stage = "amended",
         .party = "router",
         .time_ms = 22,
         .due = "5000",
         .cause = "o",
         .rule = "working_time"},
        {.id = "v", .stage = "overdue", .party = "router", .time_ms = 23, .cause = "o"}};
    EACH_WAY(moves)
    {
        assert_true(!fold.dispatched && fold.rounds == 2 && fold.co_count == 0);
        assert_true(span_is(fold.cause_id, "n") && !fold.lead.len);
        assert_int_equal(fold.due_ms, 3000);
        for (const char *id = "dcav"; *id; id++)
            assert_true(reason_of((const char[]){*id, '\0'}) != LINE_REASON_NONE);
    }
}

static void a_helper_has_its_own_time_and_its_own_order(void **state)
{
    (void)state;
    const struct move moves[] = {
        OPEN,
        DISPATCH,
        {.id = "w", .stage = "whistle_blown", .party = "lead", .unit = U1, .time_ms = 40, .co = CO},
        {.id = "c",
         .stage = "co_assigned",
         .party = "router",
         .time_ms = 41,
         .co = CO,
         .due = "77",
         .cause = "w"},
        {.id = "p", .stage = "whistle_reported", .party = "co", .unit = CO, .time_ms = 50}};
    EACH_WAY(moves)
    {
        const struct case_co *co = case_fold_co(&fold, SPAN(CO));
        assert_int_equal(fold.co_count, 1);
        assert_true(co && co->whistled && co->due_ms == 77 && co->reported_ms == 50);
        assert_true(span_is(co->cause_id, "w") && span_is(co->told_id, "c"));
        assert_true(fold.due_ms == 1000); /* the lead's is its own */
        assert_null(case_fold_co(&fold, SPAN(U2)));
    }
    const struct move again[] = {
        OPEN,
        DISPATCH,
        {.id = "w", .stage = "whistle_blown", .party = "lead", .unit = U1, .time_ms = 40, .co = CO},
        {.id = "c",
         .stage = "co_assigned",
         .party = "router",
         .time_ms = 41,
         .co = CO,
         .due = "77",
         .cause = "w"},
        {.id = "n", .stage = "co_assigned", .party = "desk", .time_ms = 60, .co = CO}};
    EACH_WAY(again)
    {
        const struct case_co *co = case_fold_co(&fold, SPAN(CO));
        assert_true(co && !co->whistled && co->due_ms == TIMESTAMP_NONE && !co->told_id.at);
    }
}

static void an_office_speaks_for_itself_and_the_lead_stays(void **state)
{
    (void)state;
    const struct move moves[] = {
        OPEN,
        DISPATCH,
        {.id = "f", .stage = "forwarded", .party = "lead", .unit = U1, .time_ms = 40, .sub = "st1"},
        {.id = "c", .stage = "contacted", .party = "sub", .unit = "st1", .time_ms = 50},
        {.id = "x", .stage = "contacted", .party = "co", .unit = "st1", .time_ms = 51},
        {.id = "r", .stage = "resolved", .party = "lead", .unit = "st1", .time_ms = 60}};
    EACH_WAY(moves)
    {
        assert_true(fold.sub_count == 1 && span_is(fold.subs[0], "st1"));
        assert_true(span_is(fold.lead, U1) && fold.response_ms == 50);
        assert_int_equal(reason_of("x"), LINE_REASON_RELATION);
        assert_int_equal(reason_of("r"), LINE_REASON_RELATION);
    }
}

static const struct move upheld[] = {
    OPEN,
    DISPATCH,
    SIGN,
    {.id = "q", .stage = "disputed", .party = "lead", .unit = U1, .time_ms = 40},
    {.id = "y",
     .stage = "dispute_decided",
     .party = "desk",
     .time_ms = 50,
     .outcome = "upheld",
     .lead = U2},
    {.id = "k", .stage = "recalled", .party = "router", .time_ms = 51, .lead = U1, .cause = "y"},
    {.id = "d2",
     .stage = "dispatched",
     .party = "router",
     .time_ms = 51,
     .lead = U2,
     .due = "1000",
     .cause = "y",
     .rule = "desk"},
    {.id = "e", .stage = "resolved", .party = "lead", .unit = U2, .time_ms = 60},
    {.id = "n", .stage = "reopened", .party = "desk", .time_ms = 70},
    {.id = "d3",
     .stage = "dispatched",
     .party = "router",
     .time_ms = 71,
     .lead = U2,
     .cause = "n",
     .rule = "place_again"}};
#define UPHELD 7 /* as far as the other has it */

static void another_lead_comes_in_two_steps(void **state)
{
    (void)state;
    tell(upheld, 4, false);
    assert_true(span_is(fold.dispute_id, "q") && fold.disputes == 1 && !fold.designated);
    tell(upheld, 5, false); /* asked for */
    assert_true(span_is(fold.lead_cause_id, "y") && span_is(fold.named_lead, U2));
    assert_true(span_is(fold.lead, U1) && fold.dispatched && !fold.dispute_id.at);
    tell(upheld, 6, false); /* taken from the one */
    assert_true(!fold.lead.at && !fold.dispatched && span_is(fold.cause_id, "y"));
    assert_true(fold.old_lead_count == 1 && span_is(fold.old_leads[0], U1));
    assert_true(span_is(fold.named_lead, U2) && !fold.lead_cause_id.at && fold.due_ms == 1000);
    assert_false(fold.happened >> case_kind_stage(kind, SPAN("signed")) & 1);
    for (int way = 0; way < 2; way++) { /* given to the other */
        tell(upheld, UPHELD, way);
        assert_true(span_is(fold.lead, U2) && fold.dispatched && span_is(fold.dispatched_id, "d2"));
        assert_true(fold.dispatched_ms == 20 && !fold.named_lead.at);
        assert_true(span_is(fold.rule, "desk") && span_is(fold.first_rule, "place"));
        assert_int_equal(fold.upheld, 1);
    }
    tell(upheld, UPHELD + 2, false); /* a round begins without either */
    assert_true(!fold.first_rule.at && fold.upheld == 0);
    EACH_WAY(upheld)
    { /* and what was in the former one stands aside */
        const struct case_round *former = &fold.former[0];
        assert_true(span_is(fold.first_rule, "place_again") && fold.former_count == 1);
        assert_true(span_is(former->first_rule, "place") && former->upheld == 1);
        assert_true(fold.upheld_count == 1 && fold.upheld_at[0].ms == 50);
        assert_true(span_is(fold.upheld_at[0].rule, "place"));
        assert_true(former->stage_ms[case_kind_stage(kind, SPAN("disputed"))] == 40);
        assert_true(former->stage_ms[case_kind_stage(kind, SPAN("opened"))] == TIMESTAMP_NONE);
        assert_true(fold.stage_ms[case_kind_stage(kind, SPAN("disputed"))] == TIMESTAMP_NONE);
    }
}

static void a_recall_that_nothing_asked_for_takes_nothing(void **state)
{
    (void)state;
    const struct move moves[] = {OPEN,
                                 DISPATCH,
                                 {.id = "k",
                                  .stage = "recalled",
                                  .party = "router",
                                  .time_ms = 51,
                                  .lead = U1,
                                  .cause = "y"}};
    EACH_WAY(moves)
    {
        assert_int_equal(reason_of("k"), LINE_REASON_UNASKED);
        assert_true(span_is(fold.lead, U1) && fold.dispatched);
    }
}

static void a_decision_corrected_to_no_leaves_the_case_with_its_present_lead(void **state)
{
    (void)state;
    tell(upheld, UPHELD, false);
    struct move no = upheld[4];
    no.outcome = "rejected";
    struct case_line line = line_of(&no);
    line.revision = SPAN("1.1.1.aa");
    assert_int_equal(case_set_merge(&set, &line, kind, &arena), CASE_SET_CHANGED);
    case_fold(&fold, &set, kind, codes);
    assert_true(span_is(fold.lead, U2) && fold.dispatched); /* a correction never moves the lead */
    assert_int_equal(reason_of("k"), LINE_REASON_UNASKED);
}

static void levels_and_exclusions_are_a_persons(void **state)
{
    (void)state;
    const struct move moves[] = {
        OPEN,
        DISPATCH,
        {.id = "e", .stage = "escalated", .party = "router", .time_ms = 30, .level = "desk"},
        {.id = "v", .stage = "supervised", .party = "desk", .time_ms = 40, .level = "district"},
        {.id = "x",
         .stage = "exclusion_decided",
         .party = "desk",
         .time_ms = 50,
         .outcome = "upheld"}};
    EACH_WAY(moves)
    assert_true(span_is(fold.level, "district") && fold.excluded);
    assert_int_equal(fold.stage, case_kind_stage(kind, SPAN("exclusion_decided")));
    tell(moves, 3, false); /* a question of the router's is an aside */
    assert_true(!fold.level.at && fold.stage == case_kind_stage(kind, SPAN("dispatched")));
}

static void the_desk_leads_what_it_was_given(void **state)
{
    (void)state;
    const struct move moves[] = {
        OPEN,
        {.id = "d", .stage = "dispatched", .party = "router", .time_ms = 20, .lead = "desk"},
        {.id = "s", .stage = "signed", .party = "desk", .unit = "desk", .time_ms = 30},
        {.id = "r", .stage = "resolved", .party = "desk", .unit = "desk", .time_ms = 40}};
    EACH_WAY(moves)
    assert_true(fold.resolution_ms == 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_are_intervals_and_move_the_deadline),
        cmocka_unit_test(a_deadline_that_was_over_does_not_move),
        cmocka_unit_test(an_extension_told_late_is_not_hidden_by_a_later_amendment),
        cmocka_unit_test(nor_by_another_leads_decision),
        cmocka_unit_test(a_corrected_deadline_counts_from_its_amendment_on),
        cmocka_unit_test(after_a_pause_working_time_is_what_the_router_says_of_it),
        cmocka_unit_test(what_was_said_of_a_round_is_nothing_in_the_next),
        cmocka_unit_test(a_helper_has_its_own_time_and_its_own_order),
        cmocka_unit_test(an_office_speaks_for_itself_and_the_lead_stays),
        cmocka_unit_test(another_lead_comes_in_two_steps),
        cmocka_unit_test(a_recall_that_nothing_asked_for_takes_nothing),
        cmocka_unit_test(a_decision_corrected_to_no_leaves_the_case_with_its_present_lead),
        cmocka_unit_test(levels_and_exclusions_are_a_persons),
        cmocka_unit_test(the_desk_leads_what_it_was_given),
    };
    return cmocka_run_group_tests(tests, load_kinds, unload_kinds);
}
