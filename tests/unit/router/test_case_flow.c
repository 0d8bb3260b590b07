/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 1 with an array of outputs for Kafka: one decision a cause, nothing for history, timers
 * once, and a state that gives the same answers after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/memory.h"
#include "model/event.h"
#include "router/core/case_flow.h"
#include "router/core/emit.h"

#define NOON 1764043200000LL /* 2025-11-25T04:00:00Z */
#define HOUR 3600000LL
#define DAY  (24 * HOUR)
#define CASE "request:12345:1"

struct kept {
    int stream;
    char suffix[64], key[64];
    char value[4096];
};

static struct kept kept[64];
static size_t kept_count;
static struct district district;
static struct case_flow_rules rules;

static void keep(void *carrier, const struct output *output)
{
    (void)carrier;
    assert_true(kept_count < ARRAY_LENGTH(kept));
    struct kept *one = &kept[kept_count++];
    one->stream = output->stream;
    span_to_cstr(output->suffix, one->suffix, sizeof one->suffix);
    span_to_cstr(output->key, one->key, sizeof one->key);
    span_to_cstr(output->value, one->value, sizeof one->value);
}

static struct outputs outputs = {keep, NULL};

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    if (!codes || !district_load(&district, "config", diagnostics))
        return -1;
    rules = (struct case_flow_rules){
        codes, kinds_load("config/kinds", codes, diagnostics), &district,
        rules_load("config/rules/dispatch.yaml", &district, diagnostics), 30 * DAY};
    diagnostics_free(diagnostics);
    return rules.kinds && rules.rules ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    rules_free((struct rules *)(uintptr_t)rules.rules);
    kinds_free((struct kinds *)(uintptr_t)rules.kinds);
    codes_free((struct codes *)(uintptr_t)rules.codes);
    district_fini(&district);
    return 0;
}

static size_t count(int stream, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < kept_count; i++)
        n += kept[i].stream == stream && strstr(kept[i].value, text) != NULL;
    return n;
}

static void say(struct case_flow *flow, struct span json)
{
    struct record record = {.topic = SPAN("cb.events"), .key = SPAN(CASE), .value = json};
    assert_int_equal(case_flow_on_record(flow, &record, &outputs), TRANSFORM_NEXT);
}

struct told {
    const char *id, *stage, *party, *unit, *data, *replayof;
    int64_t time_ms, recorded_ms;
};

static void tell(struct case_flow *flow, struct told told)
{
    struct strbuf buf;
    struct event event = {
        .family = EVENT_CASE,
        .name = span_of(told.stage),
        .id = span_of(told.id),
        .source = SPAN("/feeds/hotline"),
        .subject = SPAN(CASE),
        .time_ms = told.time_ms,
        .recorded_ms = told.recorded_ms ? told.recorded_ms : told.time_ms + 1000,
        .party = span_of(told.party ? told.party : "source"),
        .unit = span_of(told.unit),
        .revision = SPAN("00000000000000000000.001764000000000.000001.00000000000000aa"),
        .replayof = span_of(told.replayof),
        .data_json =
            span_of(told.data ? told.data
                              : "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\"}"),
    };
    strbuf_init(&buf, 1024, 65536);
    event_write(&buf, &event);
    say(flow, strbuf_span(&buf));
    strbuf_fini(&buf);
}

static void tick(struct case_flow *flow, int64_t t_ms)
{
    struct strbuf buf;
    strbuf_init(&buf, 256, 4096);
    event_write_tick(&buf, t_ms, 0);
    say(flow, strbuf_span(&buf));
    strbuf_fini(&buf);
}

static const struct told order = {.id = "opened-1", .stage = "opened", .time_ms = NOON};

static struct case_flow *begin(void)
{
    kept_count = 0;
    return case_flow_open(&rules, 3);
}

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
