/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "postgres/transaction.h"

static void refuses_conninfo_that_is_none(void **state)
{
    (void)state;
    struct error error = {0};
    struct postgres_connection *connection = postgres_connection_new("no such thing", "test", NULL);
    assert_false(postgres_connection_open(connection, &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_false(postgres_connection_is_open(connection));
    postgres_connection_free(connection);
}

static void says_retry_while_the_server_is_away(void **state)
{
    (void)state;
    struct error error = {0};
    struct postgres_connection *connection =
        postgres_connection_new("host=/nowhere/at/all dbname=x user=x", "test", NULL);
    assert_false(postgres_connection_open(connection, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_false(postgres_connection_is_open(connection));
    postgres_connection_free(connection);
}

static void flush_without_a_connection_fails_and_forgets_its_queue(void **state)
{
    (void)state;
    struct error error = {0};
    struct postgres_connection *connection = postgres_connection_new("dbname=x", "test", NULL);
    struct postgres_transaction *transaction = postgres_transaction_new(connection);
    postgres_transaction_begin(transaction);
    assert_false(postgres_transaction_commit(transaction, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    postgres_transaction_free(transaction);
    postgres_connection_free(connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_conninfo_that_is_none),
        cmocka_unit_test(says_retry_while_the_server_is_away),
        cmocka_unit_test(flush_without_a_connection_fails_and_forgets_its_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
