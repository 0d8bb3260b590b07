/* SPDX-License-Identifier: Apache-2.0 */
/* An item as the raw record a door writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/raw_item.h"

static const char piped_text[] =
    "feed: f\nversions:\n  - version: 1\n    valid_from: 2020-01-01\n    format: csv\n"
    "    charset: gb18030\n    separator: \"|\"\n    header: strict\n    zone: UTC\n"
    "    namespace: request:x\n    number: n\n    events:\n"
    "      - stage: opened\n        time: t\n        data:\n          lead: { from: l }\n"
    "    synonyms: { n: [number, no], l: lead }\n";
static const char feed_text[] =
    "feed: f\nspread: 3\nversions:\n  - version: 1\n    valid_from: 2020-01-01\n    format: csv\n"
    "    charset: utf-8\n    zone: UTC\n    namespace: request:x\n    number: n\n    events:\n"
    "      - stage: opened\n        time: t\n        data:\n          lead: { from: l }\n";

struct bench {
    struct diagnostics *diagnostics;
    struct codes *codes;
    struct kinds *kinds;
    struct feeds *feeds;
    struct normalise trial;
    struct raw_item item;
};

static void open_bench(struct bench *bench, const char *text)
{
    bench->diagnostics = diagnostics_new();
    bench->codes = codes_load("config/codes.csv", bench->diagnostics);
    bench->kinds = kinds_load("config/kinds", bench->codes, bench->diagnostics);
    bench->feeds = feeds_parse("f.yaml", span_of(text), bench->diagnostics);
    assert_non_null(bench->feeds);
    normalise_init(&bench->trial, bench->feeds, bench->kinds);
    raw_item_init(&bench->item, 4096);
}

static void close_bench(struct bench *bench)
{
    raw_item_fini(&bench->item);
    normalise_fini(&bench->trial);
    feeds_free(bench->feeds);
    kinds_free(bench->kinds);
    codes_free(bench->codes);
    diagnostics_free(bench->diagnostics);
}

static void an_item_carries_its_row_offset_and_verdict(void **state)
{
    (void)state;
    struct bench bench;
    struct framing framing;
    struct framing_item framed;
    const struct raw_header upload = {.feed = SPAN("f"),
                                      .mapping = 1,
                                      .received_ms = 1775000000000,
                                      .upload = SPAN("u"),
                                      .replayof = SPAN("backfill")};
    open_bench(&bench, feed_text);
    const struct feed *feed = feeds_find(bench.feeds, SPAN("f"));
    struct span bytes = SPAN("n,t,l\n1,2026-03-01 10:00:00,a\n2,2026-03-01 10:00:00,\xff\n");
    framing_begin(&framing, FRAMING_CSV, bytes, 1, -1);

    assert_true(framing_next(&framing, &framed));
    raw_item_make(&bench.item, &upload, feed, &framed, &bench.trial);
    assert_int_equal(bench.item.why.reject, REJECT_NONE);
    assert_string_equal(bench.item.value.at, "n,t,l\n1,2026-03-01 10:00:00,a");
    assert_string_equal(bench.item.key, "f#1");
    assert_string_equal(bench.item.header.at,
                        "{\"v\":1,\"feed\":\"f\",\"mapping\":1,\"upload\":\"u\",\"row\":1,\"rows\":"
                        "0,\"offset\":6,\"received\":1775000000000,\"verdict\":\"none\","
                        "\"replayof\":\"backfill\"}");

    /* The fault's place is told in the file, not in the record with its header line. */
    assert_true(framing_next(&framing, &framed));
    raw_item_make(&bench.item, &upload, feed, &framed, &bench.trial);
    assert_int_equal(bench.item.why.reject, REJECT_CHARSET);
    assert_string_equal(bench.item.key, "f#2");
    assert_int_equal(bench.item.offset, memchr(bytes.at, 0xff, bytes.len) - (const void *)bytes.at);
    assert_non_null(strstr(bench.item.header.at, "\"row\":2"));
    assert_non_null(strstr(bench.item.header.at, "\"verdict\":\"bad_charset\""));
    close_bench(&bench);
}

/* A header that is not the declared one is refused once, with the name and the place of the column;
 * the rows below are not taken. */
