/* SPDX-License-Identifier: Apache-2.0 */
/* Who reads `desk` and `tap` beside `why` sees one clock: the district's, with its zone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "citybrain/desk_report.h"
#include "citybrain/moment.h"
#include "citybrain/own_names.h"
#include "citybrain/tap_show.h"
#include "citybrain/verb.h"
#include "model/codes.h"

#define ORDER                                                                                      \
    "{\"kind\":\"assigned\",\"case\":\"request:12345:1\",\"unit\":\"desk\",\"desk_cause\":"        \
    "\"dispute\",\"time\":\"2026-03-02T16:30:00.000Z\",\"due_at\":\"2026-03-03T18:00:00+08:00\"}"
#define SINCE "2026-03-03 00:30:00+08:00"
#define DUE   "2026-03-03 18:00:00+08:00"

/* Of main.c, which is in no library; nothing here is misspelt. */
int verb_usage(const char *verb, const char *format, ...)
{
    fail_msg("%s: %s", verb, format);
    return VERB_USAGE;
}

static struct codes *codes;
static struct kinds *kinds;

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    diagnostics_free(diagnostics);
    return kinds ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    kinds_free(kinds);
    codes_free(codes);
    return 0;
}

/* The list, or the one case. */
static char *desk_says(bool one, bool json)
{
    static const struct district nowhere;
    static const struct own_names nothing;
    const struct desk_names names = {&nowhere, kinds, &nothing};
    struct desk_duties duties;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    desk_duties_init(&duties);
    assert_true(desk_duties_take(&duties, SPAN("request:12345:1"), SPAN(ORDER)));
    if (one)
        desk_report_show(&duties, desk_duties_find(&duties, "request:12345:1"), &names, out);
    else
        desk_report_list(&duties, &names, DESK_NOTHING, json, out);
    fclose(out);
    desk_duties_fini(&duties);
    return text;
}

static void the_desk_reads_the_districts_clock(void **state)
{
    (void)state;
    for (int one = 0; one < 2; one++) {
        char *text = desk_says(one, false);
        assert_non_null(strstr(text, SINCE));
        assert_non_null(strstr(text, DUE));
        assert_null(strstr(text, "000Z"));
        free(text);
    }
    char *text = desk_says(false, true); /* programs get the order as it is */
    assert_non_null(strstr(text, "\"time\":\"2026-03-02T16:30:00.000Z\""));
    free(text);
}

/* One order as a line of `tap`, without its line feed. */
static void tap_says(struct strbuf *text, struct span order)
{
    static const struct district nowhere;
    const struct tap_names names = {&nowhere, kinds};
    const struct record record = {.topic = SPAN("cb.dispatch.desk"),
                                  .key = SPAN("request:12345:1"),
                                  .value = order,
                                  .timestamp_ms =
                                      1772468999999}; /* 2026-03-03T00:29:59.999+08:00 */
    struct tap_record tap;
    struct json_reader *reader = json_reader_new();
    struct arena arena;
    arena_init(&arena, 1 << 20);
    strbuf_reset(text);
    tap_record_read(&tap, tap_topic_find("dispatch.desk"), &record, reader, &arena);
    tap_show_words(text, &tap, &names);
    arena_fini(&arena);
    json_reader_free(reader);
}

static void a_tapped_order_says_its_times_as_the_line_does(void **state)
{
    (void)state;
    struct strbuf text;
    strbuf_init(&text, 256, 65536);
    tap_says(&text, SPAN(ORDER));
    assert_int_equal(strncmp(text.at, "2026-03-03 00:29:59+08:00\t", 26), 0);
    assert_non_null(strstr(text.at, "=" DUE));
    strbuf_fini(&text);
}

/* And no kind's where its kind is not known here. */
static void a_tapped_order_calls_a_move_as_its_kind_does(void **state)
{
    (void)state;
    static const struct {
        struct span order;
        const char *says;
    } rows[] = {
        {SPAN("{\"kind\":\"ended\",\"case\":\"service:a:1\",\"unit\":\"d_civil\",\"rule\":"
              "\"accepted\"}"),
         " 规则=受理(accepted)"},
        {SPAN("{\"kind\":\"ended\",\"case\":\"inspection:a:1\",\"unit\":\"d_civil\",\"rule\":"
              "\"accepted\"}"),
         " 规则=accepted"},
        {SPAN("{\"kind\":\"ended\",\"unit\":\"d_civil\",\"rule\":\"adopted\"}"),
         " 规则=承接来单指定(adopted)"}};
    struct strbuf text;
    strbuf_init(&text, 256, 65536);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        tap_says(&text, rows[i].order);
        assert_non_null(strstr(text.at, rows[i].says));
    }
    strbuf_fini(&text);
}

static void what_is_shown_may_be_asked_for(void **state)
{
    (void)state;
    struct strbuf text;
    int64_t ms = 0;
    strbuf_init(&text, 64, 256);
    moment_add(&text, 1772469000000);
    assert_string_equal(text.at, SINCE);
    assert_true(moment_read(text.at, 0, &ms));
    assert_int_equal(ms, 1772469000000);
    assert_true(moment_read("2026-03-03T00:30:00+08:00", 0, &ms));
    assert_false(moment_read("2026-03-03 00:30:00+0800x", 0, &ms));
    strbuf_reset(&text);
    moment_add(&text, TIMESTAMP_NONE);
    assert_string_equal(text.at, "-");
    assert_false(moment_add_text(&text, SPAN("2026-03-03")));
    assert_string_equal(text.at, "-");
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_desk_reads_the_districts_clock),
        cmocka_unit_test(a_tapped_order_says_its_times_as_the_line_does),
        cmocka_unit_test(a_tapped_order_calls_a_move_as_its_kind_does),
        cmocka_unit_test(what_is_shown_may_be_asked_for),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
