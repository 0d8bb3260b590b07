/* SPDX-License-Identifier: Apache-2.0 */
/* What triggers are told: each fact once, taken back where it is a fact no longer, nothing of what
 * was told before by replays alone. */
#include "hearing.h"

static void a_fact_is_written_once_with_what_its_trigger_asks_for(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    tell(flow, opened(estate_1));
    assert_int_equal(facts(), 1);
    struct signal said = fact(0);
    assert_true(span_is(said.group, "cluster|E1|R0303") && said.counts &&
                said.step == triggers_find(triggers, SPAN("cluster"))->steps[0].key);
    assert_true(span_is(said.id, "opened-1") && span_is(said.subject, CASE));
    assert_int_equal(said.time_ms, NOON);
    assert_int_equal(said.revision.received_ms, 1764000000000);
    assert_true(span_is(signal_field(&said, SPAN("caller_ref")), "c1"));
    assert_true(span_is(signal_field(&said, SPAN("community_code")), "110105001905"));
    assert_null(signal_field(&said, SPAN("flags")).at); /* nobody asked */
    flow = restart(flow);
    kept_count = 0;
    tell(flow, opened(estate_1));
    assert_int_equal(kept_count, 0);
    assert_int_equal(case_flow_counts(flow).signals, 0);
    case_flow_close(flow);
}

static void what_stands_behind_a_tick_has_not_arrived_before_it(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    assert_int_equal(fact(0).arrived_ms, NOON + 1000); /* its receipt, before there is a clock */
    tick(flow, NOON + HOUR);
    kept_count = 0;
    struct told late = opened(estate_1);
    late.subject = "request:12345:2";
    tell(flow, late); /* its door was slow */
    assert_int_equal(fact(0).arrived_ms, NOON + HOUR);
    assert_int_equal(fact(0).recorded_ms, NOON + 1000);
    struct told early = late;
    early.subject = "request:12345:3";
    early.recorded_ms = NOON + 2 * HOUR;
    tell(flow, early); /* before the tick that will pass it */
    assert_int_equal(fact(1).arrived_ms, NOON + 2 * HOUR);
    case_flow_close(flow);
}

static void what_has_no_group_is_no_fact(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order); /* no estate */
    assert_int_equal(facts(), 0);
    case_flow_close(flow);
}

static void a_correction_moves_a_fact_to_its_new_group(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    flow = restart(flow); /* the old group is read from the set */
    kept_count = 0;
    struct told corrected = opened(estate_2);
    corrected.revision = "00000000000000000007.001764000000009.000001.00000000000000bb";
    corrected.recorded_ms = NOON + 2000;
    tell(flow, corrected);
    assert_int_equal(facts(), 2);
    struct signal back = fact(0), now = fact(1);
    assert_true(span_is(back.group, "cluster|E1|R0303") && !back.counts);
    assert_true(span_is(now.group, "cluster|E2|R0303") && now.counts);
    assert_true(span_is(back.id, "opened-1") && span_is(now.id, "opened-1"));
    assert_int_equal(back.revision.source, 7);
    assert_true(back.arrived_ms == NOON + 2000 && now.arrived_ms == NOON + 2000);
    assert_true(signal_revision_holds((struct signal_revision){0, 1764000000000}, back.revision));
    case_flow_close(flow);
}

static void history_alone_is_no_fact_until_it_is_told_live(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told old = opened(estate_1);
    old.replayof = "backfill";
    tell(flow, old);
    assert_int_equal(count(STREAM_SIGNALS, ""), 0);
    tell(flow, opened(estate_1));
    assert_int_equal(facts(), 1);
    kept_count = 0;
    tell(flow, old); /* history that comes again silences nothing */
    assert_int_equal(kept_count, 0);
    case_flow_close(flow);
}

