/* SPDX-License-Identifier: Apache-2.0 */
/* A reader's lag over the mock cluster: by committed offsets, by positions kept elsewhere, and the
 * age of the first unread record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "kafka/lag.h"

#include "../support/kafka_mock.h"

enum { PARTITIONS = 3, RECORDS = 30 };

static struct kafka_mock mock;
static struct kafka_settings settings;

static int start_mock(void **state)
{
    (void)state;
    kafka_mock_start(&mock);
    rd_kafka_mock_topic_create(mock.cluster, "raw", PARTITIONS, 1);
    rd_kafka_mock_topic_create(mock.cluster, "status.a", 1, 1);
    rd_kafka_mock_topic_create(mock.cluster, "statuses", 1, 1);
    kafka_mock_feed(&mock, "raw", PARTITIONS, 0, RECORDS);
    settings = (struct kafka_settings){
        .brokers = kafka_mock_brokers(&mock), .prefix = "", .group = "reader", .slot = 1};
    return 0;
}

static int stop_mock(void **state)
{
    (void)state;
    kafka_mock_stop(&mock);
    return 0;
}

static struct lag *open_lag(void)
{
    static const char *const topics[] = {"raw", "status.*"};
    struct error error = {0};
    struct lag *lag = lag_open(&settings, &error);
    assert_non_null(lag);
    if (!lag_list(lag, topics, 2, &error))
        fail_msg("%s", error.text);
    return lag;
}

static const struct lag_row *measured(struct lag *lag, size_t *count)
{
    struct error error = {0};
    if (!lag_measure(lag, &error))
        fail_msg("%s", error.text);
    return lag_rows(lag, count);
}

static int64_t now_ms(void)
{
    return (int64_t)time(NULL) * 1000;
}

static void nothing_read_is_all_unread(void **state)
{
    (void)state;
    struct error error = {0};
    struct lag *lag = open_lag();
    size_t count;
    assert_true(lag_ask_committed(lag, &error));
    const struct lag_row *rows = measured(lag, &count);
    assert_int_equal(count, PARTITIONS + 1); /* status.a, but not statuses */
    for (int i = 0; i < PARTITIONS; i++) {
        assert_string_equal(rows[i].topic, "raw");
        assert_int_equal(rows[i].position, -1);
        assert_int_equal(rows[i].end, RECORDS / PARTITIONS);
        assert_int_equal(rows[i].records, RECORDS / PARTITIONS);
        assert_in_range(rows[i].oldest_ms, now_ms() - 60000, now_ms() + 1000);
    }
    assert_string_equal(rows[PARTITIONS].topic, "status.a");
    assert_int_equal(rows[PARTITIONS].records, 0);
    assert_int_equal(rows[PARTITIONS].oldest_ms, -1);
    lag_close(lag);
}

static void positions_kept_elsewhere_are_taken(void **state)
{
    (void)state;
    struct lag *lag = open_lag();
    size_t count;
    lag_set_position(lag, "raw", 0, RECORDS / PARTITIONS);
    lag_set_position(lag, "raw", 1, 4);
    lag_set_position(lag, "elsewhere", 1, 4);
    const struct lag_row *rows = measured(lag, &count);
    assert_int_equal(rows[0].records, 0);
    assert_int_equal(rows[0].oldest_ms, -1);
    assert_int_equal(rows[1].position, 4);
    assert_int_equal(rows[1].records, RECORDS / PARTITIONS - 4);
    assert_true(rows[1].oldest_ms > 0);
    assert_int_equal(rows[2].records, RECORDS / PARTITIONS);
    lag_close(lag);
}

static void what_the_group_committed_is_read(void **state)
{
    (void)state;
    struct error error = {0};
    rd_kafka_t *reader = kafka_mock_client(&mock, RD_KAFKA_CONSUMER); /* group "reader" */
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int p = 0; p < PARTITIONS; p++)
        rd_kafka_topic_partition_list_add(list, "raw", p)->offset = 10 - p;
    assert_int_equal(rd_kafka_commit(reader, list, 0), 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(reader);

    struct lag *lag = open_lag();
    size_t count;
    assert_true(lag_ask_committed(lag, &error));
    const struct lag_row *rows = measured(lag, &count);
    for (int p = 0; p < PARTITIONS; p++) {
        assert_int_equal(rows[p].position, 10 - p);
        assert_int_equal(rows[p].records, p);
        assert_int_equal(rows[p].oldest_ms >= 0, p > 0);
    }
    lag_close(lag);
}

static void a_topic_that_is_not_there_is_named(void **state)
{
    static const char *const topics[] = {"nothing"};
    (void)state;
    struct error error = {0};
    struct lag *lag = lag_open(&settings, &error);
    assert_false(lag_list(lag, topics, 1, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_non_null(strstr(error.text, "nothing"));
    lag_close(lag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_read_is_all_unread),
        cmocka_unit_test(positions_kept_elsewhere_are_taken),
        cmocka_unit_test(what_the_group_committed_is_read),
        cmocka_unit_test(a_topic_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, start_mock, stop_mock);
}
