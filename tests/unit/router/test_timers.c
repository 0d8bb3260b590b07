/* SPDX-License-Identifier: Apache-2.0 */
/* A case's timers: each at its moment and not before, once, on ticks alone, stopped by what should
 * stop it, begun anew by a new round, and the same whenever the process was restarted. */
#include "flow.h"

#define MINUTE     60000LL
#define DISPATCHED (NOON + 1000) /* when the order was recorded */
#define LEAD       "s110105001"

static struct told said(const char *id, const char *stage, const char *party, int64_t time_ms)
{
    return (struct told){.id = id,
                         .stage = stage,
                         .party = party,
                         .unit = strcmp(party, "lead") == 0 ? LEAD : NULL,
                         .data = "{}",
                         .time_ms = time_ms};
}

static size_t fired(const char *timer)
{
    char text[64];
    snprintf(text, sizeof text, "\"rule\":\"%s\"", timer);
    return count(STREAM_EVENTS, text);
}

static void each_fires_at_its_moment_not_before_and_once(void **state)
{
    (void)state;
    static const struct {
        const char *timer, *data;
        int64_t due_ms;
    } rows[] = {
        {"unsigned", NULL, DISPATCHED + 30 * MINUTE},
        {"near_due", NULL, NOON + 7 * DAY - 4 * HOUR}, /* the cap: a fifth of 7 d is more */
        {"overdue", NULL, NOON + 7 * DAY},
        {"near_due", /* a fifth of 5 h */
         "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\",\"due_at\":"
         "\"2025-11-25T09:00:00Z\"}",
         NOON + 4 * HOUR},
        {"near_due", /* due before it was opened: at once */
         "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\",\"due_at\":"
         "\"2025-11-25T03:00:00Z\"}",
         NOON - HOUR},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct case_flow *flow = begin();
        struct told one = order;
        one.data = rows[i].data;
        tell(flow, one);
        assert_int_equal(fired(rows[i].timer), 0);
        tick(flow, rows[i].due_ms - 1);
        assert_int_equal(fired(rows[i].timer), 0);
        tick(flow, rows[i].due_ms);
        assert_int_equal(fired(rows[i].timer), 1);
        tick(flow, rows[i].due_ms);
        tick(flow, rows[i].due_ms + 30 * DAY);
        assert_int_equal(fired(rows[i].timer), 1);
        case_flow_close(flow);
    }
}

static void what_stops_a_timer_stops_it(void **state)
{
    (void)state;
    static const struct {
        struct told told;
        size_t unsigned_, near_due, overdue;
    } rows[] = {
        {{.id = "s", .stage = "signed", .party = "lead", .unit = LEAD}, 0, 1, 1},
        {{.id = "s", .stage = "signed", .party = "lead", .unit = "s110105002"}, 1, 1, 1},
        {{.id = "c", .stage = "contacted", .party = "lead", .unit = LEAD}, 1, 1, 1},
        {{.id = "r", .stage = "resolved", .party = "lead", .unit = LEAD}, 0, 0, 0},
        {{.id = "f", .stage = "closed", .party = "source"}, 0, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct case_flow *flow = begin();
        struct told told = rows[i].told;
        told.data = "{}";
        told.time_ms = NOON + 10 * MINUTE;
        tell(flow, order);
        tell(flow, told);
        tick(flow, NOON + 30 * DAY);
        assert_int_equal(fired("unsigned"), rows[i].unsigned_);
        assert_int_equal(fired("near_due"), rows[i].near_due);
        assert_int_equal(fired("overdue"), rows[i].overdue);
        case_flow_close(flow);
    }
}

static void a_late_clock_fires_all_that_was_due_in_their_order(void **state)
{
    (void)state;
    static const char *const wanted[] = {"unsigned", "internal", "near_due", "overdue"};
    struct case_flow *flow = begin();
    tell(flow, order);
    kept_count = 0;
    tick(flow, NOON + 8 * DAY);
    for (size_t i = 0, n = 0; i < kept_count; i++) {
        if (kept[i].stream != STREAM_EVENTS)
            continue;
        assert_true(n < 4 && strstr(kept[i].value, wanted[n]));
        /* said when the clock said so, not when it should have been */
        assert_non_null(strstr(kept[i].value, "\"time\":\"2025-12-03T04:00:00.000Z\""));
        n++;
    }
    assert_int_equal(count(STREAM_EVENTS, ""), 4);
    case_flow_close(flow);
}

static const struct kept *first_order(const char *kind, const char *unit)
{
    char text[64];
    snprintf(text, sizeof text, "\"kind\":\"%s\"", kind);
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream == STREAM_DISPATCH && strcmp(kept[i].suffix, unit) == 0 &&
            strstr(kept[i].value, text))
            return &kept[i];
    return NULL;
}

