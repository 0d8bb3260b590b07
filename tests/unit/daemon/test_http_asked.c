/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler may ask of a request as it was sent: a signature is over these bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base.h"
#include "base/strbuf.h"
#include "daemon/http_server.h"
#include "http_client.h"

static uv_loop_t loop;
static struct http_server *server;
static bool closed;

static bool add_header(void *context, struct span name, struct span value)
{
    strbuf_addf(context, "%.*s=%.*s;", SPAN_ARG(name), SPAN_ARG(value));
    return !span_is(value, "last");
}

static void say(void *context, struct http_request *request)
{
    struct strbuf text;
    char peer[46];
    (void)context;
    strbuf_init(&text, 256, 4096);
    strbuf_add(&text, http_request_target(request));
    http_request_peer(request, peer, sizeof peer);
    strbuf_addf(&text, "|%s|", peer);
    bool all = http_request_each_header(request, add_header, &text);
    strbuf_addf(&text, "|%d", all);
    http_request_answer(request,
                        &(struct http_answer){200, "text/plain", strbuf_span(&text), {{0}}});
    strbuf_fini(&text);
}

static struct http_route routes[] = {{"GET", "/say/{what}", 0, say, NULL}};

static int open_server(void **state)
{
    struct error error;
    (void)state;
    uv_loop_init(&loop);
    server = http_server_open(&loop, "127.0.0.1:0", routes, ARRAY_LENGTH(routes), &error);
    return server ? 0 : 1;
}

static void on_closed(void *context)
{
    (void)context;
    closed = true;
}

static void ask(const char *send, const char *expected)
{
    struct exchange exchange = {.send = send};
    client_run(&loop, http_server_port(server), &exchange, 1);
    assert_int_equal(exchange.status, 200);
    assert_string_equal(exchange.body, expected);
}

static void the_target_is_as_it_was_sent(void **state)
{
    (void)state;
    ask("GET /say/a%2Fb%20%E4%B8%AD?p=1&&q=x%26y+z&r&s=&s HTTP/1.1\r\nHost: x\r\n\r\n",
        "/say/a%2Fb%20%E4%B8%AD?p=1&&q=x%26y+z&r&s=&s|127.0.0.1|Host=x;|1");
    ask("GET /say/a?? HTTP/1.1\r\nHost: x\r\n\r\n", "/say/a??|127.0.0.1|Host=x;|1");
}

static void headers_come_in_their_order_each_one(void **state)
{
    (void)state;
    ask("GET /say/a HTTP/1.1\r\nHost: x\r\nb:  2\r\nA: 1\r\nb: 1\r\nempty:\r\n\r\n",
        "/say/a|127.0.0.1|Host=x;b=2;A=1;b=1;empty=;|1");
    ask("GET /say/a HTTP/1.1\r\nHost: x\r\nb: last\r\nc: 1\r\n\r\n",
        "/say/a|127.0.0.1|Host=x;b=last;|0");
}

/* The target of one is not the next one's, on one connection and on two. */
static void each_request_has_its_own_target(void **state)
{
    struct exchange exchanges[] = {{.send = "GET /say/1 HTTP/1.1\r\nHost: x\r\n\r\n"},
                                   {.send = "GET /say/2?x HTTP/1.1\r\nHost: x\r\n\r\n"}};
    (void)state;
    client_run(&loop, http_server_port(server), exchanges, ARRAY_LENGTH(exchanges));
    assert_string_equal(exchanges[0].body, "/say/1|127.0.0.1|Host=x;|1");
    assert_string_equal(exchanges[1].body, "/say/2?x|127.0.0.1|Host=x;|1");
}

/* Last: the server ends while a request's head is only half there. */
static void ends_over_a_head_that_never_comes(void **state)
{
    const char head[] = "GET /say/1 HTTP/1.1\r\nHost";
    int fd = client_connect(http_server_port(server));
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, head, sizeof head - 1), sizeof head - 1);
    uint64_t deadline = uv_hrtime() + 100000000;
    while (uv_hrtime() < deadline)
        uv_run(&loop, UV_RUN_NOWAIT);
    http_server_close(server, on_closed, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    close(fd);
    assert_true(closed);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_target_is_as_it_was_sent),
        cmocka_unit_test(headers_come_in_their_order_each_one),
        cmocka_unit_test(each_request_has_its_own_target),
        cmocka_unit_test(ends_over_a_head_that_never_comes),
    };
    return cmocka_run_group_tests_name("http_asked", tests, open_server, NULL);
}
