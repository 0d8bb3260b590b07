/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to views as the API asks them, on a PostgreSQL of the test's own: each is good SQL, a
 * mean says how many it is of and tells nothing of few, and what shards cancel is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/view_query.h"
#include "base/base.h"
#include "daemon/log.h"

#include "aggregator_store.h"

static struct {
    struct aggregator_store store;
} here;

static int open_all(void **state)
{
    (void)state;
    return aggregator_store_open(&here.store) ? 0 : 1;
}

static int close_all(void **state)
{
    (void)state;
    return aggregator_store_close(&here.store) ? 0 : 1;
}

static void assert_says(const char *sql, const char *wanted)
{
    char answer[512];
    aggregator_store_ask(&here.store, sql, answer, sizeof answer);
    if (strcmp(answer, wanted) != 0)
        fail_msg("\"%s\" is not \"%s\": %s", answer, wanted, sql);
}

static void run(const char *sql)
{
    struct error error = {0};
    if (!postgres_connection_run(here.store.reader, sql, &error))
        fail_msg("%s", error.text);
}

/* `wanted` of the only row of a question, from its JSON. */
static void assert_answers(const char *view_name, const struct view_question *question,
                           const char *members, const char *wanted)
{
    struct strbuf sql, whole;
    const struct view *view = views_find(here.store.rules.views, span_of(view_name));
    strbuf_init(&sql, 4096, 1 << 20);
    strbuf_init(&whole, 4096, 1 << 20);
    assert_true(view_query_rows(&sql, view, question));
    strbuf_addf(&whole, "SELECT concat_ws(' ', %s) FROM (%.*s) AS q", members,
                SPAN_ARG(strbuf_span(&sql)));
    const char *const range[] = {NULL, NULL};
    PGresult *result = PQexecParams(postgres_connection_handle(here.store.reader), whole.at, 2,
                                    NULL, range, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", PQresultErrorMessage(result), whole.at);
    assert_int_equal(PQntuples(result), 1);
    if (strcmp(PQgetvalue(result, 0, 0), wanted) != 0)
        fail_msg("\"%s\" is not \"%s\"", PQgetvalue(result, 0, 0), wanted);
    PQclear(result);
    strbuf_fini(&sql);
    strbuf_fini(&whole);
}

/* --- means --- */

/* A cell of units u<from> … u<to>, each: so many opened, so many of them closed. */
static void fill_units(int from, int to, int opened, int closed)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "INSERT INTO core.cell_closure_rate (bucket, day, unit, type_code, street_code, "
             "is_excluded, opened_n, closed_n, closed_in_n) SELECT 'am', '2020-01-06', 'u' || n, "
             "'', '', "
             "false, %d, %d, 0 FROM generate_series(%d, %d) AS n",
             opened, closed, from, to);
    run(sql);
}

static void a_mean_is_of_those_who_have_data(void **state)
{
    const struct view_question question = {.method = SPAN("mean")};
    (void)state;
    fill_units(1, 2, 10, 5);
    fill_units(3, 3, 10, 10);
    fill_units(4, 4, 0, 3); /* nothing was opened: no rate */
    assert_answers("closure_rate", &question, "rate, n", "0.666667 3");
    run("TRUNCATE core.cell_closure_rate");
}

/* Outside the handling unit: of two units one has three cases, and who knows the other's rate would
 * know them. Of five units the mean tells of none. */
static void a_mean_tells_nothing_of_few(void **state)
{
    const struct view_question open = {.method = SPAN("mean"), .open = true},
                               inside = {.method = SPAN("mean")};
    (void)state;
    fill_units(1, 1, 10, 5);
    fill_units(2, 2, 3, 3);
    assert_answers("closure_rate", &inside, "rate, n", "0.750000 2");
    assert_answers("closure_rate", &open, "coalesce(rate::text, '-'), n, suppressed", "- 2 t");
    fill_units(3, 5, 10, 5);
    assert_answers("closure_rate", &open, "rate, n, suppressed", "0.600000 5 f");
    run("TRUNCATE core.cell_closure_rate; ");
    fill_units(1, 2, 10, 5); /* few units, but none of them small */
    assert_answers("closure_rate", &open, "rate, n, suppressed", "0.500000 2 f");
    run("TRUNCATE core.cell_closure_rate");
}

/* Outside the handling unit: of sixty answers two were 基本满意. Who knew the rate that is made of
 * them, or the score of that rate, would know them. */
