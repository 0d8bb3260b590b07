/* SPDX-License-Identifier: Apache-2.0 */
/* What a mapping can make of a cell, one line a promise: the field as it is declared, the item, and
 * the data that comes of it or the reason why not. */
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

static const char head[] =
    "feed: j\nversions:\n  - version: 3\n    valid_from: 2026-01-01\n    format: json\n"
    "    zone: Asia/Shanghai\n    missing: [\"\", \"-\", \"空\"]\n    namespace: request:x\n"
    "    number: [no, /case/number]\n    aliases: { district: d, street: s }\n"
    "    tables:\n      kinds: { 投诉: complaint, 求助: help }\n"
    "    words:\n      emergency: [着火, 燃气泄漏]\n      again: [又, 再次, again]\n";

static const struct {
    const char *more;    /* of the version */
    const char *field;   /* f of the event's data */
    const char *members; /* of the item */
    const char *wanted;  /* of the event's data, or a reason and its pointer */
} rows[] = {
    /* nested members */
    {"", "{ from: /a/b }", "\"a\":{\"b\":\"x\",\"c\":1}", "{\"f\":\"x\"}"},
    {"", "{ from: /a/1/b }", "\"a\":[1,{\"b\":2}]", "{\"f\":\"2\"}"},
    {"", "{ from: /a~1b/c~0 }", "\"a/b\":{\"c~\":\"x\"}", "{\"f\":\"x\"}"},
    {"", "{ from: /a/b }", "\"a\":\"x\"", "{}"},
    {"", "{ from: /a/b, required: true }", "\"a\":{}", "missing_field /a/b"},
    {"", "{ from: /a/b }", "\"a\":{\"b\":{}}", "bad_json /a/b"},
    {"", "{ from: [/a/b, c] }", "\"a\":{\"b\":\" - \"},\"c\":\"x\"", "{\"f\":\"x\"}"},
    /* longer than a pointer may be: a whole character, and told */
    {"",
     "{ from: /a反映事项所在的街道或者乡镇地区办事处以及社区居民委员会的完整名称与代码, required: "
     "true }",
     "\"x\":1", "missing_field /a反映事项所在的街道或者乡镇地区办事处以及社区居民委员会的完整…"},
    /* blanks and widths */
    {"", "x", "\"x\":\"\xE3\x80\x80 a \xC2\xA0\xE3\x80\x80\"", "{\"f\":\"a\"}"},
    {"", "{ from: x, required: true }", "\"x\":\"\xE3\x80\x80空\"", "missing_field /x"},
    {"", "x", "\"x\":\"Ａ１\"", "{\"f\":\"Ａ１\"}"},
    {"width: half", "x", "\"x\":\"（Ａ１～）　。\"", "{\"f\":\"(A1~) 。\"}"},
    {"width: half", "{ from: x, date: \"%Y-%m-%d %H:%M\" }", "\"x\":\"２０２６－３－２ ９：０５\"",
     "{\"f\":\"2026-03-02T01:05:00.000Z\"}"},
    /* tables */
    {"", "{ from: x, table: kinds }", "\"x\":\"求助\"", "{\"f\":\"help\"}"},
    {"", "{ from: x, table: kinds }", "\"x\":\"help\"", "unknown_code /x"},
    {"", "{ from: x, table: kinds, unknown: other }", "\"x\":\"help\"", "{\"f\":\"other\"}"},
    {"", "{ from: x, table: kinds, default: help }", "\"x\":\"-\"", "{\"f\":\"help\"}"},
    {"", "{ from: x, table: kinds, split: [\"、\", \"//\"] }", "\"x\":\"求助、投诉// 求助\"",
     "{\"f\":\"help complaint help\"}"},
    {"", "{ from: x, table: kinds, split: \"、\", max: 9 }", "\"x\":\"投诉\"",
     "{\"f\":\"complaint\"}"},
    {"", "{ from: x, table: kinds, split: \"、\", default: help }", "\"x\":\"、 、\"",
     "{\"f\":\"help\"}"},
    {"", "{ from: x, table: kinds, split: \"、\" }", "\"x\":\"投诉、举报\"", "unknown_code /x"},
    {"", "{ from: x, table: kinds, split: \"、\", unknown: other }", "\"x\":\"举报、投诉\"",
     "{\"f\":\"other complaint\"}"},
    {"", "{ from: x, table: kinds, split: \"、\", max: 9 }", "\"x\":\"求助、求助\"",
     "{\"f\":\"help help\"}"},
    {"", "{ from: x, table: kinds, split: \"、\", max: 8 }", "\"x\":\"求助、求助\"",
     "value_too_long /x"},
    /* dates */
    {"", "{ from: x, date: [\"%Y-%m-%d\", \"%Y年%m月%d日\"] }", "\"x\":\"2026年3月2日\"",
     "{\"f\":\"2026-03-01T16:00:00.000Z\"}"},
    {"", "{ from: x, date: [\"%Y-%m-%d\", excel] }", "\"x\":\"46083.385416666664\"",
     "{\"f\":\"2026-03-02T01:15:00.000Z\"}"},
    {"", "{ from: x, date: excel }", "\"x\":46083", "{\"f\":\"2026-03-01T16:00:00.000Z\"}"},
    {"", "{ from: x, date: excel }", "\"x\":60", "bad_date /x"},
    {"", "{ from: x, date: excel }", "\"x\":\"46083.x\"", "bad_date /x"},
    {"", "{ from: x, date: excel }", "\"x\":2958466", "bad_date /x"},
    {"", "{ from: x, date: unix }", "\"x\":1772414100", "{\"f\":\"2026-03-02T01:15:00.000Z\"}"},
    {"", "{ from: x, date: unix_ms }", "\"x\":1772414100007",
     "{\"f\":\"2026-03-02T01:15:00.007Z\"}"},
    {"", "{ from: x, date: [\"%Y-%m-%d %H:%M%z\"] }", "\"x\":\"2026-03-02 09:15Z\"",
     "{\"f\":\"2026-03-02T09:15:00.000Z\"}"},
    {"", "{ from: x, date: \"%Y-%m-%d\" }", "\"x\":\"2026-02-30\"", "bad_date /x"},
    /* ranges */
    {"", "{ from: x, range: { from: -40, to: 56.7 } }", "\"x\":56.7", "{\"f\":\"56.7\"}"},
    {"", "{ from: x, range: { from: -40, to: 56.7 } }", "\"x\":56.71", "out_of_range /x"},
    {"", "{ from: x, range: { from: -40 } }", "\"x\":\"-40.5\"", "out_of_range /x"},
    {"", "{ from: x, range: { from: -0.5 } }", "\"x\":\"-0.4\"", "{\"f\":\"-0.4\"}"},
    {"", "{ from: x, range: { from: 0 } }", "\"x\":\"3人\"", "bad_number /x"},
    {"", "{ from: x, date: \"%Y-%m-%d\", range: { from: 2026-01-01, to: 2026-12-31 } }",
     "\"x\":\"2025-12-31\"", "out_of_range /x"},
    /* lengths: 43 characters of three bytes are 129 bytes */
    {"", "{ from: x, max: 3 }", "\"x\":\"abc\"", "{\"f\":\"abc\"}"},
    {"", "{ from: x, max: 3 }", "\"x\":\"abcd\"", "value_too_long /x"},
    /* classes */
    {"", "{ from: x, class: drop }", "\"x\":\"secret\"", "{}"},
    {"", "{ from: x, class: contact }", "\"x\":\"secret\"", "{}"},
    {"", "{ from: x, class: mask }", "\"x\":\"欧阳修\"", "{\"f\":\"欧**\"}"},
    {"", "{ from: x, class: mask }", "\"x\":\"欧\"", "{\"f\":\"*\"}"},
    {"", "{ from: x, class: mask, keep: { first: 3, last: 4 } }", "\"x\":\"13800138000\"",
     "{\"f\":\"138******00\"}"},
    {"", "{ from: x, class: mask, keep: { last: 4 } }", "\"x\":\"11010519491231002X\"",
     "{\"f\":\"**************002X\"}"},
    {"", "{ from: x, class: pseudonym }", "\"x\":\"13800138000\"",
     "{\"f\":\"9Gy8MAA1w5W7NJIVUADRqQ\"}"},
    {"", "{ from: x, class: pseudonym, digits: true }", "\"x\":\"138-0013 8000\"",
     "{\"f\":\"9Gy8MAA1w5W7NJIVUADRqQ\"}"},
    {"", "{ from: x, class: pseudonym, digits: true }", "\"x\":\"１３８００１３８０００\"",
     "{\"f\":\"9Gy8MAA1w5W7NJIVUADRqQ\"}"},
    {"", "{ from: x, class: pseudonym, digits: true }", "\"x\":\"匿名\"", "{}"},
    /* word lists */
    {"", "{ from: x, words: [again, emergency], class: drop }", "\"x\":\"楼下又着火了\"",
     "{\"f\":\"again emergency\"}"},
    {"", "{ from: [x, y], words: emergency }", "\"x\":\"无\",\"y\":\"小区燃气泄漏\"",
     "{\"f\":\"emergency\"}"},
    {"", "{ from: x, words: [again, emergency] }", "\"x\":\"路灯不亮\"", "{}"},
    /* other numbers */
    {"", "x", "\"x\":1,\"d\":\"A-17\",\"s\":\"3\"",
     "{\"f\":\"1\",\"aliases\":\"district:A-17;street:3\"}"},
    {"", "x", "\"s\":\"3\"", "{\"aliases\":\"street:3\"}"},
    {"", "x", "\"d\":\"A;17\"", "bad_identity /d"},
};