static void an_overdue_case_goes_to_its_lead_and_to_the_desk_under_one_id(void **state)
{
    (void)state;
    char id[40];
    struct case_flow *flow = begin();
    tell(flow, order);
    tick(flow, NOON + 7 * DAY);
    const struct kept *lead = first_order("overdue", LEAD),
                      *desk = first_order("escalated", "desk");
    assert_non_null(lead);
    assert_non_null(desk);
    snprintf(id, sizeof id, "%.30s", lead->value); /* {"id":"…" */
    assert_memory_equal(desk->value, id, 30);
    assert_non_null(first_order("nudged", LEAD));
    assert_null(first_order("nudged", "desk"));
    assert_non_null(strstr(lead->value, "\"due_at\":\"2025-12-02T04:00:00.000Z\""));
    case_flow_close(flow);
}

static void what_the_desk_leads_is_escalated_to_nobody_else(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told nowhere = order;
    nowhere.data = "{\"due_at\":\"2025-11-26T04:00:00Z\"}";
    tell(flow, nowhere);
    tick(flow, NOON + DAY);
    assert_non_null(first_order("overdue", "desk"));
    assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"escalated\""), 0);
    case_flow_close(flow);
}

static void a_new_round_has_timers_of_its_own(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tick(flow, NOON + 8 * DAY);
    tell(flow, said("resolved-1", "resolved", "lead", NOON + 8 * DAY + HOUR));
    tick(flow, NOON + 9 * DAY);
    /* told late: in the order of things it stands before what was said on the ninth day */
    tell(flow, said("reopened-1", "reopened", "callback", NOON + 8 * DAY + 2 * HOUR));
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 2);
    tick(flow, NOON + 9 * DAY + 29 * MINUTE);
    assert_int_equal(fired("unsigned"), 1);
    tick(flow, NOON + 9 * DAY + 30 * MINUTE);
    assert_int_equal(fired("unsigned"), 2);
    tick(flow, NOON + 15 * DAY + 2 * HOUR - 1);
    assert_int_equal(fired("overdue"), 1);
    tick(flow, NOON + 15 * DAY + 2 * HOUR);
    tick(flow, NOON + 40 * DAY);
    assert_int_equal(fired("overdue"), 2);
    assert_int_equal(fired("near_due"), 2);
    case_flow_close(flow);
}

static void a_reopening_of_the_past_does_not_silence_the_new_round(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, said("closed-1", "closed", "source", NOON + 20 * MINUTE));
    struct told closed = said("closed-1", "closed", "source", NOON - HOUR);
    closed.revision = "00000000000000000001.001764000000000.000001.00000000000000aa";
    tell(flow, closed); /* corrected to before the opening: of no effect, the case is open */
    tick(flow, NOON + 8 * DAY);
    assert_int_equal(fired("overdue"), 1);
    tell(flow, said("closed-2", "closed", "source", NOON + 10 * MINUTE));
    tell(flow, said("reopened-1", "reopened", "desk", NOON + 15 * MINUTE)); /* before `overdue` */
    tick(flow, NOON + 16 * DAY);
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 2);
    assert_int_equal(fired("overdue"), 2);
    case_flow_close(flow);
}

