/* SPDX-License-Identifier: Apache-2.0 */
/* A decision may bear a moment ahead of the clock: of a desk whose clock is minutes ahead (0004),
 * or behind a reminder of its own tick (0392). What is said of the case then stands behind it. */
#include "desks.h"

#define CORRECTED "00000000000000000001.001764000000000.000001.00000000000000aa"
#define TOLD(data)                                                                                 \
    "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\",\"due_at\":\"" data              \
    "T04:00:00Z\"}"

/* Dispatched to LEAD, then by the desk to d_urban, at a moment ten minutes ahead of what follows.
 */
static struct case_flow *begin_ahead(struct told opened)
{
    struct case_flow *flow = begin();
    struct told assigned = said("assigned-1", "assigned", "desk", NOON + HOUR + 10 * MINUTE);
    assigned.data = "{\"lead\":\"d_urban\"}";
    assigned.recorded_ms = NOON + HOUR;
    kept_count = 0;
    tell(flow, opened);
    tell(flow, said("signed-1", "signed", "lead", NOON + MINUTE / 2));
    tick(flow, NOON + HOUR - MINUTE);
    tell(flow, assigned);
    tick(flow, NOON + HOUR + MINUTE / 2);
    assert_newest("d_urban", "assigned", "\"cause\":\"assigned-1\"");
    return flow;
}

/* The same, of the tick that reminded LEAD. */
static struct case_flow *begin_reminded(struct told opened)
{
    struct case_flow *flow = begin();
    struct told upheld = said("decided-1", "dispute_decided", "desk", NOON + HOUR - MINUTE);
    upheld.data = "{\"outcome\":\"upheld\",\"lead\":\"d_urban\"}";
    upheld.recorded_ms = NOON + HOUR;
    kept_count = 0;
    tell(flow, opened);
    tell(flow, said("disputed-1", "disputed", "lead", NOON + MINUTE));
    tick(flow, NOON + HOUR);
    assert_int_equal(count(STREAM_EVENTS, "case.nudged.v1"), 1);
    tell(flow, upheld);
    assert_newest("d_urban", "assigned", "\"cause\":\"decided-1\"");
    return flow;
}

static struct told corrected(const char *data, int64_t recorded_ms)
{
    struct told again = order;
    again.data = data;
    again.revision = CORRECTED;
    again.recorded_ms = recorded_ms;
    return again;
}

static void a_question_of_a_correction_is_asked(void **state)
{
    (void)state;
    struct case_flow *flow = begin_ahead(order);
    tell(flow, corrected("{\"type_code\":\"R0303\",\"community_code\":\"110105002901\"}",
                         NOON + HOUR + MINUTE));
    assert_int_equal(count(STREAM_EVENTS, "\"desk_cause\":\"would_have\""), 1);
    assert_non_null(newest("desk"));
    case_flow_close(flow);
}

static void assert_late_by_the_new_limit(struct case_flow *flow, int64_t recorded_ms)
{
    tell(flow, corrected(TOLD("2025-11-26"), recorded_ms));
    assert_newest("d_urban", "amended", "\"due_at\":\"2025-11-26T04:00:00");
    tick(flow, NOON + DAY + HOUR);
    assert_int_equal(count(STREAM_EVENTS, "case.overdue.v1"), 1);
    case_flow_close(flow);
}

static void a_corrected_limit_is_the_limit(void **state)
{
    (void)state;
    struct told opened = order;
    opened.data = TOLD("2025-11-28");
    assert_late_by_the_new_limit(begin_ahead(opened), NOON + HOUR + MINUTE);
    assert_late_by_the_new_limit(begin_reminded(opened), NOON + HOUR - MINUTE / 6);
}

static void told_twice_without_news_it_is_amended_once(void **state)
{
    (void)state;
    struct case_flow *flow = begin_reminded(order);
    struct told again = corrected("{\"type_code\":\"R1401\",\"community_code\":\"110105001905\"}",
                                  NOON + HOUR - MINUTE / 6);
    tell(flow, again);
    kept_count = 0;
    again.data = "{\"type_code\":\"R1401\",\"community_code\":\"110105001905\",\"caller\":\"x\"}";
    again.revision = "00000000000000000002.001764000000000.000001.00000000000000aa";
    tell(flow, again);
    assert_null(newest("d_urban"));
    case_flow_close(flow);
}

