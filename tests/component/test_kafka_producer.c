/* SPDX-License-Identifier: Apache-2.0 */
/* The doors' producer and the offsets watch over the mock cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "base/base.h"
#include "daemon/log.h"
#include "kafka/offsets_watch.h"
#include "kafka/producer.h"

#include "../support/kafka_mock.h"

enum { PARTITIONS = 3, RECORDS = 500 };

static struct kafka_mock mock;

struct door {
    struct daemon *daemon;
    struct producer *producer;
    struct offsets_watch *watch;
    struct kafka_settings settings;
    const char *topic;
    int sent, reports, failures, last_code, wanted;
    int times[RECORDS]; /* reports by tag */
    bool refused, early_refused, broker_down, connected;
    int64_t ends, total, answers;
    uv_timer_t timer;
};

static int start_mock(void **state)
{
    (void)state;
    kafka_mock_start(&mock);
    rd_kafka_mock_topic_create(mock.cluster, "raw", PARTITIONS, 1);
    rd_kafka_mock_topic_create(mock.cluster, "status.a", 1, 1);
    return 0;
}

static int stop_mock(void **state)
{
    (void)state;
    kafka_mock_stop(&mock);
    return 0;
}

static void delivered(void *context, void *tag, int code, const char *text)
{
    struct door *door = context;
    int number = *(int *)tag;
    (void)text;
    door->times[number]++;
    door->reports++;
    door->failures += code != 0;
    door->last_code = code;
}

static void send_all(struct door *door)
{
    static int numbers[RECORDS];
    struct error error = {0};
    while (door->sent < door->wanted) {
        char value[16];
        int number = numbers[door->sent] = door->sent;
        int len = snprintf(value, sizeof(value), "%d", number);
        struct output output = {.partition = OUTPUT_BY_KEY,
                                .key = SPAN("feed"),
                                .value = span_from(value, (size_t)len)};
        if (!producer_send(door->producer, door->topic, &output, &numbers[door->sent], &error)) {
            door->early_refused = door->early_refused || error.kind == ERROR_RETRY;
            door->refused = error.kind == ERROR_REFUSED;
            return;
        }
        door->sent++;
    }
}

static void on_ends(void *context, const struct offsets_end *ends, size_t count,
                    const struct error *error)
{
    struct door *door = context;
    assert_null(error);
    door->answers++;
    door->ends = (int64_t)count;
    door->total = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(ends[i].end >= 0);
        assert_int_equal(ends[i].committed, -1);
        door->total += ends[i].end;
    }
}

static void look(uv_timer_t *timer)
{
    struct door *door = timer->data;
    static const char *const topics[] = {"raw", "status.*", "absent"};
    if (!door->refused && !door->broker_down)
        send_all(door);
    if (door->refused || door->broker_down || door->reports < door->wanted) {
        if (!door->refused && !(door->broker_down && door->sent == 0 && ++door->answers > 20))
            return;
    } else if (!door->answers) {
        offsets_watch_ask(door->watch, topics, ARRAY_LENGTH(topics), "ingest", on_ends, door);
        return;
    }
    uv_timer_stop(timer);
    raise(SIGTERM);
}

/* What a pool thread still does ends first, or the loop cannot be closed. */
static void settle(uv_timer_t *timer)
{
    struct door *door = timer->data;
    if (daemon_loop(door->daemon)->active_reqs.count > 0)
        return;
    uv_close((uv_handle_t *)timer, NULL);
    daemon_stopped(door->daemon);
}

static void drain(void *context)
{
    struct door *door = context;
    door->connected = producer_is_connected(door->producer);
    producer_close(door->producer, 2000);
    offsets_watch_close(door->watch);
    uv_timer_start(&door->timer, settle, 10, 10);
}

static void live(struct door *door, const char *brokers)
{
    struct error error = {0};
    door->settings =
        (struct kafka_settings){.brokers = brokers, .prefix = "", .group = "ingest", .slot = 1};
    door->daemon = daemon_new(&(struct daemon_options){.service = "test",
                                                       .admin_listen = "127.0.0.1:0",
                                                       .drain_deadline_ms = 9000},
                              &error);
    assert_non_null(door->daemon);
    door->producer = producer_open(door->daemon, &door->settings, "door", delivered, door, &error);
    door->watch = offsets_watch_open(door->daemon, &door->settings, &error);
    assert_non_null(door->producer);
    assert_non_null(door->watch);
    uv_timer_init(daemon_loop(door->daemon), &door->timer);
    door->timer.data = door;
    uv_timer_start(&door->timer, look, 0, 20);
    assert_int_equal(daemon_run(door->daemon, drain, door), 0);
    daemon_free(door->daemon);
}

static void reports_each_accepted_record_once_and_the_watch_sees_the_ends(void **state)
{
    (void)state;
    struct door door = {.topic = "raw", .wanted = RECORDS};
    live(&door, kafka_mock_brokers(&mock));
    assert_true(door.connected);
    assert_int_equal(door.reports, RECORDS);
    assert_int_equal(door.failures, 0);
    for (int i = 0; i < RECORDS; i++)
        assert_int_equal(door.times[i], 1);
    assert_int_equal(door.ends, PARTITIONS + 1);
    assert_int_equal(door.total, RECORDS);
    int times[RECORDS];
    assert_int_equal(kafka_mock_read(&mock, "raw", PARTITIONS, times, RECORDS), 0);
    for (int i = 0; i < RECORDS; i++)
        assert_int_equal(times[i], 1);
}

static void takes_nothing_before_a_broker_has_answered(void **state)
{
    (void)state;
    struct door door = {.topic = "raw", .wanted = 1};
    live(&door, kafka_mock_brokers(&mock));
    assert_true(door.early_refused); /* the first look comes before any metadata */
    assert_int_equal(door.reports, 1);
}

static void refuses_a_topic_that_does_not_exist(void **state)
{
    (void)state;
    struct door door = {.topic = "nowhere", .wanted = 1};
    live(&door, kafka_mock_brokers(&mock));
    assert_true(door.refused);
    assert_int_equal(door.sent, 0);
}

static void is_not_connected_without_a_broker(void **state)
{
    (void)state;
    struct door door = {.topic = "raw", .wanted = 1, .broker_down = true};
    live(&door, "127.0.0.1:1");
    assert_false(door.connected);
}

static void a_failed_delivery_is_reported_with_its_code(void **state)
{
    (void)state;
    struct door door = {.topic = "raw", .wanted = 1};
    rd_kafka_resp_err_t errors[] = {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED};
    rd_kafka_mock_push_request_errors_array(mock.cluster, 0 /* Produce */, ARRAY_LENGTH(errors),
                                            errors);
    live(&door, kafka_mock_brokers(&mock));
    assert_int_equal(door.failures, 1);
    assert_int_equal(door.last_code, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_mock, stop_mock)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reports_each_accepted_record_once_and_the_watch_sees_the_ends),
        TEST(takes_nothing_before_a_broker_has_answered),
        TEST(refuses_a_topic_that_does_not_exist),
        TEST(is_not_connected_without_a_broker),
        TEST(a_failed_delivery_is_reported_with_its_code),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
