/* SPDX-License-Identifier: Apache-2.0 */
/* What the shipped views say in SQL, through real cells of a PostgreSQL of the test's own: the
 * published pairs of 三率 and score, stocks that rise on the clock, buckets, scopes, small cells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/view_sql.h"
#include "base/base.h"
#include "base/timestamp.h"

#include "aggregator_store.h"

#define ZONE    480
#define HOUR_MS 3600000LL
#define DAY_MS  (24 * HOUR_MS)
#define A       "s110105001"
#define B       "s110105002"

static struct {
    struct aggregator_store store;
    struct writer *writer;
    struct writer_position position;
    int lines; /* written so far: their ids */
} here;

static int open_all(void **state)
{
    (void)state;
    if (!aggregator_store_open(&here.store))
        return 1;
    here.writer = aggregator_store_owner(&here.store, &here.position);
    return here.writer ? 0 : 1;
}

static int close_all(void **state)
{
    (void)state;
    writer_free(here.writer);
    return aggregator_store_close(&here.store) ? 0 : 1;
}

/* --- what is told --- */

struct told {
    const char *stage, *party, *unit, *lead, *type, *due, *answer, *outcome;
    int64_t ms;
};

static void tell(struct batch *batch, const char *case_id, const struct told *told)
{
    char id[24];
    snprintf(id, sizeof id, "l%d", here.lines++);
    struct case_line line = {
        .id = span_of(id),
        .revision = SPAN("0.a.1.0000000000000001"),
        .stage = codes_number(here.store.rules.codes, CODE_STAGE, span_of(told->stage)),
        .party = codes_number(here.store.rules.codes, CODE_PARTY, span_of(told->party)),
        .unit = told->unit ? span_of(told->unit) : SPAN_NONE,
        .time_ms = told->ms,
        .recorded_ms = told->ms,
        .live = true};
    const char *const texts[][2] = {
        {told->lead, 0}, {told->type, 0}, {told->due, 0}, {told->answer, 0}, {told->outcome, 0}};
    static const enum case_attribute places[] = {CASE_LEAD, CASE_TYPE, CASE_DUE, CASE_ANSWER,
                                                 CASE_OUTCOME};
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++)
        if (texts[i][0])
            line.attribute[places[i]] = span_of(texts[i][0]);
    assert_true(line.stage > 0 && line.party > 0);
    assert_true(batch_add(batch, span_of(case_id), &line));
}

static void commit(struct batch *batch)
{
    struct error error = {0};
    here.position.next = here.position.stored < 0 ? 1 : here.position.stored + 1;
    if (writer_commit(here.writer, batch, &here.position, 1, &error) != WRITER_DONE)
        fail_msg("%s", error.text);
    here.position.stored = here.position.next;
    batch_free(batch);
}

static struct batch *begin(void)
{
    return batch_new(&here.store.rules, 64 << 20);
}

static int64_t at(int year, int month, int day, int hour)
{
    return timestamp_days(year, month, day) * DAY_MS + hour * HOUR_MS - ZONE * 60000;
}

static void say(const char *sql, char *answer, size_t size)
{
    aggregator_store_ask(&here.store, sql, answer, size);
}

static void assert_says(const char *sql, const char *wanted)
{
    char answer[512];
    say(sql, answer, sizeof answer);
    if (strcmp(answer, wanted) != 0)
        fail_msg("\"%s\" is not \"%s\": %s", answer, wanted, sql);
}

static void set_clock(int64_t ms)
{
    char sql[96], answer[8];
    snprintf(sql, sizeof sql, "UPDATE core.kafka_offset SET tick_ms = %lld RETURNING 1",
             (long long)ms);
    say(sql, answer, sizeof answer);
}

/* --- 三率: what Chaoyang published in 2021 (docs/domain.md §2.6) --- */

struct pair {
    const char *unit;
    int contacted, solved, satisfied, acceptable; /* of 10,000 that answered */
};

static const struct pair low = {A, 8813, 7343, 7094, 1000};  /* 88.13 73.43 79.94 */
static const struct pair high = {B, 9918, 8903, 8166, 1000}; /* 99.18 89.03 90.66 */

