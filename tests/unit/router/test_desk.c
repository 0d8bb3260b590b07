/* SPDX-License-Identifier: Apache-2.0 */
/* What is put to the desk, once, and when it is taken back (docs/decisions/0048). */
#include "desks.h"

#include "model/desk.h"
#include "model/ids.h"

/* 条例 14: 首接负责 until a dispute is decided; the desk is asked, and the lead stays. */
static void a_dispute_is_put_to_the_desk_once_with_who_asks(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told dispute = said("disputed-1", "disputed", "lead", NOON + HOUR);
    tell(flow, order);
    tell(flow, dispute);
    assert_int_equal(asked("dispute"), 1);
    assert_newest("desk", "escalated", "\"desk_cause\":\"dispute\"");
    assert_newest("desk", "escalated", "\"asked_by\":\"" LEAD "\"");
    assert_newest("desk", "escalated", "\"lead\":\"" LEAD "\"");
    assert_newest("desk", "escalated", "\"cause\":\"disputed-1\"");
    tell(flow, dispute); /* said twice */
    flow = restart(flow);
    tell(flow, dispute);
    tick(flow, NOON + 2 * HOUR);
    assert_int_equal(asked("dispute"), 1);
    case_flow_close(flow);
}

/* In its own words, also where the question is put again; no order of the lead's has them. */
static void the_desk_reads_why_it_is_disputed(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told dispute = said("disputed-1", "disputed", "lead", NOON + HOUR);
    dispute.data = "{\"said\":\"不属本街道\"}";
    tell(flow, order);
    tell(flow, dispute);
    assert_newest("desk", "escalated", "\"said\":\"不属本街道\"");
    assert_null(strstr(newest(LEAD)->value, "不属本街道"));
    case_flow_close(flow);
}

/* Its order has the id of an event of ours, whose cause is the dispute. */
static void a_question_has_an_id_of_its_cause(void **state)
{
    (void)state;
    char id[40];
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, said("disputed-1", "disputed", "lead", NOON + HOUR));
    ids_decision(id, SPAN("disputed-1"), SPAN("desk:dispute"));
    assert_non_null(strstr(newest("desk")->value, id));
    assert_int_equal(count(STREAM_EVENTS, id), 1);
    case_flow_close(flow);
}

static void what_nobody_may_say_is_not_put_to_the_desk(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told foreign = said("disputed-1", "disputed", "lead", NOON + HOUR);
    foreign.unit = "s110105002"; /* not its lead */
    tell(flow, order);
    tell(flow, foreign);
    tell(flow, said("hold-1", "hold_requested", "lead", NOON + HOUR)); /* not signed yet */
    assert_int_equal(asked("dispute") + asked("hold"), 0);
    assert_null(newest("desk"));
    case_flow_close(flow);
}

static void a_question_ends_with_its_answer_under_the_answers_id(void **state)
{
    (void)state;
    static const struct {
        const char *asks, *cause, *answer, *data;
    } rows[] = {
        {"hold_requested", "hold", "held", "{}"},
        {"hold_requested", "hold", "noted", "{}"}, /* not granted */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct case_flow *flow = begin();
        struct told answer = said("answer-1", rows[i].answer, "desk", NOON + 3 * HOUR);
        answer.data = rows[i].data;
        tell(flow, order);
        tell(flow, said("signed-1", "signed", "lead", NOON + HOUR));
        tell(flow, said("asks-1", rows[i].asks, "lead", NOON + 2 * HOUR));
        assert_int_equal(asked(rows[i].cause), 1);
        flow = restart(flow);
        tell(flow, answer);
        assert_newest("desk", "ended", "\"id\":\"answer-1\"");
        assert_newest("desk", "ended", "\"state\":\"ended\"");
        size_t before = kept_count;
        tell(flow, answer);
        assert_int_equal(kept_count, before);
        case_flow_close(flow);
    }
}

