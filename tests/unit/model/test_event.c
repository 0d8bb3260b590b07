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
#include "model/json_write.h"

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

struct header {
    const char *name, *value;
};

/* A whole status in binary mode, one header changed, left out (value NULL) or added. */
static enum reject read_changed(struct header change, struct span value, struct event *event)
{
    const struct header all[] = {{"ce_specversion", "1.0"},
                                 {"ce_id", "i"},
                                 {"ce_type", "cn.citybrain.case.signed.v1"},
                                 {"ce_source", "/s"},
                                 {"ce_subject", "request:bj:1"},
                                 {"ce_time", "2023-11-14T22:13:20+08:00"},
                                 {"content-type", "application/json"}};
    struct record record = {.value = value};
    bool found = false;
    for (size_t i = 0; i < ARRAY_LENGTH(all); i++) {
        bool changed = strcmp(all[i].name, change.name) == 0;
        const char *text = changed ? change.value : all[i].value;
        found = found || changed;
        if (text)
            record.headers[record.header_count++] =
                (struct record_header){span_of(all[i].name), span_of(text)};
    }
    if (!found)
        record.headers[record.header_count++] =
            (struct record_header){span_of(change.name), span_of(change.value)};
    arena_reset(&arena);
    return event_read_record(reader, &record, &arena, event);
}

static void a_missing_or_wrong_attribute_is_named(void **state)
{
    (void)state;
    static const struct {
        struct header change;
        const char *fault;
    } wrong[] = {
        {{"ce_specversion", NULL}, "specversion"},
        {{"ce_specversion", "0.3"}, "specversion"},
        {{"ce_id", NULL}, "id"},
        {{"ce_id", ""}, "id"},
        {{"ce_id", "a\x01"}, "id"},
        {{"ce_source", NULL}, "source"},
        {{"ce_type", NULL}, "type"},
        {{"ce_type", "com.example.other"}, "type"},
        {{"ce_subject", NULL}, "subject"},
        {{"ce_subject", ":1"}, "subject"},
        {{"ce_subject", "request:\xff"}, "subject"},
        {{"ce_subject", "request:a\nb"}, "subject"},
        {{"ce_time", NULL}, "time"},
        {{"ce_time", "2023-11-14"}, "time"},
        {{"ce_recordedtime", "then"}, "recordedtime"},
        {{"ce_feedversion", "x"}, "feedversion"},
        {{"ce_replayof", "\xc3"}, "replayof"},
        {{"content-type", "text/plain"}, "datacontenttype"},
    };
    struct event event;
    read_json(whole, &event);
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        enum reject reject = read_changed(wrong[i].change, SPAN("{}"), &event);
        if (reject != REJECT_EVENT || !event.fault || strcmp(event.fault, wrong[i].fault) != 0)
            fail_msg("%s: %s, %s", wrong[i].change.name, reject_name(reject),
                     event.fault ? event.fault : "-");
    }
    assert_int_equal(read_changed((struct header){"ce_id", "i"}, SPAN("[1]"), &event),
                     REJECT_EVENT);
    assert_string_equal(event.fault, "data");
    assert_int_equal(read_changed((struct header){"ce_id", "i"}, SPAN("{"), &event), REJECT_JSON);
}

static void what_others_add_is_not_looked_at(void **state)
{
    (void)state;
    static const struct header more[] = {
        {"ce_myextension", "\xff"},
        {"X-Request-Id", "\x01"},
        {"ce_datacontenttype", "x"},
        {"content-type", NULL},
        {"content-type", "application/vnd.u+json; charset=\"utf-8\""},
        {"content-type", "Text/JSON"},
    };
    struct event event;
    read_json(whole, &event);
    for (size_t i = 0; i < ARRAY_LENGTH(more); i++) {
        if (read_changed(more[i], SPAN("{\"a\":\"b\"}"), &event) != REJECT_NONE)
            fail_msg("%s: %s at %s", more[i].name, more[i].value, event.fault);
        assert_true(span_is(event.name, "signed"));
        assert_true(span_is(json_text(event.data, "a"), "b"));
        assert_int_equal(event.time_ms, 1699971200000);
    }
    /* An event may come without data. */
    assert_int_equal(read_changed((struct header){"ce_id", "i"}, SPAN_NONE, &event), REJECT_NONE);
    assert_null(event.data);
    assert_int_equal(read_changed((struct header){"ce_id", "i"}, SPAN("null"), &event),
                     REJECT_NONE);
    assert_null(event.data);
}