/* closed and reopened in either order: a move that is impossible so far is no fact so far. */
static void a_move_counts_when_what_it_hangs_on_has_come(void **state)
{
    (void)state;
    struct told closed = {
        .id = "closed-1", .stage = "closed", .time_ms = NOON + HOUR, .data = "{}"};
    closed.recorded_ms = NOON + 3 * HOUR;
    struct told reopened = {.id = "reopened-1",
                            .stage = "reopened",
                            .party = "callback",
                            .time_ms = NOON + 2 * HOUR,
                            .data = "{}"};
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    tell(flow, reopened);
    assert_int_equal(facts(), 1);
    tell(flow, closed);
    assert_int_equal(facts(), 2);
    struct signal said = fact(1);
    assert_true(span_is(said.group, "again|E1") && said.counts);
    assert_true(span_is(said.id, "reopened-1")); /* and its case's type and estate */
    assert_int_equal(said.recorded_ms, NOON + 2 * HOUR + 1000);
    assert_int_equal(said.arrived_ms, NOON + 3 * HOUR); /* with what made it one */

    struct told earlier = reopened; /* corrected: it was before the closure */
    earlier.time_ms = NOON + HOUR / 2;
    earlier.revision = "00000000000000000001.001764000000009.000001.00000000000000bb";
    tell(flow, earlier);
    assert_int_equal(facts(), 3);
    said = fact(2);
    assert_true(span_is(said.id, "reopened-1") && !said.counts);
    case_flow_close(flow);
}

static const char estate_1_praise[] = "{\"type_code\":\"R0303\",\"community_code\":"
                                      "\"110105001905\",\"street_code\":\"110105001\","
                                      "\"estate_code\":\"E1\",\"request_kind\":\"praise\"}";
static const char estate_1_complaint[] =
    "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\",\"street_code\":"
    "\"110105001\","
    "\"estate_code\":\"E1\",\"request_kind\":\"complaint\"}";

/* What kind of request it is stands in the opening alone, and other lines are told with it. */
static void another_kind_of_request_moves_the_facts_of_other_lines(void **state)
{
    static const char praised[] =
        "trigger: praised\nname: 表扬后回访\n"
        "on: { kind: request, stage: reopened, request_kind: praise }\n"
        "group: [estate_code]\ncount: { at_least: 1, within: 7d }\nopen: { say: \"{count}\" }\n";
    struct listeners *before = bundle.listeners;
    struct triggers *loaded = triggers;
    struct diagnostics *diagnostics = diagnostics_new();
    struct told closed = {.id = "closed-1",
                          .stage = "closed",
                          .party = "source",
                          .time_ms = NOON + HOUR,
                          .data = "{\"outcome\":\"answered\"}"};
    struct told reopened = {.id = "reopened-1",
                            .stage = "reopened",
                            .party = "callback",
                            .time_ms = NOON + 2 * HOUR,
                            .data = "{}"};
    (void)state;
    put("praised", praised);
    bundle.listeners = listen(diagnostics);
    assert_non_null(bundle.listeners);
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1_praise));
    tell(flow, closed);
    tell(flow, reopened);
    size_t heard = 0, taken_back = 0;
    struct told corrected = opened(estate_1_complaint);
    corrected.revision = "00000000000000000007.001764000000009.000001.00000000000000bb";
    tell(flow, corrected);
    for (size_t i = 0; i < facts(); i++) {
        bool of_it = span_is(fact(i).trigger, "praised");
        heard += of_it && fact(i).counts;
        taken_back += of_it && !fact(i).counts;
    }
    assert_int_equal(heard, 1);
    assert_int_equal(taken_back, 1);
    case_flow_close(flow);
    listeners_free(bundle.listeners);
    triggers_free(triggers);
    bundle.listeners = before;
    triggers = loaded;
    diagnostics_free(diagnostics);
    char path[128];
    snprintf(path, sizeof path, "%s/praised.yaml", folder);
    remove(path);
}

