/* SPDX-License-Identifier: Apache-2.0 */
/* What a feed's door takes, in which forms, and what it says of it in which language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/ingest_door.h"

static struct ingest_door door;

static int open_door(void **state)
{
    (void)state;
    return ingest_door_open(&door, NULL) ? 0 : 1;
}

#define JSON     "Content-Type: application/json\r\n"
#define NDJSON   "Content-Type: application/x-ndjson\r\n"
#define CSV      "Content-Type: text/csv"
#define ORDER(n) ORDER_OF(n, "投诉")
#define ORDER_OF(n, kind)                                                                          \
    "{\"工单编号\":\"" n "\",\"诉求性质\":\"" kind "\",\"问题分类\":\"R0105\","                \
    "\"反映街乡\":\"110105001\",\"受理时间\":\"2026-01-05 08:00:00\"}"
#define EVENT(n)                                                                                   \
    "{\"specversion\":\"1.0\",\"id\":\"" n "\",\"source\":\"/vendor\",\"type\":\"order\","         \
    "\"data\":" ORDER(n) "}"
#define BINARY "ce-specversion: 1.0\r\nce-id: F1\r\nce-source: /vendor\r\nce-type: order\r\n"

static const struct {
    const char *headers, *body;
    int status;
    const char *said; /* in the body */
} forms[] = {
    {JSON, ORDER("F1"), 200, "{\"accepted\":1,\"rejected\":0,\"results\":[{\"row\":1,"},
    {JSON, "[" ORDER("F1") "," ORDER("F2") "]", 200, "\"accepted\":2,\"rejected\":0"},
    {NDJSON, ORDER("F1") "\n" ORDER("F2") "\n", 200, "\"accepted\":2,\"rejected\":0"},
    {"Content-Type: application/cloudevents+json\r\n", EVENT("F1"), 200,
     "\"accepted\":1,\"rejected\":0"},
    {"Content-Type: application/cloudevents-batch+json\r\n", "[" EVENT("F1") "," EVENT("F2") "]",
     200, "\"accepted\":2,\"rejected\":0"},
    {BINARY JSON, ORDER("F1"), 200, "\"accepted\":1,\"rejected\":0"},
    {BINARY JSON, ORDER_OF("F1", "闲聊"), 200, "\"pointer\":\"/data/诉求性质\""},
    {BINARY JSON, ORDER("F1") ",\"x\":1", 200, "\"reason\":\"bad_json\""},
    {BINARY "ce-subject: %FF\r\n" JSON, ORDER("F1"), 400, "ce-subject"},
    {BINARY NDJSON, ORDER("F1"), 415, "application/cloudevents+json"},
    {"Content-Type: application/cloudevents+json\r\n", "[" EVENT("F1") "]", 200,
     "\"rejected\":1"}, /* a batch has its own type */
    {"Content-Type: application/xml\r\n", ORDER("F1"), 415, "about:blank#media_type"},
    {"Content-Type: application/json; charset=gbk\r\n", ORDER("F1"), 415, "about:blank#charset"},
    {"", ORDER("F1"), 415, "about:blank#media_type"},
    {NDJSON "Citybrain-Row: 9223372036854775807\r\n", ORDER("F1") "\n" ORDER("F2"), 400,
     "Citybrain-Row"}, /* there is no row behind it */
    {NDJSON "Citybrain-Offset: 9223372036854775807\r\n", "\n" ORDER("F1"), 400, "Citybrain-Offset"},
    /* what raw's header could not say again */
    {NDJSON "Citybrain-Replay: \xFF\r\n", ORDER("F1"), 400, "Citybrain-Replay"},
    {NDJSON "Citybrain-Upload: 0123456789abcdefghijk\xFF\r\n", ORDER("F1"), 400,
     "Citybrain-Upload"},
};

static void takes_every_form_and_names_what_it_does_not(void **state)
{
    struct exchange exchange;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
        ingest_door_post(&door, &exchange, "/v1/feeds/hotline", "hotline", forms[i].headers,
                         span_of(forms[i].body));
        assert_int_equal(exchange.status, forms[i].status);
        assert_non_null(strstr(exchange.body, forms[i].said));
    }
}

static void bytes_come_as_they_are(void **state)
{
    struct exchange exchange;
    (void)state;
    ingest_door_post(&door, &exchange, "/v1/feeds/hotline", "hotline",
                     NDJSON "Content-Encoding: gzip\r\n", SPAN("\x1f\x8b"));
    assert_int_equal(exchange.status, 415);
    assert_non_null(strstr(exchange.head, "Accept-Encoding: identity\r\n"));
    assert_non_null(strstr(exchange.body, "about:blank#content_encoding"));
}

