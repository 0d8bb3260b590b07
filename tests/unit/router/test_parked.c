/* SPDX-License-Identifier: Apache-2.0 */
/* A unit without a topic, with a carrier that knows which topics there are: nothing is lost,
 * nothing is written twice, nobody else waits, and the case tells of it. */
#include "flow.h"

#define LEAD "s110105001"

static bool missing; /* the topic of LEAD */
static bool all_missing;
static struct case_flow *flow;

/* As the transform loop: kept aside, then settled before save. */
static void carry(void *carrier, const struct output *output)
{
    (void)carrier;
    bool is_order = output->stream == STREAM_DISPATCH;
    if (is_order && (all_missing || (missing && span_is(output->suffix, LEAD))))
        case_flow_refuse(flow, output);
    else
        keep(NULL, output);
}

static struct outputs carried = {carry, NULL};

static void hear(struct span json)
{
    struct record record = {.topic = SPAN("cb.events"), .key = SPAN(CASE), .value = json};
    while (case_flow_on_record(flow, &record, &carried) == TRANSFORM_AGAIN)
        continue;
}

static void hear_told(struct told told)
{
    struct outputs plain = outputs;
    outputs = carried; /* tell() writes there */
    tell(flow, told);
    outputs = plain;
}

static void hear_tick(int64_t t_ms)
{
    struct strbuf buf;
    strbuf_init(&buf, 256, 4096);
    event_write_tick(&buf, t_ms, 0);
    hear(strbuf_span(&buf));
    strbuf_fini(&buf);
}

/* What save writes beside the state stays in `kept`. */
static void commit(void)
{
    size_t before = kept_count;
    case_flow_save(flow, &carried);
    topic = xrealloc(topic, (topic_count + kept_count - before + 1) * sizeof *topic);
    size_t at = before;
    for (size_t i = before; i < kept_count; i++) {
        if (kept[i].stream == STREAM_STATE_CASES)
            topic[topic_count++] = kept[i];
        else
            kept[at++] = kept[i];
    }
    kept_count = at;
}

static void probe(void)
{
    case_flow_probe(flow, &carried);
    commit();
}

static struct told numbered(int number)
{
    static char ids[8][32];
    snprintf(ids[number], sizeof ids[number], "request:12345:%d", number);
    struct told one = order;
    one.subject = one.id = ids[number];
    return one;
}

static size_t written(const char *kind)
{
    char text[64];
    snprintf(text, sizeof text, "\"kind\":\"%s\"", kind);
    return count(STREAM_DISPATCH, text);
}

static void what_a_unit_cannot_be_told_waits_and_nobody_else_does(void **state)
{
    (void)state;
    flow = begin();
    missing = true;
    hear_told(numbered(1));
    struct told elsewhere = numbered(2);
    elsewhere.data = "{\"type_code\":\"R0303\",\"lead\":\"d_police\",\"limit_class\":\"7d\"}";
    hear_told(elsewhere);
    commit();
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 2);
    assert_int_equal(written("assigned"), 1); /* the other's */
    assert_int_equal(count(STREAM_EVENTS, "case.undelivered.v1"), 1);
    assert_int_equal(count(STREAM_EVENTS, "\"unit\":\"" LEAD "\",\"order\":\"assigned\""), 1);
    assert_int_equal(case_flow_counts(flow).parked, 1);
    probe();
    probe(); /* still missing: nothing new is said */
    assert_int_equal(count(STREAM_EVENTS, "case.undelivered.v1"), 1);
    assert_int_equal(count(STREAM_EVENTS, "case.delivered.v1"), 0);
    assert_int_equal(case_flow_counts(flow).parked, 1);
    case_flow_close(flow);
}

static void what_waited_is_written_in_its_order_under_its_ids_once(void **state)
{
    (void)state;
    flow = begin();
    missing = true;
    hear_told(numbered(1));
    commit();
    hear_told(numbered(2)); /* known to be missing: not even tried */
    hear_tick(NOON + 8 * DAY);
    commit();
    flow = restart(flow);
    assert_int_equal(case_flow_counts(flow).parked,
                     10); /* assigned, three nudges, overdue; twice */
    missing = false;
    kept_count = 0;
    hear_told(numbered(3)); /* the topic is there, but older ones come first */
    assert_int_equal(written(""), 0);
    commit();
    probe();
    assert_int_equal(written("assigned"), 3);
    assert_int_equal(written("nudged"), 6);
    assert_int_equal(written("overdue"), 2);
    assert_int_equal(count(STREAM_EVENTS, "case.delivered.v1"), 11);
    assert_int_equal(case_flow_counts(flow).parked, 0);
    const char *last = "";
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream == STREAM_DISPATCH && strcmp(kept[i].key, "request:12345:1") == 0) {
            const char *kind = strstr(kept[i].value, "\"kind\":");
            assert_true(strcmp(last, "") != 0 || strstr(kind, "assigned") == kind + 8);
            last = kept[i].value;
        }
    assert_non_null(strstr(last, "\"kind\":\"overdue\""));
    kept_count = 0;
    probe();
    flow = restart(flow);
    probe();
    assert_int_equal(kept_count, 0);
    case_flow_close(flow);
}

