/* SPDX-License-Identifier: Apache-2.0 */
/* What a door does when there is too much of something: a station's records or connections, all
 * stations' records, time without a word from the brokers; and how it leaves. The tests use the
 * stations' quotas up, so each has its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/ingest_door.h"

#define STATUS "Content-Type: application/x-ndjson\r\n"

static struct ingest_door door;

static int open_door(void **state)
{
    static const char *const settings[] = {"ingest.rate=10",
                                           "ingest.burst=20",
                                           "ingest.total_rate=1",
                                           "ingest.total_burst=400",
                                           "ingest.connections_per_station=2",
                                           "ingest.deadline=1500ms",
                                           "ingest.drain_grace=100ms",
                                           NULL};
    (void)state;
    return ingest_door_open(&door, settings) ? 0 : 1;
}

/* So many records, all rejected and stored. */
static void post(struct exchange *exchange, const char *feed, size_t records)
{
    char path[64], body[2048];
    snprintf(path, sizeof path, "/v1/feeds/%s", feed);
    for (size_t i = 0; i < records; i++)
        memcpy(body + 2 * i, "1\n", 2);
    ingest_door_post(&door, exchange, path, feed, STATUS, span_from(body, 2 * records));
}

static void a_station_over_its_quota_is_told_when_to_come_back(void **state)
{
    struct exchange exchange;
    (void)state;
    post(&exchange, "hotline", 100); /* 80 owed */
    assert_int_equal(exchange.status, 200);
    post(&exchange, "hotline", 1);
    assert_int_equal(exchange.status, 429);
    assert_non_null(strstr(exchange.body, "about:blank#over_quota"));
    const char *wait = strstr(exchange.head, "Retry-After: ");
    assert_non_null(wait);
    assert_in_range(strtol(wait + 13, NULL, 10), 7, 9);
    assert_int_equal(metric_value(door.doors->shed, SPAN("over_quota")), 1);
    /* nobody else is touched */
    ingest_door_post(&door, &exchange, "/v1/feeds/boston_311", "boston_311",
                     "Content-Type: text/csv\r\n", SPAN("a\n1\n"));
    assert_int_equal(exchange.status, 200);
}

static int hold_connection(const char *feed)
{
    char text[256];
    int fd = client_connect(http_server_port(door.doors->server));
    snprintf(text, sizeof text,
             "POST /v1/feeds/%s HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer demo-%s\r\n"
             "Content-Type: text/csv\r\nContent-Length: 9\r\n\r\nhalf",
             feed, feed);
    assert_true(client_send(fd, text, strlen(text)));
    for (int i = 0; i < 50; i++) {
        uv_run(daemon_loop(door.daemon), UV_RUN_NOWAIT);
        usleep(1000);
    }
    return fd;
}

static void a_station_has_its_most_connections(void **state)
{
    struct exchange exchange;
    int fds[2];
    (void)state;
    for (int i = 0; i < 2; i++)
        fds[i] = hold_connection("pingshan_a");
    ingest_door_post(&door, &exchange, "/v1/feeds/pingshan_a", "pingshan_a",
                     "Content-Type: text/csv\r\n", SPAN("a\n1\n"));
    assert_int_equal(exchange.status, 429);
    assert_non_null(strstr(exchange.body, "about:blank#too_many_connections"));
    assert_non_null(strstr(exchange.head, "Retry-After: "));
    close(fds[0]);
    close(fds[1]);
    for (int i = 0; i < 50; i++) {
        uv_run(daemon_loop(door.daemon), UV_RUN_NOWAIT);
        usleep(1000);
    }
    ingest_door_post(&door, &exchange, "/v1/feeds/pingshan_a", "pingshan_a",
                     "Content-Type: text/csv\r\n", SPAN("a\n1\n"));
    assert_int_equal(exchange.status, 200);
}