#define COLUMNS                                                                                                \
    "工单编号,诉求性质,问题分类,反映社区,反映街乡,受理时间,承办单位,截止时间," \
    "办结时间,结案时间,更新时间,来电人,来电号码,主要内容\n"
#define ROW "C1,投诉,R0105,,110105001,2026-01-05 08:00:00,,,,,,,,\n"

/* The twins of one file, under one feed whose usual charset is GB18030. */
static void an_upload_says_its_charset(void **state)
{
    static const struct {
        const char *headers;
        bool utf8;
        int status;
        const char *said;
    } rows[] = {
        {CSV "\r\n", false, 200, "\"accepted\":1"},
        {CSV "; charset=utf-8\r\n", true, 200, "\"accepted\":1"},
        {CSV "; charset=\"UTF-8\"\r\n", true, 200, "\"accepted\":1"},
        {CSV "; charset=GBK\r\n", false, 200, "\"accepted\":1"},
        {CSV "\r\nCitybrain-Charset: utf-8\r\n", true, 200, "\"accepted\":1"},
        {CSV "; charset=utf-8\r\nCitybrain-Charset: gb2312\r\n", false, 200, "\"accepted\":1"},
        {CSV "\r\n", true, 200, "\"accepted\":0"},
        {CSV "; charset=big5\r\n", true, 415, "gb18030"},
    };
    struct charset_converter *converter = charset_converter_new();
    struct arena arena;
    struct span gb;
    (void)state;
    arena_init(&arena, 65536);
    assert_int_equal(charset_from_utf8(converter, CHARSET_GB18030, SPAN(COLUMNS ROW), &arena, &gb),
                     CHARSET_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct exchange exchange;
        ingest_door_post(&door, &exchange, "/v1/feeds/hotline_csv", "hotline_csv", rows[i].headers,
                         rows[i].utf8 ? SPAN(COLUMNS ROW) : gb);
        assert_int_equal(exchange.status, rows[i].status);
        assert_non_null(strstr(exchange.body, rows[i].said));
    }
    arena_fini(&arena);
    charset_converter_free(converter);
}

static void the_twin_answers_the_same_and_stores_nothing(void **state)
{
    static const char *const paths[] = {"/v1/feeds/hotline/check", "/v1/feeds/hotline"};
    struct exchange said[2];
    int64_t stored[3];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        stored[i] = ingest_door_stored(&door);
        ingest_door_post(&door, &said[i], paths[i], "hotline", NDJSON,
                         SPAN(ORDER("F1") "\n{\n" ORDER_OF("F3", "闲聊") "\n"));
        assert_int_equal(said[i].status, 200);
    }
    stored[2] = ingest_door_stored(&door);
    assert_string_equal(said[0].body, said[1].body);
    assert_int_equal(stored[1], stored[0]);
    assert_int_equal(stored[2], stored[1] + 3);
}

static void answers_in_the_language_asked_for(void **state)
{
    static const struct {
        const char *headers, *sentence, *not_this, *problem;
    } rows[] = {
        {"Accept-Language: zh-CN\r\n", "message_zh\":\"第 1 条“诉求性质”：", "message_en",
         "\"title\":\"内容类型不符\""},
        {"Accept-Language: en;q=0.9, zh;q=0.1\r\n", "message_en\":\"Record 1, \\\"诉求性质\\\": ",
         "message_zh", "\"title\":\"not a content type of this address\""},
        {"", "message_zh\":\"第 1 条", "nothing",
         "\"title\":\"内容类型不符 / not a content type of this address\""},
    };
    char headers[256];
    struct exchange exchange;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        snprintf(headers, sizeof headers, "%s%s", JSON, rows[i].headers);
        ingest_door_post(&door, &exchange, "/v1/feeds/hotline", "hotline", headers,
                         SPAN(ORDER_OF("F1", "闲聊")));
        assert_non_null(strstr(exchange.body, rows[i].sentence));
        assert_null(strstr(exchange.body, rows[i].not_this));
        ingest_door_post(&door, &exchange, "/v1/feeds/hotline", "hotline", rows[i].headers,
                         SPAN("x"));
        assert_non_null(strstr(exchange.body, rows[i].problem));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_form_and_names_what_it_does_not),
        cmocka_unit_test(bytes_come_as_they_are),
        cmocka_unit_test(an_upload_says_its_charset),
        cmocka_unit_test(the_twin_answers_the_same_and_stores_nothing),
        cmocka_unit_test(answers_in_the_language_asked_for),
    };
    log_open("test", LOG_LEVEL_ERROR);
    int failed = cmocka_run_group_tests(tests, open_door, NULL);
    fflush(stdout);
    _exit(failed); /* as the daemon ends: producer and door have no other end */
}
