/* SPDX-License-Identifier: Apache-2.0 */
/* What clients may take of a server: places, patience, bytes; and who is asked before a body is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/base.h"
#include "daemon/http_connection.h"
#include "daemon/http_server.h"
#include "daemon/retry_after.h"
#include "http_client.h"

#define HEAD "POST /items HTTP/1.1\r\nHost: x\r\n"

static const struct http_limits limits = {.connections = 6,
                                          .per_address = 4,
                                          .in_flight = 24000,
                                          .head_bytes = 400,
                                          .head_lines = 8,
                                          .head_ms = 600,
                                          .body_ms = 700,
                                          .answer_ms = 60000,
                                          .idle_ms = 60000,
                                          .requests = 3,
                                          .retry_least_s = 5,
                                          .retry_most_s = 60};

struct world {
    uv_loop_t loop;
    struct http_server *server;
    bool closed;
    int handled, asked;
};

static struct world world;

static void post_items(void *context, struct http_request *request)
{
    struct world *here = context;
    here->handled++;
    http_request_answer(request, &(struct http_answer){.status = 200, .body = SPAN("done")});
}

/* "X-Who: a" is known; who says nothing is a stranger, and refused. */
static bool admit(void *context, struct http_request *request)
{
    static const char who[] = "ab";
    struct world *here = context;
    struct span said = http_request_header(request, "X-Who");
    here->asked++;
    if (said.len == 1 && http_request_known(request, &who[said.at[0] == 'b']) <= 5)
        return true;
    http_request_fail(request, HTTP_PROBLEM_UNAUTHORIZED, NULL);
    return false;
}

static bool admit_strangers(void *context, struct http_request *request)
{
    (void)context;
    (void)request;
    return true;
}

static struct http_route routes[] = {{"POST", "/items", 32768, post_items, &world}};

static int set_up(void **state)
{
    struct error error = {0};
    (void)state;
    world = (struct world){0};
    uv_loop_init(&world.loop);
    world.server = http_server_open_limited(&world.loop, "127.0.0.1:0", routes, 1, &limits, &error);
    http_server_guard(world.server, admit);
    return world.server ? 0 : -1;
}

static void on_closed(void *context)
{
    struct world *here = context;
    here->closed = true;
}

static int tear_down(void **state)
{
    (void)state;
    http_server_close(world.server, on_closed, &world);
    uv_run(&world.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&world.loop) == 0 && world.closed ? 0 : -1;
}

static bool run(struct exchange *exchanges, size_t count)
{
    return client_run(&world.loop, http_server_port(world.server), exchanges, count);
}

/* Another connection, from 127.0.0.<host>, that sends this much and waits. */
static int open_from(int host, const char *text)
{
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(0x7f000000U + (unsigned)host)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_server_port(world.server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)(const void *)&to, sizeof to), 0);
    assert_true(client_send(fd, text, strlen(text)));
    return fd;
}

static void turn_for(uint64_t ms)
{
    uint64_t until = uv_hrtime() + ms * 1000000;
    /* As many turns on a machine that looks away, whatever its clock says then. */
    for (uint64_t turns = 0; turns < ms / 2 || uv_hrtime() < until; turns++) {
        uv_run(&world.loop, UV_RUN_NOWAIT);
        usleep(2000);
    }
}

/* What came back by now; "" = nothing, and *ended whether the server closed. */
static const char *heard(int fd, bool *ended)
{
    static char text[2048];
    ssize_t got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    text[got > 0 ? got : 0] = '\0';
    char byte;
    *ended = got == 0 || (got > 0 && recv(fd, &byte, 1, MSG_DONTWAIT) == 0) ||
             (got < 0 && errno == ECONNRESET);
    return text;
}