static size_t taken_out(const char *unit)
{
    size_t n = 0;
    for (size_t i = 0; i < kept_count; i++)
        n += kept[i].stream == STREAM_DISPATCH && kept[i].gone && strcmp(kept[i].suffix, unit) == 0;
    return n;
}

/* A topic that we may not see looks like one that is not there, and has the case's orders. The case
 * is marked, so nobody would take them out another time. */
static void what_takes_old_orders_out_waits_for_the_topic(void **state)
{
    (void)state;
    for (int behind = 0; behind < 2; behind++) { /* an order that waits */
        flow = begin();
        missing = false;
        struct told ends = order, again = order;
        ends.id = "closed-1";
        ends.stage = "closed";
        ends.time_ms = NOON + HOUR;
        ends.data = "{}";
        again.subject = again.id = "request:12345:9";
        again.time_ms = NOON + 91 * DAY;
        hear_told(order);
        hear_told(ends);
        commit();
        missing = true;
        if (behind)
            hear_told(again);
        commit();
        hear_tick(NOON + 92 * DAY);
        commit();
        assert_int_equal(taken_out(LEAD), 0);
        assert_int_equal(case_flow_counts(flow).removals, 1);
        assert_true(case_flow_counts(flow).parked > behind);
        flow = restart(flow);
        assert_int_equal(case_flow_counts(flow).removals, 1);
        probe(); /* missing still */
        assert_int_equal(taken_out(LEAD), 0);
        missing = false;
        probe();
        assert_int_equal(taken_out(LEAD), 1);
        assert_int_equal(case_flow_counts(flow).parked, 0);
        assert_int_equal(count(STREAM_EVENTS, "\"order\":\"gone\""), 0); /* no case hears of it */
        flow = restart(flow);
        assert_int_equal(case_flow_counts(flow).parked, 0);
        case_flow_close(flow);
    }
}

/* The id of what is written late is the decision's. */
static void a_late_order_has_the_id_of_its_decision(void **state)
{
    (void)state;
    char id[32];
    flow = begin();
    missing = true;
    hear_told(order);
    commit();
    const char *at = strstr(kept[0].value, "\"id\":\"");
    assert_non_null(at);
    snprintf(id, sizeof id, "%.22s", at + 6);
    missing = false;
    probe();
    assert_int_equal(count(STREAM_DISPATCH, id), 1);
    assert_int_equal(count(STREAM_EVENTS, "case.delivered.v1"), 1);
    char delivered[4096] = "";
    for (size_t i = 0; i < kept_count; i++)
        if (strstr(kept[i].value, "case.delivered.v1"))
            strcpy(delivered, kept[i].value);
    assert_non_null(strstr(delivered, id)); /* its cause */
    kept_count = 0;
    hear(span_of(delivered)); /* read back from the log */
    commit();
    assert_int_equal(kept_count, 0);
    case_flow_close(flow);
}

/* A unit's name may be long and full of what JSON escapes. Orders that wait are read back: half a
 * one would end the process again and again. */
static void an_order_is_whole_however_long_its_unit(void **state)
{
    (void)state;
    enum { LETTERS = 8000 };
    struct strbuf data;
    strbuf_init(&data, 1024, 1 << 20);
    strbuf_add(&data, SPAN("{\"type_code\":\"R0303\",\"limit_class\":\"7d\",\"lead\":\""));
    for (int i = 0; i < LETTERS; i++)
        strbuf_add(&data, SPAN("\\u0001"));
    strbuf_add(&data, SPAN("\"}"));
    flow = begin();
    struct told one = order;
    one.data = data.at;
    all_missing = true;
    hear_told(one);
    commit();
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 1);
    assert_int_equal(case_flow_counts(flow).parked, 1);
    all_missing = false;
    probe();
    assert_int_equal(case_flow_counts(flow).parked, 0);
    assert_int_equal(count(STREAM_EVENTS, "case.delivered.v1"), 1);
    strbuf_fini(&data);
    case_flow_close(flow);
}

/* What is said of a unit must be an event for those who read it, whatever its name is made of. */
static void what_is_said_of_a_strange_unit_can_be_read(void **state)
{
    (void)state;
    flow = begin();
    struct told one = order;
    one.data = "{\"type_code\":\"R0303\",\"limit_class\":\"7d\",\"lead\":\"a\\u0001b\"}";
    all_missing = true;
    hear_told(one);
    commit();
    all_missing = false;
    probe();
    assert_int_equal(count(STREAM_EVENTS, "case.undelivered.v1"), 1);
    assert_int_equal(count(STREAM_EVENTS, "case.delivered.v1"), 1);
    for (size_t i = 0, end = kept_count; i < end; i++)
        if (kept[i].stream == STREAM_EVENTS)
            hear(span_of(kept[i].value));
    assert_int_equal(count(STREAM_DEAD, ""), 0);
    case_flow_close(flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_unit_cannot_be_told_waits_and_nobody_else_does),
        cmocka_unit_test(what_waited_is_written_in_its_order_under_its_ids_once),
        cmocka_unit_test(what_takes_old_orders_out_waits_for_the_topic),
        cmocka_unit_test(a_late_order_has_the_id_of_its_decision),
        cmocka_unit_test(an_order_is_whole_however_long_its_unit),
        cmocka_unit_test(what_is_said_of_a_strange_unit_can_be_read),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
