/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents that a feed sends: as an envelope around what a mapping reads, and as events of the
 * source's own making. And a charset that the upload, not the feed, says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/feeds_check.h"
#include "ingest/core/normalise.h"

#define RECEIVED 1772420400000 /* 2026-03-02T03:00:00Z */
#define HEAD     "versions:\n  - version: 3\n    valid_from: 2026-01-01\n    format: "
#define MAPPING                                                                                    \
    "    zone: Asia/Shanghai\n    namespace: request:x\n    number: no\n    events:\n"             \
    "      - stage: opened\n        time: at\n        data:\n"                                     \
    "          request_kind: { from: kind, table: kinds, required: true }\n"                       \
    "    tables: { kinds: { 投诉: complaint } }\n"

static const char mapped[] = "feed: m\n" HEAD "json\n" MAPPING;
static const char csv[] = "feed: c\n" HEAD "csv\n    charset: gb18030\n" MAPPING;
static const char plain[] = "feed: p\n" HEAD "cloudevents\n    namespace: request:x\n";
static const char nobody[] = "feed: n\n" HEAD "cloudevents\n";

#define ENVELOPE(data)                                                                             \
    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/"                                         \
    "vendor\",\"type\":\"order.made\",\"data\":" data "}"
#define SAID(id, subject, more)                                                                    \
    "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"/vendor\",\"subject\":\"" subject     \
    "\",\"type\":\"cn.citybrain.case.opened.v1\",\"time\":\"2026-03-02T01:15:00Z\"" more "}"

struct fixture {
    struct diagnostics *diagnostics;
    struct codes *codes;
    struct kinds *kinds;
    struct feeds *feeds;
    struct normalise normalise;
    struct normalise_result result;
};

static void run(struct fixture *fixture, const char *feed, struct raw_header header,
                struct span value)
{
    char id[2] = {feed[sizeof "feed: " - 1], 0};
    fixture->diagnostics = diagnostics_new();
    fixture->codes = codes_load("config/codes.csv", fixture->diagnostics);
    fixture->kinds = kinds_load("config/kinds", fixture->codes, fixture->diagnostics);
    fixture->feeds = feeds_parse("f.yaml", span_of(feed), fixture->diagnostics);
    assert_non_null(fixture->feeds);
    assert_true(feeds_check_kinds(fixture->feeds, fixture->kinds, fixture->diagnostics));
    normalise_init(&fixture->normalise, fixture->feeds, fixture->kinds);
    header.feed = span_of(id);
    header.mapping = 3;
    header.row = 1;
    header.received_ms = RECEIVED;
    normalise_item(&fixture->normalise, &header, value, &fixture->result);
}

static void end(struct fixture *fixture)
{
    normalise_fini(&fixture->normalise);
    feeds_free(fixture->feeds);
    kinds_free(fixture->kinds);
    codes_free(fixture->codes);
    diagnostics_free(fixture->diagnostics);
}

#define EVENT_TYPE                                                                                 \
    (struct raw_header)                                                                            \
    {                                                                                              \
        .content_type = SPAN("application/cloudevents+json")                                       \
    }

static bool contains(struct span text, const char *part)
{
    return memmem(text.at, text.len, part, strlen(part)) != NULL;
}

static void the_mapping_reads_the_data_and_the_envelope_changes_nothing(void **state)
{
    (void)state;
    static const char item[] = "{\"no\":\"A1\",\"kind\":\"投诉\",\"at\":\"2026-03-02 09:15:00\"}";
    struct fixture bare, enveloped;
    char value[512];
    snprintf(value, sizeof value, ENVELOPE("%s"), item);
    run(&bare, mapped, (struct raw_header){.content_type = SPAN("application/json")},
        span_of(item));
    run(&enveloped, mapped, EVENT_TYPE, span_of(value));
    assert_int_equal(enveloped.result.count, 1);
    assert_true(span_equal(bare.result.events[0].json, enveloped.result.events[0].json));
    end(&bare);
    end(&enveloped);
}

