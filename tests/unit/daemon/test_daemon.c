/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/base.h"
#include "capture.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "http_client.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static struct error error;

static void get_extra(void *context, struct http_request *request)
{
    http_request_answer(request, &(struct http_answer){.status = 200, .body = span_of(context)});
}

/* Answered by the drain only. */
static struct http_request *kept;

static void get_kept(void *context, struct http_request *request)
{
    (void)context;
    kept = request;
    kill(getpid(), SIGTERM);
}

static const struct http_route extra[] = {{"GET", "/extra", 0, get_extra, (char[]){"more"}},
                                          {"GET", "/kept", 0, get_kept, NULL}};

static struct daemon *make_daemon(int64_t deadline_ms)
{
    return daemon_new(&(struct daemon_options){.service = "test",
                                               .admin_listen = "127.0.0.1:0",
                                               .drain_deadline_ms = deadline_ms,
                                               .admin_routes = extra,
                                               .admin_route_count = 2},
                      &error);
}

/* Asks from another thread while the daemon runs, then ends it as an operator does. */
struct visit {
    struct daemon *daemon;
    struct exchange *exchanges;
    size_t count;
    int last_signal;
    int drained, reloaded;
};

static void *visit_thread(void *context)
{
    struct visit *visit = context;
    int fd = client_connect(daemon_port(visit->daemon));
    /* An answer means that the loop runs and the signals are caught. */
    struct exchange live = {.send = GET("/livez")};
    client_send(fd, live.send, strlen(live.send));
    client_read(fd, &live);
    for (size_t i = 0; fd >= 0 && i < visit->count; i++) {
        client_send(fd, visit->exchanges[i].send, strlen(visit->exchanges[i].send));
        client_read(fd, &visit->exchanges[i]);
    }
    close(fd);
    if (visit->last_signal)
        kill(getpid(), visit->last_signal);
    return NULL;
}

static void drain(void *context)
{
    struct visit *visit = context;
    visit->drained++;
    if (kept)
        http_request_answer(kept, &(struct http_answer){.status = 200, .body = SPAN("stored")});
    kept = NULL;
    daemon_stopped(visit->daemon);
    daemon_stopped(visit->daemon); /* the first one counts */
}

static int run(struct visit *visit)
{
    pthread_t thread;
    pthread_create(&thread, NULL, visit_thread, visit);
    int status = daemon_run(visit->daemon, drain, visit);
    pthread_join(thread, NULL);
    return status;
}

static void answers_on_the_admin_port_and_drains_on_sigterm(void **state)
{
    struct exchange exchanges[] = {{.send = GET("/livez")},
                                   {.send = GET("/readyz")},
                                   {.send = GET("/metrics")},
                                   {.send = GET("/extra")}};
    struct visit visit = {make_daemon(5000), exchanges, 4, SIGTERM, 0, 0};
    (void)state;
    daemon_not_ready(visit.daemon, "kafka", "waits for \"brokers\"");
    daemon_not_ready(visit.daemon, "postgres", "away");
    daemon_ready(visit.daemon, "postgres");
    assert_int_equal(run(&visit), 0);
    assert_int_equal(visit.drained, 1);
    assert_true(daemon_watching(visit.daemon)->ns > 0); /* what these four cost */
    daemon_free(visit.daemon);
    assert_int_equal(exchanges[0].status, 200);
    assert_int_equal(exchanges[1].status, 503);
    assert_string_equal(exchanges[1].body, "{\"ready\":false,\"phase\":\"RUNNING\",\"waiting\":"
                                           "{\"kafka\":\"waits for \\\"brokers\\\"\"}}\n");
    assert_int_equal(exchanges[2].status, 200);
    assert_non_null(strstr(exchanges[2].head, "text/plain; version=0.0.4"));
    assert_non_null(strstr(exchanges[2].body, "\ncitybrain_ready 0\n"));
    assert_non_null(strstr(exchanges[2].body, "\ncitybrain_waiting{reason=\"away\"} 0\n"));
    assert_non_null(
        strstr(exchanges[2].body, "\ncitybrain_waiting{reason=\"waits for \\\"brokers\\\"\"} 1\n"));
    assert_non_null(strstr(exchanges[2].body, "\ncitybrain_watching_cpu_milliseconds_total "));
    assert_non_null(strstr(exchanges[2].body, "citybrain_loop_lag_seconds histogram\n"));
    assert_string_equal(exchanges[3].body, "more");
}