static void call_back(const struct pair *pair, const char *name, int64_t ms)
{
    struct batch *batch = begin();
    for (int i = 0; i < 10000; i++) {
        char case_id[64], answer[ANSWERS + 1] = "yyy?";
        snprintf(case_id, sizeof case_id, "request:rates:%s-%s-%d", name, pair->unit, i);
        answer[ANSWER_CONTACTED] = i < pair->contacted ? 'y' : 'n';
        answer[ANSWER_SOLVED] = i < pair->solved ? 'y' : 'n';
        answer[ANSWER_SATISFACTION] = i < pair->satisfied                      ? 's'
                                      : i < pair->satisfied + pair->acceptable ? 'a'
                                                                               : 'd';
        tell(batch, case_id, &(struct told){"opened", "source", NULL, pair->unit, .ms = ms});
        tell(batch, case_id, &(struct told){"resolved", "lead", pair->unit, .ms = ms + HOUR_MS});
        tell(batch, case_id,
             &(struct told){"reviewed", "callback", .answer = answer, .ms = ms + 2 * HOUR_MS});
    }
    commit(batch);
}

/* Called back, but nobody's answer is valid. */
static void call_in_vain(const char *unit, int64_t ms)
{
    struct batch *batch = begin();
    for (int i = 0; i < 3; i++) {
        char case_id[64];
        snprintf(case_id, sizeof case_id, "request:rates:vain-%d", i);
        tell(batch, case_id, &(struct told){"opened", "source", NULL, unit, .ms = ms});
        tell(batch, case_id, &(struct told){"resolved", "lead", unit, .ms = ms + 1});
        tell(batch, case_id,
             &(struct told){"reviewed", "callback", .answer = "nyys", .ms = ms + 2});
    }
    commit(batch);
}

#define RATES(bucket)                                                                              \
    "SELECT string_agg(concat_ws(' ', unit, response, solution, satisfaction, score, formula), "   \
    "', ' ORDER BY score DESC NULLS LAST) FROM api.three_rates_periods WHERE scope = 'all' AND "   \
    "bucket = '" bucket "' AND day = "

static void rates_and_score_are_those_that_were_published(void **state)
{
    (void)state;
    call_back(&low, "2021", at(2021, 6, 10, 9));
    call_back(&high, "2021", at(2021, 6, 10, 9));
    call_back(&low, "2026", at(2026, 1, 20, 9));
    call_back(&high, "2026", at(2026, 1, 20, 9));
    call_in_vain("d_urban", at(2026, 1, 20, 9));
    assert_says(RATES("month") "'2021-06-01'", B " 0.991800 0.890300 0.906600 91.71 2019-01-01, " A
                                                 " 0.881300 0.734300 0.799400 78.97 2019-01-01");
    /* valid = 0 is no data */
    assert_says(RATES("period_19") "'2026-01-19'",
                B " 0.991800 0.890300 0.906600 90.70 2025-01-01, " A
                  " 0.881300 0.734300 0.799400 77.50 2025-01-01, d_urban 2025-01-01");
}

/* (78.97 + 91.71) / 2 = 85.34, and all 20,000 together */
static void means_and_pools_are_two_numbers_and_say_so(void **state)
{
    (void)state;
    assert_says("SELECT concat_ws(' ', score, method, n) FROM api.three_rates_mean WHERE bucket = "
                "'month' AND scope = 'all' AND day = '2021-06-01'",
                "85.34 mean 2");
    assert_says("SELECT concat_ws(' ', score, n) FROM api.three_rates_mean WHERE bucket = 'month' "
                "AND scope = 'all' AND day = '2026-01-01'",
                "84.10 2"); /* the one without data is in no mean */
}

static const struct view *view_of(const struct views *views, const char *name)
{
    const struct view *view = views_find(views, span_of(name));
    assert_non_null(view);
    return view;
}