static void the_content_type_chooses_the_mode_whatever_its_case(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type;
        enum reject reject;
    } told[] = {
        {"content-type", "application/cloudevents+json; charset=UTF-8", REJECT_NONE},
        {"content-type", "application/cloudevents+json", REJECT_NONE},
        {"Content-Type", "Application/CloudEvents+JSON ; Charset=\"utf-8\"", REJECT_NONE},
        {"content-type", "application/cloudevents+json;charset=utf8; version=1", REJECT_NONE},
        {"content-type", "application/cloudevents+json; charset=gb18030", REJECT_CHARSET},
        {"content-type", "application/cloudevents-batch+json", REJECT_EVENT},
        {"content-type", "application/cloudevents+avro", REJECT_EVENT},
        {"other", "-", REJECT_NONE},                       /* says nothing: structured */
        {"content-type", "application/json", REJECT_NONE}, /* and no ce_ header beside it */
    };
    struct event event;
    read_json(whole, &event);
    for (size_t i = 0; i < ARRAY_LENGTH(told); i++) {
        struct record record = {.value = span_of(whole),
                                .headers = {{span_of(told[i].name), span_of(told[i].type)}},
                                .header_count = 1};
        arena_reset(&arena);
        if (event_read_record(reader, &record, &arena, &event) != told[i].reject)
            fail_msg("%s", told[i].type);
        if (told[i].reject != REJECT_NONE)
            assert_string_equal(event.fault, "content-type");
        record.value = SPAN_NONE;
        arena_reset(&arena);
        assert_int_not_equal(event_read_record(reader, &record, &arena, &event), REJECT_NONE);
    }
}

static void structured_attributes_are_held_to_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *fault;
    } wrong[] = {
        {"request:bj:1", "request:\\u0001", "subject"},
        {"request:bj:1", "request:\x7f", "subject"},
        {"\"id\":\"i\"", "\"id\":\"\\n\"", "id"},
        {"application/json", "text/plain", "datacontenttype"},
        {"{\"a\":1}", "[1]", "data"},
        {"\"data\":{\"a\":1}", "\"data_base64\":\"e30=\"", "data_base64"},
    };
    struct event event;
    char text[sizeof whole + 64];
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        const char *at = strstr(whole, wrong[i].from);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, wrong[i].to,
                 at + strlen(wrong[i].from));
        if (read_json(text, &event) != REJECT_EVENT || strcmp(event.fault, wrong[i].fault) != 0)
            fail_msg("%s: %s", wrong[i].to, event.fault ? event.fault : "-");
    }
    assert_int_equal(
        read_json("{\"specversion\":\"1.0\",\"id\":\"a\\tb\\u4e2d\",\"source\":\"s\","
                  "\"type\":\"cn.citybrain.tick.v1\",\"time\":\"2023-11-14T22:13:20Z\"}",
                  &event),
        REJECT_EVENT);
    assert_int_equal(
        read_json("{\"specversion\":\"1.0\",\"id\":\"\\u4e2d\",\"source\":\"s\",\"mine\":{},"
                  "\"type\":\"cn.citybrain.tick.v1\",\"time\":\"2023-11-14T22:13:20Z\"}",
                  &event),
        REJECT_NONE);
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

