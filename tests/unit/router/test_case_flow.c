/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 1 with an array of outputs for Kafka: one decision a cause, nothing for history, timers
 * once, and a state that gives the same answers after a restart. */
#include "flow.h"

static void one_order_gives_one_decision_however_often_it_comes(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 1);
    assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"assigned\""), 1);
    assert_string_equal(kept[1].suffix, "s110105001");
    char own[4096];
    strcpy(own, kept[0].value);
    tell(flow, order);
    say(flow, span_of(own)); /* our own decision, read back from the log */
    assert_int_equal(kept_count, 2);
    case_flow_close(flow);
}

static void a_case_of_history_alone_is_never_dispatched(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told old = order;
    old.replayof = "backfill";
    tell(flow, old);
    tick(flow, NOON + 20 * DAY);
    assert_int_equal(kept_count, 0);
    tell(flow, order); /* the live one wakes it */
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 1);
    case_flow_close(flow);
}

static void a_correction_does_not_move_the_lead(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    struct told corrected = order;
    corrected.data = "{\"type_code\":\"R0101\",\"community_code\":\"110105001905\",\"request_"
                     "kind\":\"complaint\"}";
    corrected.recorded_ms = NOON + HOUR;
    tell(flow, corrected);
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 1);
    case_flow_close(flow);
}

static void an_order_that_names_a_time_ahead_is_decided_once(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told ahead = order;
    ahead.recorded_ms = NOON - 9 * 60000;
    tell(flow, ahead);
    tell(flow, (struct told){.id = "signed-1",
                             .stage = "signed",
                             .party = "lead",
                             .unit = "s110105001",
                             .data = "{}",
                             .time_ms = NOON + HOUR});
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 1);
    assert_int_equal(count(STREAM_EVENTS, "\"time\":\"2025-11-25T04:00:00.000Z\""), 1);
    case_flow_close(flow);
}

static void overdue_is_said_once_and_on_ticks_only(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, (struct told){.id = "signed-1",
                             .stage = "signed",
                             .party = "lead",
                             .unit = "s110105001",
                             .data = "{}",
                             .time_ms = NOON + 8 * DAY}); /* later than due: no tick, no timer */
    assert_int_equal(count(STREAM_EVENTS, "case.overdue.v1"), 0);
    tick(flow, NOON + 7 * DAY - 1);
    assert_int_equal(count(STREAM_EVENTS, "case.overdue.v1"), 0);
    tick(flow, NOON + 7 * DAY);
    tick(flow, NOON + 9 * DAY);
    tick(flow, NOON + 9 * DAY);
    assert_int_equal(count(STREAM_EVENTS, "case.overdue.v1"), 1);
    assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"overdue\""), 1);
    case_flow_close(flow);
}

static void what_was_resolved_in_time_is_never_overdue(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, (struct told){.id = "resolved-1",
                             .stage = "resolved",
                             .party = "lead",
                             .unit = "s110105001",
                             .data = "{}",
                             .time_ms = NOON + DAY});
    tick(flow, NOON + 9 * DAY);
    assert_int_equal(count(STREAM_EVENTS, "case.overdue.v1"), 0);
    case_flow_close(flow);
}

static void a_reopening_is_a_new_cause_with_a_limit_of_its_own(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, (struct told){.id = "resolved-1",
                             .stage = "resolved",
                             .party = "lead",
                             .unit = "s110105001",
                             .data = "{}",
                             .time_ms = NOON + DAY});
    tell(flow, (struct told){.id = "reopened-1",
                             .stage = "reopened",
                             .party = "callback",
                             .data = "{}",
                             .time_ms = NOON + 2 * DAY});
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 2);
    assert_int_equal(count(STREAM_EVENTS, "\"causationid\":\"reopened-1\""), 1);
    assert_int_equal(count(STREAM_EVENTS, "\"due_at\":\"2025-12-04T04:00:00.000Z\""), 1);
    tell(flow, (struct told){.id = "reopened-1",
                             .stage = "reopened",
                             .party = "callback",
                             .data = "{}",
                             .time_ms = NOON + 2 * DAY});
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 2);
    case_flow_close(flow);
}

/* What was saved and restored answers as what was never stopped. */
static void a_restart_forgets_nothing_and_repeats_nothing(void **state)
{
    (void)state;
    struct case_flow *flow = begin(), *again = case_flow_open(&rules, 3);
    tell(flow, order);
    tick(flow, NOON + HOUR);
    size_t before = kept_count;
    case_flow_save(flow, &outputs);
    assert_true(kept_count > before);
    for (size_t i = before; i < kept_count; i++) {
        assert_int_equal(kept[i].stream, STREAM_STATE_CASES);
        case_flow_restore(again, span_of(kept[i].key), span_of(kept[i].value));
    }
    case_flow_restored(again);
    kept_count = 0;
    tell(again, order);
    assert_int_equal(kept_count, 0);
    assert_int_equal(case_flow_counts(again).clock_ms, NOON + HOUR);
    tick(again, NOON + 8 * DAY);
    assert_int_equal(count(STREAM_EVENTS, "case.overdue.v1"), 1);
    case_flow_close(flow);
    case_flow_close(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_order_gives_one_decision_however_often_it_comes),
        cmocka_unit_test(a_case_of_history_alone_is_never_dispatched),
        cmocka_unit_test(a_correction_does_not_move_the_lead),
        cmocka_unit_test(an_order_that_names_a_time_ahead_is_decided_once),
        cmocka_unit_test(overdue_is_said_once_and_on_ticks_only),
        cmocka_unit_test(what_was_resolved_in_time_is_never_overdue),
        cmocka_unit_test(a_reopening_is_a_new_cause_with_a_limit_of_its_own),
        cmocka_unit_test(a_restart_forgets_nothing_and_repeats_nothing),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
