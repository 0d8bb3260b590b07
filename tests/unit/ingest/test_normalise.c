/* SPDX-License-Identifier: Apache-2.0 */
/* One item to its events or to its reject: exact event text, and every reason once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/normalise.h"

#define RECEIVED 1772420400000 /* 2026-03-02T03:00:00Z */
#define VERSION(format, charset)                                                                   \
    "versions:\n  - version: 3\n    valid_from: 2026-01-01\n    format: " format                   \
    "\n    charset: " charset "\n    zone: Asia/Shanghai\n    header: strict\n"                    \
    "    missing: [\"\", \"-\"]\n    namespace: request:x\n    number: no\n"                       \
    "    revision: changed\n    tables:\n      kinds: { 投诉: complaint, 求助: help }\n"       \
    "    events:\n      - stage: opened\n        time: at\n        data:\n"                        \
    "          request_kind: { from: kind, table: kinds, required: true }\n"                       \
    "          mode: { const: phone }\n"                                                           \
    "          due_at: { from: due, date: [\"%Y-%m-%d %H:%M\"] }\n"                                \
    "          text: { from: text, class: drop }\n"                                                \
    "      - stage: resolved\n        when: { done: present }\n        time: done\n"

static const char bare_feed[] =
    "feed: b\nversions:\n  - version: 3\n    valid_from: 2026-01-01\n    format: ndjson\n"
    "    zone: Asia/Shanghai\n    namespace: request:x\n    number: no\n    revision: changed\n"
    "    events:\n      - stage: opened\n        time: at\n";
static const char csv_feed[] = "feed: c\n" VERSION("csv", "gb18030");
static const char json_feed[] = "feed: j\n" VERSION("ndjson", "utf-8");
#define HEADER "no,kind,at,due,done,changed,text\n"

/* 投诉 in GB18030 */
#define COMPLAINT "\xCD\xB6\xCB\xDF"

struct fixture {
    struct diagnostics *diagnostics;
    struct feeds *feeds;
    struct normalise normalise;
};

static void load(struct fixture *fixture, const char *text)
{
    fixture->diagnostics = diagnostics_new();
    fixture->feeds = feeds_parse("f.yaml", span_of(text), fixture->diagnostics);
    assert_non_null(fixture->feeds);
    normalise_init(&fixture->normalise, fixture->feeds, NULL);
}

static void unload(struct fixture *fixture)
{
    normalise_fini(&fixture->normalise);
    feeds_free(fixture->feeds);
    diagnostics_free(fixture->diagnostics);
}

static void run(struct fixture *fixture, const char *feed, struct span value,
                struct normalise_result *result)
{
    struct raw_header header = {.feed = span_of(feed),
                                .mapping = 3,
                                .upload = SPAN("u"),
                                .row = 1,
                                .received_ms = RECEIVED};
    arena_reset(&fixture->normalise.arena);
    normalise_item(&fixture->normalise, &header, value, result);
}

static bool contains(struct span text, const char *part)
{
    return memmem(text.at, text.len, part, strlen(part)) != NULL;
}

static void one_row_tells_two_events_and_keeps_private_text_back(void **state)
{
    (void)state;
    struct fixture fixture;
    struct normalise_result result;
    load(&fixture, csv_feed);
    run(&fixture, "c",
        SPAN(HEADER "A1," COMPLAINT
                    ",2026-03-02 09:15:00,2026-03-03 09:15,2026-03-02 10:00:00,7,secret"),
        &result);
    assert_int_equal(result.why.reject, REJECT_NONE);
    assert_int_equal(result.count, 2);
    struct span opened = result.events[0].json, resolved = result.events[1].json;
    assert_true(span_is(result.events[0].subject, "request:x:A1"));
    assert_true(contains(opened, "\"type\":\"cn.citybrain.case.opened.v1\""));
    assert_true(contains(opened, "\"time\":\"2026-03-02T01:15:00.000Z\""));
    assert_true(contains(opened, "\"recordedtime\":\"2026-03-02T03:00:00.000Z\""));
    assert_true(contains(opened, "\"party\":\"source\""));
    assert_true(contains(opened, "\"revision\":\"00000000000000000007.001772420400000.000003."));
    assert_true(contains(opened, "\"data\":{\"request_kind\":\"complaint\",\"mode\":\"phone\","
                                 "\"due_at\":\"2026-03-03T01:15:00.000Z\"}"));
    assert_true(contains(resolved, "\"time\":\"2026-03-02T02:00:00.000Z\""));
    assert_true(contains(resolved, "\"data\":{}"));
    assert_false(contains(opened, "secret"));
    unload(&fixture);
}

