/* SPDX-License-Identifier: Apache-2.0 */
/* Several questions to the desk about one case: which of them it has before it, and when it has
 * none (docs/decisions/0048). */
#include "desks.h"

#include "model/ids.h"

/* 条例 14: nobody but the desk decides a dispute; what is asked later and answered first is another
 * question. */
static void an_undecided_dispute_comes_forward_when_a_later_question_is_answered(void **state)
{
    (void)state;
    char id[40];
    struct case_flow *flow = begin();
    struct told rejected = said("decided-1", "dispute_decided", "desk", NOON + 7 * DAY + 2 * HOUR);
    rejected.data = "{\"outcome\":\"rejected\"}";
    ids_decision(id, SPAN("disputed-1"), SPAN("desk:dispute"));
    tell(flow, order);
    tell(flow, said("disputed-1", "disputed", "lead", NOON + HOUR));
    tick(flow, NOON + 7 * DAY);
    assert_newest("desk", "escalated", "\"desk_cause\":\"overdue\"");
    flow = restart(flow);
    tell(flow, said("supervised-1", "supervised", "desk", NOON + 7 * DAY + HOUR));
    assert_newest("desk", "escalated", id);
    assert_newest("desk", "escalated", "\"desk_cause\":\"dispute\"");
    assert_newest("desk", "escalated", "\"again\":\"supervised-1\"");
    tell(flow, rejected);
    assert_newest("desk", "ended", "\"id\":\"decided-1\"");
    assert_int_equal(asked("dispute"), 1);
    case_flow_close(flow);
}

static void the_answer_to_an_earlier_question_leaves_the_later_one_open(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told rejected = said("decided-1", "dispute_decided", "desk", NOON + 7 * DAY + HOUR);
    rejected.data = "{\"outcome\":\"rejected\"}";
    tell(flow, order);
    tell(flow, said("disputed-1", "disputed", "lead", NOON + HOUR));
    tick(flow, NOON + 7 * DAY);
    tell(flow, rejected);
    assert_newest("desk", "escalated", "\"desk_cause\":\"overdue\"");
    tell(flow, said("noted-1", "noted", "desk", NOON + 7 * DAY + 2 * HOUR));
    assert_newest("desk", "ended", "\"id\":\"noted-1\"");
    case_flow_close(flow);
}

/* Answered ahead of the clock, an overdue order is its lead's to know, and the desk is asked what
 * it was asked before. */
static void the_desk_is_not_asked_what_it_has_answered_ahead_of_the_clock(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, said("disputed-1", "disputed", "lead", NOON + HOUR));
    tell(flow, said("supervised-1", "supervised", "desk", NOON + 7 * DAY + 5 * MINUTE));
    assert_newest("desk", "escalated", "\"desk_cause\":\"dispute\"");
    tick(flow, NOON + 7 * DAY);
    assert_newest(LEAD, "overdue", "\"rule\":\"overdue\"");
    assert_int_equal(count(STREAM_DISPATCH, "\"desk_cause\":\"overdue\""), 0);
    assert_newest("desk", "escalated", "\"desk_cause\":\"dispute\"");
    case_flow_close(flow);
}

