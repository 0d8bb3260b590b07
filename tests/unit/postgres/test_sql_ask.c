/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is asked with stands beside the text and never in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/api_place.h"
#include "aggregator/store/case_ask.h"
#include "aggregator/store/duty_ask.h"
#include "aggregator/store/open311_ask.h"
#include "base/base.h"

static struct sql_ask ask;
static struct api_query query;

static int begin(void **state)
{
    (void)state;
    sql_ask_init(&ask);
    return 0;
}

static int end(void **state)
{
    (void)state;
    sql_ask_fini(&ask);
    return 0;
}

/* "$7" is there for each value, and no eighth. */
static void assert_numbered(void)
{
    char number[16];
    for (int i = 1; i <= ask.count; i++) {
        snprintf(number, sizeof number, "$%d", i);
        if (!strstr(ask.sql.at, number))
            fail_msg("%s is not asked for: %s", number, ask.sql.at);
    }
    snprintf(number, sizeof number, "$%d", ask.count + 1);
    assert_null(strstr(ask.sql.at, number));
    assert_false(strbuf_is_full(&ask.sql));
}

static void lists_have_a_condition_for_what_was_asked_alone(void **state)
{
    (void)state;
    static const struct api_parameter table[] = {CASE_ASK_PARAMETERS};
    api_query_begin(&query, table, ARRAY_LENGTH(table), 480);
    assert_true(api_query_take(&query, SPAN("unit"), SPAN("zzunit")));
    assert_true(api_query_take(&query, SPAN("overdue"), SPAN("yes")));
    assert_true(
        api_query_take(&query, SPAN("after"), SPAN("12.x'); DROP TABLE core.case_set; --")));
    case_ask_list(&ask, &query);
    case_ask_conditions(&ask, &query);
    case_ask_order(&ask, &query);
    assert_numbered();
    assert_int_equal(ask.count, 3);
    assert_string_equal(ask.values[0], "zzunit");
    assert_string_equal(ask.values[2], "x'); DROP TABLE core.case_set; --");
    assert_null(strstr(ask.sql.at, "zzunit"));
    assert_null(strstr(ask.sql.at, "DROP"));
    assert_non_null(strstr(ask.sql.at, "n.lead = $1"));
    assert_null(strstr(ask.sql.at, "n.station = "));
    assert_non_null(strstr(ask.sql.at, "(n.opened_ms, n.case_id) < ($2::bigint, $3)"));
}