/* The brokers are silent: the sender is not kept, and what comes later is stored all the same. */
static void no_word_from_the_brokers_in_time_is_answered_503(void **state)
{
    struct exchange exchange;
    int64_t before = ingest_door_stored(&door);
    (void)state;
    rd_kafka_mock_broker_set_rtt(door.mock.cluster, 1, 3000);
    uint64_t began = uv_hrtime();
    ingest_door_post(&door, &exchange, "/v1/feeds/hotline_csv", "hotline_csv",
                     "Content-Type: text/csv\r\n", SPAN("a\n1\n"));
    uint64_t took_ms = (uv_hrtime() - began) / 1000000;
    assert_int_equal(exchange.status, 503);
    assert_non_null(strstr(exchange.body, "about:blank#unknown"));
    const char *wait = strstr(exchange.head, "Retry-After: ");
    assert_non_null(wait);
    assert_in_range(strtol(wait + 13, NULL, 10), 5, 60);
    assert_in_range(took_ms, 1500, 2500);
    rd_kafka_mock_broker_set_rtt(door.mock.cluster, 1, 0);
    uint64_t deadline = uv_hrtime() + 20000000000U;
    while (producer_in_flight(door.doors->producer) > 0 && uv_hrtime() < deadline)
        uv_run(daemon_loop(door.daemon), UV_RUN_ONCE);
    assert_int_equal(ingest_door_stored(&door), before + 1);
}

static void what_all_may_send_together_is_answered_503(void **state)
{
    struct exchange exchange;
    (void)state;
    ingest_door_post(&door, &exchange, "/v1/units/u_gas/status", "u_gas", STATUS, SPAN("1\n"));
    assert_int_not_equal(exchange.status, 200);
    door.doors->quota.total.level = -1000;
    ingest_door_post(&door, &exchange, "/v1/units/u_bus/status", "u_bus", STATUS, SPAN("1\n"));
    assert_int_equal(exchange.status, 503);
    assert_non_null(strstr(exchange.body, "about:blank#busy"));
    assert_non_null(strstr(exchange.head, "Retry-After: "));
    door.doors->quota.total.level = 400000;
}

static bool has_left;

static void left(void *context)
{
    (void)context;
    has_left = true;
}

/* One request waits for the brokers, one connection comes within the grace, one after it. */
static void leaves_when_everybody_has_his_answer(void **state)
{
    struct exchange exchange;
    (void)state;
    rd_kafka_mock_broker_set_rtt(door.mock.cluster, 1, 400);
    int port = http_server_port(door.doors->server);
    int fd = hold_connection("pingshan_a_gb");
    assert_true(client_send(fd, "\n1\n2\n", 5)); /* now it waits */
    doors_drain(door.doors, left, NULL);
    ingest_door_post(&door, &exchange, "/v1/feeds/pingshan_a/check", "pingshan_a",
                     "Content-Type: text/csv\r\n", SPAN("a\n1\n"));
    assert_int_equal(exchange.status, 200);
    assert_false(has_left);
    uint64_t deadline = uv_hrtime() + 5000000000U;
    while (!has_left && uv_hrtime() < deadline)
        uv_run(daemon_loop(door.daemon), UV_RUN_ONCE);
    assert_true(has_left);
    char text[2048] = "";
    assert_true(recv(fd, text, sizeof text - 1, MSG_DONTWAIT) > 0);
    assert_non_null(strstr(text, " 200 OK"));
    assert_non_null(strstr(text, "Connection: close"));
    close(fd);
    assert_int_equal(client_connect(port), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_station_over_its_quota_is_told_when_to_come_back),
        cmocka_unit_test(a_station_has_its_most_connections),
        cmocka_unit_test(no_word_from_the_brokers_in_time_is_answered_503),
        cmocka_unit_test(what_all_may_send_together_is_answered_503),
        cmocka_unit_test(leaves_when_everybody_has_his_answer),
    };
    log_open("test", LOG_LEVEL_ERROR);
    int failed = cmocka_run_group_tests(tests, open_door, NULL);
    fflush(stdout);
    _exit(failed); /* as the daemon ends: producer and door have no other end */
}