/* docs/decisions/0369: what was done in time may stand on the log behind the tick of its limit. */
static void a_lateness_that_was_none_is_asked_no_more(void **state)
{
    (void)state;
    static const struct {
        const char *stage, *party;
        int64_t at_ms;
        bool asks;
    } rows[] = {
        {"closed", "source", -1, false}, {"resolved", "lead", -1, false},
        {"resolved", "lead", 0, false},  {"closed", "source", 1, true},
        {"resolved", "lead", 1, true},   {"held", "desk", -1, false},
        {"held", "desk", 0, true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct case_flow *flow = begin();
        struct told ends =
            said("end-1", rows[i].stage, rows[i].party, NOON + 7 * DAY + rows[i].at_ms);
        tell(flow, order);
        tell(flow, said("signed-1", "signed", "lead", NOON + HOUR));
        tick(flow, NOON + 7 * DAY + MINUTE);
        assert_newest("desk", "escalated", "\"desk_cause\":\"overdue\"");
        flow = restart(flow);
        tell(flow, ends);
        assert_newest("desk", rows[i].asks ? "escalated" : "ended", "");
        size_t told = kept_count;
        flow = restart(flow);
        tell(flow, ends);
        assert_int_equal(kept_count, told);
        case_flow_close(flow);
    }
}

static void so_is_a_helpers_that_was_none(void **state)
{
    (void)state;
    for (int64_t late_ms = 0; late_ms < 2; late_ms++) {
        struct case_flow *flow = begin();
        struct told blown = said("blown-1", "whistle_blown", "lead", NOON + HOUR),
                    reports = said("told-1", "whistle_reported", "co", NOON + 25 * HOUR + late_ms);
        blown.data = "{\"co_unit\":\"d_urban\",\"due_at\":\"2025-11-26T05:00:00Z\"}";
        reports.unit = "d_urban";
        tell(flow, order);
        tell(flow, blown);
        tick(flow, NOON + 25 * HOUR + MINUTE);
        assert_newest("desk", "escalated", "\"co_unit\":\"d_urban\"");
        tell(flow, reports);
        assert_newest("desk", late_ms ? "escalated" : "ended", "");
        case_flow_close(flow);
    }
}

/* What moves the limit may be told behind its tick as well. A timer is said once a limit, so the
 * lateness at the one it comes to is said and asked, whatever was of the first
 * (docs/decisions/0006, 0369). */
static void a_lateness_at_a_limit_that_was_moved_behind_its_tick_is_asked(void **state)
{
    (void)state;
    const struct told rows[][2] = {
        {said("held-1", "held", "desk", NOON + 7 * DAY - HOUR),
         said("resumed-1", "resumed", "desk", NOON + 7 * DAY + HOUR)},
        {{.id = "extended-1",
          .stage = "extended",
          .party = "desk",
          .unit = "desk",
          .data = "{\"due_at\":\"2025-12-02T06:00:00Z\"}",
          .time_ms = NOON + 7 * DAY - HOUR}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct case_flow *flow = begin();
        tell(flow, order);
        tell(flow, said("signed-1", "signed", "lead", NOON + HOUR));
        tick(flow, NOON + 7 * DAY + MINUTE);
        assert_newest("desk", "escalated", "\"desk_cause\":\"overdue\"");
        tick(flow, NOON + 7 * DAY + HOUR + MINUTE);
        for (size_t n = 0; n < ARRAY_LENGTH(rows[i]) && rows[i][n].id; n++) {
            flow = restart(flow);
            tell(flow, rows[i][n]);
        }
        tick(flow, NOON + 7 * DAY + 2 * HOUR - 1);
        assert_int_equal(count(STREAM_EVENTS, "case.overdue.v1"), 1);
        if (i == 0)
            assert_newest("desk", "ended", "\"id\":\"held-1\"");
        flow = restart(flow);
        tick(flow, NOON + 7 * DAY + 2 * HOUR);
        assert_newest("desk", "escalated", "\"due_at\":\"2025-12-02T06:00:00.000Z\"");
        assert_newest(LEAD, "overdue", "\"due_at\":\"2025-12-02T06:00:00.000Z\"");
        tick(flow, NOON + 30 * DAY);
        assert_int_equal(count(STREAM_EVENTS, "case.overdue.v1"), 2);
        case_flow_close(flow);
    }
}

/* A timer of another form names the limit too, and asks of something else: that the clock stands
 * still before the limit comes answers nothing of it. */
static void a_hold_ends_no_question_that_came_before_the_limit(void **state)
{
    (void)state;
    const struct case_kind *kind = kinds_find(rules.kinds, SPAN("request"));
    struct kind_timer *timer = (struct kind_timer *)(uintptr_t)&kind->timers[0], shipped = *timer;
    assert_string_equal(timer->name, "unsigned");
    timer->action = TIMER_ESCALATE;
    timer->to = "desk";
    struct case_flow *flow = begin();
    tell(flow, order);
    tick(flow, NOON + HOUR);
    assert_newest("desk", "escalated", "\"rule\":\"unsigned\"");
    tell(flow, said("signed-1", "signed", "lead", NOON + 2 * HOUR));
    tell(flow, said("held-1", "held", "desk", NOON + 3 * HOUR));
    assert_newest("desk", "escalated", "\"rule\":\"unsigned\"");
    tell(flow, said("noted-1", "noted", "desk", NOON + 4 * HOUR));
    assert_newest("desk", "ended", "\"id\":\"noted-1\"");
    case_flow_close(flow);
    *timer = shipped;
}

/* A case whose opening names the desk and that is resolved before it is told is led by nobody. */
static void a_question_ends_where_the_desk_is_named_and_does_not_lead(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told late = order;
    late.data = "{\"type_code\":\"R0303\",\"lead\":\"desk\",\"limit_class\":\"24h\"}";
    late.recorded_ms = NOON + 2 * HOUR;
    tell(flow, said("resolved-1", "resolved", "source", NOON + HOUR));
    tick(flow, NOON + 2 * HOUR);
    assert_newest("desk", "escalated", "\"desk_cause\":\"headless\"");
    tell(flow, late);
    assert_newest("desk", "ended", "\"id\":\"opened-1\"");
    case_flow_close(flow);
}

/* Contracts §2: an answer that would now differ goes to the desk; what it said before the
 * correction came does not answer that. */
static void a_correction_after_the_desks_word_is_put_to_the_desk(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told corrected = order;
    struct told assigned = said("assigned-1", "assigned", "desk", NOON + HOUR);
    assigned.data = "{\"lead\":\"d_urban\"}";
    corrected.data = "{\"type_code\":\"R0303\",\"community_code\":\"110105002901\"}";
    corrected.revision = "00000000000000000001.001764000000000.000001.00000000000000aa";
    corrected.recorded_ms = NOON + 2 * HOUR;
    tell(flow, order);
    tell(flow, assigned);
    tell(flow, corrected);
    assert_newest("desk", "escalated", "\"desk_cause\":\"would_have\"");
    tell(flow, said("noted-1", "noted", "desk", NOON + 3 * HOUR));
    assert_newest("desk", "ended", "\"id\":\"noted-1\"");
    case_flow_close(flow);
}

/* Of one moment: what the former lead had not done is no question about the next one. */
static void a_question_of_the_moment_in_which_another_leads_is_answered_by_it(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told nowhere = order, assigned = said("assigned-1", "assigned", "desk", NOON + 30 * DAY);
    nowhere.data = "{\"request_kind\":\"complaint\",\"due_at\":\"2025-11-25T09:00:00Z\"}";
    assigned.data = "{\"lead\":\"d_urban\"}";
    assigned.recorded_ms = NOON + 30 * DAY;
    tell(flow, nowhere);
    tick(flow, NOON + 30 * DAY); /* overdue in the millisecond in which the desk decides */
    assert_newest("desk", "overdue", "\"desk_cause\":\"unclassified\"");
    tell(flow, assigned);
    assert_newest("desk", "ended", "\"id\":\"assigned-1\"");
    tell(flow, said("noted-1", "noted", "desk", NOON + 30 * DAY + HOUR));
    assert_newest("desk", "ended", "\"id\":\"assigned-1\""); /* nothing was open */
    case_flow_close(flow);
}

/* Contracts §2: a correction never moves the lead to somebody else in silence. Here it takes the
 * effect from the dispute and its decision: they were before the case began. */
static void whoever_leads_no_more_by_a_correction_is_told_that_it_is_over(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told corrected = order;
    struct told upheld = said("decided-1", "dispute_decided", "desk", NOON + 2 * HOUR);
    upheld.data = "{\"outcome\":\"upheld\",\"lead\":\"d_urban\"}";
    corrected.time_ms = NOON + 3 * HOUR;
    corrected.revision = "00000000000000000001.001764000000000.000001.00000000000000aa";
    tell(flow, order);
    tell(flow, said("disputed-1", "disputed", "lead", NOON + HOUR));
    tell(flow, upheld);
    assert_newest("d_urban", "assigned", "\"cause\":\"decided-1\"");
    tell(flow, corrected);
    assert_newest("d_urban", "ended", "\"id\":\"opened-1\"");
    case_flow_close(flow);
}

/* At one tick its lead is reminded, and behind it on the log the desk gives the case to another:
 * so it stands in the case's life too. */
static void whoever_was_reminded_loses_the_case_behind_that(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told upheld = said("decided-1", "dispute_decided", "desk", NOON + HOUR - MINUTE);
    upheld.data = "{\"outcome\":\"upheld\",\"lead\":\"d_urban\"}";
    tell(flow, order);
    tell(flow, said("disputed-1", "disputed", "lead", NOON + MINUTE));
    tick(flow, NOON + HOUR);
    assert_int_equal(count(STREAM_EVENTS, "case.nudged.v1"), 1);
    tell(flow, upheld);
    assert_newest("d_urban", "assigned", "\"cause\":\"decided-1\"");
    assert_behind("case.recalled.v1", "case.nudged.v1");
    case_flow_close(flow);
}

/* What a decision names is not before it: who loses the case there and is to help with it does. */
static void whoever_loses_the_case_behind_a_reminder_can_be_its_helper(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told adopted = order, disputed = said("disputed-1", "disputed", "lead", NOON + MINUTE),
                upheld = said("decided-1", "dispute_decided", "desk", NOON + HOUR - MINUTE);
    adopted.data = "{\"type_code\":\"R1401\",\"street_code\":\"110105001\",\"community_code\":"
                   "\"110105001001\",\"lead\":\"d_fire\",\"limit_class\":\"24h\"}";
    disputed.unit = "d_fire";
    upheld.data = "{\"outcome\":\"upheld\"}";
    tell(flow, adopted);
    tell(flow, disputed);
    tick(flow, NOON + HOUR);
    assert_int_equal(count(STREAM_EVENTS, "case.nudged.v1"), 1);
    tell(flow, upheld);
    assert_newest(LEAD, "assigned", "\"cause\":\"decided-1\"");
    assert_newest("d_fire", "co_assigned", "\"cause\":\"decided-1\"");
    case_flow_close(flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_undecided_dispute_comes_forward_when_a_later_question_is_answered),
        cmocka_unit_test(the_answer_to_an_earlier_question_leaves_the_later_one_open),
        cmocka_unit_test(the_desk_is_not_asked_what_it_has_answered_ahead_of_the_clock),
        cmocka_unit_test(a_lateness_that_was_none_is_asked_no_more),
        cmocka_unit_test(so_is_a_helpers_that_was_none),
        cmocka_unit_test(a_lateness_at_a_limit_that_was_moved_behind_its_tick_is_asked),
        cmocka_unit_test(a_hold_ends_no_question_that_came_before_the_limit),
        cmocka_unit_test(a_question_ends_where_the_desk_is_named_and_does_not_lead),
        cmocka_unit_test(a_correction_after_the_desks_word_is_put_to_the_desk),
        cmocka_unit_test(a_question_of_the_moment_in_which_another_leads_is_answered_by_it),
        cmocka_unit_test(whoever_leads_no_more_by_a_correction_is_told_that_it_is_over),
        cmocka_unit_test(whoever_was_reminded_loses_the_case_behind_that),
        cmocka_unit_test(whoever_loses_the_case_behind_a_reminder_can_be_its_helper),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