static void none_among_codes_is_what_has_none(void **state)
{
    static const struct {
        const char *list, *sql, *value;
    } cases[] = {
        {"none", " AND x IS NULL", NULL},
        {"a", " AND x = $1", "a"},
        {"nonesuch,a", " AND x = ANY (string_to_array($1, ','))", "nonesuch,a"},
        {"none,a", " AND (x IS NULL OR x = ANY (string_to_array($1, ',')))", "a"},
        {"a,none,b", " AND (x IS NULL OR x = ANY (string_to_array($1, ',')))", "a,b"},
        {NULL, "", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        sql_ask_any_or_none(&ask, "x", span_of(cases[i].list));
        assert_string_equal(ask.sql.at, cases[i].sql);
        assert_int_equal(ask.count, cases[i].value != NULL);
        if (cases[i].value)
            assert_string_equal(ask.values[0], cases[i].value);
        end(NULL);
        begin(NULL);
    }
}

static void who_has_a_number_finds_its_case_opened_or_not(void **state)
{
    (void)state;
    static const struct api_parameter table[] = {CASE_ASK_PARAMETERS};
    api_query_begin(&query, table, ARRAY_LENGTH(table), 480);
    assert_true(api_query_take(&query, SPAN("number"), SPAN("N1")));
    assert_true(api_query_take(&query, SPAN("kind"), SPAN("request,service")));
    case_ask_list(&ask, &query);
    case_ask_conditions(&ask, &query);
    case_ask_order(&ask, &query);
    assert_numbered();
    assert_null(strstr(ask.sql.at, "opened_ms IS NOT NULL"));
    assert_non_null(strstr(ask.sql.at, "n.kind = ANY (string_to_array($1, ','))"));
    /* a case without an opening has a key and a place */
    assert_non_null(strstr(ask.sql.at, "SELECT coalesce(n.opened_ms, 253402300800000) || '.'"));
    assert_non_null(
        strstr(ask.sql.at, "ORDER BY coalesce(n.opened_ms, 253402300800000) DESC, n.case_id DESC"));
    end(NULL);
    begin(NULL);
    assert_true(api_query_take(&query, SPAN("after"), SPAN("253402300800000.request:a:N1")));
    case_ask_list(&ask, &query);
    case_ask_conditions(&ask, &query);
    case_ask_order(&ask, &query);
    assert_non_null(
        strstr(ask.sql.at, "(coalesce(n.opened_ms, 253402300800000), n.case_id) < ($2::bigint, "));
}

static void the_urgent_order_goes_on_behind_its_key(void **state)
{
    (void)state;
    static const struct api_parameter table[] = {CASE_ASK_PARAMETERS};
    api_query_begin(&query, table, ARRAY_LENGTH(table), 480);
    assert_true(api_query_take(&query, SPAN("order"), SPAN("due")));
    assert_true(api_query_take(&query, SPAN("after"), SPAN("12.request:t:1")));
    case_ask_list(&ask, &query);
    case_ask_conditions(&ask, &query);
    case_ask_order(&ask, &query);
    assert_numbered();
    assert_non_null(strstr(ask.sql.at, " + 253402300800000 END), n.case_id) > ($1::bigint, $2)"));
    assert_non_null(strstr(ask.sql.at, "ORDER BY (CASE WHEN n.desk_cause = 'emergency'"));
}

static void orders_and_progress_are_asked_from_a_place(void **state)
{
    (void)state;
    struct api_place place = {.count = 0};
    assert_true(api_place_move(&place, 3, 9) && api_place_move(&place, 7, 0));
    const struct duty_ask duty = {SPAN("zzunit"), SPAN("cb.events"), &place, 5};
    duty_ask_orders(&ask, &duty);
    assert_numbered();
    assert_null(strstr(ask.sql.at, "zzunit"));
    assert_string_equal(ask.values[3], "3,7");
    assert_string_equal(ask.values[4], "10,1");
    end(NULL);
    begin(NULL);
    duty_ask_progress(&ask, &duty);
    assert_numbered();
}

static void open311_has_a_span_and_a_page(void **state)
{
    (void)state;
    static const struct api_parameter table[] = {OPEN311_ASK_PARAMETERS};
    api_query_begin(&query, table, ARRAY_LENGTH(table), 480);
    assert_true(api_query_take(&query, SPAN("page"), SPAN("3")));
    assert_true(api_query_take(&query, SPAN("page_size"), SPAN("50")));
    assert_true(api_query_take(&query, SPAN("status"), SPAN("closed")));
    open311_ask_list(&ask, &query);
    assert_numbered();
    assert_string_equal(ask.values[ask.count - 2], "50");
    assert_string_equal(ask.values[ask.count - 1], "100");
    assert_non_null(strstr(ask.sql.at, " AND (n.state IN ("));
    assert_non_null(strstr(ask.sql.at, "(SELECT t_ms FROM core.clock) - $1"));
}

static void ids_override_all_else(void **state)
{
    (void)state;
    static const struct api_parameter table[] = {OPEN311_ASK_PARAMETERS};
    api_query_begin(&query, table, ARRAY_LENGTH(table), 480);
    assert_true(api_query_take(&query, SPAN("service_request_id"), SPAN("request:t:1")));
    assert_true(api_query_take(&query, SPAN("status"), SPAN("open")));
    open311_ask_list(&ask, &query);
    assert_null(strstr(ask.sql.at, "n.state IN"));
    assert_null(strstr(ask.sql.at, "t_ms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_have_a_condition_for_what_was_asked_alone, begin,
                                        end),
        cmocka_unit_test_setup_teardown(none_among_codes_is_what_has_none, begin, end),
        cmocka_unit_test_setup_teardown(who_has_a_number_finds_its_case_opened_or_not, begin, end),
        cmocka_unit_test_setup_teardown(the_urgent_order_goes_on_behind_its_key, begin, end),
        cmocka_unit_test_setup_teardown(orders_and_progress_are_asked_from_a_place, begin, end),
        cmocka_unit_test_setup_teardown(open311_has_a_span_and_a_page, begin, end),
        cmocka_unit_test_setup_teardown(ids_override_all_else, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