static void an_adopted_order_has_timers_and_history_has_none(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told adopted = order, old = order;
    adopted.data = "{\"type_code\":\"R0303\",\"lead\":\"d_police\",\"limit_class\":\"24h\"}";
    old.replayof = "backfill";
    tell(flow, adopted);
    tick(flow, NOON + 2 * DAY);
    assert_non_null(strstr(kept[0].value, "\"adopted\":true"));
    assert_non_null(first_order("nudged", "d_police"));
    assert_non_null(first_order("overdue", "d_police"));
    assert_non_null(first_order("escalated", "desk"));
    case_flow_close(flow);
    flow = begin();
    tell(flow, old);
    tick(flow, NOON + 30 * DAY);
    assert_int_equal(kept_count, 0);
    case_flow_close(flow);
}

/* ---- 挂账, 延期, 吹哨, 并单 ---- */

static struct told moved(const char *id, const char *stage, const char *party, const char *data,
                         int64_t time_ms)
{
    struct told told = said(id, stage, party, time_ms);
    told.unit = strcmp(party, "desk") == 0 ? "desk" : told.unit;
    told.data = data;
    return told;
}

/* DESIGN §5: holds pause them; domain.md §2.6: paused_intervals. */
static void while_a_case_is_held_nothing_is_due_and_then_all_is_later_by_as_long(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, said("signed-1", "signed", "lead", NOON + 10 * MINUTE));
    tell(flow, moved("held-1", "held", "desk", "{}", NOON + DAY));
    tick(flow, NOON + 30 * DAY);
    assert_int_equal(fired("internal") + fired("near_due") + fired("overdue"), 0);
    tell(flow, moved("resumed-1", "resumed", "desk", "{}", NOON + 31 * DAY)); /* 30 days later */
    flow = restart(flow);
    tick(flow, NOON + 36 * DAY - 1);
    assert_int_equal(fired("internal"), 0);
    tick(flow, NOON + 36 * DAY);
    assert_int_equal(fired("internal"), 1);
    tick(flow, NOON + 37 * DAY - 4 * HOUR - 1);
    assert_int_equal(fired("near_due"), 0);
    tick(flow, NOON + 37 * DAY - 4 * HOUR);
    assert_int_equal(fired("near_due"), 1);
    tick(flow, NOON + 37 * DAY - 1);
    assert_int_equal(fired("overdue"), 0);
    tick(flow, NOON + 37 * DAY);
    tick(flow, NOON + 90 * DAY);
    assert_int_equal(fired("overdue"), 1);
    assert_int_equal(fired("near_due"), 1);
    case_flow_close(flow);
}

/* The share is of the time that ran: of 5 h, the two it stood still apart, 36 minutes. */
static void a_share_is_of_the_time_that_ran(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told one = order;
    one.data = "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\",\"due_at\":"
               "\"2025-11-25T07:00:00Z\"}";
    tell(flow, one);
    tell(flow, said("signed-1", "signed", "lead", NOON + 10 * MINUTE));
    tell(flow, moved("held-1", "held", "desk", "{}", NOON + HOUR));
    tell(flow, moved("resumed-1", "resumed", "desk", "{}", NOON + 3 * HOUR));
    tick(flow, NOON + 5 * HOUR - 36 * MINUTE - 1);
    assert_int_equal(fired("near_due"), 0);
    tick(flow, NOON + 5 * HOUR - 36 * MINUTE);
    assert_int_equal(fired("near_due"), 1);
    case_flow_close(flow);
}

/* 条例 15: extension with reason; a new due time has timers of its own, decision 0006. */
static void an_extension_moves_what_is_due(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, said("signed-1", "signed", "lead", NOON + 10 * MINUTE));
    tell(flow, moved("extended-1", "extended", "desk", "{\"due_at\":\"2025-12-10T04:00:00Z\"}",
                     NOON + 6 * DAY + 23 * HOUR));
    tick(flow, NOON + 8 * DAY);
    assert_int_equal(fired("overdue") + fired("near_due"), 0);
    tick(flow, NOON + 15 * DAY - 1);
    assert_int_equal(fired("overdue"), 0);
    assert_int_equal(fired("near_due"), 1);
    tick(flow, NOON + 15 * DAY);
    tick(flow, NOON + 16 * DAY);
    assert_int_equal(fired("overdue"), 1);
    case_flow_close(flow);
}