/* One fact by two things that a trigger listens to: it is taken back when neither hears it. */
static void what_another_step_still_hears_stays_a_fact(void **state)
{
    static const char either[] =
        "trigger: either\nname: 两可\non: [{ kind: request, stage: opened, caller_ref: c1 },\n"
        "  { kind: request, stage: opened, estate_code: [E1, E2] },\n"
        "  { kind: request, stage: opened, estate_code: E1 }]\n"
        "group: [type_code]\ncount: { at_least: 3, within: 7d }\nopen: { say: \"{count}\" }\n";
    struct listeners *before = bundle.listeners;
    struct triggers *loaded = triggers;
    struct diagnostics *diagnostics = diagnostics_new();
    (void)state;
    put("either", either);
    bundle.listeners = listen(diagnostics);
    assert_non_null(bundle.listeners);
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    struct told corrected = opened(estate_2);
    corrected.revision = "00000000000000000007.001764000000009.000001.00000000000000bb";
    tell(flow, corrected);
    bool counts = false;
    for (size_t i = 0; i < facts(); i++)
        if (span_is(fact(i).trigger, "either"))
            counts = fact(i).counts;
    assert_true(counts); /* the last word */
    case_flow_close(flow);
    listeners_free(bundle.listeners);
    triggers_free(triggers);
    bundle.listeners = before;
    triggers = loaded;
    diagnostics_free(diagnostics);
    char path[128];
    snprintf(path, sizeof path, "%s/either.yaml", folder);
    remove(path);
}

static void a_step_asks_for_what_it_says_only(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, opened("{\"type_code\":\"R0101\",\"community_code\":\"110105001905\","
                      "\"estate_code\":\"E1\"}"));
    tell(flow,
         (struct told){.id = "closed-1", .stage = "closed", .time_ms = NOON + 1, .data = "{}"});
    tell(flow, (struct told){.id = "reopened-1",
                             .stage = "reopened",
                             .party = "desk",
                             .time_ms = NOON + 2,
                             .data = "{}"});
    assert_int_equal(count(STREAM_SIGNALS, ""), 1); /* again is for R03 */
    assert_true(span_is(fact(0).trigger, "cluster"));
    case_flow_close(flow);
}

static struct span party = {"source", 6}; /* of what is observed */

static void observe(struct case_flow *flow, const char *kind, const char *feed, const char *data,
                    const char *replayof)
{
    struct strbuf buf;
    strbuf_init(&buf, 1024, 65536);
    event_write(&buf, &(struct event){.family = EVENT_OBSERVATION,
                                      .name = span_of(kind),
                                      .id = SPAN("seen-1"),
                                      .source = SPAN("/feeds/x"),
                                      .subject = SPAN("outage:utilities:7"),
                                      .time_ms = NOON,
                                      .recorded_ms = NOON + 5,
                                      .party = party,
                                      .feed = span_of(feed),
                                      .replayof = span_of(replayof),
                                      .data_json = span_of(data)});
    say(flow, strbuf_span(&buf));
    strbuf_fini(&buf);
}

static void observations_are_facts_where_a_step_listens(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    observe(flow, "outage", "outage", "{\"cause\":\"urgent\",\"community_code\":\"110105001905\"}",
            NULL);
    observe(flow, "outage", "outage", "{\"cause\":\"planned\",\"community_code\":\"110105001905\"}",
            NULL);
    observe(flow, "outage_over", "outage",
            "{\"cause\":\"urgent\",\"community_code\":\"110105001905\"}", NULL);
    observe(flow, "outage", "outage", "{\"cause\":\"urgent\",\"community_code\":\"110105001905\"}",
            "backfill");
    assert_int_equal(kept_count, 1);
    struct signal said = fact(0);
    assert_true(span_is(said.group, "outage|110105001905") && said.counts);
    assert_true(span_is(said.subject, "outage:utilities:7"));
    assert_int_equal(said.revision.received_ms, NOON + 5);
    case_flow_close(flow);
}

