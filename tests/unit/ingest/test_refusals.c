/* SPDX-License-Identifier: Apache-2.0 */
/* Why rows were refused, and whose they were, is told once, and nobody else is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/core/refusals.h"
#include "model/ids.h"

#define RECEIVED 1772420400000 /* 2026-03-02T03:00:00Z */

static const char feed[] = "feed: p\nversions:\n  - version: 3\n    valid_from: 2026-01-01\n"
                           "    format: ndjson\n    zone: Asia/Shanghai\n    missing: [\"-\"]\n"
                           "    namespace: service:x\n    number: no\n    events:\n"
                           "      - stage: opened\n        time: at\n        data:\n"
                           "          station: { from: st, required: true }\n";

struct written {
    char text[REFUSALS_ROWS + 1][1024], key[REFUSALS_ROWS + 1][80];
    size_t count;
};

static void take_output(void *carrier, const struct output *output)
{
    struct written *written = carrier;
    assert_int_equal(output->stream, NORMALISE_EVENTS);
    assert_true(written->count <= REFUSALS_ROWS);
    span_to_cstr(output->value, written->text[written->count], sizeof written->text[0]);
    span_to_cstr(output->key, written->key[written->count++], sizeof written->key[0]);
}

static void add(struct refusals *refusals, int64_t offset, const char *station, enum reject reject,
                struct written *written)
{
    struct outputs outputs = {take_output, written};
    struct record record = {.topic = SPAN("cb.raw"), .partition = 3, .offset = offset};
    struct normalise_result result = {.why.reject = reject,
                                      .feed = SPAN("p"),
                                      .received_ms = RECEIVED + offset,
                                      .station = span_of(station)};
    refusals_add(refusals, &record, &result, &outputs);
}

static void assert_told(const struct written *written, size_t at, const char *key, const char *data)
{
    char wanted[256];
    snprintf(wanted, sizeof wanted, "\"data\":{%s}}", data);
    if (strcmp(written->key[at], key) != 0 || !strstr(written->text[at], wanted))
        fail_msg("%s %s is not %s %s", written->key[at], written->text[at], key, wanted);
}

static void a_commit_tells_each_station_and_reason_once(void **state)
{
    (void)state;
    struct refusals refusals;
    struct written written = {.count = 0};
    struct outputs outputs = {take_output, &written};
    char id[DIGEST_ID_LEN + 1], member[40];
    refusals_init(&refusals);
    add(&refusals, 7, "st001", REJECT_DATE, &written);
    add(&refusals, 8, "st002", REJECT_CODE, &written);
    add(&refusals, 9, "st001", REJECT_DATE, &written);
    add(&refusals, 10, "st003", REJECT_NONE, &written); /* a good row names nobody here */
    add(&refusals, 11, "st001", REJECT_IDENTITY, &written);
    assert_int_equal(written.count, 0);
    refusals_write(&refusals, &outputs);
    assert_int_equal(written.count, 3);
    assert_told(&written, 0, "refused:st001",
                "\"station\":\"st001\",\"feed\":\"p\",\"reason\":\"bad_date\",\"rows\":2");
    assert_told(&written, 1, "refused:st002",
                "\"station\":\"st002\",\"feed\":\"p\",\"reason\":\"unknown_code\",\"rows\":1");
    assert_told(&written, 2, "refused:st001",
                "\"station\":\"st001\",\"feed\":\"p\",\"reason\":\"bad_identity\",\"rows\":1");
    assert_non_null(strstr(written.text[0], "\"type\":\"cn.citybrain.observation.refused.v1\""));
    assert_non_null(strstr(written.text[0], "\"source\":\"/ingest\""));
    /* From the first of them to the last. */
    assert_non_null(strstr(written.text[0], "\"time\":\"2026-03-02T03:00:00.007Z\""));
    assert_non_null(strstr(written.text[0], "\"recordedtime\":\"2026-03-02T03:00:00.009Z\""));
    assert_null(strstr(written.text[0] + strlen("{\"specversion\""), "\"feed\":\"p\",\"party\""));
    ids_refused(id, SPAN("cb.raw"), 3, 7, SPAN("st001"));
    snprintf(member, sizeof member, "\"id\":\"%s\"", id);
    assert_non_null(strstr(written.text[0], member));
    refusals_write(&refusals, &outputs); /* nothing was refused since */
    assert_int_equal(written.count, 3);
    refusals_fini(&refusals);
}