static void a_stranger_has_few_places_and_is_told_to_come_back(void **state)
{
    int fds[4];
    bool ended;
    (void)state;
    for (int i = 0; i < 4; i++)
        fds[i] = open_from(9, "POST");
    turn_for(30);
    assert_int_equal(http_server_connections(world.server), 4);
    int fd = open_from(9, HEAD "X-Who: a\r\nContent-Length: 1\r\n\r\nx");
    turn_for(30);
    const char *text = heard(fd, &ended);
    assert_non_null(strstr(text, "HTTP/1.1 429 Too Many Requests\r\n"));
    assert_non_null(strstr(text, "Retry-After: "));
    assert_non_null(strstr(text, "about:blank#too_many_connections"));
    assert_true(ended);
    int other = open_from(8, HEAD "X-Who: a\r\nContent-Length: 1\r\n\r\nx");
    turn_for(30);
    assert_non_null(strstr(heard(other, &ended), "200 OK"));
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    close(fd);
    close(other);
}

/* Once known, a connection is no stranger's any more. */
static void who_is_known_leaves_the_places_of_strangers(void **state)
{
    int fds[5];
    bool ended;
    (void)state;
    for (int i = 0; i < 5; i++) {
        fds[i] = open_from(9, HEAD "X-Who: a\r\nContent-Length: 1\r\n\r\nx");
        turn_for(30);
        assert_non_null(strstr(heard(fds[i], &ended), "200 OK"));
        assert_false(ended);
    }
    for (int i = 0; i < 5; i++)
        close(fds[i]);
}

/* Two thousand of them keep nobody out: the one that waits longest goes. */
static void the_oldest_without_a_request_makes_room(void **state)
{
    int slow[6];
    bool ended;
    (void)state;
    for (int i = 0; i < 6; i++) {
        slow[i] = open_from(10 + i, "PO");
        turn_for(10);
    }
    assert_int_equal(http_server_connections(world.server), 6);
    int fd = open_from(30, HEAD "X-Who: b\r\nContent-Length: 1\r\n\r\nx");
    turn_for(30);
    assert_non_null(strstr(heard(fd, &ended), "200 OK"));
    assert_non_null(strstr(heard(slow[0], &ended), "HTTP/1.1 503 ")); /* he is told */
    assert_true(ended);
    (void)heard(slow[1], &ended);
    assert_false(ended);
    for (int i = 0; i < 6; i++)
        close(slow[i]);
    close(fd);
}

/* Where everybody is busy with a request there is no room. */
static void a_full_house_answers_503_with_a_time_to_come_back(void **state)
{
    int busy[6];
    bool ended;
    (void)state;
    for (int i = 0; i < 6; i++)
        busy[i] = open_from(10 + i, HEAD "X-Who: a\r\nContent-Length: 9\r\n\r\nhalf");
    turn_for(30);
    int fd = open_from(30, "");
    turn_for(30);
    const char *text = heard(fd, &ended);
    assert_non_null(strstr(text, "HTTP/1.1 503 "));
    assert_non_null(strstr(text, "Retry-After: "));
    for (int i = 0; i < 6; i++)
        close(busy[i]);
    close(fd);
}

static void a_slow_head_and_a_slow_body_are_answered_408(void **state)
{
    bool ended;
    (void)state;
    int head = open_from(9, "POST /items HT");
    int body = open_from(8, HEAD "X-Who: a\r\nContent-Length: 9\r\n\r\nhalf");
    turn_for(400);
    (void)heard(head, &ended);
    assert_false(ended);
    turn_for(900);
    assert_non_null(strstr(heard(head, &ended), "HTTP/1.1 408 "));
    assert_true(ended);
    assert_non_null(strstr(heard(body, &ended), "HTTP/1.1 408 "));
    assert_int_equal(world.handled, 0);
    assert_int_equal(http_server_connections(world.server), 0);
    close(head);
    close(body);
}