/* Weights of another day are a new version of the file; what was judged stays. */
static void new_weights_leave_old_months_alone(void **state)
{
    static const char text[] =
        "view: three_rates\nof: { kind: request }\ngroup: [unit, type_code]\n"
        "buckets: [day, noon_day, month, period_19]\nmeasures:\n"
        "  orders: { count: opened }\n"
        "  reviewed: { count: opened, when: { valid: [yes, no] } }\n"
        "  valid: { count: opened, when: { valid: yes } }\n"
        "  contacted: { count: opened, when: { valid: yes, contacted: yes } }\n"
        "  solved: { count: opened, when: { valid: yes, solved: yes } }\n"
        "  satisfied: { count: opened, when: { valid: yes, satisfaction: satisfied } }\n"
        "  acceptable: { count: opened, when: { valid: yes, satisfaction: acceptable } }\n"
        "  response: { ratio: [contacted, valid] }\n  solution: { ratio: [solved, valid] }\n"
        "  satisfaction:\n    over: valid\n    versions:\n"
        "      - { valid_from: 2019-01-01, weights: { satisfied: 1, acceptable: 0.9 } }\n"
        "  score:\n    scale: 100\n    versions:\n"
        "      - { valid_from: 2019-01-01, weights: { response: 0.2, solution: 0.4, satisfaction: "
        "0.4 } }\n"
        "      - { valid_from: 2026-01-01, weights: { response: 1 } }\n";
    struct diagnostics *diagnostics = diagnostics_new();
    struct views *views =
        views_parse("three_rates.yaml", span_of(text), here.store.rules.kinds, diagnostics);
    struct strbuf sql;
    struct error error = {0};
    (void)state;
    assert_non_null(views);
    strbuf_init(&sql, 4096, 1 << 20);
    view_sql_drop_views(&sql, "three_rates");
    view_sql_views(&sql, views_at(views, 0));
    assert_true(postgres_connection_run(here.store.reader, sql.at, &error));
    assert_says("SELECT string_agg(concat_ws(' ', day, unit, score), ', ' ORDER BY day, unit) FROM "
                "api.three_rates_periods WHERE scope = 'all' AND bucket = 'month' AND score IS NOT "
                "NULL",
                "2021-06-01 " A " 78.97, 2021-06-01 " B " 91.71, 2026-01-01 " A
                " 88.13, 2026-01-01 " B " 99.18");
    strbuf_reset(&sql);
    view_sql_drop_views(&sql, "three_rates");
    view_sql_views(&sql, view_of(here.store.rules.views, "three_rates"));
    assert_true(postgres_connection_run(here.store.reader, sql.at, &error));
    views_free(views);
    diagnostics_free(diagnostics);
    strbuf_fini(&sql);
}

/* --- stocks --- */

static void sixty_days_open_are_sixty_rows_and_two_cells(void **state)
{
    struct batch *batch = begin();
    (void)state;
    tell(batch, "request:stock:1",
         &(struct told){"opened", "source", NULL, "u_heat", "R-stock", .ms = at(2025, 3, 1, 9)});
    tell(batch, "request:stock:1",
         &(struct told){"closed", "source", .ms = at(2025, 4, 30, 9)}); /* 60 days later */
    commit(batch);
    set_clock(at(2025, 6, 1, 0));
    assert_says("SELECT concat_ws(' ', count(*), min(day), max(day), sum(open), min(open)) FROM "
                "api.backlog WHERE unit = 'u_heat'",
                "60 2025-03-01 2025-04-29 60 1");
    assert_says("SELECT count(*) FROM core.cell_backlog WHERE unit = 'u_heat'", "2");
    assert_says("SELECT string_agg(concat_ws(' ', day, open), ', ' ORDER BY day) FROM "
                "api.backlog_periods WHERE bucket = 'month' AND scope = 'all' AND unit = 'u_heat'",
                "2025-03-01 1");
    /* the clock stands in between: it is still open, and no day is told that has not come */
    set_clock(at(2025, 3, 10, 12));
    assert_says("SELECT concat_ws(' ', count(*), max(day)) FROM api.backlog WHERE unit = 'u_heat'",
                "10 2025-03-10");
}

/* Who takes an old case over has it from then on; before, it was another's. */
static void a_stock_is_handed_on_with_the_lead(void **state)
{
    static const char id[] = "request:stock:2";
    struct batch *batch = begin();
    (void)state;
    tell(batch, id,
         &(struct told){"opened", "source", NULL, "u_gas", "R-stock", .ms = at(2025, 3, 1, 9)});
    tell(batch, id,
         &(struct told){"dispatched", "router", NULL, "u_gas", .ms = at(2025, 3, 1, 10)});
    tell(batch, id,
         &(struct told){"dispatched", "router", NULL, "u_power", .ms = at(2025, 3, 4, 10)});
    tell(batch, id, &(struct told){"closed", "source", .ms = at(2025, 3, 6, 10)});
    commit(batch);
    set_clock(at(2025, 4, 1, 0));
    assert_says("SELECT string_agg(concat_ws(' ', unit, day), ', ' ORDER BY day) FROM api.backlog "
                "WHERE unit IN ('u_gas', 'u_power')",
                "u_gas 2025-03-01, u_gas 2025-03-02, u_gas 2025-03-03, u_power 2025-03-04, u_power "
                "2025-03-05");
}

