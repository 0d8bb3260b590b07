/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows of old days come to stands beside the cells, on a PostgreSQL of the test's own:
 * answers are those that the cells alone give, at each moment of writers whose transactions are
 * open, and few cells are read for them (docs/decisions/0250). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/fill.h"
#include "aggregator/store/stand_sql.h"
#include "aggregator/store/view_sql.h"
#include "base/base.h"
#include "base/timestamp.h"
#include "daemon/log.h"

#include "aggregator_question.h"
#include "aggregator_store.h"

#define HANDS       3
#define number(sql) aggregator_store_number(&here.store, sql)

static struct {
    struct aggregator_store store;
    struct postgres_connection *watch, *hands[HANDS]; /* writers, statement by statement */
    bool open[HANDS];
    int behind; /* before the last step */
} here;

static void run_on(struct postgres_connection *connection, const char *sql)
{
    struct error error = {0};
    if (!postgres_connection_run(connection, sql, &error))
        fail_msg("%s\n%s", error.text, sql);
}

static void run(const char *sql)
{
    run_on(here.store.reader, sql);
}

static int open_all(void **state)
{
    struct error error = {0};
    char session[96];
    (void)state;
    if (!aggregator_store_open(&here.store))
        return 1;
    here.watch =
        postgres_connection_new(here.store.postgres.conninfo, "watch", "SET ROLE agg_writer");
    bool good = postgres_connection_open(here.watch, &error) &&
                postgres_connection_run(here.store.reader, "SET lock_timeout = '5s'", &error);
    for (int i = 0; i < HANDS; i++) {
        here.hands[i] = postgres_connection_new(here.store.postgres.conninfo, "hand", NULL);
        snprintf(session, sizeof session,
                 "SET ROLE agg_writer; SET lock_timeout = '5s'; SET citybrain.shard = '%d'", i + 1);
        good = good && postgres_connection_open(here.hands[i], &error) &&
               postgres_connection_run(here.hands[i], session, &error);
    }
    return good ? 0 : 1;
}

static int close_all(void **state)
{
    (void)state;
    postgres_connection_free(here.watch);
    for (int i = 0; i < HANDS; i++)
        postgres_connection_free(here.hands[i]);
    return aggregator_store_close(&here.store) ? 0 : 1;
}

static void empty(void)
{
    run("TRUNCATE core.cell_backlog, core.cell_overdue, core.stand_backlog, core.stand_overdue, "
        "core.standing, core.kafka_offset");
}

static void set_clock(const char *civil)
{
    char sql[320];
    snprintf(sql, sizeof sql,
             "INSERT INTO core.kafka_offset (topic, part, next_offset, epoch, owner, tick_ms) "
             "VALUES ('t', 0, 0, 1, 'o', extract(epoch FROM timestamptz '%s+08') * 1000) ON "
             "CONFLICT (topic, part) DO UPDATE SET tick_ms = excluded.tick_ms",
             civil);
    run(sql);
}

static int settle(void)
{
    struct error error = {0};
    int settled = 0;
    if (!stand_sql_step(here.watch, &settled, &here.behind, &error))
        fail_msg("%s", error.text);
    return settled;
}

#define GROUPS "unit, type_code, street_code, community_code, is_excluded"
/* In one snapshot: of how many groups the stand is not what its cells come to. */
static void assert_stands(void)
{
    static const char *const sums[][2] = {
        {"backlog", "open_n"}, {"backlog", "held_n"}, {"overdue", "overdue_n"}};
    for (size_t i = 0; i < ARRAY_LENGTH(sums); i++) {
        char sql[512];
        snprintf(sql, sizeof sql,
                 "WITH u AS (SELECT until FROM core.standing WHERE view = '%1$s') SELECT count(*) "
                 "FROM (SELECT FROM (SELECT " GROUPS ", day, %2$s AS n FROM "
                 "core.stand_%1$s UNION ALL SELECT " GROUPS ", day, -%2$s FROM "
                 "core.cell_%1$s) AS f WHERE day < (SELECT until FROM u) GROUP BY " GROUPS
                 " HAVING sum(n) <> 0) AS d",
                 sums[i][0], sums[i][1]);
        assert_int_equal(number(sql), 0);
    }
}

