/* SPDX-License-Identifier: Apache-2.0 */
/* The read API's queue of questions, on a database that is not there: it is bounded, and who waits
 * for news by a bound of its own is not refused when there is news for all of them at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregator/api_pool.h"
#include "base/base.h"
#include "daemon/log.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_for_all_who_wait_refuse_none_of_them),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