static void a_formula_tells_nothing_of_few(void **state)
{
    const struct view_question open = {.open = true}, inside = {0};
    static const char members[] =
        "response, coalesce(acceptable::text, '-'), coalesce(satisfaction::text, '-'), "
        "coalesce(score::text, '-')";
    (void)state;
    run("INSERT INTO core.cell_three_rates (bucket, day, unit, type_code, is_excluded, orders_n, "
        "reviewed_n, valid_n, contacted_n, solved_n, satisfied_n, acceptable_n) VALUES ('am', "
        "'2026-02-01', 'u1', '', false, 60, 60, 60, 45, 30, 39, 2)");
    assert_answers("three_rates", &inside, members, "0.750000 2 0.680000 59.70");
    assert_answers("three_rates", &open, members, "0.750000 - - -");
    run("UPDATE core.cell_three_rates SET acceptable_n = 10");
    assert_answers("three_rates", &open, members, "0.750000 10 0.800000 64.50");
    run("TRUNCATE core.cell_three_rates");
}

/* --- shards --- */

/* Counted in one shard and taken out in another: of that day there is nothing, and its formula has
 * no say in the total's. */
static void what_shards_cancel_is_of_no_day(void **state)
{
    const struct view_question total = {.by = SPAN("")};
    (void)state;
    run("INSERT INTO core.cell_three_rates SELECT "
        "(jsonb_populate_record(NULL::core.cell_three_rates, "
        "(SELECT jsonb_object_agg(a.attname, 0) FROM pg_attribute AS a WHERE a.attrelid = "
        "'core.cell_three_rates'::regclass AND a.attnum > 0) || jsonb_build_object('bucket', 'am', "
        "'day', v.day, 'unit', 'u1', 'type_code', '', 'is_excluded', false, 'shard', v.shard, "
        "'orders_n', v.n))).* FROM (VALUES ('2021-06-01', 1, 1), ('2021-06-01', 2, -1), "
        "('2026-02-01', "
        "1, 4)) AS v(day, shard, n)");
    assert_answers("three_rates", &total, "orders, formula", "4 2025-01-01");
    run("TRUNCATE core.cell_three_rates");
}

/* --- ranges --- */

static const char *const ranges[][2] = {{"2024-02-03", "2024-03-20"}, {"2024-01-31", "2024-01-31"},
                                        {"2024-02-01", "2024-02-29"}, {"2024-02-19", "2024-02-19"},
                                        {"2024-03-18", "2024-03-19"}, {"2024-02-29", "2024-03-01"}};

