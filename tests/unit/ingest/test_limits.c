/* SPDX-License-Identifier: Apache-2.0 */
/* No record stops its partition: what is too large, unreadable or strange is one dead letter with a
 * reason, and what we write always fits the topic it goes to. Status records in every form units
 * may choose. */
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
#include "ingest/core/normalise.h"

#define RECEIVED  1772420400000 /* 2026-03-02T03:00:00Z */
#define TOPIC_MAX 1000000       /* of `events` and most topics, less than their 1 MiB */
#define DEAD_MAX  2000000

static const char json_feed[] =
    "feed: j\nversions:\n  - version: 1\n    valid_from: 2026-01-01\n    format: ndjson\n"
    "    charset: utf-8\n    zone: Asia/Shanghai\n    namespace: request:x\n    number: no\n"
    "    events:\n      - stage: opened\n        time: at\n        data:\n"
    "          note: { from: note, class: public }\n          text: { from: text, class: drop }\n";
static const char status_feed[] =
    "feed: status\nversions:\n  - version: 1\n    valid_from: 2020-01-01\n"
    "    format: cloudevents\n    charset: utf-8\n";

struct fixture {
    struct diagnostics *diagnostics;
    struct codes *codes;
    struct kinds *kinds;
    struct feeds *feeds;
    struct normalise normalise;
    /* what was written last */
    size_t count;
    int stream;
    size_t receipts; /* told to the unit besides */
    char *value;
    bool has_value;
    size_t size, value_len;
    char key[256], cb[2048];
};

static void take(void *carrier, const struct output *output)
{
    struct fixture *fixture = carrier;
    if (output->stream == NORMALISE_RECEIPTS) {
        fixture->receipts++;
        assert_true(output->key.len + output->value.len < TOPIC_MAX);
        return;
    }
    fixture->count++;
    fixture->stream = output->stream;
    free(fixture->value);
    fixture->value = xspandup(output->value.at ? output->value : SPAN(""));
    fixture->has_value = output->value.at != NULL;
    fixture->value_len = output->value.len;
    fixture->size = output->key.len + output->value.len + 100;
    for (size_t i = 0; i < output->header_count; i++)
        fixture->size += output->headers[i].name.len + output->headers[i].value.len;
    span_to_cstr(output->key, fixture->key, sizeof fixture->key);
    span_to_cstr(output->headers[0].value, fixture->cb, sizeof fixture->cb);
    assert_true(fixture->size <= (output->stream == NORMALISE_DEAD ? DEAD_MAX : TOPIC_MAX));
}

static void load(struct fixture *fixture, const char *feed)
{
    *fixture = (struct fixture){.diagnostics = diagnostics_new()};
    fixture->codes = codes_load("config/codes.csv", fixture->diagnostics);
    fixture->kinds = kinds_load("config/kinds", fixture->codes, fixture->diagnostics);
    fixture->feeds = feeds_parse("f.yaml", span_of(feed), fixture->diagnostics);
    assert_non_null(fixture->feeds);
    assert_non_null(fixture->kinds);
    normalise_init(&fixture->normalise, fixture->feeds, fixture->kinds);
}

static void unload(struct fixture *fixture)
{
    normalise_fini(&fixture->normalise);
    feeds_free(fixture->feeds);
    kinds_free(fixture->kinds);
    codes_free(fixture->codes);
    diagnostics_free(fixture->diagnostics);
    free(fixture->value);
}

static enum reject run(struct fixture *fixture, const struct record *record)
{
    struct outputs outputs = {take, fixture};
    struct normalise_result result;
    fixture->count = 0;
    normalise_record(&fixture->normalise, record, &outputs, &result);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(fixture->stream,
                     result.why.reject == REJECT_NONE ? NORMALISE_EVENTS : NORMALISE_DEAD);
    return result.why.reject;
}

static struct record raw(struct span value)
{
    return (struct record){.topic = SPAN("cb.raw"),
                           .partition = 4,
                           .offset = 77,
                           .value = value,
                           .headers = {{SPAN("cb"), SPAN("{\"v\":1,\"feed\":\"j\",\"mapping\":1,"
                                                         "\"row\":9,\"received\":1772420400000}")}},
                           .header_count = 1};
}