static void the_same_item_by_another_feed_of_its_namespace_has_the_same_id(void **state)
{
    (void)state;
    struct fixture csv, json;
    struct normalise_result a, b;
    load(&csv, csv_feed);
    load(&json, json_feed);
    run(&csv, "c", SPAN(HEADER "A1," COMPLAINT ",2026-03-02 09:15:00,,,,x"), &a);
    run(&json, "j",
        SPAN("{\"no\":\"A1\",\"kind\":\"投诉\",\"at\":\"2026/03/02 09:15:00\",\"more\":[1]}"), &b);
    assert_int_equal(a.count, 1);
    assert_int_equal(b.count, 1);
    const char *id_a = strstr(a.events[0].json.at, "\"id\":\"");
    const char *id_b = strstr(b.events[0].json.at, "\"id\":\"");
    assert_memory_equal(id_a, id_b, 6 + 22);
    unload(&csv);
    unload(&json);
}

#define SPAN_OF(text)                                                                              \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#define AT(offset)          ((long long)sizeof(HEADER) - 1 + (offset)) /* in the row */
#define BEHIND_KIND(offset) AT(3 + (long long)sizeof(COMPLAINT) + (offset))

static const struct {
    const char *feed;
    struct span value; /* may hold a NUL */
    enum reject reject;
    const char *pointer;
    long column;
    long long byte_offset;
} rejects[] = {
    {"c", SPAN_OF("no,kind,at\nA1,x,y"), REJECT_HEADER, "changed", 0, -1},
    {"c", SPAN_OF("no,kind,at,due,done,changed,text,new\n1,2,3,4,5,6,7,8"), REJECT_HEADER, "new", 8,
     33},
    /* somebody's data where the header should be: the place is told, the name is not */
    {"c", SPAN_OF("Zhang,13800138000,x,x,x,x,x\n"), REJECT_HEADER, "#1", 1, 0},
    {"c", SPAN_OF("no,13800138000,x,x,x,x,x\n"), REJECT_HEADER, "#2", 2, 3},
    {"c", SPAN_OF("no,kind,at,due,done,changed,text,\""), REJECT_HEADER, "", 8, 33},
    {"c", SPAN_OF("no,kind,at,due,done,changed,no\n"), REJECT_HEADER, "no", 7, 28},
    {"c", SPAN_OF("no,kind,at,due,done,changed,\n"), REJECT_HEADER, "#7", 7, 28},
    {"c", SPAN_OF("\xEF\xBB\xBF" HEADER "A1,,,,,,"), REJECT_CHARSET, "", 0, 0},
    {"c", SPAN_OF("no,kind,at,\xFF,done,changed,text\n"), REJECT_CHARSET, "", 0, 11},
    {"c", SPAN_OF("\0n\0o\0,"), REJECT_NUL, "", 0, 0},
    {"c", SPAN_OF(HEADER "A1,x"), REJECT_COLUMNS, "at", 3, AT(4)},
    {"c", SPAN_OF(HEADER "A1,x,,,,,,,"), REJECT_COLUMNS, "", 8, AT(10)},
    {"c", SPAN_OF(HEADER), REJECT_COLUMNS, "kind", 2, AT(0)},
    {"c", SPAN_OF(HEADER "A1,\xFF,,,,,"), REJECT_CHARSET, "kind", 2, AT(3)},
    {"c", SPAN_OF(HEADER "A1,\"x\"y,,,,,"), REJECT_CSV, "kind", 2, AT(5)},
    {"c", SPAN_OF(HEADER "A1,,,,,,\"cut"), REJECT_CSV, "text", 7, AT(8)},
    {"c", SPAN_OF(HEADER "A1,x\0y,,,,,"), REJECT_NUL, "kind", 2, AT(4)},
    {"c", SPAN_OF(HEADER "A1,,,,,,\xFF"), REJECT_CHARSET, "text", 7, AT(8)},
    {"c", SPAN_OF(HEADER "\xFF,,,,,,"), REJECT_CHARSET, "no", 1, AT(0)},
    {"c", SPAN_OF(HEADER "A1,\xFF"), REJECT_CHARSET, "", 2, AT(3)},
    {"c", SPAN_OF(HEADER " - ," COMPLAINT ",2026-03-02 09:15:00,,,,"), REJECT_IDENTITY, "no", 1,
     AT(0)},
    {"c", SPAN_OF(HEADER "1\x7f," COMPLAINT ",2026-03-02 09:15:00,,,,"), REJECT_IDENTITY, "no", 1,
     AT(0)},
    {"c", SPAN_OF(HEADER "A1,,2026-03-02 09:15:00,,,,"), REJECT_MISSING, "kind", 2, AT(3)},
    {"c", SPAN_OF(HEADER "A1,zz,2026-03-02 09:15:00,,,,"), REJECT_CODE, "kind", 2, AT(3)},
    {"c", SPAN_OF(HEADER "A1," COMPLAINT ",02/03/2026,,,,"), REJECT_DATE, "at", 3, BEHIND_KIND(0)},
    {"c", SPAN_OF(HEADER "\"A\"\"1\"," COMPLAINT ",02/03/2026,,,,"), REJECT_DATE, "at", 3,
     BEHIND_KIND(4)},
    {"c", SPAN_OF(HEADER "A1," COMPLAINT ",2026-03-02 09:15:00,soon,,,"), REJECT_DATE, "due", 4,
     BEHIND_KIND(20)},
    {"c", SPAN_OF(HEADER "A1," COMPLAINT ",2026-03-02 11:10:01,,,,"), REJECT_FUTURE, "at", 3,
     BEHIND_KIND(0)},
    {"c", SPAN_OF(HEADER "A1," COMPLAINT ",2026-03-02 11:00:00,,2026-03-02 11:10:01,,"),
     REJECT_FUTURE, "done", 5, BEHIND_KIND(21)},
    {"j", SPAN_OF("{\"no\":\"A1\","), REJECT_JSON, "", 0, -2},
    {"j", SPAN_OF("[1]"), REJECT_JSON, "", 0, -2},
    {"j", SPAN_OF("{\"no\":{},\"kind\":\"投诉\"}"), REJECT_JSON, "/no", 0, -1},
    {"j", SPAN_OF("{\"no\":1,\"no\":2}"), REJECT_JSON_DUPLICATE, "", 0, -2},
    {"j", SPAN_OF("{\"no\":1,\"at\":\"2026-03-02 09:15:00\"}"), REJECT_MISSING, "/kind", 0, -1},
    {"j", SPAN_OF("{\"no\":1,\"kind\":\"zz\",\"at\":\"2026-03-02 09:15:00\"}"), REJECT_CODE,
     "/kind", 0, 16},
    {"j", SPAN_OF("{\"no\":\"\\ud83d\"}"), REJECT_SURROGATE, "", 0, 7},
    {"x", SPAN_OF("{}"), REJECT_FEED, "", 0, -1},
};