/* How many rows, and their bytes' hash: of a range, or of all with `filter`. */
static void read_rows(const struct view *view, const char *bucket, const char *const range[2],
                      const char *filter, char *answer, size_t size)
{
    const struct view_question question = {.by = span_of(bucket)};
    struct strbuf sql, whole;
    strbuf_init(&sql, 4096, 1 << 20);
    strbuf_init(&whole, 4096, 1 << 20);
    assert_true(view_query_rows(&sql, view, &question));
    strbuf_addf(&whole,
                "SELECT count(*) || ' ' || md5(string_agg(q::text, '/')) FROM (%.*s) AS q%s",
                SPAN_ARG(strbuf_span(&sql)), filter);
    PGresult *result = PQexecParams(postgres_connection_handle(here.store.reader), whole.at, 2,
                                    NULL, range, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", PQresultErrorMessage(result), whole.at);
    snprintf(answer, size, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    strbuf_fini(&sql);
    strbuf_fini(&whole);
}

static size_t compare_ranges(const struct view *view, const char *bucket)
{
    size_t found = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(ranges); i++) {
        char filter[160], of_all[64], of_range[64];
        snprintf(filter, sizeof filter, " WHERE q.%s BETWEEN '%s' AND '%s'", bucket, ranges[i][0],
                 ranges[i][1]);
        read_rows(view, bucket, (const char *const[]){NULL, NULL}, filter, of_all, sizeof of_all);
        read_rows(view, bucket, ranges[i], "", of_range, sizeof of_range);
        if (strcmp(of_all, of_range) != 0)
            fail_msg("%s by %s from %s to %s: \"%s\" is not \"%s\"", view->name, bucket,
                     ranges[i][0], ranges[i][1], of_range, of_all);
        found += strtoul(of_all, NULL, 10);
    }
    return found;
}

/* Cells are found by their own days; which are of a bucket is told by its first, or by the day
 * after them. Of a stock the days before the range count as well. */
static void a_range_is_of_the_buckets_whose_day_is_in_it(void **state)
{
    static const char *const names[] = {"closure_rate", "backlog"};
    size_t found = 0;
    (void)state;
    run("INSERT INTO core.cell_closure_rate (bucket, day, unit, type_code, street_code, "
        "is_excluded, opened_n, closed_n, closed_in_n) SELECT b, d, 'u', '', '', false, 1 + "
        "extract(doy FROM d)::int * 7 % 11, extract(day FROM d), 1 FROM unnest(ARRAY['am', 'pm']) "
        "AS b, generate_series('2024-01-01'::date, '2024-04-30', '1 day') AS d; INSERT INTO "
        "core.cell_backlog SELECT (jsonb_populate_record(NULL::core.cell_backlog, (SELECT "
        "jsonb_object_agg(a.attname, 0) FROM pg_attribute AS a WHERE a.attrelid = "
        "'core.cell_backlog'::regclass AND a.attnum > 0) || jsonb_build_object('bucket', b, 'day', "
        "d::date, 'unit', 'u', 'type_code', '', 'is_excluded', false, 'shard', 1, 'open_n', 1 + "
        "extract(day FROM d)::int % 3))).* FROM unnest(ARRAY['am', 'pm']) AS b, "
        "generate_series('2024-01-01'::date, '2024-04-30', '1 day') AS d; INSERT INTO "
        "core.kafka_offset (topic, part, next_offset, epoch, owner, tick_ms) VALUES ('t', 0, 0, 1, "
        "'o', extract(epoch FROM timestamptz '2024-06-01 12:00+08') * 1000)");
    for (size_t n = 0; n < ARRAY_LENGTH(names); n++) {
        const struct view *view = views_find(here.store.rules.views, span_of(names[n]));
        for (size_t b = 0; b < view->bucket_count; b++)
            found += compare_ranges(view, view_bucket_names[view->buckets[b]]);
    }
    assert_true(found > 300);
    run("TRUNCATE core.cell_closure_rate, core.cell_backlog, core.kafka_offset");
}

/* --- who is outside --- */

/* Seven of another unit took a duration of bin 300: everybody may know the median. */
static void what_is_open_to_all_has_its_percentiles(void **state)
{
    (void)state;
    run("CREATE ROLE dash_u_other IN ROLE dash; GRANT dash_u_other TO CURRENT_USER");
    run("INSERT INTO core.cell_response_time SELECT (jsonb_populate_record(NULL::"
        "core.cell_response_time, (SELECT jsonb_object_agg(a.attname, 0) FROM pg_attribute AS a "
        "WHERE a.attrelid = 'core.cell_response_time'::regclass AND a.attnum > 0) || "
        "(SELECT jsonb_object_agg(a.attname, 7) FROM pg_attribute AS a WHERE a.attrelid = "
        "'core.cell_response_time'::regclass AND a.attname ~ '_n$') || jsonb_build_object("
        "'bucket', 'day', 'day', '2024-01-01', 'unit', 'u1', 'type_code', '', 'street_code', '', "
        "'limit_class', '', 'is_excluded', false, 'shard', 1, 'bins', NULL))).*");
    run("UPDATE core.cell_response_time SET bins = (SELECT array_agg((m::bigint << 48) + "
        "(300::bigint "
        "<< 32) + 7) FROM generate_series(0, 20) AS m)");
    static const char median[] =
        "SELECT concat_ws(' ', full_n, round(full_p50_seconds) > 0) FROM open.response_time";
    assert_says(median, "7 t");
    run("SET ROLE dash_u_other");
    assert_says(median, "7 t");
    run("RESET ROLE; TRUNCATE core.cell_response_time; DROP ROLE dash_u_other");
}

/* --- several types --- */

/* `count` cases of a type, each as long as bins of that number say. */
static void fill_types(const char *type, int bin, int count)
{
    char sql[1024];
    snprintf(sql, sizeof sql,
             "INSERT INTO core.cell_response_time SELECT "
             "(jsonb_populate_record(NULL::core.cell_response_time, (SELECT "
             "jsonb_object_agg(a.attname, 0) FROM pg_attribute AS a WHERE a.attrelid = "
             "'core.cell_response_time'::regclass AND a.attnum > 0) || jsonb_build_object("
             "'bucket', 'day', 'day', '2024-01-01', 'unit', 'u1', 'type_code', '%s', "
             "'street_code', '', 'limit_class', '', 'is_excluded', false, 'shard', 1, 'full_n', "
             "%d, 'bins', NULL))).*; UPDATE core.cell_response_time SET bins = (SELECT "
             "array_agg((m::bigint << 48) + (%d::bigint << 32) + %d) FROM generate_series(0, 20) "
             "AS m) WHERE type_code = '%s'",
             type, count, bin, count, type);
    run(sql);
}

static void ask_types(const char *types, char *answer, size_t size)
{
    const struct view *view = views_find(here.store.rules.views, SPAN("response_time"));
    struct view_question question = {.by = SPAN("")};
    const char *const values[] = {NULL, NULL, types};
    struct strbuf sql, whole;
    question.filtered[view_group_index(view, FACT_TYPE)] = true;
    strbuf_init(&sql, 4096, 1 << 20);
    strbuf_init(&whole, 4096, 1 << 20);
    assert_true(view_query_rows(&sql, view, &question));
    strbuf_addf(&whole,
                "SELECT concat_ws(' ', full_n, full_p50_seconds, full_p90_seconds) FROM (%.*s) AS "
                "q",
                SPAN_ARG(strbuf_span(&sql)));
    PGresult *result = PQexecParams(postgres_connection_handle(here.store.reader), whole.at, 3,
                                    NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", PQresultErrorMessage(result), whole.at);
    assert_int_equal(PQntuples(result), 1);
    snprintf(answer, size, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    strbuf_fini(&sql);
    strbuf_fini(&whole);
}

/* One short case of one type and nineteen long ones of another: half of the twenty are long. What
 * lies between the two medians is nobody's. */
static void a_median_of_several_types_is_that_of_all_their_cases(void **state)
{
    char few[96], many[96], both[96];
    (void)state;
    fill_types("t1", 100, 1);
    fill_types("t2", 300, 19);
    fill_types("t3", 500, 70);
    ask_types("t1", few, sizeof few);
    ask_types("t2", many, sizeof many);
    ask_types("t1,t2", both, sizeof both);
    assert_true(strncmp(few, "1 ", 2) == 0 && strncmp(many, "19 ", 3) == 0);
    assert_int_equal(strncmp(both, "20 ", 3), 0);
    assert_string_equal(both + 3, many + 3);
    assert_true(strtod(few + 2, NULL) < strtod(many + 3, NULL));
    run("TRUNCATE core.cell_response_time");
}

/* --- every statement --- */

static size_t ask_view(const struct view *view, const char *by, const struct view_question *form)
{
    struct strbuf sql;
    struct view_question question = *form;
    const char *const range[] = {"2021-01-01", NULL};
    question.by = span_of(by);
    strbuf_init(&sql, 4096, 1 << 20);
    size_t rows = 0;
    if (view_query_write(&sql, view, &question)) {
        PGresult *result = PQexecParams(postgres_connection_handle(here.store.reader), sql.at, 2,
                                        NULL, range, NULL, NULL, 0);
        if (PQresultStatus(result) != PGRES_TUPLES_OK)
            fail_msg("%s by %s: %s\n%s", view->name, by, PQresultErrorMessage(result), sql.at);
        rows = (size_t)PQgetlength(result, 0, 0);
        PQclear(result);
    }
    strbuf_fini(&sql);
    return rows;
}

static void every_question_is_good_sql(void **state)
{
    static const struct view_question forms[] = {
        {.open = false}, {.scope = {"net", 3}}, {.method = {"mean", 4}}, {.open = true}};
    size_t asked = 0;
    (void)state;
    for (size_t i = 0; i < views_count(here.store.rules.views); i++) {
        const struct view *view = views_at(here.store.rules.views, i);
        for (size_t f = 0; f < ARRAY_LENGTH(forms); f++) {
            char by[96] = "";
            asked += ask_view(view, "", &forms[f]) > 0;
            for (size_t b = 0; b < view->bucket_count; b++)
                asked += ask_view(view, view_bucket_names[view->buckets[b]], &forms[f]) > 0;
            for (size_t g = 0; g < view->group_count; g++) {
                snprintf(by, sizeof by, "%s,day", view->group_names[g]);
                asked += ask_view(view, by, &forms[f]) > 0;
                asked += ask_view(view, view->group_names[g], &forms[f]) > 0;
            }
        }
    }
    assert_true(asked > 200);
}

static void every_relation_can_be_read(void **state)
{
    char sql[65536];
    (void)state;
    aggregator_store_ask(
        &here.store,
        "SELECT string_agg(format('SELECT count(*) AS n FROM %I.%I', table_schema, table_name), ' "
        "UNION ALL ') FROM information_schema.views WHERE table_schema IN ('api', 'open')",
        sql, sizeof sql);
    char whole[66000];
    snprintf(whole, sizeof whole, "SELECT count(*) > 60 FROM (%s) AS t", sql);
    assert_says(whole, "t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mean_is_of_those_who_have_data),
        cmocka_unit_test(a_mean_tells_nothing_of_few),
        cmocka_unit_test(a_formula_tells_nothing_of_few),
        cmocka_unit_test(what_shards_cancel_is_of_no_day),
        cmocka_unit_test(a_range_is_of_the_buckets_whose_day_is_in_it),
        cmocka_unit_test(what_is_open_to_all_has_its_percentiles),
        cmocka_unit_test(a_median_of_several_types_is_that_of_all_their_cases),
        cmocka_unit_test(every_question_is_good_sql),
        cmocka_unit_test(every_relation_can_be_read),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