/* The answer turns out to have been said before the question: it is open again, under its id. */
static void an_answer_that_loses_its_effect_opens_the_question_again(void **state)
{
    (void)state;
    char id[40];
    struct case_flow *flow = begin();
    struct told answer = said("decided-1", "dispute_decided", "desk", NOON + 2 * HOUR);
    answer.data = "{\"outcome\":\"rejected\"}";
    tell(flow, order);
    tell(flow, said("disputed-1", "disputed", "lead", NOON + HOUR));
    tell(flow, answer);
    assert_newest("desk", "ended", "\"id\":\"decided-1\"");
    flow = restart(flow);
    answer.time_ms = NOON + 30 * MINUTE;
    answer.revision = "00000000000000000001.001764000000000.000001.00000000000000aa";
    tell(flow, answer);
    ids_decision(id, SPAN("disputed-1"), SPAN("desk:dispute"));
    assert_newest("desk", "escalated", id);
    assert_newest("desk", "escalated", "\"again\":\"decided-1\"");
    assert_int_equal(asked("dispute"), 1); /* the event is on the log once */
    case_flow_close(flow);
}

/* A case that is reopened and goes to another is over for who had it. */
static void a_new_round_with_another_lead_is_over_for_the_old_one(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told nowhere = order, typed = said("typed-1", "classified", "source", NOON + 3 * HOUR);
    nowhere.data = "{\"request_kind\":\"complaint\"}";
    typed.data = "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\"}";
    tell(flow, nowhere);
    assert_newest("desk", "assigned", "\"desk_cause\":\"unclassified\"");
    tell(flow, said("resolved-1", "resolved", "source", NOON + HOUR));
    tell(flow, typed);
    tell(flow, said("reopened-1", "reopened", "callback", NOON + 4 * HOUR));
    assert_newest(LEAD, "assigned", "\"cause\":\"reopened-1\"");
    assert_newest("desk", "ended", "\"id\":\"reopened-1\"");
    case_flow_close(flow);
}

/* What does not answer leaves it open. */
static void another_move_of_the_desk_answers_nothing(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, said("signed-1", "signed", "lead", NOON + HOUR));
    tell(flow, said("asks-1", "disputed", "lead", NOON + 2 * HOUR));
    tell(flow, said("noted-1", "noted", "desk", NOON + 3 * HOUR));
    assert_newest("desk", "escalated", "\"desk_cause\":\"dispute\"");
    case_flow_close(flow);
}

static void a_question_is_moot_once_the_case_is_resolved(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, said("signed-1", "signed", "lead", NOON + HOUR));
    tell(flow, said("hold-1", "hold_requested", "lead", NOON + 2 * HOUR));
    tell(flow, said("resolved-1", "resolved", "lead", NOON + 3 * HOUR));
    assert_newest("desk", "ended", "\"id\":\"resolved-1\"");
    case_flow_close(flow);
}

/* An overdue timer is an order to the desk already; it ends like any other. */
static void an_overdue_case_is_asked_by_its_timer_alone(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    tell(flow, said("signed-1", "signed", "lead", NOON + HOUR));
    tick(flow, NOON + 7 * DAY);
    assert_newest("desk", "escalated", "\"desk_cause\":\"overdue\"");
    assert_int_equal(count(STREAM_EVENTS, "case.escalated.v1"), 0);
    tell(flow, said("supervised-1", "supervised", "desk", NOON + 7 * DAY + HOUR));
    assert_newest("desk", "ended", "\"id\":\"supervised-1\"");
    case_flow_close(flow);
}

static void a_closed_case_is_over_for_its_lead_as_well(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told closed = said("closed-1", "closed", "source", NOON + 3 * HOUR);
    tell(flow, order);
    tell(flow, said("signed-1", "signed", "lead", NOON + HOUR));
    tell(flow, said("resolved-1", "resolved", "lead", NOON + 2 * HOUR));
    tell(flow, closed);
    assert_newest(LEAD, "ended", "\"id\":\"closed-1\"");
    assert_null(newest("desk"));
    size_t before = kept_count;
    tell(flow, closed);
    tell(flow, said("linked-1", "linked", "desk", NOON + 4 * HOUR));
    assert_int_equal(kept_count, before);
    case_flow_close(flow);
}

