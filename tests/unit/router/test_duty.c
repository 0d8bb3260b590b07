/* SPDX-License-Identifier: Apache-2.0 */
/* The newest record of a case in a unit's topic is its whole present duty (contracts §3): what was
 * told to be over and is open again is told again, what was told to whom and is over is ended. */
#include "desks.h"

#define LATER  "00000000000000000001.001764000000000.000001.00000000000000aa"
#define HELPER "d_urban"

/* The same word, of a time at which it had no effect: before the case began. */
static struct told taken_back(struct told told)
{
    told.time_ms = NOON - HOUR;
    told.recorded_ms = NOON + 9 * HOUR;
    told.revision = LATER;
    return told;
}

static struct case_flow *led_and_helped(void)
{
    struct case_flow *flow = begin();
    struct told helps = said("co-1", "co_assigned", "desk", NOON + HOUR);
    helps.data = "{\"co_unit\":\"" HELPER "\",\"due_at\":\"2025-11-27T04:00:00Z\"}";
    tell(flow, order);
    tell(flow, helps);
    return flow;
}

static void a_closure_taken_back_is_told_to_lead_and_helpers(void **state)
{
    (void)state;
    struct case_flow *flow = led_and_helped();
    struct told closed = said("closed-1", "closed", "desk", NOON + 5 * HOUR);
    tell(flow, closed);
    assert_newest(LEAD, "ended", "closed-1");
    assert_newest(HELPER, "ended", "closed-1");
    tell(flow, taken_back(closed));
    assert_newest(LEAD, "amended", "\"again\":\"closed-1\"");
    assert_newest(LEAD, "amended", "\"state\":\"open\"");
    assert_newest(HELPER, "co_assigned", "\"due_at\":\"2025-11-27T04:00:00.000Z\"");
    size_t told = kept_count;
    tell(flow, taken_back(closed));
    flow = restart(flow);
    tell(flow, taken_back(closed));
    assert_int_equal(kept_count, told); /* once */
    case_flow_close(flow);
}

/* Of what is resolved nothing is left to do, closed or not. */
static void what_is_resolved_is_told_when_that_is_taken_back(void **state)
{
    (void)state;
    struct case_flow *flow = led_and_helped();
    struct told resolved = said("resolved-1", "resolved", "lead", NOON + 4 * HOUR),
                closed = said("closed-1", "closed", "desk", NOON + 5 * HOUR);
    tell(flow, resolved);
    tell(flow, closed);
    tell(flow, taken_back(closed));
    assert_newest(LEAD, "ended", "closed-1");
    tell(flow, taken_back(resolved));
    assert_newest(LEAD, "amended", "\"again\":\"resolved-1\"");
    assert_newest(HELPER, "co_assigned", "\"again\":\"resolved-1\"");
    case_flow_close(flow);
}

static struct told nowhere(void)
{
    struct told told = order;
    told.data = "{\"request_kind\":\"complaint\",\"due_at\":\"2025-11-25T09:00:00Z\"}";
    return told;
}

static void what_the_desk_leads_comes_back_with_its_question(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told closed = said("closed-1", "closed", "desk", NOON + HOUR);
    tell(flow, nowhere());
    tell(flow, closed);
    assert_newest("desk", "ended", "closed-1");
    tell(flow, taken_back(closed));
    assert_newest("desk", "escalated", "\"desk_cause\":\"unclassified\"");
    case_flow_close(flow);
}

/* Contracts §2: here a correction takes the effect from a dispute and its decision. */
static void whoever_leads_again_by_a_correction_is_told(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told corrected = order,
                upheld = said("decided-1", "dispute_decided", "desk", NOON + 2 * HOUR);
    upheld.data = "{\"outcome\":\"upheld\",\"lead\":\"d_water\"}";
    corrected.time_ms = NOON + 3 * HOUR;
    corrected.revision = LATER;
    tell(flow, order);
    tell(flow, said("disputed-1", "disputed", "lead", NOON + HOUR));
    tell(flow, upheld);
    assert_newest(LEAD, "recalled", "decided-1");
    tell(flow, corrected);
    assert_newest("d_water", "ended", "opened-1");
    assert_newest(LEAD, "amended", "\"again\":\"opened-1\"");
    case_flow_close(flow);
}

/* docs/decisions/0060: history changes a live case's state and tells nobody. When the case is over
 * they are told all the same: nobody said `merged` to them. */
static void helpers_of_a_case_that_history_merged_are_told_when_it_is_over(void **state)
{
    (void)state;
    struct case_flow *flow = led_and_helped();
    struct told merged = said("merged-1", "merged", "desk", NOON + 2 * HOUR);
    merged.data = "{\"parent\":\"request:12345:2\"}";
    merged.replayof = "backfill";
    tell(flow, merged);
    assert_newest(HELPER, "co_assigned", "co-1");
    tell(flow, said("closed-1", "closed", "desk", NOON + 5 * HOUR));
    assert_newest(LEAD, "ended", "closed-1");
    assert_newest(HELPER, "ended", "closed-1");
    case_flow_close(flow);
}