/* --- questions --- */

#define ROWS "SELECT count(*) || ' ' || coalesce(md5(string_agg(q::text, '/')), '') FROM "

static const char *const bys[] = {"",           "unit",     "unit,type_code",      "day",
                                  "unit,month", "noon_day", "type_code,period_19", "street_code"};
static const char *const ends[] = {NULL, "2024-04-30", "2024-05-01", "2024-05-19", "2024-05-23"};

#define MOST 300

static size_t read_all(char answers[][64])
{
    static const char *const views[] = {"backlog", "overdue"};
    size_t count = 0;
    for (size_t v = 0; v < 2; v++)
        for (size_t b = 0; b < ARRAY_LENGTH(bys); b++) {
            if (v == 1 && (strstr(bys[b], "month") || strstr(bys[b], "period")))
                continue;
            for (size_t d = 0; d < ARRAY_LENGTH(ends) * ARRAY_LENGTH(ends); d++) {
                const char *from = ends[d / ARRAY_LENGTH(ends)], *to = ends[d % ARRAY_LENGTH(ends)];
                if (from && to && strcmp(from, to) > 0)
                    continue;
                const struct aggregator_question form = {
                    views[v], bys[b], from, to, d % 3 ? NULL : "u1", d % 2};
                assert_true(count < MOST);
                aggregator_question_ask(&here.store, &form, ROWS, answers[count++], 64);
            }
        }
    return count;
}

#define DRAWN                                                                                      \
    "date '2024-02-01' + (random() * 125)::integer, 'u' || (random() * 5)::integer, 'R' || "       \
    "(random() * 3)::integer, 's' || random()::integer, '', random() < 0.2, (random() * 6) - 2"

/* Flows of four months in two shards, of which many cancel; some lie ahead. */
static void fill_cells(void)
{
    run("SELECT setseed(0.25); INSERT INTO core.cell_backlog (bucket, day, " GROUPS
        ", open_n, held_n, shard) SELECT CASE WHEN random() < 0.5 THEN 'am' ELSE 'pm' END, " DRAWN
        ", random() * 2 - 1, random() * 2 FROM generate_series(1, 1500) ON CONFLICT DO NOTHING");
    run("INSERT INTO core.cell_overdue (bucket, day, " GROUPS ", overdue_n, shard) SELECT "
        "to_char(time '00:00' + random() * interval '24 hours', 'HH24:MI'), " DRAWN
        ", random() * 2 FROM generate_series(1, 1500) ON CONFLICT DO NOTHING");
}

/* The stand's day at the edge of a month, of a period, in between; the clock may be further. */
static void an_answer_is_what_the_cells_alone_say(void **state)
{
    static const char *const clocks[][2] = {{"2024-05-02 10:30", "2024-05-02 10:30"},
                                            {"2024-05-20 10:30", "2024-05-20 23:30"},
                                            {"2024-05-15 00:00", "2024-05-24 13:00"}};
    static char with[MOST][64], without[MOST][64];
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(clocks); i++) {
        empty();
        fill_cells();
        set_clock(clocks[i][0]);
        assert_int_equal(settle(), 2);
        assert_stands();
        set_clock(clocks[i][1]);
        size_t count = read_all(with);
        run("DELETE FROM core.standing");
        assert_int_equal(read_all(without), count);
        for (size_t n = 0; n < count; n++)
            if (strcmp(with[n], without[n]) != 0)
                fail_msg("question %zu at %s: \"%s\" is not \"%s\"", n, clocks[i][1], with[n],
                         without[n]);
    }
}

static int64_t open_now(const char *by_day)
{
    const struct aggregator_question form = {"backlog", by_day ? "day" : "", by_day, NULL, NULL,
                                             false};
    char answer[64];
    aggregator_question_ask(&here.store, &form, "SELECT coalesce((array_agg(open))[1], 0) FROM ",
                            answer, sizeof answer);
    return strtoll(answer, NULL, 10);
}

