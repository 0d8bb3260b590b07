/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/api_place.h"
#include "aggregator/core/api_query.h"
#include "base/base.h"

static const struct api_parameter table[] = {
    {"unit", API_CODES, NULL, 0, 0},         {"state", API_WORDS, "open closed", 0, 0},
    {"order", API_WORD, "opened due", 0, 0}, {"limit", API_NUMBER, NULL, 1, 1000},
    {"from", API_DATE, NULL, 0, 0},          {"at", API_MOMENT, NULL, 0, 0},
    {"lang", API_LANGUAGE, NULL, 0, 0},      {"after", API_KEY, NULL, 0, 0},
    {"place", API_PLACE, NULL, 0, 0},        {"ask", API_ADDRESS, NULL, 0, 0},
};

static struct api_query query;

static bool take(const char *name, const char *value)
{
    return api_query_take(&query, span_of(name), span_of(value));
}

static void begin(void)
{
    api_query_begin(&query, table, ARRAY_LENGTH(table), 480);
}

static void takes_values_of_their_forms(void **state)
{
    (void)state;
    begin();
    assert_true(take("unit", "s110105001,d_water"));
    assert_true(take("state", "open,closed"));
    assert_true(take("order", "due"));
    assert_true(take("limit", "1000"));
    assert_true(take("from", "1970-01-02"));
    assert_true(take("at", "1970-01-02"));
    assert_true(take("lang", "en"));
    assert_true(take("after", "-12.request:12345:A.B"));
    assert_true(take("place", "0.1-b.zz"));
    assert_true(take("ask", "clock"));
    assert_true(take("ask", "views/inflow?by=hour"));
    assert_int_equal(api_query_get(&query, "from")->number, 1);
    assert_int_equal(api_query_get(&query, "at")->number, 57600000); /* midnight in Beijing */
    assert_int_equal(api_query_number(&query, "limit", 7), 1000);
    assert_int_equal(api_query_get(&query, "after")->number, -12);
    assert_true(span_is(api_query_get(&query, "after")->rest, "request:12345:A.B"));
}

static void names_the_parameter_that_is_wrong(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"ask", "/api/clock"},
        {"ask", "together?ask=clock"},
        {"unit", "a,,b"},
        {"unit", "a;b"},
        {"unit", "a' OR 1=1"},
        {"state", "ended"},
        {"order", "open,due"},
        {"limit", "0"},
        {"limit", "1001"},
        {"limit", "ten"},
        {"limit", "99999999999999999999"},
        {"from", "2026-02-30"},
        {"from", "today"},
        {"at", "2026-13-01T00:00:00Z"},
        {"from", "0000-01-01"}, /* no year of PostgreSQL */
        {"at", "0000-01-01T00:00:00Z"},
        {"lang", "fr"},
        {"after", "12"},
        {"after", "x.y"},
        {"place", "0.1-0.2"},
        {"place", "1.1-0.2"},
        {"place", "0"},
        {"place", "0.A"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        begin();
        if (take(bad[i][0], bad[i][1]))
            fail_msg("%s=%s was taken", bad[i][0], bad[i][1]);
        assert_true(span_is(query.bad, bad[i][0]));
        assert_int_equal(query.fault, API_QUERY_FORM);
    }
}

static void refuses_unknown_names_and_second_values(void **state)
{
    (void)state;
    begin();
    assert_false(take("units", "a"));
    assert_int_equal(query.fault, API_QUERY_UNKNOWN);
    begin();
    assert_true(take("limit", "1"));
    assert_false(take("limit", "1"));
    assert_int_equal(query.fault, API_QUERY_TWICE);
}

static void an_empty_value_asks_for_nothing(void **state)
{
    (void)state;
    begin();
    assert_true(take("unit", ""));
    assert_null(api_query_get(&query, "unit")->text.at);
    assert_int_equal(api_query_number(&query, "limit", 7), 7);
}

static void says_what_may_be_asked_in_the_language_asked_for(void **state)
{
    (void)state;
    struct strbuf out;
    strbuf_init(&out, 64, 4096);
    begin();
    assert_false(take("limit", "0"));
    api_query_write_fault(&query, LANGUAGE_ENGLISH, &out);
    assert_string_equal(out.at, "limit: a whole number from 1 to 1000");
    strbuf_reset(&out);
    api_query_write_fault(&query, LANGUAGE_CHINESE, &out);
    assert_string_equal(out.at, "limit：整数，1 至 1000");
    begin();
    assert_false(take("colour", "red"));
    strbuf_reset(&out);
    api_query_write_fault(&query, LANGUAGE_BOTH, &out);
    assert_non_null(strstr(out.at, "colour：此处无该参数"));
    assert_non_null(strstr(out.at, "colour: no such parameter here; there are unit, state"));
    strbuf_fini(&out);
}

static void a_place_is_its_text(void **state)
{
    (void)state;
    struct strbuf out;
    struct api_place place = {.count = 0};
    strbuf_init(&out, 64, 4096);
    assert_true(api_place_move(&place, 11, 35));
    assert_true(api_place_move(&place, 0, 0));
    assert_true(api_place_move(&place, 11, 3)); /* never back */
    api_place_write(&out, &place);
    assert_string_equal(out.at, "0.1-b.10");
    struct api_place read;
    assert_true(api_place_read(&read, strbuf_span(&out)));
    assert_int_equal(read.count, 2);
    assert_int_equal(read.at[1].part, 11);
    assert_int_equal(read.at[1].next, 36);
    strbuf_fini(&out);
}

static void a_place_has_room_for_every_partition_and_no_more(void **state)
{
    (void)state;
    struct api_place place = {.count = 0};
    for (int32_t part = 0; part < API_PLACE_MOST; part++)
        assert_true(api_place_move(&place, part, 1));
    assert_false(api_place_move(&place, API_PLACE_MOST, 1));
    assert_true(api_place_move(&place, 0, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_values_of_their_forms),
        cmocka_unit_test(names_the_parameter_that_is_wrong),
        cmocka_unit_test(refuses_unknown_names_and_second_values),
        cmocka_unit_test(an_empty_value_asks_for_nothing),
        cmocka_unit_test(says_what_may_be_asked_in_the_language_asked_for),
        cmocka_unit_test(a_place_is_its_text),
        cmocka_unit_test(a_place_has_room_for_every_partition_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