static void every_reject_names_reason_field_and_byte(void **state)
{
    (void)state;
    struct fixture csv, json;
    load(&csv, csv_feed);
    load(&json, json_feed);
    for (size_t i = 0; i < ARRAY_LENGTH(rejects); i++) {
        struct normalise_result result;
        run(rejects[i].feed[0] == 'c' ? &csv : &json, rejects[i].feed, rejects[i].value, &result);
        if (result.why.reject != rejects[i].reject)
            print_error("row %zu: %s\n", i, reject_name(result.why.reject));
        assert_int_equal(result.why.reject, rejects[i].reject);
        assert_int_equal(result.count, 0);
        assert_string_equal(result.why.pointer, rejects[i].pointer);
        assert_int_equal(result.why.column, rejects[i].column);
        if (rejects[i].byte_offset > -2)
            assert_int_equal(result.why.byte_offset, rejects[i].byte_offset);
    }
    unload(&csv);
    unload(&json);
}

/* Who looks for the row in his own system needs its number; where cells may have moved, another
 * cell's text must not be taken for it. */
static void an_unreadable_row_is_named_by_its_number(void **state)
{
    static const struct {
        struct span value;
        const char *number;
    } rows[] = {
        {SPAN_OF(HEADER "A1,\xFF,,,,,"), "A1"},
        {SPAN_OF(HEADER " A1 ,,,,,,\0"), "A1"},
        {SPAN_OF(HEADER "\"A,\"\"1\",,,,,,\xFF"), "A,\"1"},
        {SPAN_OF("no,kind,at,\xFF,done,changed,text\nB1,x,,,,,"), NULL}, /* nor A,"1 */
        {SPAN_OF(HEADER "\xFF,x,,,,,"), NULL},
        {SPAN_OF(HEADER "-,\xFF,,,,,"), NULL},
        {SPAN_OF(HEADER "13800138000,\xFF,,,,"), NULL},
        {SPAN_OF(HEADER "A1,\xFF,,,,,,"), NULL},
        {SPAN_OF(HEADER "A1,x"), NULL},
    };
    (void)state;
    struct fixture csv;
    load(&csv, csv_feed);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct normalise_result result;
        run(&csv, "c", rows[i].value, &result);
        assert_int_not_equal(result.why.reject, REJECT_NONE);
        assert_true(rows[i].number ? span_is(result.number, rows[i].number)
                                   : result.number.at == NULL);
    }
    unload(&csv);
}