/* No event comes: the clock alone makes it overdue, to the minute. */
static void overdue_rises_on_time_in_a_night_without_events(void **state)
{
    char due[24];
    struct batch *batch = begin();
    (void)state;
    int64_t due_ms = at(2025, 5, 2, 3) + 17 * 60000;
    snprintf(due, sizeof due, "%lld", (long long)due_ms);
    tell(batch, "request:over:1",
         &(struct told){"opened", "source", NULL, "u_bus", "R-over", due, .ms = at(2025, 5, 1, 9)});
    tell(batch, "request:over:2",
         &(struct told){"opened", "source", NULL, "u_bus", "R-over", due, .ms = at(2025, 5, 1, 9)});
    tell(batch, "request:over:2",
         &(struct told){"resolved", "source", .ms = due_ms - 1}); /* in time */
    commit(batch);
    set_clock(due_ms - 60000);
    assert_says("SELECT count(*) FROM api.overdue WHERE unit = 'u_bus'", "0");
    set_clock(due_ms);
    assert_says("SELECT concat_ws(' ', day, overdue) FROM api.overdue WHERE unit = 'u_bus'",
                "2025-05-02 1");
    batch = begin();
    tell(batch, "request:over:1", &(struct told){"resolved", "source", .ms = due_ms + 3 * DAY_MS});
    commit(batch);
    set_clock(due_ms + 9 * DAY_MS);
    assert_says("SELECT string_agg(day::text, ' ' ORDER BY day) FROM api.overdue WHERE unit = "
                "'u_bus'",
                "2025-05-02 2025-05-03 2025-05-04");
}

/* One was done in time and one was not; one that was done is due the day after tomorrow. */
static void what_is_due_later_is_in_no_rate(void **state)
{
    static const int hours[] = {9, 9, 24 + 24 + 9};
    struct batch *batch = begin();
    (void)state;
    for (int i = 0; i < 3; i++) {
        char due[24], id[32];
        snprintf(due, sizeof due, "%lld", (long long)at(2025, 5, 20, 0) + hours[i] * HOUR_MS);
        snprintf(id, sizeof id, "request:later:%d", i);
        tell(batch, id,
             &(struct told){"opened", "source", NULL, "u_power", "R-later", due,
                            .ms = at(2025, 5, 19, 9)});
        if (i > 0)
            tell(batch, id, &(struct told){"resolved", "source", .ms = at(2025, 5, 19, 12)});
    }
    commit(batch);
    set_clock(at(2025, 5, 20, 8));
    static const char *const ways[] = {
        "SELECT sum(on_time) || '/' || sum(due) FROM api.on_time WHERE type_code = 'R-later'",
        "SELECT sum(on_time) || '/' || sum(due) FROM api.on_time_periods WHERE type_code = "
        "'R-later' AND bucket = 'month' AND scope = 'all'"};
    for (size_t i = 0; i < ARRAY_LENGTH(ways); i++)
        assert_says(ways[i], "1/2");
    set_clock(at(2025, 5, 22, 0));
    for (size_t i = 0; i < ARRAY_LENGTH(ways); i++)
        assert_says(ways[i], "2/3");
}

/* --- buckets, scopes, small cells --- */

static void open_cases(const char *unit, const char *name, int count, int64_t ms)
{
    struct batch *batch = begin();
    for (int i = 0; i < count; i++) {
        char case_id[64];
        snprintf(case_id, sizeof case_id, "request:%s:%s-%d", name, unit, i);
        tell(batch, case_id, &(struct told){"opened", "source", NULL, unit, "R-b", .ms = ms});
    }
    commit(batch);
}

/* In doubles 0.55 * 100 is more than 55. */
static void a_rank_is_a_whole_number(void **state)
{
    (void)state;
    assert_says("SELECT count(*) FROM generate_series(1, 99) AS p WHERE "
                "api.histogram_quantile(ARRAY[0, 10], ARRAY[p, 100 - p]::bigint[], p / "
                "100.0::float8) <> 0",
                "0");
}

static void days_end_at_noon_and_periods_begin_on_the_19th(void **state)
{
    (void)state;
    open_cases("d_water", "b1", 1, at(2024, 2, 18, 12) - 1); /* noon day 18, period of January */
    open_cases("d_water", "b2", 1, at(2024, 2, 18, 12));     /* noon day 19, the same period */
    open_cases("d_water", "b3", 1, at(2024, 2, 19, 0));      /* noon day 19, the next period */
#define BUCKETS(name)                                                                              \
    "SELECT string_agg(concat_ws(' ', day, opened), ', ' ORDER BY day) FROM "                      \
    "api.closure_rate_periods WHERE scope = 'all' AND unit = 'd_water' AND bucket = '" name "'"
    assert_says(BUCKETS("day"), "2024-02-18 2, 2024-02-19 1");
    assert_says(BUCKETS("noon_day"), "2024-02-18 1, 2024-02-19 2");
    assert_says(BUCKETS("month"), "2024-02-01 3");
    assert_says(BUCKETS("period_19"), "2024-01-19 2, 2024-02-19 1");
}

