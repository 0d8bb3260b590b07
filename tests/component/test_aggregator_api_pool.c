/* SPDX-License-Identifier: Apache-2.0 */
/* The read API's queue of questions, on a database that is not there: it is bounded, and who waits
 * for news by a bound of its own is not refused when there is news for all of them at once. What is
 * asked together, on a PostgreSQL of its own, sees cells that change places before or after that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aggregator/api_pool.h"
#include "base/base.h"
#include "daemon/log.h"

#include "../support/postgres_private.h"
#include "one_answer.h"

#define WAITING 128 /* aggregator.api_waiting, as it is shipped */

static size_t answered;

static void on_answered(struct api_question *question, enum api_outcome outcome, struct span body)
{
    (void)question;
    (void)body;
    assert_int_equal(outcome, API_AWAY);
    answered++;
}

static bool ask(struct api_pool *pool, bool admitted)
{
    struct api_question *question = api_pool_question(NULL);
    question->admitted = admitted;
    question->answered = on_answered;
    sql_ask_add(&question->ask, "SELECT 1");
    bool taken = api_pool_ask(pool, question);
    if (!taken)
        api_pool_forget(question);
    return taken;
}

static void news_for_all_who_wait_refuse_none_of_them(void **state)
{
    struct error error = {0};
    struct aggregator_config config = {
        .api_postgres = "host=/nowhere", .api_lanes = 1, .api_timeout_ms = 1000};
    struct daemon *daemon = daemon_new(
        &(struct daemon_options){.service = "test", .admin_listen = "127.0.0.1:0"}, &error);
    size_t asked = 0;
    (void)state;
    assert_non_null(daemon);
    struct api_pool *pool = api_pool_open(daemon, &config);
    for (int i = 0; i < WAITING; i++)
        asked += ask(pool, true);
    assert_int_equal(asked, WAITING);
    while (asked < 1000 && ask(pool, false)) /* others have their own places */
        asked++;
    assert_in_range(asked, WAITING + 1, 999);
    assert_true(ask(pool, true));
    for (asked++; answered < asked;)
        uv_run(daemon_loop(daemon), UV_RUN_ONCE);
    assert_true(ask(pool, false)); /* and there is room again */
    while (answered < asked + 1)
        uv_run(daemon_loop(daemon), UV_RUN_ONCE);
    api_pool_free(pool);
    daemon_free(daemon);
}

/* ---- together ---- */

static struct postgres_private postgres;
static struct postgres_connection *hand;

static void run(const char *sql)
{
    struct error error = {0};
    if (!postgres_connection_run(hand, sql, &error))
        fail_msg("%s: %s", sql, error.text);
}

/* Who looks for the lock is slow to get it, whichever way he asks: his statement has its snapshot
 * by then. */
static const char slow_locks[] =
    "CREATE SCHEMA slow; CREATE TABLE public.cells AS SELECT generate_series(1, 3) AS n;"
    "CREATE FUNCTION slow.pg_try_advisory_xact_lock_shared(integer) RETURNS boolean LANGUAGE "
    "plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN "
    "pg_catalog.pg_try_advisory_xact_lock_shared($1::bigint); END $$;"
    "CREATE FUNCTION slow.pg_try_advisory_lock_shared(integer) RETURNS boolean LANGUAGE plpgsql "
    "AS $$ BEGIN PERFORM pg_sleep(1); RETURN "
    "pg_catalog.pg_try_advisory_lock_shared($1::bigint); END $$";

static const char swap[] = "BEGIN; SELECT pg_advisory_xact_lock(20120348); CREATE TABLE "
                           "public.anew AS TABLE public.cells; DROP TABLE public.cells; ALTER "
                           "TABLE public.anew RENAME TO cells; COMMIT";

static void on_counted(struct api_question *question, enum api_outcome outcome, struct span body)
{
    (void)question;
    assert_int_equal(outcome, API_FOUND);
    if (!span_is(body, "3"))
        fail_msg("%.*s cells of 3", SPAN_ARG(body));
    answered++;
}

static void ask_twice(struct api_pool *pool)
{
    api_pool_gather(pool);
    for (int i = 0; i < 2; i++) {
        struct api_question *question = api_pool_question(NULL);
        question->answered = on_counted;
        sql_ask_add(&question->ask, "SELECT count(*)::text FROM public.cells");
        assert_true(api_pool_ask(pool, question));
    }
    api_pool_asked(pool);
}

static void wait_until(const char *sql)
{
    char answer[8] = "";
    for (int i = 0; i < 500 && strcmp(answer, "t") != 0; i++) {
        usleep(10000);
        one_answer(hand, sql, answer, sizeof answer);
    }
    assert_string_equal(answer, "t");
}

static void cells_that_change_places_are_seen_whole(void **state)
{
    char conninfo[300];
    struct error error = {0};
    struct aggregator_config config = {
        .api_postgres = conninfo, .api_lanes = 1, .api_timeout_ms = 5000};
    struct daemon *daemon = daemon_new(
        &(struct daemon_options){.service = "test", .admin_listen = "127.0.0.1:0"}, &error);
    (void)state;
    assert_non_null(daemon);
    run(slow_locks);
    snprintf(conninfo, sizeof conninfo, "%s options='-c search_path=slow,pg_catalog'",
             postgres.conninfo);
    struct api_pool *pool = api_pool_open(daemon, &config);
    answered = 0;
    ask_twice(pool);
    wait_until("SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    run(swap);
    while (answered < 2)
        uv_run(daemon_loop(daemon), UV_RUN_ONCE);
    /* and keeps nobody's place behind it */
    wait_until("SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'");
    api_pool_free(pool);
    daemon_free(daemon);
}

static int open_postgres(void **state)
{
    struct error error = {0};
    (void)state;
    if (!postgres_private_start(&postgres))
        return 1;
    hand = postgres_connection_new(postgres.conninfo, "test", NULL);
    return postgres_connection_open(hand, &error) ? 0 : 1;
}

static int close_postgres(void **state)
{
    (void)state;
    postgres_connection_free(hand);
    return postgres_private_stop(&postgres) ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_for_all_who_wait_refuse_none_of_them),
        cmocka_unit_test_setup_teardown(cells_that_change_places_are_seen_whole, open_postgres,
                                        close_postgres),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