/* A mapping need not say that an empty text is missing: two cases would be one. */
static void an_empty_number_is_nobodys(void **state)
{
    (void)state;
    struct fixture bare;
    struct normalise_result result;
    load(&bare, bare_feed);
    run(&bare, "b", SPAN("{\"no\":\" \",\"at\":\"2026-03-02 09:15:00\"}"), &result);
    assert_int_equal(result.why.reject, REJECT_IDENTITY);
    assert_string_equal(result.why.pointer, "/no");
    run(&bare, "b", SPAN("{\"no\":\"A\",\"at\":\"2026-03-02 09:15:00\"}"), &result);
    assert_int_equal(result.why.reject, REJECT_NONE);
    unload(&bare);
}

static void ten_minutes_ahead_are_still_accepted_and_replays_are_not_asked(void **state)
{
    (void)state;
    struct fixture fixture;
    struct normalise_result result;
    load(&fixture, csv_feed);
    run(&fixture, "c", SPAN(HEADER "A1," COMPLAINT ",2026-03-02 11:10:00,,,,"), &result);
    assert_int_equal(result.why.reject, REJECT_NONE);
    struct raw_header header = {
        .feed = SPAN("c"), .mapping = 3, .received_ms = RECEIVED, .replayof = SPAN("backfill")};
    normalise_item(&fixture.normalise, &header,
                   SPAN(HEADER "A1," COMPLAINT ",2027-03-02 11:10:00,,,,"), &result);
    assert_int_equal(result.why.reject, REJECT_NONE);
    assert_true(contains(result.events[0].json, "\"replayof\":\"backfill\""));
    unload(&fixture);
}

struct taken {
    int stream;
    char value[256], cb[1024];
    size_t count;
};

static void take(void *carrier, const struct output *output)
{
    struct taken *taken = carrier;
    taken->stream = output->stream;
    span_to_cstr(output->value, taken->value, sizeof taken->value);
    span_to_cstr(output->headers[0].value, taken->cb, sizeof taken->cb);
    taken->count++;
}

static void a_rejected_record_is_dead_with_its_bytes_untouched(void **state)
{
    (void)state;
    struct fixture fixture;
    struct normalise_result result;
    struct taken taken = {0};
    struct outputs outputs = {take, &taken};
    struct record record = {.topic = SPAN("cb.raw"),
                            .partition = 4,
                            .offset = 77,
                            .value = SPAN(HEADER "A1,x"),
                            .headers = {{SPAN("cb"), SPAN("{\"v\":1,\"feed\":\"c\",\"mapping\":3,"
                                                          "\"row\":9,\"received\":1}")}},
                            .header_count = 1};
    load(&fixture, csv_feed);
    normalise_record(&fixture.normalise, &record, &outputs, &result);
    assert_int_equal(taken.count, 1);
    assert_int_equal(taken.stream, NORMALISE_DEAD);
    assert_string_equal(taken.value, HEADER "A1,x");
    assert_non_null(strstr(taken.cb, "bad_column_count"));
    assert_non_null(strstr(taken.cb, "77"));
    record.header_count = 0;
    normalise_record(&fixture.normalise, &record, &outputs, &result);
    assert_int_equal(result.why.reject, REJECT_FEED);
    assert_int_equal(taken.count, 2);
    unload(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row_tells_two_events_and_keeps_private_text_back),
        cmocka_unit_test(the_same_item_by_another_feed_of_its_namespace_has_the_same_id),
        cmocka_unit_test(every_reject_names_reason_field_and_byte),
        cmocka_unit_test(an_unreadable_row_is_named_by_its_number),
        cmocka_unit_test(an_empty_number_is_nobodys),
        cmocka_unit_test(ten_minutes_ahead_are_still_accepted_and_replays_are_not_asked),
        cmocka_unit_test(a_rejected_record_is_dead_with_its_bytes_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
