/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP door over the mock cluster: what a sender is told, and when. The broker is slow or says
 * no on demand, so an answer that does not wait for the delivery report shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "ingest/doors.h"

#include "../support/kafka_mock.h"
#include "../unit/daemon/http_client.h"

enum { RTT_MS = 700 };

/* One door for all tests: it is made to live as long as its process. */
static struct {
    struct kafka_mock mock;
    struct ingest_config config;
    struct ingest_clock clock;
    struct daemon *daemon;
    struct doors *doors;
} here;

static int open_door(void **state)
{
    static struct options options;
    static char brokers[128];
    struct error error = {0};
    (void)state;
    kafka_mock_start(&here.mock);
    rd_kafka_mock_topic_create(here.mock.cluster, "cb.raw", 3, 1);
    snprintf(brokers, sizeof brokers, "kafka.brokers=%s", kafka_mock_brokers(&here.mock));
    options = (struct options){.config_path = "config/ingest.yaml",
                               .set = {brokers, "ingest.role=doors", "ingest.listen=127.0.0.1:0",
                                       "ingest.insecure_bearer=true"},
                               .set_count = 4};
    if (!ingest_config_load(&here.config, &options, &error))
        return 1;
    ingest_clock_init(&here.clock, false, "");
    here.daemon = daemon_new(&(struct daemon_options){.service = "test",
                                                      .admin_listen = "127.0.0.1:0",
                                                      .drain_deadline_ms = 1000},
                             &error);
    here.doors = here.daemon ? doors_open(here.daemon, &here.config, &here.clock, &error) : NULL;
    if (!here.doors)
        return 1;
    uint64_t deadline = uv_hrtime() + 10000000000U;
    while (!producer_is_connected(here.doors->producer) && uv_hrtime() < deadline)
        uv_run(daemon_loop(here.daemon), UV_RUN_ONCE);
    return producer_is_connected(here.doors->producer) ? 0 : 1;
}