static void the_new_lead_hears_of_an_extension_behind_the_decision(void **state)
{
    (void)state;
    struct case_flow *flow = begin_reminded(order);
    struct told extended = said("extended-1", "extended", "desk", NOON + HOUR);
    extended.data = "{\"due_at\":\"2025-12-20T04:00:00Z\"}";
    extended.recorded_ms = NOON + HOUR;
    tell(flow, extended);
    assert_newest("d_urban", "amended", "\"due_at\":\"2025-12-20T04:00:00");
    case_flow_close(flow);
}

/* Of the one who had it: his pause ended with him, and so did his dispute. */
static void the_new_lead_hears_nothing_of_what_ended_with_the_old_one(void **state)
{
    (void)state;
    struct case_flow *flow = begin_ahead(order);
    struct told asked = said("asked-1", "hold_requested", "lead", NOON + HOUR - 2 * MINUTE),
                held = said("held-1", "held", "desk", NOON + HOUR + MINUTE);
    struct told rejected = said("rejected-1", "dispute_decided", "desk", NOON + HOUR + MINUTE);
    rejected.data = "{\"outcome\":\"rejected\"}";
    tell(flow, asked);
    tell(flow, held);
    tell(flow, said("disputed-1", "disputed", "lead", NOON + HOUR - MINUTE));
    tell(flow, rejected);
    assert_newest("d_urban", "assigned", "\"cause\":\"assigned-1\"");
    case_flow_close(flow);
}

/* A pause of the old lead that ended sooner than was known: the limit that the order brought comes
 * sooner too. */
static void the_new_lead_hears_of_a_limit_that_an_old_pause_moves(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told opened = order,
                assigned = said("assigned-1", "assigned", "desk", NOON + HOUR + MINUTE),
                resumed = said("resumed-1", "resumed", "desk", NOON + HOUR / 2);
    opened.data = TOLD("2025-11-28");
    assigned.data = "{\"lead\":\"d_urban\"}";
    resumed.recorded_ms = NOON + HOUR + 3 * MINUTE;
    kept_count = 0;
    tell(flow, opened);
    tell(flow, said("signed-1", "signed", "lead", NOON + MINUTE / 2));
    tell(flow, said("asked-1", "hold_requested", "lead", NOON + 5 * MINUTE));
    tell(flow, said("held-1", "held", "desk", NOON + 10 * MINUTE));
    tick(flow, NOON + HOUR);
    tell(flow, assigned);
    tick(flow, NOON + HOUR + 2 * MINUTE);
    assert_newest("d_urban", "assigned", "\"due_at\":\"2025-11-28T04:51");
    tell(flow, resumed);
    assert_newest("d_urban", "amended", "\"due_at\":\"2025-11-28T04:20");
    case_flow_close(flow);
}

/* Called to help when another led, and leading by now; nor when he has lost it. */
static void who_leads_is_called_to_no_help(void **state)
{
    (void)state;
    struct case_flow *flow = begin_ahead(order);
    struct told called = said("co-1", "co_assigned", "desk", NOON + HOUR + 2 * MINUTE);
    called.data = "{\"co_unit\":\"d_urban\"}";
    tell(flow, called);
    assert_newest("d_urban", "assigned", "\"cause\":\"assigned-1\"");
    tick(flow, NOON + HOUR + 20 * MINUTE);
    struct told again = said("assigned-2", "assigned", "desk", NOON + HOUR + 21 * MINUTE);
    again.data = "{\"lead\":\"s110105002\"}";
    tell(flow, again);
    assert_newest("s110105002", "assigned", "\"cause\":\"assigned-2\"");
    assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"co_assigned\""), 0);
    case_flow_close(flow);
}

static void who_was_reminded_loses_a_merged_case_behind_that(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told merged = said("merged-1", "merged", "desk", NOON + HOUR - MINUTE);
    merged.data = "{\"parent\":\"request:12345:2\"}";
    merged.recorded_ms = NOON + HOUR;
    kept_count = 0;
    tell(flow, order);
    tick(flow, NOON + HOUR);
    tell(flow, merged);
    assert_behind("case.recalled.v1", "case.nudged.v1");
    case_flow_close(flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_of_a_correction_is_asked),
        cmocka_unit_test(a_corrected_limit_is_the_limit),
        cmocka_unit_test(told_twice_without_news_it_is_amended_once),
        cmocka_unit_test(the_new_lead_hears_of_an_extension_behind_the_decision),
        cmocka_unit_test(the_new_lead_hears_nothing_of_what_ended_with_the_old_one),
        cmocka_unit_test(the_new_lead_hears_of_a_limit_that_an_old_pause_moves),
        cmocka_unit_test(who_leads_is_called_to_no_help),
        cmocka_unit_test(who_was_reminded_loses_a_merged_case_behind_that),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
