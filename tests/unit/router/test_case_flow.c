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
    assert_int_equal(kept_count - count(STREAM_SIGNALS, ""), 2);
    case_flow_close(flow);
}

/* By its bytes, then by reading it, then after a restart: always the same nothing. */
static void a_decision_read_back_changes_nothing_by_either_way(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    char own[4096], other[4096];
    tell(flow, order);
    strcpy(own, kept[0].value);
    strcpy(other, own);
    other[0] = '['; /* known by all of its bytes or not at all */
    say(flow, span_of(other));
    assert_int_equal(count(STREAM_DEAD, ""), 1);
    save(flow);
    kept_count = 0;
    for (int i = 0; i < 2; i++)
        say(flow, span_of(own));
    case_flow_save(flow, &outputs);
    flow = restart(flow);
    say(flow, span_of(own));
    case_flow_save(flow, &outputs);
    assert_int_equal(kept_count, 0);
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
        case_flow_restore(again, span_of(kept[i].key), state_of(&kept[i]));
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

static void an_order_from_before_the_age_limit_is_the_desks(void **state)
{
    (void)state;
    static const struct {
        int64_t age_ms;
        const char *lead;
    } rows[] = {{30 * DAY, "s110105001"}, {30 * DAY + 1, "desk"}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct case_flow *flow = begin();
        tick(flow, NOON + rows[i].age_ms);
        tell(flow, order);
        assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"assigned\""), 1);
        assert_string_equal(kept[1].suffix, rows[i].lead);
        case_flow_close(flow);
    }
}

/* Decisions of the past that come back with a replay wake no timer either. */
static void a_replayed_decision_has_no_timers(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told old = order;
    old.replayof = "replay-1";
    tell(flow, old);
    tell(flow,
         (struct told){.id = "dispatched-1",
                       .stage = "dispatched",
                       .party = "router",
                       .replayof = "replay-1",
                       .data = "{\"lead\":\"s110105001\",\"due_at\":\"2025-11-26T04:00:00Z\"}",
                       .time_ms = NOON + 1000});
    tick(flow, NOON + 9 * DAY);
    assert_int_equal(kept_count, 0);
    case_flow_close(flow);
}

static void a_status_that_comes_before_its_order_waits_for_it(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told sign = {.id = "signed-0",
                        .stage = "signed",
                        .party = "lead",
                        .unit = "s110105001",
                        .data = "{}",
                        .time_ms = NOON + HOUR};
    tell(flow, sign);
    tick(flow, NOON + HOUR);
    assert_int_equal(kept_count,
                     1); /* nobody knows yet whose it is, and that is all that is said */
    assert_int_equal(count(STREAM_RECEIPTS, "\"reason\":\"unknown_case\""), 1);
    flow = restart(flow);
    tell(flow, order);
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 1);
    tell(flow, order);
    tell(flow, sign);
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 1);
    sign.id = "signed-1"; /* signed once more, now that it is there to be signed */
    sign.time_ms = NOON + HOUR + 60000;
    tell(flow, sign);
    tick(flow, NOON + 3 * HOUR);
    assert_int_equal(count(STREAM_EVENTS, "case.nudged.v1"), 0);
    assert_int_equal(count(STREAM_DEAD, ""), 0);
    case_flow_close(flow);
}

/* ---- faults of the data ---- */

static void what_no_case_can_take_is_a_dead_letter_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *json, *reason;
    } rows[] = {
        {"{", "bad_json"},
        {"{\"specversion\":\"1.0\"}", "bad_event"},
        {"{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"/x\",\"type\":"
         "\"cn.citybrain.case.opened.v1\",\"subject\":\"nokind:1\",\"time\":"
         "\"2025-11-25T04:00:00Z\",\"recordedtime\":\"2025-11-25T04:00:00Z\",\"data\":{}}",
         "unknown_stage"},
        {"{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"/x\",\"type\":"
         "\"cn.citybrain.case.flown.v1\",\"subject\":\"request:1\",\"time\":"
         "\"2025-11-25T04:00:00Z\",\"recordedtime\":\"2025-11-25T04:00:00Z\",\"data\":{}}",
         "unknown_stage"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct case_flow *flow = begin();
        say(flow, span_of(rows[i].json));
        assert_int_equal(kept_count, 1);
        assert_int_equal(kept[0].stream, STREAM_DEAD);
        assert_string_equal(kept[0].value, rows[i].json);
        assert_non_null(strstr(kept[0].header, rows[i].reason));
        assert_int_equal(case_flow_counts(flow).cases, 0);
        tell(flow, order); /* and the next is served */
        assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 1);
        case_flow_close(flow);
    }
}

