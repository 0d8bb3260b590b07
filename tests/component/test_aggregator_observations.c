/* SPDX-License-Identifier: Apache-2.0 */
/* Observations of very many days, on a PostgreSQL of the test's own that has few locks to give:
 * days are made beside the batches, batches are of few days, and days that go, go some at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "daemon/log.h"

#include "aggregator_store.h"

#define DAY_MS  INT64_C(86400000)
#define BASE_MS INT64_C(1767196800000) /* 2026-01-01 here */
#define DAYS    500

static struct {
    struct aggregator_store store;
    struct writer *writer;
    struct writer_position position;
} here;

/* Some hundred locks in all, where a day that is made takes five and one that is written two. */
static bool give_few_locks(void)
{
    struct error error = {0};
    char admin[sizeof here.store.postgres.conninfo];
    snprintf(admin, sizeof admin, "%.*s user=postgres",
             (int)(strstr(here.store.postgres.conninfo, " user=") - here.store.postgres.conninfo),
             here.store.postgres.conninfo);
    struct postgres_connection *connection = postgres_connection_new(admin, "test", NULL);
    bool good =
        postgres_connection_open(connection, &error) &&
        postgres_connection_run(connection, "ALTER SYSTEM SET max_locks_per_transaction = 10",
                                &error) &&
        postgres_connection_run(connection, "ALTER SYSTEM SET max_connections = 20", &error);
    postgres_connection_free(connection);
    postgres_connection_close(here.store.reader);
    return good && postgres_private_parts(&here.store.postgres, "stop postgres 2>&1", NULL, 0) &&
           postgres_private_parts(&here.store.postgres, "start postgres 2>&1", NULL, 0) &&
           postgres_connection_open(here.store.reader, &error);
}

static int open_all(void **state)
{
    (void)state;
    if (!aggregator_store_open(&here.store) || !give_few_locks())
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

static bool add(struct batch *batch, int day, const char *name)
{
    char id[32];
    struct event event = {.family = EVENT_OBSERVATION,
                          .name = SPAN("visits"),
                          .subject = SPAN("facility:x:1"),
                          .feed = SPAN("visits"),
                          .revision = SPAN("1"),
                          .time_ms = BASE_MS + day * DAY_MS,
                          .recorded_ms = BASE_MS};
    snprintf(id, sizeof id, "%s-%d", name, day);
    event.id = span_of(id);
    return batch_add_observation(batch, &event);
}

static enum writer_result commit(struct batch *batch, struct error *error)
{
    here.position.next = here.position.stored < 0 ? 1 : here.position.stored + 1;
    enum writer_result result = writer_commit(here.writer, batch, &here.position, 1, error);
    if (result == WRITER_DONE)
        here.position.stored = here.position.next;
    batch_clear(batch);
    return result;
}

static int64_t number(const char *format, ...) PRINTF_LIKE(1, 2);
static int64_t number(const char *format, ...)
{
    char sql[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    return aggregator_store_number(&here.store, sql);
}

/* Who asks for all days at once needs a lock for each. */
static int64_t rows_of(int day)
{
    return number("SELECT count(*) FROM core.observation WHERE day = date '2026-01-01' + %d", day);
}

#define DAYS_THERE                                                                                 \
    "SELECT count(*) - 2 FROM pg_inherits WHERE inhparent = 'core.observation'::regclass"

static void history_of_many_days_finds_locks_enough(void **state)
{
    struct error error = {0};
    struct batch *batch = batch_new(&here.store.rules, 8 << 20);
    (void)state;
    for (int day = 0; day < DAYS; day++) {
        bool taken = add(batch, day, "a");
        if ((!taken || day == DAYS - 1) && commit(batch, &error) != WRITER_DONE)
            fail_msg("day %d: %s", day, error.text);
        day -= !taken; /* once more, into the empty one */
    }
    assert_int_equal(number(DAYS_THERE), DAYS);
    for (int day = 0; day < DAYS; day++)
        assert_int_equal(rows_of(day), 1);
    batch_free(batch);
}

/* The writer believes that the day is there. */
static void a_day_that_retention_took_is_made_again(void **state)
{
    struct error error = {0};
    struct batch *batch = batch_new(&here.store.rules, 1 << 20);
    (void)state;
    assert_int_equal(number("UPDATE core.kafka_offset SET tick_ms = %" PRId64 " RETURNING 1",
                            BASE_MS + 101 * DAY_MS),
                     1);
    assert_int_equal(number("SELECT core.forget_observations(100)"), 1);
    assert_int_equal(number(DAYS_THERE), DAYS - 1);
    assert_true(add(batch, 0, "b") && add(batch, 1, "b"));
    assert_int_equal(commit(batch, &error), WRITER_FAILED);
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_int_equal(rows_of(1), 1);
    assert_true(writer_take_over(here.writer, &here.position, 1, &error));
    assert_true(add(batch, 0, "b") && add(batch, 1, "b"));
    if (commit(batch, &error) != WRITER_DONE)
        fail_msg("%s", error.text);
    assert_int_equal(rows_of(0), 1);
    assert_int_equal(rows_of(1), 2);
    batch_free(batch);
}

static void days_that_go_do_so_some_at_a_time(void **state)
{
    int64_t gone = 1, sum = 0;
    (void)state;
    assert_int_equal(number("UPDATE core.kafka_offset SET tick_ms = %" PRId64 " RETURNING 1",
                            BASE_MS + DAYS * DAY_MS),
                     1);
    for (; gone > 0; sum += gone)
        gone = number("SELECT core.forget_observations(30)");
    assert_int_equal(sum, DAYS - 30);
    assert_int_equal(number(DAYS_THERE), 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_of_many_days_finds_locks_enough),
        cmocka_unit_test(a_day_that_retention_took_is_made_again),
        cmocka_unit_test(days_that_go_do_so_some_at_a_time),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