/* What no station can be read of is told of its feed alone, so that all of it is told. */
static void who_names_no_station_is_told_of_by_feed_and_reason(void **state)
{
    (void)state;
    struct refusals refusals;
    struct written written = {.count = 0};
    struct outputs outputs = {take_output, &written};
    refusals_init(&refusals);
    add(&refusals, 11, NULL, REJECT_DATE, &written);
    add(&refusals, 12, "", REJECT_DATE, &written);
    add(&refusals, 13, "st\"1", REJECT_DATE, &written);
    add(&refusals, 14, "0123456789012345678901234567890123456789012345678901234567890123x",
        REJECT_DATE, &written);
    add(&refusals, 15, NULL, REJECT_CHARSET, &written);
    add(&refusals, 3600000, NULL, REJECT_CHARSET, &written); /* the ledger's next hour */
    refusals_write(&refusals, &outputs);
    assert_int_equal(written.count, 3);
    assert_told(&written, 0, "refused:p", "\"feed\":\"p\",\"reason\":\"bad_date\",\"rows\":4");
    assert_told(&written, 1, "refused:p", "\"feed\":\"p\",\"reason\":\"bad_charset\",\"rows\":1");
    assert_told(&written, 2, "refused:p", "\"feed\":\"p\",\"reason\":\"bad_charset\",\"rows\":1");
    assert_null(strstr(written.text[1], "03:00:01"));
    assert_non_null(strstr(written.text[2], "\"time\":\"2026-03-02T04:00:00.000Z\""));
    refusals_fini(&refusals);
}

/* A header may name anything. */
static void what_is_no_feeds_name_is_unknown(void **state)
{
    (void)state;
    struct refusals refusals;
    struct written written = {.count = 0};
    struct outputs outputs = {take_output, &written};
    struct record record = {.topic = SPAN("cb.raw"), .partition = 3, .offset = 1};
    struct normalise_result result = {.why.reject = REJECT_FEED, .feed = SPAN("\",\"x")};
    refusals_init(&refusals);
    refusals_add(&refusals, &record, &result, &outputs);
    refusals_write(&refusals, &outputs);
    assert_int_equal(written.count, 1);
    assert_told(&written, 0, "refused:unknown",
                "\"feed\":\"unknown\",\"reason\":\"unknown_feed\",\"rows\":1");
    refusals_fini(&refusals);
}

/* Nothing is lost where one commit names more than there is room for. */
static void more_than_there_is_room_for_is_written_in_portions(void **state)
{
    (void)state;
    struct refusals refusals;
    struct written written = {.count = 0};
    struct outputs outputs = {take_output, &written};
    char station[16];
    refusals_init(&refusals);
    for (int i = 0; i <= REFUSALS_ROWS; i++) {
        snprintf(station, sizeof station, "st%03d", i);
        add(&refusals, i, station, REJECT_DATE, &written);
    }
    assert_int_equal(written.count, REFUSALS_ROWS);
    refusals_write(&refusals, &outputs);
    assert_int_equal(written.count, REFUSALS_ROWS + 1);
    refusals_fini(&refusals);
}

static struct span station_of(struct normalise *normalise, const char *item, const char *replayof)
{
    static char kept[128];
    struct normalise_result result;
    struct raw_header header = {.feed = SPAN("p"),
                                .mapping = 3,
                                .upload = SPAN("u"),
                                .row = 1,
                                .received_ms = RECEIVED,
                                .replayof = span_of(replayof)};
    arena_reset(&normalise->arena);
    normalise_item(normalise, &header, span_of(item), &result);
    if (!result.station.at)
        return SPAN_NONE;
    span_to_cstr(result.station, kept, sizeof kept);
    return span_of(kept);
}

static void a_refused_row_says_whose_it_was(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct feeds *feeds = feeds_parse("p.yaml", span_of(feed), diagnostics);
    struct normalise normalise;
    assert_non_null(feeds);
    normalise_init(&normalise, feeds, NULL);
    static const char bad_time[] = "{\"no\":\"1\",\"at\":\"yesterday\",\"st\":\" st001 \"}";
    assert_true(span_is(station_of(&normalise, bad_time, NULL), "st001"));
    assert_true(span_is(station_of(&normalise, "{\"st\":\"st002\"}", NULL), "st002"));
    assert_null(station_of(&normalise, bad_time, "r1").at); /* it was told the first time */
    assert_null(station_of(&normalise,
                           "{\"no\":\"1\",\"at\":\"2026-03-02 09:15:00\",\"st\":\"st001\"}", NULL)
                    .at); /* good */
    assert_null(station_of(&normalise, "{\"no\":\"1\",\"at\":\"2026-03-02 09:15:00\"}", NULL).at);
    assert_null(station_of(&normalise, "{\"st\":\"st001\"", NULL).at); /* it cannot be read */
    normalise_fini(&normalise);
    feeds_free(feeds);
    diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_tells_each_station_and_reason_once),
        cmocka_unit_test(who_names_no_station_is_told_of_by_feed_and_reason),
        cmocka_unit_test(what_is_no_feeds_name_is_unknown),
        cmocka_unit_test(more_than_there_is_room_for_is_written_in_portions),
        cmocka_unit_test(a_refused_row_says_whose_it_was),
    };
    return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