/* What killed the process again and again is not given to the core any more. */
static void a_poison_record_is_buried_as_it_came(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct record record = {.topic = SPAN("cb.events"),
                            .partition = 3,
                            .offset = 77,
                            .key = SPAN(CASE),
                            .value = SPAN("{\"poison\":1}")};
    case_flow_bury(flow, &record, REJECT_CRASH, &outputs);
    assert_int_equal(kept_count, 1);
    assert_int_equal(kept[0].stream, STREAM_DEAD);
    assert_string_equal(kept[0].key, CASE);
    assert_string_equal(kept[0].value, "{\"poison\":1}");
    assert_non_null(strstr(kept[0].header, "\"reason\":\"crash\""));
    assert_non_null(strstr(kept[0].header, "\"at\":77"));
    assert_int_equal(case_flow_counts(flow).dead, 1);
    case_flow_close(flow);
}

/* Around the size at which memory for a record runs out, in every way: an order is decided or dead,
 * never neither, never both, never half. */
static void an_event_of_any_size_is_decided_or_dead(void **state)
{
    (void)state;
    size_t dead = 0, decided = 0;
    for (size_t size = 1 << 10; size < (size_t)1 << 21; size += size / 64) {
        struct case_flow *flow = begin();
        char *data = xmalloc(size + 128);
        int n = snprintf(data, size, "{\"type_code\":\"R0303\",\"pad\":\"\\n");
        memset(data + n, 'x', size); /* an escape: the text is copied, not borrowed */
        strcpy(data + n + size, "\"}");
        struct told big = order;
        big.data = data;
        tell(flow, big);
        size_t d = count(STREAM_EVENTS, "case.dispatched.v1"), l = 0;
        for (size_t i = 0; i < kept_count; i++)
            l += kept[i].stream == STREAM_DEAD && strstr(kept[i].header, "too_large") != NULL;
        assert_int_equal(d + l, 1);
        assert_int_equal(kept_count - count(STREAM_SIGNALS, ""),
                         d ? 2 + count(STREAM_DISPATCH, "\"kind\":\"copied\"") : 1);
        assert_int_equal(case_flow_counts(flow).cases, d);
        dead += l;
        decided += d;
        free(data);
        case_flow_close(flow);
    }
    assert_true(dead > 0 && decided > 0);
}

static void a_stored_set_that_cannot_be_read_is_a_fault_not_an_empty_case(void **state)
{
    (void)state;
    static const struct span broken[] = {{"2|a|0|1|0|0|0|1", 15},
                                         {"1|a", 3},
                                         {"1||0|1|0|0|0|1", 14},
                                         {"1|a|0|1|0|0|zzzz|1", 18},
                                         {"", 0},
                                         {"\2\0", 2},
                                         {"\2\0\1\1\0\0\1", 7},
                                         {"\3\0\1\1\0\0\1a\0\0", 10}};
    for (size_t i = 0; i < ARRAY_LENGTH(broken); i++) {
        struct case_flow *flow = begin();
        assert_null(case_flow_fault(flow));
        case_flow_restore(flow, SPAN(CASE), broken[i]);
        case_flow_restored(flow);
        assert_non_null(case_flow_fault(flow));
        assert_non_null(strstr(case_flow_fault(flow), CASE));
        case_flow_close(flow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_order_gives_one_decision_however_often_it_comes),
        cmocka_unit_test(a_decision_read_back_changes_nothing_by_either_way),
        cmocka_unit_test(a_case_of_history_alone_is_never_dispatched),
        cmocka_unit_test(a_correction_does_not_move_the_lead),
        cmocka_unit_test(an_order_that_names_a_time_ahead_is_decided_once),
        cmocka_unit_test(overdue_is_said_once_and_on_ticks_only),
        cmocka_unit_test(what_was_resolved_in_time_is_never_overdue),
        cmocka_unit_test(a_reopening_is_a_new_cause_with_a_limit_of_its_own),
        cmocka_unit_test(a_restart_forgets_nothing_and_repeats_nothing),
        cmocka_unit_test(an_order_from_before_the_age_limit_is_the_desks),
        cmocka_unit_test(a_replayed_decision_has_no_timers),
        cmocka_unit_test(a_status_that_comes_before_its_order_waits_for_it),
        cmocka_unit_test(what_no_case_can_take_is_a_dead_letter_with_its_reason),
        cmocka_unit_test(a_poison_record_is_buried_as_it_came),
        cmocka_unit_test(an_event_of_any_size_is_decided_or_dead),
        cmocka_unit_test(a_stored_set_that_cannot_be_read_is_a_fault_not_an_empty_case),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