static const struct {
    const char *feed, *value;
    enum reject reject;
    const char *pointer;
} rejects[] = {
    {mapped, "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"data\":{}}", REJECT_EVENT,
     "/type"},
    {mapped, ENVELOPE("[1]"), REJECT_EVENT, "/data"},
    {mapped, ENVELOPE("{\"no\":\"A1\",\"kind\":\"投诉\",\"at\":\"x\"}"), REJECT_DATE, "/data/at"},
    {mapped, ENVELOPE("{\"no\":\"A1\",\"kind\":[],\"at\":\"x\"}"), REJECT_JSON, "/data/kind"},
    {mapped, "{\"no\":\"A1\"}", REJECT_EVENT, "/specversion"},
    {plain, SAID("1", "request:y:A1", ""), REJECT_IDENTITY, "/subject"},
    {plain, SAID("1", "request:x:", ""), REJECT_IDENTITY, "/subject"},
    {plain, SAID("1", "request:xy:1", ""), REJECT_IDENTITY, "/subject"},
    {plain, SAID("1", "request:x:A1", ",\"revision\":\"v2\""), REJECT_EVENT, "/revision"},
    {plain, SAID("", "request:x:A1", ""), REJECT_EVENT, "/id"},
    {nobody, SAID("1", "request:x:A1", ""), REJECT_FEED, ""},
};

static void every_reject_names_the_attribute_or_the_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rejects); i++) {
        struct fixture fixture;
        run(&fixture, rejects[i].feed, EVENT_TYPE, span_of(rejects[i].value));
        assert_int_equal(fixture.result.why.reject, rejects[i].reject);
        assert_string_equal(fixture.result.why.pointer, rejects[i].pointer);
        assert_int_equal(fixture.result.count, 0);
        end(&fixture);
    }
}

/* Whoever it says it is, the feed said it; its free text stays in raw. */
static void an_event_of_the_sources_own_making_is_made_canonical(void **state)
{
    (void)state;
    struct fixture fixture;
    run(&fixture, plain, EVENT_TYPE,
        SPAN(SAID("e1", "request:x:A1",
                  ",\"unit\":\"u_gas\",\"party\":\"desk\",\"feed\":\"other\",\"revision\":\"7\","
                  "\"data\":{\"type_code\":\"R0105\",\"words\":\"张三 来电\"}")));
    assert_int_equal(fixture.result.count, 1);
    struct span event = fixture.result.events[0].json;
    assert_true(span_is(fixture.result.events[0].subject, "request:x:A1"));
    assert_true(contains(event, "\"source\":\"/feeds/p\""));
    assert_true(contains(event, "\"feed\":\"p\",\"feedversion\":\"3\",\"party\":\"source\""));
    assert_true(contains(event, "\"revision\":\"00000000000000000007."));
    assert_true(contains(event, "\"data\":{\"type_code\":\"R0105\"}"));
    assert_false(contains(event, "u_gas"));
    end(&fixture);
}

/* The twin of a GB18030 file under the same feed: the same event, byte by byte. */
static void an_upload_may_say_another_charset(void **state)
{
    (void)state;
    struct fixture usual, utf8, wrong;
    static const char gb[] = "no,kind,at\nA1,\xCD\xB6\xCB\xDF,2026-03-02 09:15:00";
    static const char utf[] = "no,kind,at\nA1,投诉,2026-03-02 09:15:00";
    run(&usual, csv, (struct raw_header){.charset = SPAN("gb18030")}, span_of(gb));
    run(&utf8, csv, (struct raw_header){.charset = SPAN("utf-8")}, span_of(utf));
    run(&wrong, csv, (struct raw_header){.charset = SPAN("utf-8")}, span_of(gb));
    assert_int_equal(usual.result.count, 1);
    assert_int_equal(utf8.result.count, 1);
    assert_true(span_equal(usual.result.events[0].json, utf8.result.events[0].json));
    assert_int_equal(wrong.result.why.reject, REJECT_CHARSET);
    assert_int_equal(wrong.result.why.byte_offset,
                     sizeof "no,kind,at\nA1,\xCD\xB6" - 1); /* two bytes look like UTF-8 */
    end(&usual);
    end(&utf8);
    end(&wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mapping_reads_the_data_and_the_envelope_changes_nothing),
        cmocka_unit_test(every_reject_names_the_attribute_or_the_field),
        cmocka_unit_test(an_event_of_the_sources_own_making_is_made_canonical),
        cmocka_unit_test(an_upload_may_say_another_charset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