/* 条例 16: 吹哨报到; domain.md §2.2 art. 14: each with its own sub-deadline. */
static void a_whistle_has_a_time_of_its_own_until_it_is_answered(void **state)
{
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        struct case_flow *flow = begin();
        struct told report = said("reported-1", "whistle_reported", "lead", NOON + DAY + 2 * HOUR);
        report.unit = "d_police";
        tell(flow, order);
        tell(flow, said("signed-1", "signed", "lead", NOON + 10 * MINUTE));
        tell(flow, moved("whistle-1", "whistle_blown", "lead", "{\"co_unit\":\"d_police\"}",
                         NOON + 2 * HOUR)); /* within: 24h */
        if (answered)
            tell(flow, report);
        flow = restart(flow);
        tick(flow, NOON + DAY + 2 * HOUR - 1);
        assert_int_equal(fired("co_near"), !answered);
        assert_int_equal(fired("co_over"), 0);
        tick(flow, NOON + DAY + 2 * HOUR);
        tick(flow, NOON + 3 * DAY);
        assert_int_equal(fired("co_over"), !answered);
        if (!answered) {
            assert_non_null(first_order("nudged", "d_police"));
            assert_non_null(first_order("overdue", "d_police"));
            assert_non_null(first_order("escalated", "desk"));
            assert_null(first_order("overdue", LEAD)); /* whose own limit goes on */
        }
        case_flow_close(flow);
    }
}

/* Two whistles at two units are two timers, each once. */
static void each_helper_has_its_own(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, said("signed-1", "signed", "lead", NOON + 10 * MINUTE));
    tell(flow,
         moved("whistle-1", "whistle_blown", "lead", "{\"co_unit\":\"d_police\"}", NOON + HOUR));
    tell(flow,
         moved("co-1", "co_assigned", "desk",
               "{\"co_unit\":\"d_urban\",\"due_at\":\"2025-11-27T04:00:00Z\"}", NOON + 2 * HOUR));
    tick(flow, NOON + 2 * DAY - 1);
    assert_int_equal(fired("co_over"), 1);
    tick(flow, NOON + 2 * DAY);
    tick(flow, NOON + 5 * DAY);
    assert_int_equal(fired("co_over"), 2);
    assert_int_equal(fired("co_near"), 2);
    assert_non_null(first_order("overdue", "d_urban"));
    case_flow_close(flow);
}

enum { MANY = 1500 };

static void a_tick_fires_in_order_of_due_time_and_id_a_thousand_a_transaction(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    char subject[64], before[64] = "";
    for (int i = 0; i < MANY; i++) {
        struct told one = order;
        snprintf(subject, sizeof subject, "request:12345:%04d", (i * 7919) % MANY);
        one.subject = one.id = subject;
        one.time_ms = NOON + (i % 3) * MINUTE; /* three due times */
        tell(flow, one);
        kept_count = 0;
    }
    tick(flow, NOON + HOUR);
    assert_int_equal(commits, 1);
    assert_int_equal(fired("unsigned"), MANY);
    int groups = 0;
    for (size_t i = 0; i < kept_count; i++) {
        if (kept[i].stream != STREAM_EVENTS)
            continue;
        groups += strcmp(kept[i].key, before) < 0;
        snprintf(before, sizeof before, "%s", kept[i].key);
    }
    assert_int_equal(groups, 2); /* sorted three times */
    case_flow_close(flow);
}