static void a_drifted_header_stops_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum reject reject;
        const char *pointer;
        long column;
        int64_t offset;
        const char *wanted; /* what the header lacks */
    } files[] = {{"n|t|l|x\n1|2|3|4\n5|6|7|8\n", REJECT_HEADER, "x", 4, 6, NULL},
                 {"n|t|L\n1|2|3\n", REJECT_HEADER, "L", 3, 4, "l"},
                 {"\n\nn|t\n1|2\n", REJECT_HEADER, "l", 0, 2, "l"},
                 {"n|t|l|number\n1|2|3|4\n", REJECT_HEADER, "number", 4, 6, NULL},
                 {"n,t,l\n1,2,3\n", REJECT_HEADER, "n,t,l", 1, 0, "n"},
                 /* one name, as a file with another separator has: cut behind a word */
                 {"number,kind,time,type of the matter,community,unit that "
                  "leads,limit,result,caller,text of the order\n1\n",
                  REJECT_HEADER,
                  "number,kind,time,type of the matter,community,unit that "
                  "leads,limit,result,caller,text of…",
                  1, 0, "n"},
                 {"n|t|\xff\n1|2|3\n", REJECT_CHARSET, "", 0, 4, NULL},
                 {"\xEF\xBB\xBFn|t|l\n1|2|3\n", REJECT_CHARSET, "", 0, 0, NULL}};
    const struct raw_header upload = {.feed = SPAN("f"), .mapping = 1, .received_ms = 1};
    struct bench bench;
    open_bench(&bench, piped_text);
    const struct feed *feed = feeds_find(bench.feeds, SPAN("f"));
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        struct framing framing;
        struct framing_item framed;
        raw_item_begin(&framing, FRAMING_CSV, feed, &upload, span_of(files[i].bytes), 1, -1,
                       &bench.trial);
        assert_true(framing_next(&framing, &framed));
        raw_item_make(&bench.item, &upload, feed, &framed, &bench.trial);
        assert_int_equal(framed.row, 0);
        assert_int_equal(bench.item.why.reject, files[i].reject);
        assert_string_equal(bench.item.why.pointer, files[i].pointer);
        assert_int_equal(bench.item.why.column, files[i].column);
        assert_int_equal(bench.item.offset, files[i].offset);
        assert_string_equal(bench.item.why.wanted ? bench.item.why.wanted : "",
                            files[i].wanted ? files[i].wanted : "");
        assert_false(framing_next(&framing, &framed));
    }
    close_bench(&bench);
}

/* Another separator, names that were changed, an upload in another charset than its feed's. */
static void a_file_is_read_as_its_mapping_and_its_upload_say(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *charset;
    } files[] = {{"lead|no|t\r\n\"\x81|\n\"|1|2026-03-01 10:00:00\r\n", ""},
                 {"\xEF\xBB\xBFlead|no|t\r\n\"亅\n\"|1|2026-03-01 10:00:00\r\n", "utf-8"},
                 {"\x84\x31\x95\x33l|number|t\n\x81||1|2026-03-01 10:00:00\n", "gbk"}};
    struct bench bench;
    open_bench(&bench, piped_text);
    const struct feed *feed = feeds_find(bench.feeds, SPAN("f"));
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        const struct raw_header upload = {.feed = SPAN("f"),
                                          .mapping = 1,
                                          .received_ms = 1775000000000,
                                          .charset = span_of(files[i].charset)};
        struct framing framing;
        struct framing_item framed;
        struct normalise_result result;
        raw_item_begin(&framing, FRAMING_CSV, feed, &upload, span_of(files[i].bytes), 1, -1,
                       &bench.trial);
        assert_true(framing_next(&framing, &framed));
        raw_item_make(&bench.item, &upload, feed, &framed, &bench.trial);
        arena_reset(&bench.trial.arena);
        normalise_item(&bench.trial, &upload, strbuf_span(&bench.item.value), &result);
        assert_int_equal(result.count, 1);
        assert_non_null(strstr(result.events[0].json.at, "\"data\":{\"lead\":\"亅\"}"));
        assert_false(framing_next(&framing, &framed));
    }
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_carries_its_row_offset_and_verdict),
        cmocka_unit_test(a_drifted_header_stops_the_file),
        cmocka_unit_test(a_file_is_read_as_its_mapping_and_its_upload_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