static void a_head_has_its_limits_too(void **state)
{
    char large[1024];
    struct exchange many = {.send = HEAD "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\nG: 1\r\n"
                                         "Content-Length: 0\r\n\r\n"};
    struct exchange long_one = {.send = large};
    (void)state;
    snprintf(large, sizeof large, HEAD "A: %0400d\r\nContent-Length: 0\r\n\r\n", 0);
    assert_true(run(&many, 1));
    assert_int_equal(many.status, 431);
    assert_true(run(&long_one, 1));
    assert_int_equal(long_one.status, 431);
    assert_int_equal(world.asked, 0);
}

/* The body never needs to come: Expect would have asked for it. */
static void strangers_are_refused_before_their_body_is_read(void **state)
{
    struct exchange exchange = {.send = HEAD "Expect: 100-continue\r\nContent-Length: 4000\r\n"
                                             "Accept-Language: zh-CN\r\n\r\n"};
    (void)state;
    assert_true(run(&exchange, 1));
    assert_int_equal(exchange.status, 401);
    assert_non_null(strstr(exchange.head, "WWW-Authenticate: Bearer"));
    assert_non_null(strstr(exchange.head, "Content-Language: zh"));
    assert_non_null(strstr(exchange.body, "\"title\":\"凭证无效\""));
    assert_int_equal(world.asked, 1);
    assert_int_equal(world.handled, 0);
}

static void a_connection_ends_after_its_last_request(void **state)
{
    struct exchange exchanges[4];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        exchanges[i] = (struct exchange){.send = HEAD "X-Who: a\r\nContent-Length: 1\r\n\r\nx"};
    run(exchanges, 4);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(exchanges[i].status, 200);
    assert_non_null(strstr(exchanges[2].head, "Connection: close"));
    assert_int_equal(exchanges[3].status, 0);
}

static void http_1_0_has_one_request_a_connection(void **state)
{
    struct exchange exchange = {.send =
                                    "POST /items HTTP/1.0\r\nConnection: keep-alive\r\nX-Who: a\r\n"
                                    "Content-Length: 1\r\n\r\nx"};
    (void)state;
    assert_true(run(&exchange, 1));
    assert_int_equal(exchange.status, 200);
}

static void a_retired_server_answers_whom_it_has_and_nobody_new(void **state)
{
    bool ended;
    (void)state;
    int fd = open_from(9, "");
    turn_for(20);
    http_server_retire(world.server);
    turn_for(20);
    static const char request[] = HEAD "X-Who: a\r\nContent-Length: 1\r\n\r\nx";
    assert_true(client_send(fd, request, sizeof request - 1));
    turn_for(20);
    const char *text = heard(fd, &ended);
    assert_non_null(strstr(text, "200 OK"));
    assert_non_null(strstr(text, "Connection: close"));
    assert_true(ended);
    assert_int_equal(client_connect(http_server_port(world.server)), -1);
    close(fd);
}

static void sent_away_longer_while_it_lasts_and_never_all_at_once(void **state)
{
    struct retry_after retry;
    int64_t least = 99, most = 0;
    (void)state;
    retry_after_init(&retry, 5, 60, 1);
    for (int i = 0; i < 200; i++) {
        int64_t wait = retry_after_seconds(&retry, 1000 + i);
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
    }
    assert_int_equal(least, 5);
    assert_int_equal(most, 10);
    for (int64_t t = 1000; t <= 61000; t += 1000)
        assert_in_range(retry_after_seconds(&retry, t), 5, 60);
    assert_in_range(retry_after_seconds(&retry, 61000), 30, 60);
    assert_in_range(retry_after_seconds(&retry, 100000), 5, 10); /* it was over */
    retry_after_init(&retry, 1, 1, 7);
    for (int64_t t = 0; t < 90000; t += 1000)
        assert_int_equal(retry_after_seconds(&retry, t), 1);
}

static void a_trickle_is_late_and_a_slow_line_is_not(void **state)
{
    struct http_limits some = {.body_ms = 60000, .body_rate = 1024};
    struct http_connection one = {.begun = true, .phase = HTTP_PHASE_BODY, .body = 10};
    (void)state;
    assert_false(http_connection_is_late(&one, &some, 5000));
    assert_true(http_connection_is_late(&one, &some, 5001));
    one.body = 20480;
    assert_false(http_connection_is_late(&one, &some, 20000));
    assert_true(http_connection_is_late(&one, &some, 20001));
    one.phase = HTTP_PHASE_WORK;
    assert_false(http_connection_is_late(&one, &some, 900000));
}