/* {"no":"1","at":…,"<name>":"aaa…"} of `len` bytes. */
static struct span item(const char *name, size_t len)
{
    char *text = xmalloc(len + 1);
    int front = snprintf(text, len, "{\"no\":\"1\",\"at\":\"2026-03-02 09:15:00\",\"%s\":\"", name);
    memset(text + front, 'a', len - (size_t)front);
    text[len - 2] = '"';
    text[len - 1] = '}';
    text[len] = 0;
    return span_from(text, len);
}

static void forget(struct span text)
{
    free((void *)(uintptr_t)text.at);
}

/* The same of `len` bytes at most, in members nobody declared of `each` bytes. */
static struct span item_of_many(size_t each, size_t len)
{
    struct strbuf text;
    strbuf_init(&text, len, len + 1);
    strbuf_add(&text, SPAN("{\"no\":\"1\",\"at\":\"2026-03-02 09:15:00\""));
    char *long_text = xmalloc(each);
    memset(long_text, 'a', each);
    for (int i = 0; text.len + each + 20 < len; i++) {
        strbuf_addf(&text, ",\"m%d\":\"", i);
        strbuf_add(&text, span_from(long_text, each));
        strbuf_add_char(&text, '"');
    }
    strbuf_add_char(&text, '}');
    free(long_text);
    return strbuf_span(&text);
}

static void a_large_item_is_read_when_what_it_leaves_is_small(void **state)
{
    (void)state;
    struct fixture fixture;
    load(&fixture, json_feed);
    struct span value = item("text", CSV_CELL_MAX);
    struct record record = raw(value);
    assert_int_equal(run(&fixture, &record), REJECT_NONE);
    forget(value);
    value = item_of_many(CSV_CELL_MAX, NORMALISE_VALUE_MAX);
    record = raw(value);
    assert_int_equal(run(&fixture, &record), REJECT_NONE);
    forget(value);
    unload(&fixture);
}

static void an_object_has_at_most_256_members(void **state)
{
    (void)state;
    struct fixture fixture;
    load(&fixture, json_feed);
    for (int more = 0; more <= 1; more++) {
        struct span value = item_of_many(1, 44 + 256 * 8 + 256 * 3);
        int members = 2;
        for (size_t i = 0; i < value.len; i++)
            members += value.at[i] == 'm';
        assert_true(members > 257);
        char *cut = (char *)(uintptr_t)value.at;
        size_t len = 0;
        for (int found = 2; found < 257 + more; len++)
            found += cut[len] == 'm';
        cut[len - 3] = '}'; /* behind the member before it */
        struct record record = raw(span_from(cut, len - 2));
        assert_int_equal(run(&fixture, &record), more ? REJECT_TOO_LARGE : REJECT_NONE);
        forget(value);
    }
    unload(&fixture);
}

#define AROUND (sizeof "{\"no\":\"1\",\"at\":\"2026-03-02 09:15:00\",\"note\":\"\"}" - 1)

static void expect_dead(struct fixture *fixture, size_t note, enum reject reject)
{
    struct span value = item("note", AROUND + note);
    struct record record = raw(value);
    char reason[64];
    snprintf(reason, sizeof reason, "\"reason\":\"%s\"", reject_name(reject));
    assert_int_equal(run(fixture, &record), reject);
    assert_int_equal(fixture->value_len, value.len);
    assert_memory_equal(fixture->value, value.at, value.len);
    assert_non_null(strstr(fixture->cb, reason));
    assert_non_null(strstr(fixture->cb, "\"disposition\":\"dead\""));
    forget(value);
}

static void expect_event(struct fixture *fixture, size_t note)
{
    struct span value = item("note", AROUND + note);
    struct record record = raw(value);
    assert_int_equal(run(fixture, &record), REJECT_NONE);
    forget(value);
}

static void a_value_longer_than_its_field_takes_is_a_dead_letter(void **state)
{
    (void)state;
    struct fixture fixture;
    load(&fixture, json_feed);
    expect_event(&fixture, MAPPING_VALUE_MAX);
    expect_dead(&fixture, MAPPING_VALUE_MAX + 1, REJECT_LENGTH);
    expect_dead(&fixture, CSV_CELL_MAX, REJECT_LENGTH);
    expect_dead(&fixture, CSV_CELL_MAX + 1, REJECT_TOO_LARGE);
    expect_dead(&fixture, NORMALISE_VALUE_MAX - AROUND, REJECT_TOO_LARGE);
    unload(&fixture);
}

