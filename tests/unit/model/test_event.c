/* SPDX-License-Identifier: Apache-2.0 */
/* Both modes of CloudEvents, and the exact text of what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "model/event.h"

static struct json_reader *reader;
static struct arena arena;

static enum reject read_json(const char *json, struct event *event)
{
    if (!reader) {
        reader = json_reader_new();
        arena_init(&arena, 65536);
    }
    arena_reset(&arena);
    return event_read(reader, span_of(json), &arena, event);
}

static const char whole[] =
    "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"/"
    "s\",\"type\":\"cn.citybrain.case.opened.v1\","
    "\"subject\":\"request:bj:1\",\"time\":\"2023-11-14T22:13:20.000Z\","
    "\"datacontenttype\":\"application/json\",\"recordedtime\":\"2023-11-14T22:13:20.001Z\","
    "\"partitionkey\":\"k\",\"correlationid\":\"c\",\"causationid\":\"d\",\"feed\":\"f\","
    "\"feedversion\":\"3\",\"unit\":\"u\",\"party\":\"p\",\"revision\":\"r\",\"traceparent\":\"t\","
    "\"replayof\":\"o\",\"data\":{\"a\":1}}";

static void reads_what_it_writes_member_by_member(void **state)
{
    (void)state;
    struct event event;
    struct strbuf out;
    assert_int_equal(read_json(whole, &event), REJECT_NONE);
    assert_int_equal(event.family, EVENT_CASE);
    assert_true(span_is(event.name, "opened"));
    assert_true(span_is(event_kind(&event), "request"));
    assert_int_equal(event.time_ms, 1700000000000);
    assert_int_equal(event.recorded_ms, 1700000000001);
    assert_int_equal(event.feedversion, 3);
    assert_true(span_is(json_text(event.data, "a"), "1"));
    event.data_json = SPAN("{\"a\":1}");
    strbuf_init(&out, 64, 4096);
    event_write(&out, &event);
    assert_string_equal(out.at, whole);
    strbuf_fini(&out);
}

static void refuses_an_event_that_lacks_a_required_member(void **state)
{
    (void)state;
    const char *const names[] = {"specversion", "\"id", "source", "\"type", "subject", "\"time"};
    struct event event;
    char text[sizeof whole];
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        memcpy(text, whole, sizeof whole);
        strstr(text, names[i])[1] = '_'; /* the member is there by another name */
        if (read_json(text, &event) != REJECT_EVENT)
            fail_msg("taken without %s", names[i]);
    }
}

static void refuses_types_of_others(void **state)
{
    (void)state;
    const char *const types[] = {"cn.citybrain.case..v1",    "cn.citybrain.case.v1",
                                 "cn.citybrain.case.a.b.v1", "cn.citybrain.case.opened.v2",
                                 "cn.citybrain.tick.v2",     "x"};
    struct event event;
    char text[256];
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        snprintf(text, sizeof text,
                 "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"s\",\"subject\":\"a:b\","
                 "\"time\":\"2023-11-14T22:13:20Z\",\"type\":\"%s\"}",
                 types[i]);
        if (read_json(text, &event) != REJECT_EVENT)
            fail_msg("taken: %s", types[i]);
    }
}

static void reads_binary_mode_unless_the_content_type_says_structured(void **state)
{
    (void)state;
    struct event event;
    struct record record = {.value = SPAN("{\"a\":\"b\"}"),
                            .headers = {{SPAN("ce_specversion"), SPAN("1.0")},
                                        {SPAN("ce_id"), SPAN("i")},
                                        {SPAN("ce_type"), SPAN("cn.citybrain.observation.heat.v1")},
                                        {SPAN("ce_source"), SPAN("/s")},
                                        {SPAN("ce_time"), SPAN("2023-11-14T22:13:20Z")},
                                        {SPAN("ce_unit"), SPAN("u1")},
                                        {SPAN("content-type"), SPAN("application/json")}},
                            .header_count = 7};
    assert_int_equal(read_json(whole, &event), REJECT_NONE);
    assert_int_equal(event_read_record(reader, &record, &arena, &event), REJECT_NONE);
    assert_int_equal(event.family, EVENT_OBSERVATION);
    assert_true(span_is(event.name, "heat"));
    assert_true(span_is(event.unit, "u1"));
    assert_true(event.recorded_ms == TIMESTAMP_NONE);
    assert_true(span_is(json_text(event.data, "a"), "b"));
    record.headers[6].value = SPAN(EVENT_CONTENT_TYPE);
    record.value = span_of(whole);
    assert_int_equal(event_read_record(reader, &record, &arena, &event), REJECT_NONE);
    assert_int_equal(event.family, EVENT_CASE);
}

static void writes_a_tick_with_an_id_of_time_and_partition(void **state)
{
    (void)state;
    struct strbuf out;
    struct event event;
    strbuf_init(&out, 64, 4096);
    event_write_tick(&out, 1700000000000, 3);
    assert_string_equal(
        out.at, "{\"specversion\":\"1.0\",\"id\":\"AeUDuYz6jZ12lO2RvmX9Hw\",\"source\":\"/clock\","
                "\"type\":\"cn.citybrain.tick.v1\",\"time\":\"2023-11-14T22:13:20.000Z\"}");
    assert_int_equal(read_json(out.at, &event), REJECT_NONE);
    assert_int_equal(event.family, EVENT_TICK);
    strbuf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes_member_by_member),
        cmocka_unit_test(refuses_an_event_that_lacks_a_required_member),
        cmocka_unit_test(refuses_types_of_others),
        cmocka_unit_test(reads_binary_mode_unless_the_content_type_says_structured),
        cmocka_unit_test(writes_a_tick_with_an_id_of_time_and_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
