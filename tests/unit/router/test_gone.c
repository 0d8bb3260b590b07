/* SPDX-License-Identifier: Apache-2.0 */
/* What is over long since leaves the topics of the units (contracts §3: a tombstone 90 d after it
 * ended), and what never began is not kept for ever. */
#include "flow.h"

#define LEAD   "s110105001"
#define MINUTE 60000LL

static struct told said(const char *id, const char *stage, const char *party, const char *unit,
                        int64_t time_ms)
{
    return (struct told){
        .id = id, .stage = stage, .party = party, .unit = unit, .data = "{}", .time_ms = time_ms};
}

static size_t tombstones(const char *unit)
{
    size_t n = 0;
    for (size_t i = 0; i < kept_count; i++)
        n += kept[i].stream == STREAM_DISPATCH && kept[i].gone &&
             (!unit || strcmp(kept[i].suffix, unit) == 0);
    return n;
}

static int64_t cases_of(struct case_flow *flow) /* what was forgotten goes with the save */
{
    save(flow);
    return case_flow_counts(flow).cases;
}

/* Led by two units, copied to one, helped by one and asked of the desk. */
static struct case_flow *lived(void)
{
    struct case_flow *flow = begin();
    struct told opened = order,
                whistle = said("w", "whistle_blown", "lead", "d_water", NOON + HOUR),
                moved = said("m", "assigned", "desk", "desk", NOON + 3 * HOUR);
    opened.data = "{\"type_code\":\"R0201\",\"community_code\":\"110105001905\"}";
    tell(flow, opened);
    whistle.unit = kept[1].suffix; /* whoever leads by the rules */
    whistle.data = "{\"co_unit\":\"d_urban\"}";
    moved.data = "{\"lead\":\"s110105002\"}";
    tell(flow, whistle);
    tell(flow, said("d", "disputed", "lead", whistle.unit, NOON + 2 * HOUR));
    tell(flow, moved);
    tell(flow, said("r", "resolved", "lead", "s110105002", NOON + 4 * HOUR));
    tell(flow, said("c", "closed", "desk", "desk", NOON + 5 * HOUR));
    return flow;
}

static void every_unit_that_got_an_order_loses_it_ninety_days_after_the_end(void **state)
{
    (void)state;
    char units[16][64];
    size_t count = 0;
    struct case_flow *flow = lived();
    for (size_t i = 0; i < kept_count; i++) { /* those that have something of it */
        bool known = kept[i].stream != STREAM_DISPATCH;
        for (size_t u = 0; u < count && !known; u++)
            known = strcmp(units[u], kept[i].suffix) == 0;
        if (!known)
            strcpy(units[count++], kept[i].suffix);
    }
    assert_true(count >= 5); /* two leads, a helper, the desk, a copy */
    flow = restart(flow);
    tick(flow, NOON + 5 * HOUR + 7 * DAY); /* a stub by then */
    flow = restart(flow);
    tick(flow, NOON + 5 * HOUR + 90 * DAY - 1);
    assert_int_equal(tombstones(NULL), 0);
    tick(flow, NOON + 5 * HOUR + 90 * DAY);
    assert_int_equal(tombstones(NULL), count);
    for (size_t u = 0; u < count; u++)
        assert_int_equal(tombstones(units[u]), 1);
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].gone)
            assert_string_equal(kept[i].key, CASE);
    flow = restart(flow);
    tick(flow, NOON + 200 * DAY);
    tick(flow, NOON + 500 * DAY);
    assert_int_equal(tombstones(NULL), count); /* once, also by being forgotten */
    assert_int_equal(cases_of(flow), 0);
    case_flow_close(flow);
}

static void another_end_takes_them_out_again(void **state)
{
    (void)state;
    struct case_flow *flow = lived();
    tick(flow, NOON + 100 * DAY);
    size_t first = tombstones(NULL);
    struct told again = said("o2", "reopened", "callback", "desk", NOON + 101 * DAY);
    tell(flow, again);
    tick(flow, NOON + 102 * DAY);
    tell(flow, said("c2", "closed", "desk", "desk", NOON + 103 * DAY));
    tick(flow, NOON + 193 * DAY - 1);
    assert_int_equal(tombstones(NULL), first);
    flow = restart(flow);
    tick(flow, NOON + 193 * DAY);
    assert_true(tombstones(NULL) >= 2 * first);
    case_flow_close(flow);
}

