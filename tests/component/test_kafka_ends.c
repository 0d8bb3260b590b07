/* SPDX-License-Identifier: Apache-2.0 */
/* Firsts and ends, also of a broker that is gone: in time it is known to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <uv.h>

#include "kafka/ends.h"

#include "../support/kafka_mock.h"

enum { RECORDS = 30, PARTITIONS = 3, TIMEOUT_MS = 1000, DEADLINE_MS = 2 * TIMEOUT_MS };

static struct kafka_mock mock;
static rd_kafka_t *asking;

static int start(void **state)
{
    (void)state;
    kafka_mock_start_brokers(&mock, 2);
    rd_kafka_mock_topic_create(mock.cluster, "t", PARTITIONS, 2);
    for (int p = 0; p < PARTITIONS; p++)
        rd_kafka_mock_partition_set_leader(mock.cluster, "t", p, 1);
    kafka_mock_feed(&mock, "t", PARTITIONS, 0, RECORDS);
    asking = kafka_mock_client(&mock, RD_KAFKA_CONSUMER);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rd_kafka_destroy_flags(asking, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    kafka_mock_stop(&mock);
    return 0;
}

static bool ask(int64_t *offset, struct error *error)
{
    return ends_ask_one(asking, "t", 0, ENDS_LAST, TIMEOUT_MS, offset, error);
}

static void first_and_last(void **state)
{
    (void)state;
    struct error error = {0};
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    rd_kafka_topic_partition_list_add_range(list, "t", 0, PARTITIONS - 1);
    assert_true(ends_ask(asking, list, ENDS_FIRST, TIMEOUT_MS, &error));
    for (int p = 0; p < PARTITIONS; p++)
        assert_int_equal(list->elems[p].offset, 0);
    assert_true(ends_ask(asking, list, ENDS_LAST, TIMEOUT_MS, &error));
    for (int p = 0; p < PARTITIONS; p++)
        assert_int_equal(list->elems[p].offset, RECORDS / PARTITIONS);
    rd_kafka_topic_partition_list_destroy(list);
}

static void a_broker_that_is_gone_is_given_up_in_time(void **state)
{
    (void)state;
    int64_t offset;
    struct error error = {0};
    assert_true(ask(&offset, &error));
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    uint64_t began = uv_hrtime();
    assert_false(ask(&offset, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_true((uv_hrtime() - began) / 1000000 < DEADLINE_MS);
    rd_kafka_mock_broker_set_up(mock.cluster, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_and_last, start, stop),
        cmocka_unit_test_setup_teardown(a_broker_that_is_gone_is_given_up_in_time, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