struct bench {
    struct diagnostics *diagnostics;
    struct feeds *feeds;
    struct normalise normalise;
    struct normalise_result result;
};

static void show(void *context, const char *line)
{
    (void)context;
    print_error("%s\n", line);
}

static void open_bench(struct bench *bench, const char *text)
{
    bench->diagnostics = diagnostics_new();
    bench->feeds = feeds_parse("tests/unit/ingest/f.yaml", span_of(text), bench->diagnostics);
    diagnostics_each(bench->diagnostics, show, NULL);
    assert_non_null(bench->feeds);
    normalise_init(&bench->normalise, bench->feeds, NULL);
    bench->normalise.pseudonym_key = SPAN("a key of the tests");
}

static void close_bench(struct bench *bench)
{
    normalise_fini(&bench->normalise);
    feeds_free(bench->feeds);
    diagnostics_free(bench->diagnostics);
}

static void take(struct bench *bench, const char *item)
{
    struct raw_header header = {
        .feed = SPAN("j"), .mapping = 3, .upload = SPAN("u"), .row = 1, .received_ms = RECEIVED};
    arena_reset(&bench->normalise.arena);
    normalise_item(&bench->normalise, &header, span_of(item), &bench->result);
}

/* The data object of an event's text: its last member. */
static void data_of(struct span json, char *out, size_t size)
{
    static const char mark[] = "\"data\":";
    const char *at = memmem(json.at, json.len, mark, sizeof mark - 1);
    assert_non_null(at);
    at += sizeof mark - 1;
    span_to_cstr(span_from(at, (size_t)(json.at + json.len - at) - 1), out, size);
}