/* A clock that went back, a bucket that begins before: nothing that stands is of use. */
static void it_stands_for_whoever_asks_behind_it_alone(void **state)
{
    (void)state;
    empty();
    fill_cells();
    set_clock("2024-05-20 10:30");
    assert_int_equal(settle(), 2);
    int64_t now = open_now(NULL), day = open_now("2024-05-19"), before = open_now("2024-05-18");
    run("UPDATE core.stand_backlog SET open_n = open_n + 1000000 WHERE ctid = (SELECT min(ctid) "
        "FROM core.stand_backlog)");
    assert_int_equal(open_now(NULL), now + 1000000);
    assert_int_equal(open_now("2024-05-19"), day + 1000000);
    assert_int_equal(open_now("2024-05-18"), before);
    set_clock("2024-05-18 23:59");
    int64_t then = open_now(NULL);
    run("DELETE FROM core.standing");
    assert_int_equal(open_now(NULL), then);
}

/* --- writers --- */

/* The aggregator's own statement, of one cell of each view. */
static void write_cell(int hand, const char *day, int unit, int n)
{
    static const char *const views[] = {"backlog", "overdue"};
    for (size_t i = 0; i < 2; i++) {
        const struct view *view = views_find(here.store.rules.views, span_of(views[i]));
        char days[32], units[16], value[16];
        const char *const values[] = {
            i ? "{10:20}" : "{am}", days, units, "{R1}", "{s1}", "{c1}", "{f}", value, "{0}"};
        struct strbuf sql;
        snprintf(days, sizeof days, "{%s}", day);
        snprintf(units, sizeof units, "{u%d}", unit);
        snprintf(value, sizeof value, "{%d}", n);
        strbuf_init(&sql, 1024, 1 << 16);
        view_sql_upsert_cells(&sql, "core", view);
        PGresult *result = PQexecParams(postgres_connection_handle(here.hands[hand]), sql.at,
                                        i ? 8 : 9, NULL, values, NULL, NULL, 0);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            fail_msg("%s\n%s", PQresultErrorMessage(result), sql.at);
        PQclear(result);
        strbuf_fini(&sql);
    }
}

/* As the writer does: its id is there before it looks at anything. */
static void begin(int hand)
{
    run_on(here.hands[hand], "BEGIN; SELECT pg_current_xact_id()");
    here.open[hand] = true;
}

static void commit(int hand)
{
    run_on(here.hands[hand], "COMMIT");
    here.open[hand] = false;
}

static int64_t of_cells(void)
{
    return number("SELECT coalesce(sum(open_n), 0) FROM core.cell_backlog");
}

static void assert_right(void)
{
    assert_stands();
    assert_int_equal(open_now(NULL), of_cells());
}

/* He may have looked before anybody wanted notes. */
static void a_writer_from_before_is_not_passed(void **state)
{
    (void)state;
    empty();
    set_clock("2024-05-20 10:30");
    begin(0);
    write_cell(0, "2024-05-01", 1, 7);
    assert_true(settle() == 0 && settle() == 0 && here.behind == 2); /* an alert can tell */
    assert_right();
    begin(1); /* and one who knows */
    write_cell(1, "2024-05-02", 1, 5);
    commit(0);
    assert_int_equal(settle(), 2);
    assert_right();
    commit(1);
    assert_right();
    assert_int_equal(open_now(NULL), 12);
    assert_true(settle() == 0 && here.behind == 0);
}

