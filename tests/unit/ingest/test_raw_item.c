/* SPDX-License-Identifier: Apache-2.0 */
/* An item as the raw record a door writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/core/raw_item.h"

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

static void open_bench(struct bench *bench)
{
    bench->diagnostics = diagnostics_new();
    bench->codes = codes_load("config/codes.csv", bench->diagnostics);
    bench->kinds = kinds_load("config/kinds", bench->codes, bench->diagnostics);
    bench->feeds = feeds_parse("f.yaml", span_of(feed_text), bench->diagnostics);
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
    open_bench(&bench);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_carries_its_row_offset_and_verdict)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