/* A kind's case whose limits are reached hears no more of itself, and the clock goes on. */
static void a_case_without_room_is_left_alone(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    char id[16];
    tell(flow, order);
    for (int i = 0; i < 240; i++) {
        snprintf(id, sizeof id, "c%d", i);
        tell(flow, said(id, "contacted", "lead", NOON + i));
    }
    assert_int_equal(count(STREAM_DEAD, ""), 2); /* with the order and its decision 240 lines */
    tick(flow, NOON + 9 * DAY);
    assert_int_equal(commits, 0);
    assert_int_equal(case_flow_counts(flow).timers, 0);
    case_flow_close(flow);
}

static void play(struct case_flow **flow, int step)
{
    static const struct told resolved = {.id = "r1",
                                         .stage = "resolved",
                                         .party = "lead",
                                         .unit = LEAD,
                                         .data = "{}",
                                         .time_ms = NOON + 8 * DAY};
    struct told other = order;
    other.subject = "request:12345:2";
    other.id = "opened-2";
    other.time_ms = NOON + MINUTE;
    switch (step) {
    case 0: tell(*flow, order); break;
    case 1: tick(*flow, NOON + 20 * MINUTE); break;
    case 2: tell(*flow, other); break;
    case 3: tick(*flow, NOON + 40 * MINUTE); break;
    case 4: tick(*flow, NOON + 7 * DAY - HOUR); break;
    case 5: tick(*flow, NOON + 7 * DAY); break;
    case 6: tell(*flow, resolved); break;
    case 7: tell(*flow, said("o1", "reopened", "desk", NOON + 8 * DAY + HOUR)); break;
    case 8: tick(*flow, NOON + 9 * DAY); break;
    case 9: tell(*flow, said("f1", "closed", "source", NOON + 9 * DAY)); break;
    case 10: tick(*flow, NOON + 17 * DAY); break;
    case 11: tell(*flow, said("o2", "reopened", "desk", NOON + 17 * DAY)); break;
    case 12: tick(*flow, NOON + 40 * DAY); break;
    default: break;
    }
}

enum { STEPS = 13 };

static void a_restart_anywhere_changes_no_word(void **state)
{
    (void)state;
    static struct kept plain[512];
    struct case_flow *flow = begin();
    for (int step = 0; step < STEPS; step++)
        play(&flow, step);
    case_flow_close(flow);
    size_t plain_count = kept_count;
    assert_true(plain_count > 20 && plain_count < ARRAY_LENGTH(plain));
    memcpy(plain, kept, plain_count * sizeof *plain);
    for (unsigned where = 0; where < 1U << STEPS; where += 7) {
        flow = begin();
        for (int step = 0; step < STEPS; step++) {
            play(&flow, step);
            if (where >> step & 1)
                flow = restart(flow);
        }
        case_flow_close(flow);
        assert_int_equal(kept_count, plain_count);
        for (size_t i = 0; i < plain_count; i++)
            assert_string_equal(kept[i].value, plain[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fires_at_its_moment_not_before_and_once),
        cmocka_unit_test(what_stops_a_timer_stops_it),
        cmocka_unit_test(a_late_clock_fires_all_that_was_due_in_their_order),
        cmocka_unit_test(an_overdue_case_goes_to_its_lead_and_to_the_desk_under_one_id),
        cmocka_unit_test(what_the_desk_leads_is_escalated_to_nobody_else),
        cmocka_unit_test(a_new_round_has_timers_of_its_own),
        cmocka_unit_test(a_reopening_of_the_past_does_not_silence_the_new_round),
        cmocka_unit_test(an_adopted_order_has_timers_and_history_has_none),
        cmocka_unit_test(while_a_case_is_held_nothing_is_due_and_then_all_is_later_by_as_long),
        cmocka_unit_test(a_share_is_of_the_time_that_ran),
        cmocka_unit_test(an_extension_moves_what_is_due),
        cmocka_unit_test(a_whistle_has_a_time_of_its_own_until_it_is_answered),
        cmocka_unit_test(each_helper_has_its_own),
        cmocka_unit_test(a_tick_fires_in_order_of_due_time_and_id_a_thousand_a_transaction),
        cmocka_unit_test(a_case_without_room_is_left_alone),
        cmocka_unit_test(a_restart_anywhere_changes_no_word),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