/* Each moment is right, and what was noted goes when the stand moves. */
static void what_comes_late_is_noted_until_it_is_in_the_stand(void **state)
{
    (void)state;
    empty();
    set_clock("2024-05-20 10:30");
    assert_int_equal(settle(), 2);
    begin(0);
    write_cell(0, "2024-01-07", 1, 3);
    write_cell(0, "2024-05-19", 1, 2); /* the stand ends before */
    assert_right();
    commit(0);
    assert_right();
    assert_int_equal(open_now(NULL), 5);
    assert_int_equal(number("SELECT count(*) FROM core.stand_backlog"), 1);
    assert_int_equal(settle(), 0); /* for so few nothing is made anew */
    set_clock("2024-05-21 10:30");
    begin(1);
    write_cell(1, "2024-05-19", 2, 4); /* the stand comes to here while he writes */
    assert_int_equal(settle(), 0);
    commit(1);
    assert_int_equal(settle(), 2);
    assert_right();
    assert_int_equal(open_now(NULL), 9);
    assert_int_equal(number("SELECT count(*) FROM core.stand_backlog WHERE day <> '-infinity'"), 0);
    begin(0);
    write_cell(0, "2024-05-19", 2, -4);
    write_cell(0, "2024-01-07", 1, -5);
    commit(0);
    set_clock("2024-05-22 10:30");
    assert_int_equal(settle(), 2);
    assert_right();
    assert_int_equal(number("SELECT count(*) FROM core.stand_backlog"), 0); /* no row of zeros */
}

/* A history that is told: the stand does not wait for the next day. What the snapshot does not see
 * stays noted. */
static void many_notes_are_settled_beside_a_writer(void **state)
{
    (void)state;
    empty();
    set_clock("2024-05-20 10:30");
    assert_int_equal(settle(), 2);
    begin(0);
    begin(1);
    write_cell(1, "2024-03-03", 1, 1);
    for (int n = 0; n < 1200; n++)
        write_cell(0, n % 2 ? "2024-02-02" : "2024-04-01", n % 40, 1);
    commit(0);
    assert_right();
    assert_int_equal(settle(), 2);
    assert_right();
    assert_int_equal(number("SELECT count(*) FROM core.stand_backlog"), 40);
    commit(1);
    assert_right();
    assert_int_equal(open_now(NULL), 1201);
    assert_int_equal(number("SELECT count(*) FROM core.stand_backlog"), 41);
}

static int lot(int most)
{
    static uint32_t seed = 7;
    seed = seed * 1664525U + 1013904223U;
    return (int)(seed >> 8) % most;
}

/* Whatever begins and ends beside whatever step. */
static void every_moment_is_right_in_any_order(void **state)
{
    const char *const steps[] = {stand_sql_want, stand_sql_ask};
    unsigned settled = 0;
    (void)state;
    empty();
    for (int n = 0, day = 0; n < 600; n++) {
        int hand = lot(HANDS), what = lot(10);
        char civil[32], at[32];
        if (n % 20 == 0) {
            snprintf(civil, sizeof civil, "2024-05-%02d 10:30", ++day);
            set_clock(civil);
        }
        if (what < 2)
            run_on(here.watch, steps[what]);
        else if (what == 2)
            settled += (unsigned)settle();
        else if (!here.open[hand])
            begin(hand);
        else if (what < 6) {
            snprintf(at, sizeof at, "2024-05-%02d", 1 + lot(day));
            write_cell(hand, at, lot(4), lot(7) - 2);
        } else
            commit(hand);
        assert_right();
    }
    for (int i = 0; i < HANDS; i++)
        if (here.open[i])
            commit(i);
    assert_true(settled > 10);
    assert_right();
}

/* By the aggregator's writer itself: a request of January, told in May. */
static void a_batch_notes_what_it_changes(void **state)
{
    struct error error = {0};
    struct writer_position position;
    (void)state;
    empty();
    set_clock("2024-05-20 10:30");
    assert_int_equal(settle(), 2);
    struct writer *writer = aggregator_store_owner(&here.store, &position);
    assert_non_null(writer);
    struct batch *batch = batch_new(&here.store.rules, 1 << 20);
    struct case_line line = {
        .id = SPAN("stand-opened"),
        .revision = SPAN("0.a.1.0000000000000001"),
        .stage = codes_number(here.store.rules.codes, CODE_STAGE, SPAN("opened")),
        .party = codes_number(here.store.rules.codes, CODE_PARTY, SPAN("source")),
        .time_ms = timestamp_days(2024, 1, 9) * 86400000,
        .recorded_ms = timestamp_days(2024, 1, 9) * 86400000,
        .live = true};
    line.attribute[CASE_LEAD] = SPAN("u_heat");
    assert_true(batch_add(batch, SPAN("request:stand:1"), &line));
    position.next = 1;
    assert_int_equal(writer_commit(writer, batch, &position, 1, &error), WRITER_DONE);
    assert_int_equal(number("SELECT count(*) FROM core.stand_backlog WHERE day = '2024-01-09' AND "
                            "unit = 'u_heat' AND open_n = 1"),
                     1);
    assert_int_equal(open_now(NULL), 1);
    assert_right();
    batch_free(batch);
    writer_free(writer);
}