static void is_ready_when_no_room_has_a_reason(void **state)
{
    struct exchange exchanges[] = {{.send = GET("/readyz")}, {.send = GET("/metrics")}};
    struct visit visit = {make_daemon(5000), exchanges, 2, SIGINT, 0, 0};
    (void)state;
    daemon_not_ready(visit.daemon, "kafka", "waits");
    daemon_ready(visit.daemon, "kafka");
    assert_int_equal(run(&visit), 0);
    daemon_free(visit.daemon);
    assert_int_equal(exchanges[0].status, 200);
    assert_string_equal(exchanges[0].body,
                        "{\"ready\":true,\"phase\":\"RUNNING\",\"waiting\":{}}\n");
    assert_non_null(strstr(exchanges[1].body, "\ncitybrain_ready 1\n"));
    assert_non_null(strstr(exchanges[1].body, "citybrain_build_info{version=\""));
    assert_null(strstr(exchanges[1].body, "citybrain_resident_memory_bytes 0\n"));
}

static void writes_the_answers_its_drain_gives(void **state)
{
    struct exchange exchange = {.send = GET("/kept")};
    struct visit visit = {make_daemon(5000), &exchange, 1, 0, 0, 0};
    (void)state;
    /* As a service leaves: the loop's end is the end, nothing is closed that could write it late.
     */
    assert_int_equal(run(&visit), 0);
    assert_int_equal(exchange.status, 200);
    assert_string_equal(exchange.body, "stored");
    daemon_free(visit.daemon);
}

static void reload(void *context)
{
    struct visit *visit = context;
    visit->reloaded++;
    kill(getpid(), SIGTERM);
}

static void reloads_on_sighup(void **state)
{
    struct visit visit = {make_daemon(5000), NULL, 0, SIGHUP, 0, 0};
    (void)state;
    daemon_on_reload(visit.daemon, reload, &visit);
    assert_int_equal(run(&visit), 0);
    assert_int_equal(visit.reloaded, 1);
    daemon_free(visit.daemon);
}

/* What ends the process happens in a child, which leaves its status and its log. */

static int status_of_child(void (*life)(void), char *log, size_t size)
{
    struct capture capture;
    int status;
    capture_start(&capture, STDERR_FILENO);
    pid_t child = fork();
    if (child == 0) {
        log_open("test", LOG_LEVEL_INFO);
        life();
        _exit(0);
    }
    waitpid(child, &status, 0);
    capture_stop(&capture, log, size);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static char log_text[8192];

static void drain_never(void *context)
{
    (void)context;
}

static void drain_twice_asked(void *context)
{
    (void)context;
    kill(getpid(), SIGTERM);
}

static void term_now(uv_timer_t *timer)
{
    (void)timer;
    kill(getpid(), SIGTERM);
}

static void hang_up_and_term(uv_timer_t *timer)
{
    kill(getpid(), SIGHUP); /* by default it would end the process */
    term_now(timer);
}

static void live_ask_twice(void)
{
    struct daemon *daemon = make_daemon(5000);
    static uv_timer_t timer;
    uv_timer_init(daemon_loop(daemon), &timer);
    uv_timer_start(&timer, hang_up_and_term, 1, 0);
    _exit(daemon_run(daemon, drain_twice_asked, NULL));
}

static void block(uv_timer_t *timer)
{
    usleep(250000);
    uv_timer_start(timer, term_now, 120, 0);
}

static void live_blocked(void)
{
    struct daemon *daemon = make_daemon(30);
    static uv_timer_t timer;
    uv_timer_init(daemon_loop(daemon), &timer);
    uv_timer_start(&timer, block, 1, 0);
    _exit(daemon_run(daemon, drain_never, NULL));
}

static void live_and_die(void)
{
    error_set(&error, ERROR_RETRY, 7, "no database");
    daemon_die("test.died", &error);
}

static void leaves_at_once_when_asked_twice(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(live_ask_twice, log_text, sizeof log_text), 128 + SIGTERM);
}

static void leaves_when_the_drain_takes_too_long_and_tells_of_a_blocked_loop(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(live_blocked, log_text, sizeof log_text), EX_SOFTWARE);
    assert_non_null(strstr(log_text, "\"event\":\"daemon.drain_deadline\""));
    assert_non_null(strstr(log_text, "\"event\":\"loop.slow\""));
    assert_non_null(strstr(log_text, "\"from\":\"RUNNING\",\"to\":\"DRAINING\""));
}