static void history_asks_the_desk_nothing(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told lines[] = {order, said("signed-1", "signed", "lead", NOON + HOUR),
                           said("disputed-1", "disputed", "lead", NOON + 2 * HOUR)};
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        lines[i].replayof = "backfill";
        tell(flow, lines[i]);
    }
    tick(flow, NOON + DAY);
    assert_int_equal(kept_count, 0);
    case_flow_close(flow);
}

/* ---- an answer without its order ---- */

static void a_headless_case_goes_to_the_desk_after_its_time_once(void **state)
{
    (void)state;
    struct told sign = said("signed-0", "signed", "lead", NOON);
    sign.recorded_ms = NOON + MINUTE; /* from when it was received */
    struct case_flow *flow = begin();
    tell(flow, sign);
    tick(flow, NOON + 16 * MINUTE - 1);
    assert_null(newest("desk"));
    flow = restart(flow);
    tick(flow, NOON + 16 * MINUTE);
    assert_int_equal(asked("headless"), 1);
    assert_newest("desk", "escalated", "\"desk_cause\":\"headless\"");
    assert_newest("desk", "escalated", "\"cause\":\"signed-0\"");
    tick(flow, NOON + DAY);
    flow = restart(flow);
    tell(flow, said("contacted-0", "contacted", "lead", NOON + HOUR));
    tick(flow, NOON + 2 * DAY);
    assert_int_equal(asked("headless"), 1);
    assert_int_equal(count(STREAM_DISPATCH, ""), 1);
    case_flow_close(flow);
}

static void an_opening_in_time_asks_nobody_and_a_late_one_takes_it_back(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct case_flow *flow = begin();
        tell(flow, said("signed-0", "signed", "lead", NOON + HOUR));
        if (late)
            tick(flow, NOON + DAY);
        tell(flow, order);
        assert_int_equal(asked("headless"), late);
        assert_newest(LEAD, "assigned", "\"rule\":\"place\"");
        if (late)
            assert_newest("desk", "ended", "\"id\":\"opened-1\"");
        else
            assert_null(newest("desk"));
        tick(flow, NOON + 2 * DAY);
        assert_int_equal(asked("headless"), late);
        case_flow_close(flow);
    }
}

static void history_without_its_opening_asks_nobody(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told sign = said("signed-0", "signed", "lead", NOON);
    sign.replayof = "backfill";
    tell(flow, sign);
    tick(flow, NOON + 300 * DAY);
    assert_int_equal(kept_count, 0);
    case_flow_close(flow);
}

/* A kind that does not escalate asks the desk nothing. */
static void a_kind_without_escalation_has_no_headless_question(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told kept_one = said("kept-0", "kept", "source", NOON);
    kept_one.subject = "appointment:platform:1";
    tell(flow, kept_one);
    tick(flow, NOON + DAY);
    assert_int_equal(kept_count, 0);
    case_flow_close(flow);
}

/* ---- 未诉先办 ---- */

/* 条例 24-27, decision 0045: a person confirms before a unit is asked. */
static void a_proactive_case_is_confirmed_or_declined_by_a_person(void **state)
{
    (void)state;
    static const char subject[] = "proactive:cluster:AAAAAAAAAAAAAAAAAAAAAA";
    for (int confirmed = 0; confirmed < 2; confirmed++) {
        struct case_flow *flow = begin();
        struct told opened = said("opened-p", "opened", "router", NOON);
        struct told word =
            said("word-p", confirmed ? "confirmed" : "declined", "desk", NOON + HOUR);
        opened.subject = word.subject = subject;
        opened.data = order.data ? order.data
                                 : "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\"}";
        tell(flow, opened);
        assert_int_equal(asked("confirm"), 1);
        assert_newest("desk", "escalated", "\"desk_cause\":\"confirm\"");
        assert_null(newest(LEAD));
        flow = restart(flow);
        tell(flow, word);
        tell(flow, word);
        assert_newest("desk", "ended", "\"id\":\"word-p\"");
        assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), confirmed);
        assert_int_equal(newest(LEAD) != NULL, confirmed);
        case_flow_close(flow);
    }
}