/* --- cells that are made anew --- */

static void whoever_fills_cells_anew_has_the_stand_made_anew(void **state)
{
    struct error error = {0};
    const struct schema_rules schema = {"services/aggregator/sql", &here.store.rules, NULL};
    (void)state;
    run("UPDATE core.stand_backlog SET open_n = open_n + 5");
    assert_int_equal(open_now(NULL), 6);
    struct fill *fill = fill_new(here.store.postgres.conninfo, &schema, true);
    bool good = fill_open(fill, true, &error) && fill_begin(fill, &error) &&
                fill_step(fill, &error) == FILL_MORE && /* the sets */
                fill_step(fill, &error) == FILL_DONE &&
                fill_swap(fill, "rebuild", "nobody", "test", &error);
    fill_free(fill);
    if (!good)
        fail_msg("%s", error.text);
    assert_int_equal(open_now(NULL), 1);
    assert_int_equal(number("SELECT count(*) FROM core.standing"), 0);
    assert_int_equal(settle(), 2);
    assert_right();
    assert_int_equal(number("SELECT sum(open_n) FROM core.stand_backlog"), 1);
}

/* Between a swap of cells and the step before it no snapshot may lie: it stands aside. */
static void nothing_is_settled_while_cells_are_swapped(void **state)
{
    (void)state;
    set_clock("2024-05-25 10:30");
    run_on(here.hands[0], "BEGIN; SELECT pg_advisory_xact_lock(20120348)");
    assert_int_equal(settle(), 0);
    run_on(here.hands[0], "COMMIT");
    assert_int_equal(settle(), 2);
}

/* --- what it is for --- */

static void a_poll_reads_the_cells_of_two_days(void **state)
{
    static char plan[16384];
    const struct aggregator_question form = {"backlog", "unit", NULL, NULL, NULL, false};
    (void)state;
    empty();
    run("INSERT INTO core.cell_backlog (bucket, day, " GROUPS ", open_n, held_n, shard) SELECT "
        "'am', date '2024-05-20' - n / 300, 'u' || n % 30, 'R' || n % 300, 's', 'c', false, 1, 0, "
        "0 FROM generate_series(0, 59999) AS n");
    set_clock("2024-05-20 10:30");
    assert_int_equal(settle(), 2);
    run("ANALYZE core.cell_backlog");
    aggregator_question_ask(&here.store, &form,
                            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM ",
                            plan, sizeof plan);
    if (!strstr(plan, "Index Cond: ((day >= $") || !strstr(plan, "(actual rows=600 loops=1)") ||
        !strstr(plan, "Seq Scan on cell_backlog (never executed)"))
        fail_msg("%s", plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_what_the_cells_alone_say),
        cmocka_unit_test(it_stands_for_whoever_asks_behind_it_alone),
        cmocka_unit_test(a_writer_from_before_is_not_passed),
        cmocka_unit_test(what_comes_late_is_noted_until_it_is_in_the_stand),
        cmocka_unit_test(many_notes_are_settled_beside_a_writer),
        cmocka_unit_test(every_moment_is_right_in_any_order),
        cmocka_unit_test(a_batch_notes_what_it_changes),
        cmocka_unit_test(whoever_fills_cells_anew_has_the_stand_made_anew),
        cmocka_unit_test(nothing_is_settled_while_cells_are_swapped),
        cmocka_unit_test(a_poll_reads_the_cells_of_two_days),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