/* Without a socket: who has to go where all six places are taken. */
static void the_one_who_hurts_least_goes(void **state)
{
    static const unsigned char here[HTTP_ADDRESS] = {1}, there[HTTP_ADDRESS] = {2};
    static const enum http_phase phases[] = {HTTP_PHASE_WORK, HTTP_PHASE_BODY, HTTP_PHASE_BODY,
                                             HTTP_PHASE_IDLE, HTTP_PHASE_HEAD, HTTP_PHASE_ANSWER};
    struct http_connections all;
    struct http_connection *victim, *ones[6];
    (void)state;
    http_connections_init(&all, &limits);
    for (int i = 0; i < 6; i++) {
        ones[i] = http_connections_add(&all, 10 + i, i < 3 ? here : there, i);
        http_connection_enter(ones[i], phases[i], i);
    }
    assert_int_equal(http_connections_may_enter(&all, here, &victim), HTTP_ENTRY_FREE);
    assert_ptr_equal(victim, ones[3]); /* idle for longest */
    http_connections_cut(&all, victim);
    http_connections_add(&all, 20, there, 9);
    ones[4]->known = http_connections_find(&all, 20)->known = &limits;
    http_connection_enter(ones[4], HTTP_PHASE_BODY, 0); /* known: not a stranger's body */
    http_connection_enter(http_connections_find(&all, 20), HTTP_PHASE_WORK, 9);
    assert_int_equal(http_connections_may_enter(&all, here, &victim), HTTP_ENTRY_FREE);
    assert_ptr_equal(victim, ones[1]); /* the stranger who has sent longest */
    ones[1]->known = ones[2]->known = &limits;
    assert_int_equal(http_connections_may_enter(&all, here, &victim), HTTP_ENTRY_FULL);
    http_connections_fini(&all);
}

/* A stranger who announces much and sends little keeps nobody out. */
static void a_strangers_promise_is_not_counted(void **state)
{
    static char request[12000];
    bool ended;
    (void)state;
    snprintf(request, sizeof request, HEAD "X-Who: a\r\nContent-Length: 10000\r\n\r\n%010000d", 0);
    http_server_guard(world.server, admit_strangers);
    int stranger = open_from(9, HEAD "Content-Length: 20000\r\n\r\nhalf");
    turn_for(30);
    http_server_guard(world.server, admit);
    int honest = open_from(7, request);
    turn_for(30);
    assert_non_null(strstr(heard(honest, &ended), "200 OK"));
    close(stranger);
    close(honest);
}

#define LIMITS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIMITS_TEST(a_stranger_has_few_places_and_is_told_to_come_back),
        LIMITS_TEST(who_is_known_leaves_the_places_of_strangers),
        LIMITS_TEST(the_oldest_without_a_request_makes_room),
        LIMITS_TEST(a_full_house_answers_503_with_a_time_to_come_back),
        LIMITS_TEST(a_slow_head_and_a_slow_body_are_answered_408),
        LIMITS_TEST(a_head_has_its_limits_too),
        LIMITS_TEST(strangers_are_refused_before_their_body_is_read),
        LIMITS_TEST(a_connection_ends_after_its_last_request),
        LIMITS_TEST(http_1_0_has_one_request_a_connection),
        LIMITS_TEST(a_retired_server_answers_whom_it_has_and_nobody_new),
        cmocka_unit_test(sent_away_longer_while_it_lasts_and_never_all_at_once),
        LIMITS_TEST(a_strangers_promise_is_not_counted),
        cmocka_unit_test(the_one_who_hurts_least_goes),
        cmocka_unit_test(a_trickle_is_late_and_a_slow_line_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