/* It comes from another partition, sooner or later (docs/decisions/0064). */
static void what_the_router_says_arrives_in_its_own_moment(void **state)
{
    static const char data[] = "{\"cause\":\"urgent\",\"community_code\":\"110105001905\"}";
    (void)state;
    struct case_flow *flow = begin();
    tick(flow, NOON + HOUR);
    kept_count = 0;
    observe(flow, "outage", "outage", data, NULL);
    party = SPAN("router");
    observe(flow, "outage", "outage", data, NULL);
    party = SPAN("source");
    assert_int_equal(fact(0).arrived_ms, NOON + HOUR);
    assert_int_equal(fact(1).arrived_ms, NOON + 5);
    case_flow_close(flow);
}

static void any_word_of_a_station_is_a_sighting(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    observe(flow, "heartbeat", "heartbeat", "{\"station\":\"st001\"}", NULL);
    observe(flow, "visits", "platform", "{\"station\":\"st001\"}", NULL);
    observe(flow, "visits", "platform", "{\"count\":3}", NULL);
    assert_int_equal(kept_count, 2);
    struct signal said = fact(1);
    assert_true(span_is(said.group, "silent|st001"));
    assert_true(span_is(signal_field(&said, SPAN("via")), "platform"));
    assert_int_equal(said.time_ms, NOON + 5); /* when it was heard, whatever it tells of */
    case_flow_close(flow);
}

static void the_clock_is_told_to_every_partition_after_its_timers(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    kept_count = 0;
    tick(flow, NOON + 9 * DAY);
    assert_int_equal(count(STREAM_SIGNALS, "2|w|3|"), 12);
    assert_true(count(STREAM_EVENTS, "case.overdue.v1") == 1);
    assert_int_equal(kept[kept_count - 1].stream, STREAM_SIGNALS); /* behind what is due */
    kept_count = 0;
    tick(flow, NOON + 8 * DAY); /* an old one */
    assert_int_equal(kept_count, 0);
    flow = restart(flow);
    tick(flow, NOON + 9 * DAY); /* the one whose timers a restart interrupted */
    assert_int_equal(count(STREAM_SIGNALS, "2|w|3|"), 12);
    case_flow_close(flow);
}

static char shown[512];

static void show(void *context, const char *line)
{
    (void)context;
    snprintf(shown, sizeof shown, "%s", line);
}

static void a_group_that_no_case_keeps_is_refused(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct triggers *before = triggers;
    put("colour",
        "trigger: colour\nname: 颜色\non: { kind: request, stage: opened }\ngroup: [colour]\n"
        "count: { at_least: 3, within: 7d }\nopen: { say: \"{count}\" }\n");
    assert_null(listen(diagnostics));
    diagnostics_each(diagnostics, show, NULL);
    assert_non_null(strstr(shown, "colour.yaml:"));
    assert_non_null(strstr(shown, "asks a case for colour"));
    assert_non_null(strstr(shown, "codes.csv"));
    diagnostics_free(diagnostics);
    triggers_free(triggers);
    triggers = before;
    char path[128];
    snprintf(path, sizeof path, "%s/colour.yaml", folder);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fact_is_written_once_with_what_its_trigger_asks_for),
        cmocka_unit_test(what_has_no_group_is_no_fact),
        cmocka_unit_test(a_correction_moves_a_fact_to_its_new_group),
        cmocka_unit_test(history_alone_is_no_fact_until_it_is_told_live),
        cmocka_unit_test(a_move_counts_when_what_it_hangs_on_has_come),
        cmocka_unit_test(what_stands_behind_a_tick_has_not_arrived_before_it),
        cmocka_unit_test(another_kind_of_request_moves_the_facts_of_other_lines),
        cmocka_unit_test(what_another_step_still_hears_stays_a_fact),
        cmocka_unit_test(a_step_asks_for_what_it_says_only),
        cmocka_unit_test(observations_are_facts_where_a_step_listens),
        cmocka_unit_test(what_the_router_says_arrives_in_its_own_moment),
        cmocka_unit_test(any_word_of_a_station_is_a_sighting),
        cmocka_unit_test(the_clock_is_told_to_every_partition_after_its_timers),
        cmocka_unit_test(a_group_that_no_case_keeps_is_refused),
    };
    return cmocka_run_group_tests(tests, load_all, unload_all);
}