static void dies_with_the_errors_status(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(live_and_die, log_text, sizeof log_text), 69);
    assert_non_null(strstr(log_text,
                           "\"level\":\"error\",\"service\":\"test\","
                           "\"event\":\"test.died\",\"error\":\"no database\",\"code\":7"));
}

static void refuses_with_a_sentence_and_a_status(void **state)
{
    struct capture capture;
    (void)state;
    capture_start(&capture, STDERR_FILENO);
    error_set(&error, ERROR_CONFIG, 0, "x.yaml:1:1: no");
    int config = daemon_refuse(&error);
    error_set(&error, ERROR_CONFIG, EX_USAGE, "--what");
    int usage = daemon_refuse(&error);
    capture_stop(&capture, log_text, sizeof log_text);
    assert_int_equal(config, 78);
    assert_int_equal(usage, 64);
    assert_string_equal(log_text, "x.yaml:1:1: no\n--what\n");
}

static void gives_everything_back_when_its_port_is_taken(void **state)
{
    struct daemon *first = make_daemon(5000);
    char taken[32];
    (void)state;
    snprintf(taken, sizeof taken, "127.0.0.1:%d", daemon_port(first));
    assert_null(
        daemon_new(&(struct daemon_options){.service = "test", .admin_listen = taken}, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    daemon_free(first);
}

/* A datagram socket that the next daemon tells. */
static int supervise(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[64];
    int len = snprintf(name, sizeof name, "@daemon-test-%d", (int)getpid());
    memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void expect_told(int fd, const char *wanted)
{
    char got[128] = "";
    assert_true(recv(fd, got, sizeof got - 1, MSG_DONTWAIT) >= (ssize_t)strlen(wanted));
    assert_memory_equal(got, wanted, strlen(wanted));
}

static void tells_its_supervisor(void **state)
{
    struct visit visit = {NULL, NULL, 0, SIGTERM, 0, 0};
    (void)state;
    int fd = supervise();
    visit.daemon = make_daemon(5000);
    assert_int_equal(run(&visit), 0);
    daemon_free(visit.daemon);
    unsetenv("NOTIFY_SOCKET");
    expect_told(fd, "READY=1");
    expect_told(fd, "STOPPING=1");
    close(fd);
}

static void reload_and_tell(void *context)
{
    struct visit *visit = context;
    daemon_reloaded(visit->daemon);
    reload(context);
}

/* As notify-reload of systemd wants it: the moment in the same datagram, READY=1 at the end. */
static void tells_its_supervisor_of_a_reload_and_of_its_end(void **state)
{
    struct visit visit = {NULL, NULL, 0, SIGHUP, 0, 0};
    (void)state;
    int fd = supervise();
    visit.daemon = make_daemon(5000);
    daemon_on_reload(visit.daemon, reload_and_tell, &visit);
    assert_int_equal(run(&visit), 0);
    daemon_free(visit.daemon);
    unsetenv("NOTIFY_SOCKET");
    expect_told(fd, "READY=1");
    expect_told(fd, "RELOADING=1\nMONOTONIC_USEC=");
    expect_told(fd, "READY=1");
    close(fd);
}

static int quiet(void **state)
{
    (void)state;
    log_open("test", LOG_LEVEL_ERROR);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_on_the_admin_port_and_drains_on_sigterm),
        cmocka_unit_test(is_ready_when_no_room_has_a_reason),
        cmocka_unit_test(writes_the_answers_its_drain_gives),
        cmocka_unit_test(reloads_on_sighup),
        cmocka_unit_test(leaves_at_once_when_asked_twice),
        cmocka_unit_test(leaves_when_the_drain_takes_too_long_and_tells_of_a_blocked_loop),
        cmocka_unit_test(dies_with_the_errors_status),
        cmocka_unit_test(refuses_with_a_sentence_and_a_status),
        cmocka_unit_test(gives_everything_back_when_its_port_is_taken),
        cmocka_unit_test(tells_its_supervisor),
        cmocka_unit_test(tells_its_supervisor_of_a_reload_and_of_its_end),
    };
    return cmocka_run_group_tests_name("daemon", tests, quiet, NULL);
}