/* The call stands before what makes it impossible once that is told. */
static void a_helper_whose_call_lost_its_effect_is_told(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told helps = said("co-1", "co_assigned", "desk", NOON + HOUR), later = order;
    helps.data = "{\"co_unit\":\"" HELPER "\"}";
    later.time_ms = NOON + 2 * HOUR;
    later.revision = LATER;
    tell(flow, order);
    tell(flow, helps);
    assert_newest(HELPER, "co_assigned", "co-1");
    tell(flow, later); /* it was opened later than that */
    assert_newest(HELPER, "ended", "opened-1");
    case_flow_close(flow);
    flow = led_and_helped();
    tell(flow, said("resolved-1", "resolved", "lead", NOON + HOUR / 2));
    assert_newest(HELPER, "ended", "resolved-1");
    case_flow_close(flow);
}

/* Contracts §3: the newest record is the whole present duty, of a helper's as well. */
static void a_helper_whose_call_has_its_effect_again_is_told(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told helps = said("co-1", "co_assigned", "desk", NOON + HOUR), later = order,
                right = order;
    helps.data = "{\"co_unit\":\"" HELPER "\",\"due_at\":\"2025-11-27T04:00:00Z\"}";
    later.time_ms = NOON + 2 * HOUR;
    later.revision = LATER;
    right.revision = "00000000000000000002.001764000000000.000001.00000000000000aa";
    tell(flow, order);
    tell(flow, helps);
    tell(flow, later); /* it was opened later than that */
    assert_newest(HELPER, "ended", "opened-1");
    tell(flow, right); /* no, it was not */
    assert_newest(HELPER, "co_assigned", "\"again\":\"opened-1\"");
    assert_newest(HELPER, "co_assigned", "\"due_at\":\"2025-11-27T04:00:00.000Z\"");
    size_t told = kept_count;
    flow = restart(flow);
    tell(flow, right);
    assert_int_equal(kept_count, told); /* once */
    tell(flow, said("signed-1", "signed", "lead", NOON + 3 * HOUR));
    assert_int_equal(count(STREAM_DISPATCH, "\"co_assigned\""), 2); /* by nobody else's word */
    case_flow_close(flow);
}

/* The answer came while our word to the helper was on its way. */
static void a_helper_told_behind_the_answer_is_told_of_the_next_round(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told helps = said("co-1", "co_assigned", "desk", NOON + HOUR);
    helps.data = "{\"co_unit\":\"" HELPER "\"}";
    helps.recorded_ms = NOON + 3 * HOUR;
    tell(flow, order);
    tell(flow, helps);
    tell(flow, said("resolved-1", "resolved", "lead", NOON + 2 * HOUR));
    tell(flow, said("reopened-1", "reopened", "desk", NOON + 4 * HOUR));
    assert_newest(HELPER, "ended", "reopened-1");
    case_flow_close(flow);
}

static struct told of_proactive(struct told told)
{
    told.subject = "proactive:cluster:1";
    return told;
}

/* docs/decisions/0045: without its confirmation it is nobody's; with it, its lead's as it was. */
static void a_confirmation_that_lost_its_effect_takes_the_duty_along(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told opened = of_proactive(order), later = opened;
    opened.party = later.party = "router";
    later.time_ms = NOON + 2 * HOUR;
    later.revision = LATER;
    tell(flow, opened);
    tell(flow, of_proactive(said("confirmed-1", "confirmed", "desk", NOON + HOUR)));
    assert_newest(LEAD, "assigned", "confirmed-1");
    tell(flow, later);
    assert_newest(LEAD, "ended", "opened-1");
    assert_newest("desk", "escalated", "\"desk_cause\":\"confirm\"");
    opened.revision = "00000000000000000002.001764000000000.000001.00000000000000aa";
    tell(flow, opened);
    assert_newest(LEAD, "amended", "\"again\":\"opened-1\"");
    case_flow_close(flow);
}

/* docs/decisions/0057: which tick makes it fire hangs on which topic was read sooner. */
static void a_timer_of_what_the_router_opened_has_the_moment_it_waits_for(void **state)
{
    (void)state;
    char first[sizeof kept[0].value] = "";
    for (int hours = 1; hours <= 3; hours += 2) {
        struct case_flow *flow = begin();
        struct told opened = of_proactive(order);
        opened.party = "router";
        tell(flow, opened);
        tell(flow, of_proactive(said("confirmed-1", "confirmed", "router", NOON)));
        assert_newest(LEAD, "assigned", "confirmed-1");
        tick(flow, NOON + hours * HOUR);
        const char *nudged = NULL;
        for (size_t i = 0; i < kept_count && !nudged; i++)
            if (kept[i].stream == STREAM_EVENTS && strstr(kept[i].value, "case.nudged.v1"))
                nudged = kept[i].value;
        assert_non_null(nudged);
        if (hours > 1)
            assert_string_equal(nudged, first);
        snprintf(first, sizeof first, "%s", nudged);
        case_flow_close(flow);
    }
}

/* docs/decisions/0057: an extension answers what was overdue before it, and nothing that it makes
 * overdue. */