static void a_cell_becomes_what_its_field_declares(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct bench bench;
        char feed[4096], item[1024], got[1024];
        snprintf(feed, sizeof feed,
                 "%s    %s\n    events:\n      - stage: opened\n        time: at\n"
                 "        data: { f: %s }\n",
                 head, rows[i].more, rows[i].field);
        snprintf(item, sizeof item, "{\"no\":\"1\",\"at\":\"2026-03-02 09:15:00\",%s}",
                 rows[i].members);
        open_bench(&bench, feed);
        take(&bench, item);
        const struct reject_place *why = &bench.result.why;
        if (why->reject == REJECT_NONE)
            data_of(bench.result.events[0].json, got, sizeof got);
        else
            snprintf(got, sizeof got, "%s %s", reject_name(why->reject), why->pointer);
        if (strcmp(got, rows[i].wanted) != 0)
            fail_msg("%s of %s gives %s", rows[i].field, item, got);
        close_bench(&bench);
    }
}

static const struct {
    const char *when, *members;
    bool told;
} conditions[] = {
    {"{ x: present }", "\"x\":1", true},
    {"{ x: present }", "\"x\":\" - \"", false},
    {"{ x: absent }", "\"y\":1", true},
    {"{ x: absent }", "\"x\":1", false},
    {"{ x: \"present\" }", "\"x\":\"present\"", true},
    {"{ x: [a, b] }", "\"x\":\"b\"", true},
    {"{ x: [a, b] }", "\"x\":\"c\"", false},
    {"{ x: { not: [a, b] } }", "\"x\":\"c\"", true},
    {"{ x: { not: [a, b] } }", "\"x\":\"a\"", false},
    {"{ x: { not: [a, b] } }", "\"y\":1", true},
    {"{ x: { not: present } }", "\"x\":1", false},
    {"{ x: { not: absent } }", "\"x\":1", true},
    {"{ x: { from: 1, to: 2.5 } }", "\"x\":2.5", true},
    {"{ x: { from: 1, to: 2.5 } }", "\"x\":3", false},
    {"{ x: { from: 1, to: 2.5 } }", "\"x\":\"b\"", false},
    {"{ x: { from: 2026-03-01 } }", "\"x\":\"2026-03-01 00:00:00\"", true},
    {"{ x: { from: 2026-03-01 } }", "\"x\":\"2026-02-28 23:59:59\"", false},
    {"{ x: { flag: emergency } }", "\"x\":\"楼道着火\"", true},
    {"{ x: { flag: emergency } }", "\"x\":\"楼道灯\"", false},
    {"{ x: a, y: b }", "\"x\":\"a\",\"y\":\"b\"", true},
    {"{ x: a, y: b }", "\"x\":\"a\"", false},
};