/* The broker would refuse it, again and again, and the partition would stand still. */
static void an_event_larger_than_its_readers_take_is_a_dead_letter(void **state)
{
    (void)state;
    enum { FIELDS = 40 };
    struct fixture fixture;
    char feed[4096], *at = feed + sprintf(feed, "%s", json_feed);
    for (int i = 0; i < FIELDS; i++)
        at += sprintf(at, "          n%d: { from: note, max: 4000 }\n", i);
    *strstr(feed, "note: { from: note, class") = '#';
    load(&fixture, feed);
    expect_event(&fixture, (NORMALISE_EVENT_MAX - 1000) / FIELDS);
    expect_dead(&fixture, (NORMALISE_EVENT_MAX + 1000) / FIELDS, REJECT_TOO_LARGE);
    unload(&fixture);
}

static void an_item_larger_than_the_arena_is_a_dead_letter(void **state)
{
    (void)state;
    struct fixture fixture;
    size_t len = 1 << 20;
    char *text = xmalloc(len + 1);
    load(&fixture, json_feed);
    for (size_t i = 0; i < len; i++) /* [0,0,0, … each a value of its own */
        text[i] = i % 2 ? '0' : ',';
    memcpy(text, "{\"no\":[0", 8);
    memcpy(text + len - 2, "]}", 2);
    struct record record = raw(span_from(text, len));
    assert_int_equal(run(&fixture, &record), REJECT_TOO_LARGE);
    assert_int_equal(fixture.value_len, len);
    record = raw(SPAN("{\"no\":\"1\",\"at\":\"2026-03-02 09:15:00\"}")); /* the next one is fine */
    assert_int_equal(run(&fixture, &record), REJECT_NONE);
    free(text);
    unload(&fixture);
}

static void a_record_too_large_for_dead_is_left_where_it_is_and_told(void **state)
{
    (void)state;
    struct fixture fixture;
    load(&fixture, json_feed);
    struct span value = item("text", NORMALISE_VALUE_MAX + 1);
    struct record record = raw(value);
    assert_int_equal(run(&fixture, &record), REJECT_TOO_LARGE);
    assert_false(fixture.has_value);
    assert_non_null(strstr(fixture.cb, "\"topic\":\"cb.raw\",\"partition\":4,\"at\":77"));
    assert_non_null(strstr(fixture.cb, "\"disposition\":\"left_in_source\""));
    forget(value);
    unload(&fixture);
}

#define STATUS_ID "{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"/u\","
#define STATUS_REST                                                                                \
    "\"type\":\"cn.citybrain.case.signed.v1\",\"subject\":\"request:x:1\","                        \
    "\"time\":\"2026-03-02T02:59:00Z\","
#define STATUS_DATA    "{\"result\":\"done_fully\",\"phone\":\"13800001111\",\"free text\":\"a\"}"
#define STATUS_COMPACT STATUS_ID STATUS_REST "\"data\":" STATUS_DATA "}"

static struct record status(struct span value)
{
    return (struct record){.topic = SPAN("cb.status.s110105001"),
                           .source = 1,
                           .offset = 5,
                           .timestamp_ms = RECEIVED,
                           .key = SPAN("request:x:1"),
                           .value = value};
}

static void add_header(struct record *record, const char *name, struct span value)
{
    record->headers[record->header_count++] = (struct record_header){span_of(name), value};
}

static struct record binary(void)
{
    struct record record = status(SPAN(STATUS_DATA));
    add_header(&record, "ce_specversion", SPAN("1.0"));
    add_header(&record, "ce_id", SPAN("7"));
    add_header(&record, "ce_source", SPAN("/u"));
    add_header(&record, "ce_type", SPAN("cn.citybrain.case.signed.v1"));
    add_header(&record, "ce_subject", SPAN("request:x:1"));
    add_header(&record, "ce_time", SPAN("2026-03-02T02:59:00Z"));
    return record;
}

static void both_modes_of_a_status_give_one_event(void **state)
{
    (void)state;
    struct fixture fixture;
    load(&fixture, status_feed);
    struct record record = status(SPAN(STATUS_COMPACT));
    assert_int_equal(run(&fixture, &record), REJECT_NONE);
    char *structured = xstrdup(fixture.value);
    assert_non_null(strstr(structured, "\"unit\":\"s110105001\""));
    assert_non_null(strstr(structured, "\"party\":\"lead\""));
    assert_non_null(strstr(structured, "\"data\":{\"result\":\"done_fully\"}}"));
    assert_string_equal(fixture.key, "request:x:1");

    add_header(&record, "content-type", SPAN("application/cloudevents+json; charset=UTF-8"));
    assert_int_equal(run(&fixture, &record), REJECT_NONE);
    assert_string_equal(fixture.value, structured);

    record = binary();
    assert_int_equal(run(&fixture, &record), REJECT_NONE);
    assert_string_equal(fixture.value, structured);
    add_header(&record, "content-type", SPAN("application/json"));
    for (int i = 0; i < 16; i++) /* tracing and the like */
        add_header(&record, "x-other", SPAN("1"));
    assert_int_equal(run(&fixture, &record), REJECT_NONE);
    assert_string_equal(fixture.value, structured);
    free(structured);
    unload(&fixture);
}