static void what_an_extension_into_the_past_makes_overdue_is_asked_of_the_desk(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told opened = of_proactive(order),
                extended = of_proactive(said("extended-1", "extended", "desk", NOON + 3 * HOUR));
    opened.party = "router";
    extended.data = "{\"due_at\":\"2025-11-25T06:00:00Z\"}"; /* an hour before it was said */
    tell(flow, opened);
    tell(flow, of_proactive(said("confirmed-1", "confirmed", "router", NOON)));
    tell(flow, extended);
    assert_newest(LEAD, "amended", "extended-1");
    tick(flow, NOON + 4 * HOUR);
    assert_int_equal(count(STREAM_EVENTS, "case.overdue.v1"), 1);
    assert_newest("desk", "escalated", "\"desk_cause\":\"overdue\"");
    extended.id = "extended-2";
    extended.time_ms = NOON + 5 * HOUR;
    extended.data = "{\"due_at\":\"2025-11-28T06:00:00Z\"}";
    tell(flow, extended);
    assert_newest("desk", "ended", "extended-2");
    case_flow_close(flow);
}

/* docs/decisions/0060: nobody was recalled when history merged it. Given back, it is another's. */
static void the_lead_of_a_case_that_history_merged_is_told_of_another(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told merged = said("merged-1", "merged", "desk", NOON + HOUR),
                type = said("type-1", "classified", "desk", NOON + 2 * HOUR);
    merged.data = "{\"parent\":\"request:12345:2\"}";
    merged.replayof = "backfill";
    type.data = "{\"type_code\":\"R0201\"}";
    tell(flow, order);
    tell(flow, merged);
    tell(flow, type);
    tell(flow, said("unmerged-1", "unmerged", "desk", NOON + 3 * HOUR));
    assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"assigned\""), 2);
    assert_newest(LEAD, "ended", "unmerged-1");
    case_flow_close(flow);
}

/* ---- what the desk leads ---- */

static void that_time_has_passed_hides_not_what_the_desk_is_asked(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, nowhere());
    tick(flow, NOON + HOUR);
    assert_newest("desk", "nudged", "\"desk_cause\":\"unclassified\"");
    tick(flow, NOON + 6 * HOUR);
    assert_newest("desk", "overdue", "\"desk_cause\":\"unclassified\"");
    tell(flow, said("noted-1", "noted", "desk", NOON + 7 * HOUR));
    assert_newest("desk", "escalated", "\"desk_cause\":\"unclassified\"");
    struct told later = said("extended-1", "extended", "desk", NOON + 8 * HOUR);
    later.data = "{\"due_at\":\"2025-11-28T04:00:00Z\"}";
    tell(flow, later);
    assert_newest("desk", "amended", "\"desk_cause\":\"unclassified\"");
    case_flow_close(flow);
}

/* ---- copies ---- */

static const char *copied_to(void)
{
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream == STREAM_DISPATCH && strstr(kept[i].value, "\"kind\":\"copied\""))
            return kept[i].suffix;
    fail_msg("nobody has a copy");
    return NULL;
}

static void who_has_a_copy_is_told_that_it_is_over(void **state)
{
    (void)state;
    static const struct {
        const char *stage, *data;
    } ends[] = {{"closed", "{}"}, {"assigned", "{\"lead\":\"s110105002\"}"}};
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
        struct case_flow *flow = begin();
        struct told opened = order, end = said("end-1", ends[i].stage, "desk", NOON + HOUR);
        opened.data = "{\"type_code\":\"R0201\",\"community_code\":\"110105001905\"}";
        end.data = ends[i].data;
        tell(flow, opened);
        const char *unit = copied_to();
        assert_newest(unit, "copied", "");
        tell(flow, end);
        assert_newest(unit, "ended", "\"id\":\"end-1\"");
        size_t told = kept_count;
        flow = restart(flow);
        tell(flow, end);
        assert_int_equal(kept_count, told);
        case_flow_close(flow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closure_taken_back_is_told_to_lead_and_helpers),
        cmocka_unit_test(what_is_resolved_is_told_when_that_is_taken_back),
        cmocka_unit_test(what_the_desk_leads_comes_back_with_its_question),
        cmocka_unit_test(whoever_leads_again_by_a_correction_is_told),
        cmocka_unit_test(helpers_of_a_case_that_history_merged_are_told_when_it_is_over),
        cmocka_unit_test(a_helper_whose_call_lost_its_effect_is_told),
        cmocka_unit_test(a_helper_whose_call_has_its_effect_again_is_told),
        cmocka_unit_test(a_helper_told_behind_the_answer_is_told_of_the_next_round),
        cmocka_unit_test(a_confirmation_that_lost_its_effect_takes_the_duty_along),
        cmocka_unit_test(a_timer_of_what_the_router_opened_has_the_moment_it_waits_for),
        cmocka_unit_test(what_an_extension_into_the_past_makes_overdue_is_asked_of_the_desk),
        cmocka_unit_test(the_lead_of_a_case_that_history_merged_is_told_of_another),
        cmocka_unit_test(that_time_has_passed_hides_not_what_the_desk_is_asked),
        cmocka_unit_test(who_has_a_copy_is_told_that_it_is_over),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