/* One order; an order without a kind is rejected, and stored all the same. */
static void post(struct exchange *exchange, const char *kind)
{
    static char request[2048];
    char body[512];
    snprintf(body, sizeof body,
             "{\"工单编号\":\"D1\",\"诉求性质\":\"%s\",\"问题分类\":\"R0105\","
             "\"反映街乡\":\"110105001\",\"受理时间\":\"2026-01-05 08:00:00\"}\n",
             kind);
    snprintf(
        request, sizeof request,
        "POST /v1/feeds/hotline HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer demo-hotline\r\n"
        "Content-Type: application/x-ndjson\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(body), body);
    *exchange = (struct exchange){.send = request};
    client_run(daemon_loop(here.daemon), http_server_port(here.doors->server), exchange, 1);
}

static void answers_only_after_the_delivery_report(void **state)
{
    struct exchange exchange;
    (void)state;
    rd_kafka_mock_broker_set_rtt(here.mock.cluster, 1, RTT_MS);
    uint64_t began = uv_hrtime();
    post(&exchange, "投诉");
    uint64_t took_ms = (uv_hrtime() - began) / 1000000;
    rd_kafka_mock_broker_set_rtt(here.mock.cluster, 1, 0);
    assert_int_equal(exchange.status, 200);
    assert_non_null(strstr(exchange.body, "\"accepted\":1,\"rejected\":0"));
    assert_true(took_ms >= RTT_MS);
}

/* A rejected item is kept too, so its verdict waits as well. */
static void a_rejection_waits_for_the_delivery_report_too(void **state)
{
    struct exchange exchange;
    (void)state;
    rd_kafka_mock_broker_set_rtt(here.mock.cluster, 1, RTT_MS);
    uint64_t began = uv_hrtime();
    post(&exchange, "闲聊");
    uint64_t took_ms = (uv_hrtime() - began) / 1000000;
    rd_kafka_mock_broker_set_rtt(here.mock.cluster, 1, 0);
    assert_int_equal(exchange.status, 200);
    assert_non_null(strstr(exchange.body, "\"accepted\":0,\"rejected\":1"));
    assert_true(took_ms >= RTT_MS);
}

/* `size` bytes to a door, most of them one text. */
static void post_large(struct exchange *exchange, const char *path, const char *token, size_t size)
{
    static char request[3 << 20];
    int head = snprintf(request, sizeof request,
                        "POST %s HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer %s\r\n"
                        "Content-Type: application/x-ndjson\r\nContent-Length: %zu\r\n\r\n",
                        path, token, size);
    assert_true((size_t)head + size < sizeof request);
    memset(request + head, 'a', size);
    memcpy(request + head, "{\"t\":\"", 6);
    memcpy(request + head + size - 3, "\"}\n", 4);
    *exchange = (struct exchange){.send = request};
    client_run(daemon_loop(here.daemon), http_server_port(here.doors->server), exchange, 1);
}

static void an_item_that_no_topic_takes_is_answered_413(void **state)
{
    struct exchange exchange;
    (void)state;
    post_large(&exchange, "/v1/feeds/hotline", "demo-hotline", NORMALISE_VALUE_MAX);
    assert_int_equal(exchange.status, 200);
    assert_non_null(strstr(exchange.body, "\"rejected\":1"));
    post_large(&exchange, "/v1/feeds/hotline", "demo-hotline", NORMALISE_VALUE_MAX + 1000);
    assert_int_equal(exchange.status, 413);
    assert_non_null(strstr(exchange.body, "#1: 1901"));
    post_large(&exchange, "/v1/units/s110105001/status", "demo-s110105001", 600 << 10);
    assert_int_equal(exchange.status, 413);
}

/* The topic takes less than we thought: sending it again would never help. */
static void a_record_the_broker_finds_too_large_is_answered_413(void **state)
{
    rd_kafka_resp_err_t errors[] = {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE};
    struct exchange exchange;
    (void)state;
    rd_kafka_mock_push_request_errors_array(here.mock.cluster, 0 /* Produce */, 1, errors);
    post(&exchange, "投诉");
    assert_int_equal(exchange.status, 413);
    assert_non_null(strstr(exchange.body, "item_too_large"));
    post(&exchange, "投诉");
    assert_int_equal(exchange.status, 200);
}

static void a_unit_without_a_topic_is_told_so(void **state)
{
    struct exchange exchange;
    (void)state;
    post_large(&exchange, "/v1/units/s110105001/status", "demo-s110105001", 100);
    assert_int_equal(exchange.status, 503);
    assert_non_null(strstr(exchange.body, "no_topic"));
    assert_non_null(strstr(exchange.body, "citybrain topics apply"));
    assert_non_null(strstr(exchange.head, "Retry-After: 60"));
}

static void what_the_brokers_refuse_is_never_a_2xx(void **state)
{
    rd_kafka_resp_err_t errors[] = {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED};
    struct exchange exchange;
    (void)state;
    rd_kafka_mock_push_request_errors_array(here.mock.cluster, 0 /* Produce */, 1, errors);
    post(&exchange, "投诉");
    assert_int_equal(exchange.status, 503);
    assert_non_null(strstr(exchange.head, "Retry-After: "));
    assert_non_null(strstr(exchange.body, "not_stored"));
    post(&exchange, "投诉"); /* the library remembers, and the door lives on */
    assert_int_equal(exchange.status, 503);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_only_after_the_delivery_report),
        cmocka_unit_test(a_rejection_waits_for_the_delivery_report_too),
        cmocka_unit_test(an_item_that_no_topic_takes_is_answered_413),
        cmocka_unit_test(a_record_the_broker_finds_too_large_is_answered_413),
        cmocka_unit_test(a_unit_without_a_topic_is_told_so),
        cmocka_unit_test(what_the_brokers_refuse_is_never_a_2xx),
    };
    log_open("test", LOG_LEVEL_ERROR);
    int failed = cmocka_run_group_tests(tests, open_door, NULL);
    fflush(stdout);
    _exit(failed); /* as the daemon ends: producer and door have no other end */
}