/* All that an event says. */
static void tell(const struct event *event, enum reject reject, struct strbuf *out)
{
    const struct span texts[] = {event->name,        event->id,           event->source,
                                 event->subject,     event->partitionkey, event->correlationid,
                                 event->causationid, event->feed,         event->unit,
                                 event->party,       event->revision,     event->traceparent,
                                 event->replayof};
    strbuf_reset(out);
    strbuf_addf(out, "%s %s ", reject_name(reject), event->fault ? event->fault : "-");
    if (reject != REJECT_NONE)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        strbuf_addf(out, "%s%.*s,", texts[i].at ? "=" : "", SPAN_ARG(texts[i]));
    strbuf_addf(out, "%d %lld %lld %lld ", (int)event->family, (long long)event->time_ms,
                (long long)event->recorded_ms, (long long)event->feedversion);
    if (event->data)
        json_write(out, event->data, false);
}

/* A blank in front, and it is not written as we write it: read as anybody's. */
static bool are_read_alike(const char *text, struct strbuf *ours, struct strbuf *theirs)
{
    char blank[sizeof whole + 512];
    struct event event;
    enum reject reject = read_json(text, &event);
    tell(&event, reject, ours);
    snprintf(blank, sizeof blank, " %s", text);
    reject = read_json(blank, &event);
    tell(&event, reject, theirs);
    return strcmp(ours->at, theirs->at) == 0;
}

static void what_is_written_as_we_write_is_read_as_everything_is(void **state)
{
    static const char *const pieces[] = {
        "{",       "}",    "\"",  ",", "\\", "\x7f", "\xff", "\x01", "\"data\":", "\"id\":\"x\",",
        "\\u4e2d", "null", "[1]", " ", "1",  "x"};
    struct strbuf ours, theirs;
    char text[sizeof whole + 256];
    uint64_t seed = 7;
    size_t taken = 0;
    (void)state;
    strbuf_init(&ours, 1024, 65536);
    strbuf_init(&theirs, 1024, 65536);
    assert_true(are_read_alike(whole, &ours, &theirs));
    for (int i = 0; i < 40000; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        size_t at = (size_t)(seed >> 33) % sizeof whole, gone = (size_t)(seed >> 20) % 3;
        const char *piece = (seed >> 60) & 1 ? "" : pieces[(seed >> 50) % ARRAY_LENGTH(pieces)];
        if (gone > strlen(whole + at))
            gone = 0;
        snprintf(text, sizeof text, "%.*s%s%s", (int)at, whole, piece, whole + at + gone);
        if (!are_read_alike(text, &ours, &theirs))
            fail_msg("%s\nours:   %s\ntheirs: %s", text, ours.at, theirs.at);
        taken += strncmp(ours.at, "none ", 5) == 0;
    }
    assert_in_range(taken, 1000, 39000);
    for (int depth = 30; depth < 34; depth++) {
        snprintf(text, sizeof text, "%.*s%.*s1%.*s}}", (int)(strstr(whole, "1}}") - whole), whole,
                 depth, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", depth,
                 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
        assert_true(are_read_alike(text, &ours, &theirs));
        assert_int_equal(strncmp(ours.at, "none ", 5) == 0, depth + 2 <= JSON_MOST_DEPTH);
    }
    strbuf_fini(&ours);
    strbuf_fini(&theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes_member_by_member),
        cmocka_unit_test(refuses_an_event_that_lacks_a_required_member),
        cmocka_unit_test(refuses_types_of_others),
        cmocka_unit_test(reads_binary_mode_unless_the_content_type_says_structured),
        cmocka_unit_test(a_missing_or_wrong_attribute_is_named),
        cmocka_unit_test(what_others_add_is_not_looked_at),
        cmocka_unit_test(the_content_type_chooses_the_mode_whatever_its_case),
        cmocka_unit_test(structured_attributes_are_held_to_the_same),
        cmocka_unit_test(what_is_written_as_we_write_is_read_as_everything_is),
        cmocka_unit_test(writes_a_tick_with_an_id_of_time_and_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
