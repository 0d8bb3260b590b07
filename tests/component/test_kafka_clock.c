/* SPDX-License-Identifier: Apache-2.0 */
/* The brokers' clock over the mock cluster: whether a tick may be told (decision 0170). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "daemon/log.h"
#include "kafka/broker_clock.h"

#include "../support/kafka_mock.h"

/* As in the daemons nothing of it is freed. */
static struct {
    struct kafka_mock mock;
    struct daemon *daemon;
    struct broker_clock *clock;
    struct kafka_settings settings;
    uv_timer_t timer;
    int looks, most_looks;
} host;

static void look(uv_timer_t *timer)
{
    if (!broker_clock_is_off(host.clock) || ++host.looks > host.most_looks) {
        uv_timer_stop(timer);
        raise(SIGTERM);
    }
}

static void drain(void *context)
{
    (void)context;
    daemon_stopped(host.daemon);
}

static void live(const char *brokers)
{
    struct error error = {0};
    host.settings =
        (struct kafka_settings){.brokers = brokers, .prefix = "", .group = "ingest", .slot = 1};
    host.looks = 0;
    host.daemon = daemon_new(&(struct daemon_options){.service = "test",
                                                      .admin_listen = "127.0.0.1:0",
                                                      .drain_deadline_ms = 9000},
                             &error);
    assert_non_null(host.daemon);
    host.clock = broker_clock_open(host.daemon, &host.settings, "clock", &error);
    assert_non_null(host.clock);
    uv_timer_init(daemon_loop(host.daemon), &host.timer);
    uv_timer_start(&host.timer, look, 0, 20);
    assert_int_equal(daemon_run(host.daemon, drain, NULL), 0);
}

static void no_time_is_told_before_the_first_answer(void **state)
{
    (void)state;
    host.most_looks = 560; /* longer than its record waits: that it came to nothing says nothing */
    live("127.0.0.1:1");
    assert_true(broker_clock_is_off(host.clock));
    assert_int_equal(host.looks, host.most_looks + 1);
}

static void where_none_may_be_had_time_is_told(void **state)
{
    (void)state;
    rd_kafka_resp_err_t denied = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    kafka_mock_start(&host.mock);
    rd_kafka_mock_topic_create(host.mock.cluster, "clock", 1, 1);
    rd_kafka_mock_push_request_errors_array(host.mock.cluster, 0 /* Produce */, 1, &denied);
    host.most_looks = 1000;
    live(kafka_mock_brokers(&host.mock));
    assert_false(broker_clock_is_off(host.clock));
    assert_true(host.looks > 0 && host.looks < host.most_looks);
}

/* The mock's records have a time since it began. */
static void a_broker_of_another_time_stops_ours(void **state)
{
    static const char name[] = "\ncitybrain_kafka_clock_ahead_seconds ";
    struct strbuf text;
    (void)state;
    kafka_mock_start(&host.mock);
    rd_kafka_mock_topic_create(host.mock.cluster, "clock", 1, 1);
    host.most_looks = 100;
    live(kafka_mock_brokers(&host.mock));
    assert_true(broker_clock_is_off(host.clock));
    strbuf_init(&text, 1024, 1 << 20);
    metrics_write(daemon_metrics(host.daemon), &text);
    strbuf_add_char(&text, '\0');
    const char *found = strstr(text.at, name);
    assert_non_null(found);
    assert_true(strtoll(found + sizeof name - 1, NULL, 10) > BROKER_CLOCK_MOST_OFF_MS / 1000);
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_time_is_told_before_the_first_answer),
        cmocka_unit_test(where_none_may_be_had_time_is_told),
        cmocka_unit_test(a_broker_of_another_time_stops_ours),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