static void a_stage_is_told_where_its_conditions_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(conditions); i++) {
        struct bench bench;
        char feed[4096], item[1024];
        snprintf(feed, sizeof feed,
                 "%s    events:\n      - stage: opened\n        time: at\n        when: %s\n", head,
                 conditions[i].when);
        snprintf(item, sizeof item, "{\"no\":\"1\",\"at\":\"2026-03-02 09:15:00\",%s}",
                 conditions[i].members);
        open_bench(&bench, feed);
        take(&bench, item);
        assert_int_equal(bench.result.why.reject, REJECT_NONE);
        if (bench.result.count != conditions[i].told)
            fail_msg("%s of %s", conditions[i].when, item);
        close_bench(&bench);
    }
}

static void the_number_is_the_first_that_is_there(void **state)
{
    (void)state;
    struct bench bench;
    char feed[4096];
    snprintf(feed, sizeof feed, "%s    events:\n      - stage: opened\n        time: at\n", head);
    open_bench(&bench, feed);
    take(&bench, "{\"no\":\"-\",\"case\":{\"number\":\"7\"},\"at\":\"2026-03-02 09:15:00\"}");
    assert_true(span_is(bench.result.events[0].subject, "request:x:7"));
    take(&bench, "{\"at\":\"2026-03-02 09:15:00\"}");
    assert_int_equal(bench.result.why.reject, REJECT_IDENTITY);
    assert_string_equal(bench.result.why.pointer, "/no");
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_becomes_what_its_field_declares),
        cmocka_unit_test(a_stage_is_told_where_its_conditions_hold),
        cmocka_unit_test(the_number_is_the_first_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