/* The order's own lead was released, so nobody is told any more what the rules say beside it. */
static void a_later_round_says_nothing_beside_a_lead_that_was_released(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told opened = order, no = said("no", "disputed", "unit", NOON + HOUR);
    struct told upheld = said("upheld", "dispute_decided", "desk", NOON + 2 * HOUR);
    struct told done = said("done", "resolved", "unit", NOON + 3 * HOUR);
    opened.data = "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\","
                  "\"lead\":\"s110105002\"}";
    no.unit = "s110105002";
    no.party = "lead";
    upheld.unit = "desk";
    upheld.data = "{\"outcome\":\"upheld\",\"lead\":\"d_urban\"}";
    done.unit = "d_urban";
    done.party = "lead";
    tell(flow, opened);
    tell(flow, no);
    tell(flow, upheld);
    tell(flow, done);
    size_t before = kept_count;
    tell(flow, said("again", "reopened", "callback", NOON + 4 * HOUR));
    assert_newest("d_urban", "assigned", "\"cause\":\"again\"");
    bool decided = false;
    for (size_t i = before < kept_count ? before : 0; i < kept_count; i++) {
        if (!strstr(kept[i].value, "\"rule\":\"last_lead\""))
            continue;
        decided = true;
        assert_null(strstr(kept[i].value, "\"would_have\":"));
        assert_null(strstr(kept[i].value, "\"adopted\":true"));
    }
    assert_true(decided);
    case_flow_close(flow);
}