static void a_status_nobody_can_read_is_a_dead_letter(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum reject reject;
    } rows[] = {
        {"\xFF\xFE", REJECT_CHARSET},
        {"signed", REJECT_JSON},
        {"{}", REJECT_EVENT},
        {STATUS_ID "\"type\":\"cn.citybrain.case.signed.v1\"}", REJECT_EVENT},
        {STATUS_ID "\"type\":\"cn.citybrain.case.danced.v1\",\"subject\":\"request:x:1\",\"time\":"
                   "\"2026-03-02T02:59:00Z\"}",
         REJECT_STAGE},
        {STATUS_ID "\"type\":\"cn.citybrain.tick.v1\",\"time\":\"2026-03-02T02:59:00Z\"}",
         REJECT_EVENT},
        {STATUS_ID "\"type\":\"cn.citybrain.case.signed.v1\",\"subject\":\"request:x:1\",\"time\":"
                   "\"2026-03-02T03:10:01Z\"}",
         REJECT_FUTURE},
        {NULL, REJECT_EVENT},
    };
    struct fixture fixture;
    load(&fixture, status_feed);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct record record = status(span_of(rows[i].value));
        assert_int_equal(run(&fixture, &record), rows[i].reject);
        assert_int_equal(fixture.has_value, rows[i].value != NULL);
        assert_string_equal(fixture.value, rows[i].value ? rows[i].value : "");
        assert_non_null(strstr(fixture.cb, "\"unit\":\"s110105001\""));
        assert_non_null(strstr(fixture.cb, reject_name(rows[i].reject)));
    }
    assert_int_equal(fixture.receipts, ARRAY_LENGTH(rows));
    struct record record = binary();
    record.header_count = 5; /* without its time */
    assert_int_equal(run(&fixture, &record), REJECT_EVENT);
    assert_non_null(strstr(fixture.cb, "\"pointer\":\"/time\""));
    unload(&fixture);
}

/* A unit's producer writes what it likes: none of it may make a record we cannot write. */
static void what_a_producer_puts_around_a_status_is_bounded(void **state)
{
    (void)state;
    struct fixture fixture;
    struct span large = item("text", 1 << 20);
    load(&fixture, status_feed);
    struct record record = status(SPAN("{}"));
    record.key = large;
    add_header(&record, "content-type", large);
    add_header(&record, "cb", large);
    assert_int_equal(run(&fixture, &record), REJECT_EVENT);
    assert_string_equal(fixture.key, "status");
    assert_true(fixture.size < 4096);

    record = binary();
    add_header(&record, "ce_replayof", large);
    assert_int_equal(run(&fixture, &record), REJECT_EVENT);
    record = binary();
    record.headers[1].value = large; /* its id */
    assert_int_equal(run(&fixture, &record), REJECT_IDENTITY);
    forget(large);
    large = item("text", 8 << 20);
    record = status(large); /* no event has such a text */
    assert_int_equal(run(&fixture, &record), REJECT_TOO_LARGE);
    assert_false(fixture.has_value);
    forget(large);
    unload(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_item_is_read_when_what_it_leaves_is_small),
        cmocka_unit_test(an_object_has_at_most_256_members),
        cmocka_unit_test(a_value_longer_than_its_field_takes_is_a_dead_letter),
        cmocka_unit_test(an_event_larger_than_its_readers_take_is_a_dead_letter),
        cmocka_unit_test(an_item_larger_than_the_arena_is_a_dead_letter),
        cmocka_unit_test(a_record_too_large_for_dead_is_left_where_it_is_and_told),
        cmocka_unit_test(both_modes_of_a_status_give_one_event),
        cmocka_unit_test(a_status_nobody_can_read_is_a_dead_letter),
        cmocka_unit_test(what_a_producer_puts_around_a_status_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