static void what_is_forgotten_sooner_takes_its_orders_along(void **state)
{
    (void)state;
    rules.timers.forget_after_ms = 30 * DAY;
    struct case_flow *flow = lived();
    tick(flow, NOON + 31 * DAY);
    assert_true(tombstones(NULL) >= 5);
    assert_int_equal(cases_of(flow), 0);
    rules.timers.forget_after_ms = 400 * DAY;
    case_flow_close(flow);
}

static void history_leaves_nothing_to_take_out(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told opened = order, closed = said("c", "closed", "source", NULL, NOON + HOUR);
    opened.replayof = closed.replayof = "backfill";
    tell(flow, opened);
    tell(flow, closed);
    tick(flow, NOON + 500 * DAY);
    assert_int_equal(tombstones(NULL), 0);
    assert_int_equal(cases_of(flow), 0);
    case_flow_close(flow);
}

/* Told before what it comes after, it ends the lead's duty when that is told. Nobody is asked to
 * confirm the case: its trigger did. */
static void a_closure_that_waited_ends_the_duty(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told lines[] = {
        said("word-p", "confirmed", "router", NULL, NOON + HOUR),
        {.id = "opened-p", .stage = "opened", .party = "router", .time_ms = NOON},
        said("closed-p", "closed", "desk", "desk", NOON + 5 * HOUR),
        said("resolved-p", "resolved", "lead", LEAD, NOON + 4 * HOUR),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        lines[i].subject = "proactive:cluster:1";
        assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"ended\""), 0);
        tell(flow, lines[i]);
    }
    assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"ended\",\"unit\":\"" LEAD "\""), 1);
    case_flow_close(flow);
}

/* ---- what never began ---- */

static void a_case_without_its_opening_is_forgotten_as_long_after_its_last_event(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, said("s", "signed", "lead", LEAD, NOON));
    tick(flow, NOON + HOUR); /* the desk is asked */
    tell(flow, said("t", "contacted", "lead", LEAD, NOON + 10 * DAY));
    flow = restart(flow);
    tick(flow, NOON + 410 * DAY);
    assert_int_equal(cases_of(flow), 1);
    tick(flow, NOON + 410 * DAY + 1000); /* it was received a second after it happened */
    assert_int_equal(cases_of(flow), 0);
    assert_int_equal(tombstones("desk"), 1); /* nobody can answer any more */
    assert_int_equal(tombstones(NULL), 1);
    flow = restart(flow);
    assert_int_equal(cases_of(flow), 0);
    case_flow_close(flow);
}

static void history_without_its_opening_is_forgotten_too(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told sign = said("s", "signed", "lead", LEAD, NOON - 300 * DAY);
    sign.replayof = "backfill";
    sign.recorded_ms = NOON;
    tell(flow, sign);
    tick(flow, NOON + 400 * DAY - 1);
    assert_int_equal(cases_of(flow), 1);
    tick(flow, NOON + 400 * DAY);
    assert_int_equal(cases_of(flow), 0);
    assert_int_equal(tombstones(NULL), 0);
    case_flow_close(flow);
}

static void an_opening_in_time_is_an_ordinary_case(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, said("s", "signed", "lead", LEAD, NOON + MINUTE));
    tick(flow, NOON + 399 * DAY);
    tell(flow, order);
    tick(flow, NOON + 900 * DAY);
    assert_int_equal(cases_of(flow), 1); /* open cases are not forgotten */
    case_flow_close(flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_that_got_an_order_loses_it_ninety_days_after_the_end),
        cmocka_unit_test(another_end_takes_them_out_again),
        cmocka_unit_test(what_is_forgotten_sooner_takes_its_orders_along),
        cmocka_unit_test(history_leaves_nothing_to_take_out),
        cmocka_unit_test(a_closure_that_waited_ends_the_duty),
        cmocka_unit_test(a_case_without_its_opening_is_forgotten_as_long_after_its_last_event),
        cmocka_unit_test(history_without_its_opening_is_forgotten_too),
        cmocka_unit_test(an_opening_in_time_is_an_ordinary_case),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