static void what_is_excluded_counts_in_one_scope(void **state)
{
    struct batch *batch = begin();
    (void)state;
    open_cases("d_civil", "x", 2, at(2024, 5, 1, 9));
    tell(batch, "request:x:d_civil-0",
         &(struct told){"exclusion_decided", "desk", .outcome = "upheld", .ms = at(2024, 5, 2, 9)});
    commit(batch);
    assert_says("SELECT string_agg(concat_ws(' ', scope, opened), ', ' ORDER BY scope) FROM "
                "api.closure_rate_periods WHERE bucket = 'day' AND unit = 'd_civil'",
                "all 2, net 1");
}

static void fewer_than_five_are_not_shown_to_others(void **state)
{
    (void)state;
    open_cases("d_fire", "o", 4, at(2024, 6, 1, 9));
    open_cases("d_fire", "p", 5, at(2024, 6, 2, 9));
    assert_says("SELECT string_agg(concat_ws(' ', day, opened, rate, suppressed), ', ' ORDER BY "
                "day) FROM open.closure_rate WHERE unit = 'd_fire'",
                "2024-06-01 t, 2024-06-02 5 0.000000 f");
}

/* 16:00Z of one day is the next one here: 10 read, 2 of them dead; of 9 events one came twice. */
static void a_feeds_health_is_of_the_districts_days(void **state)
{
    char answer[8];
    (void)state;
    say("WITH said AS (INSERT INTO core.ledger_said SELECT h, 'f', 'p' || n, 'cb.raw:0', 5, 4, 1, "
        "0, 0, "
        "4 FROM (VALUES (1, timestamptz '2024-07-01 16:00Z'), (2, '2024-07-02 15:00Z')) AS v(n, h) "
        "RETURNING 1), came AS (INSERT INTO core.ledger_came SELECT timestamptz '2024-07-02 "
        "15:00Z', "
        "'f', 8, 1, 0 RETURNING 1) SELECT count(*) FROM said, came",
        answer, sizeof answer);
    assert_says("SELECT concat_ws(' ', day, read, dead, reject_rate, repeat_rate, hours) FROM "
                "api.feed_health WHERE feed = 'f'",
                "2024-07-02 10 2 0.200000 0.111111 2");
}

/* Texts that are numbers are added up, codes are not. */
static void observations_are_summed_by_what_they_tell(void **state)
{
    char answer[8];
    (void)state;
    say("SELECT core.make_observation_days(ARRAY[date '2024-08-01'])::text", answer, sizeof answer);
    say("WITH told AS (INSERT INTO core.observation SELECT date '2024-08-01', n::text, 'visits', "
        "'f', "
        "'facility:x:' || n, '', 0, 0, true, '', json_build_object('visits', (n * 100)::text, "
        "'sort', "
        "'home', 'street_code', '110105016') FROM generate_series(1, 3) AS n RETURNING 1) SELECT "
        "count(*) FROM told",
        answer, sizeof answer);
    assert_says("SELECT string_agg(concat_ws(' ', street_code, measure, sum, max, n), ', ') FROM "
                "api.observation_sums WHERE day = '2024-08-01'",
                "110105016 visits 600 300 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_and_score_are_those_that_were_published),
        cmocka_unit_test(means_and_pools_are_two_numbers_and_say_so),
        cmocka_unit_test(new_weights_leave_old_months_alone),
        cmocka_unit_test(sixty_days_open_are_sixty_rows_and_two_cells),
        cmocka_unit_test(a_stock_is_handed_on_with_the_lead),
        cmocka_unit_test(overdue_rises_on_time_in_a_night_without_events),
        cmocka_unit_test(what_is_due_later_is_in_no_rate),
        cmocka_unit_test(a_rank_is_a_whole_number),
        cmocka_unit_test(days_end_at_noon_and_periods_begin_on_the_19th),
        cmocka_unit_test(what_is_excluded_counts_in_one_scope),
        cmocka_unit_test(fewer_than_five_are_not_shown_to_others),
        cmocka_unit_test(a_feeds_health_is_of_the_districts_days),
        cmocka_unit_test(observations_are_summed_by_what_they_tell),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