/* No superior named it (docs/decisions/0340); a trigger that is gone is called by its code. */
static void the_order_says_that_a_trigger_named_its_lead(void **state)
{
    (void)state;
    static const struct {
        const char *trigger, *party, *confirmed, *lead, *reason;
    } rows[] = {
        {"silent_station", "desk", "{}", "d_civil", "触发器「站点静默」发现,已指定"},
        {"silent_station", "router", "{}", "d_civil", "触发器「站点静默」发现,已指定"},
        {"gone_by_now", "desk", "{}", "d_civil", "触发器「gone_by_now」发现,已指定"},
        {"silent_station", "desk", "{\"lead\":\"d_urban\"}", "d_urban", "经指挥中心研判,由"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char data[256];
        struct case_flow *flow = begin();
        struct told opened = said("opened-p", "opened", "router", NOON);
        struct told word = said("word-p", "confirmed", rows[i].party, NOON + HOUR);
        opened.subject = word.subject = "proactive:silent_station:AAAAAAAAAAAAAAAAAAAAAA";
        snprintf(data, sizeof data, "{\"trigger\":\"%s\",\"lead\":\"d_civil\"}", rows[i].trigger);
        opened.data = data;
        word.data = rows[i].confirmed;
        tell(flow, opened);
        flow = restart(flow);
        tell(flow, word);
        assert_newest(rows[i].lead, "assigned", rows[i].reason);
        assert_null(strstr(newest(rows[i].lead)->value, "上级已指定"));
        case_flow_close(flow);
    }
}

/* docs/decisions/0355: its sentence, and then why the unit has it; after a restart too. */
static void the_order_says_what_the_trigger_found(void **state)
{
    (void)state;
    static const struct {
        const char *data, *confirmed, *lead, *reason;
    } rows[] = {
        {"\"lead\":\"d_civil\",\"found\":\"3天无心跳\"", "{}", "d_civil",
         "\"reason\":\"触发器「站点静默」发现:3天无心跳;已指定区委社会工委区民政局承办\""},
        {"\"type_code\":\"R0303\",\"street_code\":\"110105001\",\"found\":\"3天|无\\\"心跳\"", "{}",
         "s110105001", "\"reason\":\"触发器「站点静默」发现:3天|无\\\"心跳;"},
        {"\"lead\":\"d_civil\",\"found\":\"3天无心跳\"", "{\"lead\":\"d_urban\"}", "d_urban",
         "\"reason\":\"触发器「站点静默」发现:3天无心跳;经指挥中心研判,由"},
        {"\"type_code\":\"R0303\",\"street_code\":\"110105001\"", "{}", "s110105001",
         "\"reason\":\"诉求发生地属"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char data[256];
        struct case_flow *flow = begin();
        struct told opened = said("opened-p", "opened", "router", NOON);
        struct told word = said("word-p", "confirmed", "desk", NOON + HOUR);
        opened.subject = word.subject = "proactive:silent_station:AAAAAAAAAAAAAAAAAAAAAA";
        snprintf(data, sizeof data, "{\"trigger\":\"silent_station\",%s}", rows[i].data);
        opened.data = data;
        word.data = rows[i].confirmed;
        tell(flow, opened);
        flow = restart(flow);
        tell(flow, word);
        assert_newest(rows[i].lead, "assigned", rows[i].reason);
        case_flow_close(flow);
    }
}

/* A field `trigger` of an order that came from outside names no finding of ours. */
static void an_order_from_above_says_that_a_superior_named_its_lead(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told opened = order;
    opened.data = "{\"trigger\":\"silent_station\",\"lead\":\"d_civil\"}";
    tell(flow, opened);
    assert_newest("d_civil", "assigned", "上级已指定");
    case_flow_close(flow);
}

/* ---- the table ---- */

static void each_cause_is_found_by_its_code_and_answered_by_stages_of_a_kind(void **state)
{
    (void)state;
    const struct case_kind *request = kinds_find(rules.kinds, SPAN("request"));
    const struct case_kind *proactive = kinds_find(rules.kinds, SPAN("proactive"));
    for (int cause = DESK_NOTHING + 1; cause < DESK_CAUSE_COUNT; cause++) {
        const struct desk_row *row = desk_row((enum desk_cause)cause);
        struct span rest = span_of(row->answers);
        assert_int_equal(desk_cause_of(span_of(row->code)), cause);
        while (rest.at) {
            struct span stage = span_cut(&rest, ' ');
            assert_true(case_kind_stage(request, stage) >= 0 ||
                        case_kind_stage(proactive, stage) >= 0);
        }
    }
    assert_int_equal(desk_cause_of(SPAN("nonsense")), DESK_NOTHING);
    assert_false(desk_is_answer(DESK_NOTHING, "assigned"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dispute_is_put_to_the_desk_once_with_who_asks),
        cmocka_unit_test(the_desk_reads_why_it_is_disputed),
        cmocka_unit_test(a_question_has_an_id_of_its_cause),
        cmocka_unit_test(what_nobody_may_say_is_not_put_to_the_desk),
        cmocka_unit_test(a_question_ends_with_its_answer_under_the_answers_id),
        cmocka_unit_test(an_answer_that_loses_its_effect_opens_the_question_again),
        cmocka_unit_test(a_new_round_with_another_lead_is_over_for_the_old_one),
        cmocka_unit_test(another_move_of_the_desk_answers_nothing),
        cmocka_unit_test(a_question_is_moot_once_the_case_is_resolved),
        cmocka_unit_test(an_overdue_case_is_asked_by_its_timer_alone),
        cmocka_unit_test(a_closed_case_is_over_for_its_lead_as_well),
        cmocka_unit_test(history_asks_the_desk_nothing),
        cmocka_unit_test(a_headless_case_goes_to_the_desk_after_its_time_once),
        cmocka_unit_test(an_opening_in_time_asks_nobody_and_a_late_one_takes_it_back),
        cmocka_unit_test(history_without_its_opening_asks_nobody),
        cmocka_unit_test(a_kind_without_escalation_has_no_headless_question),
        cmocka_unit_test(a_proactive_case_is_confirmed_or_declined_by_a_person),
        cmocka_unit_test(a_later_round_says_nothing_beside_a_lead_that_was_released),
        cmocka_unit_test(the_order_says_that_a_trigger_named_its_lead),
        cmocka_unit_test(the_order_says_what_the_trigger_found),
        cmocka_unit_test(an_order_from_above_says_that_a_superior_named_its_lead),
        cmocka_unit_test(each_cause_is_found_by_its_code_and_answered_by_stages_of_a_kind),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
