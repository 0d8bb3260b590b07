/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/strbuf.h"
#include "daemon/http_server.h"
#include "http_client.h"

#define MANY      ((size_t)48 << 20)
#define REQUEST   " HTTP/1.1\r\nHost: x\r\n"
#define GET(path) "GET " path REQUEST "\r\n"

struct world {
    uv_loop_t loop;
    struct http_server *server;
    struct http_request *held[4];
    size_t held_count;
    uv_timer_t later;
    int handled;
    bool closed;
};

static void answer_text(struct http_request *request, int status, struct span text)
{
    http_request_answer(request, &(struct http_answer){status, "text/plain", text, {{0}}});
}

static void get_hello(void *context, struct http_request *request)
{
    struct world *world = context;
    world->handled++;
    http_request_answer(request, &(struct http_answer){.status = 200,
                                                       .content_type = "text/plain",
                                                       .body = SPAN("hello"),
                                                       .more = {{"X-One", "1"}, {"X-Two", "2"}}});
}

/* Says everything a handler can ask. */
static void post_echo(void *context, struct http_request *request)
{
    struct world *world = context;
    struct span body = http_request_body(request), header = http_request_header(request, "x-word");
    struct strbuf text;
    world->handled++;
    strbuf_init(&text, 256, 1 << 20);
    strbuf_addf(&text, "%.*s|%.*s|%.*s|%.*s|", SPAN_ARG(http_request_method(request)),
                SPAN_ARG(http_request_path(request)), SPAN_ARG(http_request_part(request, 0)),
                SPAN_ARG(http_request_query(request, "q")));
    strbuf_addf(&text, "%s%.*s|%zu:%.*s", header.at ? "" : "absent", SPAN_ARG(header), body.len,
                (int)(body.len < 64 ? body.len : 64), body.at);
    answer_text(request, 201, strbuf_span(&text));
    strbuf_fini(&text);
}

static void hold(void *context, struct http_request *request)
{
    struct world *world = context;
    world->handled++;
    assert_true(world->held_count < ARRAY_LENGTH(world->held));
    world->held[world->held_count++] = request;
}

static void answer_all(struct world *world)
{
    for (size_t i = 0; i < world->held_count; i++) {
        assert_true(span_is(http_request_body(world->held[i]), "kept"));
        answer_text(world->held[i], 200, SPAN("later"));
    }
    world->held_count = 0;
}

static void on_later(uv_timer_t *timer)
{
    answer_all(timer->data);
}

static void post_later(void *context, struct http_request *request)
{
    struct world *world = context;
    hold(context, request);
    uv_timer_start(&world->later, on_later, 20, 0);
}

static void on_closed(void *context)
{
    struct world *world = context;
    world->closed = true;
    world->server = NULL;
}

static void on_close_time(uv_timer_t *timer)
{
    struct world *world = timer->data;
    http_server_close(world->server, on_closed, world);
}

static void post_close(void *context, struct http_request *request)
{
    struct world *world = context;
    hold(context, request);
    uv_timer_start(&world->later, on_close_time, 10, 0);
}

static void post_close_now(void *context, struct http_request *request)
{
    struct world *world = context;
    hold(context, request);
    http_server_close(world->server, on_closed, world);
}

static struct http_route routes[] = {
    {"GET", "/hello", 0, get_hello, NULL},
    {"POST", "/v1/feeds/{feed}", 100, post_echo, NULL},
    {"PUT", "/v1/feeds/{feed}", 100, post_echo, NULL},
    {"POST", "/large", MANY, post_echo, NULL},
    {"POST", "/middle", 1 << 20, post_echo, NULL},
    {"POST", "/later", 100, post_later, NULL},
    {"POST", "/hold", 100, hold, NULL},
    {"POST", "/close", 100, post_close, NULL},
    {"POST", "/close_now", 100, post_close_now, NULL},
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct error error = {0};
    uv_loop_init(&world->loop);
    uv_timer_init(&world->loop, &world->later);
    world->later.data = world;
    for (size_t i = 0; i < ARRAY_LENGTH(routes); i++)
        routes[i].context = world;
    world->server =
        http_server_open(&world->loop, "127.0.0.1:0", routes, ARRAY_LENGTH(routes), &error);
    *state = world;
    return world->server ? 0 : -1;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    if (world->server)
        http_server_close(world->server, on_closed, world);
    uv_close((uv_handle_t *)&world->later, NULL);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    int status = uv_loop_close(&world->loop);
    bool clean = status == 0 && world->closed;
    free(world);
    return clean ? 0 : -1;
}

static bool run(struct world *world, struct exchange *exchanges, size_t count)
{
    return client_run(&world->loop, http_server_port(world->server), exchanges, count);
}

static void answers_a_get_and_keeps_the_connection(void **state)
{
    struct exchange exchanges[] = {{.send = GET("/hello")}, {.send = GET("/hello")}};
    assert_false(run(*state, exchanges, 2));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(exchanges[i].status, 200);
        assert_string_equal(exchanges[i].body, "hello");
        assert_non_null(strstr(exchanges[i].head, "Content-Type: text/plain\r\n"));
        assert_non_null(strstr(exchanges[i].head, "X-One: 1\r\n"));
        assert_non_null(strstr(exchanges[i].head, "X-Two: 2\r\n"));
    }
}

static void answers_head_like_get_without_a_body(void **state)
{
    struct exchange exchanges[] = {{.send = "HEAD /hello" REQUEST "\r\n"}, {.send = GET("/hello")}};
    run(*state, exchanges, 2);
    assert_int_equal(exchanges[0].status, 200);
    assert_non_null(strstr(exchanges[0].head, "Content-Length: 5\r\n"));
    assert_int_equal(exchanges[1].status, 200);
}

static void hands_over_body_parts_header_and_query_decoded(void **state)
{
    struct exchange exchange = {.send = "POST /v1/feeds/a%2Fb%20%E4%B8%AD?p=1&q=x%26y+z" REQUEST
                                        "X-Word: w\r\nContent-Length: 4\r\n\r\nbody"};
    run(*state, &exchange, 1);
    assert_int_equal(exchange.status, 201);
    assert_string_equal(exchange.body, "POST|/v1/feeds/a/b 中|a/b 中|x&y z|w|4:body");
}

static void gathers_a_chunked_body(void **state)
{
    struct exchange exchange = {.send =
                                    "PUT /v1/feeds/f" REQUEST "Transfer-Encoding: chunked\r\n\r\n"
                                    "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"};
    run(*state, &exchange, 1);
    assert_int_equal(exchange.status, 201);
    assert_string_equal(exchange.body, "PUT|/v1/feeds/f|f||absent|7:abcdefg");
}

static void gathers_a_body_of_a_megabyte(void **state)
{
    const char *head = "POST /middle" REQUEST "Content-Length: 1048576\r\n\r\n";
    size_t len = strlen(head) + (1 << 20);
    char *text = malloc(len + 1);
    memset(text, 'x', len);
    memcpy(text, head, strlen(head));
    text[len] = '\0';
    struct exchange exchange = {.send = text, .send_len = len};
    run(*state, &exchange, 1);
    free(text);
    assert_int_equal(exchange.status, 201);
    assert_non_null(strstr(exchange.body, "|1048576:xxx"));
}

static void names_unknown_paths_and_wrong_methods(void **state)
{
    struct exchange exchanges[] = {
        {.send = GET("/nowhere")},
        {.send = "DELETE /v1/feeds/f" REQUEST "\r\n"},
        {.send = "POST /hello" REQUEST "Content-Length: 3\r\n\r\nabc"},
        {.send = GET("/hello")},
    };
    assert_false(run(*state, exchanges, 4));
    assert_int_equal(exchanges[0].status, 404);
    assert_non_null(strstr(exchanges[0].head, "application/problem+json"));
    assert_non_null(strstr(exchanges[0].body, "\"type\":\"about:blank#not_found\""));
    assert_int_equal(exchanges[1].status, 405);
    assert_non_null(strstr(exchanges[1].head, "Allow: POST, PUT\r\n"));
    assert_int_equal(exchanges[2].status, 405);
    assert_non_null(strstr(exchanges[2].head, "Allow: GET, HEAD\r\n"));
    assert_int_equal(exchanges[3].status, 200);
}

static void refuses_a_short_body_over_the_limit_and_goes_on(void **state)
{
    char text[512];
    snprintf(text, sizeof text, "POST /v1/feeds/f%sContent-Length: 101\r\n\r\n%0101d", REQUEST, 0);
    struct exchange exchanges[] = {{.send = text}, {.send = GET("/hello")}};
    struct world *world = *state;
    assert_false(run(world, exchanges, 2));
    assert_int_equal(exchanges[0].status, 413);
    assert_non_null(strstr(exchanges[0].body, "\"status\":413"));
    assert_int_equal(exchanges[1].status, 200);
    assert_int_equal(world->handled, 1);
}

static void takes_a_body_of_exactly_the_limit(void **state)
{
    char text[512];
    snprintf(text, sizeof text, "POST /v1/feeds/f%sContent-Length: 100\r\n\r\n%0100d", REQUEST, 0);
    struct exchange exchange = {.send = text};
    run(*state, &exchange, 1);
    assert_int_equal(exchange.status, 201);
}

static void refuses_a_long_body_before_it_is_sent(void **state)
{
    struct exchange exchange = {.send =
                                    "POST /v1/feeds/f" REQUEST "Content-Length: 99999999\r\n\r\n"};
    struct exchange next = {.send = GET("/hello")};
    assert_true(run(*state, &exchange, 1));
    assert_int_equal(exchange.status, 413);
    assert_non_null(strstr(exchange.head, "Connection: close\r\n"));
    run(*state, &next, 1);
    assert_int_equal(next.status, 200);
}

static void refuses_a_body_when_asked_first(void **state)
{
    struct exchange exchange = {.send = "POST /v1/feeds/f" REQUEST
                                        "Expect: 100-continue\r\nContent-Length: 101\r\n\r\n"};
    assert_true(run(*state, &exchange, 1));
    assert_int_equal(exchange.status, 413);
}

static void ends_a_chunked_body_over_the_limit(void **state)
{
    char text[512];
    snprintf(text, sizeof text, "POST /v1/feeds/f%sTransfer-Encoding: chunked\r\n\r\n65\r\n%0101d",
             REQUEST, 0);
    struct world *world = *state;
    struct exchange exchange = {.send = text}, next = {.send = GET("/hello")};
    assert_true(run(world, &exchange, 1));
    assert_int_equal(exchange.status, 413);
    assert_non_null(strstr(exchange.body, "\"type\":\"about:blank#too_large\""));
    assert_int_equal(world->handled, 0);
    run(world, &next, 1);
    assert_int_equal(next.status, 200);
}

static void refuses_what_could_be_read_in_two_ways(void **state)
{
    static const struct {
        const char *send;
        int status;
    } rows[] = {
        {"POST /v1/feeds/f" REQUEST "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc", 400},
        {"POST /v1/feeds/f" REQUEST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
         "0\r\n\r\n",
         400},
        {"POST /v1/feeds/f" REQUEST "Transfer-Encoding: gzip\r\n\r\n", 501},
        {"POST /v1/feeds/f" REQUEST "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 415},
        {GET("/v1/feeds/%zz"), 400},
        {GET("/v1/feeds/%00"), 400},
        {GET("/v1/feeds/%ff"), 400},
        {GET("/v1/../hello"), 400},
        {GET("/hello?q=%"), 400},
        {"GET /hello HTTP/1.1\r\n\r\n", 400},
        {"POST /v1/feeds/f" REQUEST "Content-Length: many\r\n\r\n", 400},
    };
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct exchange exchange = {.send = rows[i].send}, next = {.send = GET("/hello")};
        run(world, &exchange, 1);
        if (exchange.status != rows[i].status)
            print_message("row %zu\n", i);
        assert_int_equal(exchange.status, rows[i].status);
        run(world, &next, 1);
        assert_int_equal(next.status, 200);
    }
    assert_int_equal(world->handled, ARRAY_LENGTH(rows));
}

static void survives_bytes_that_are_no_http(void **state)
{
    static const char *const noise[] = {"\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n", "\r\n\r\n\r\n",
                                        "GET /hello HTTP/9.9\r\nHost: x\r\n\r\n"};
    for (size_t i = 0; i < ARRAY_LENGTH(noise); i++) {
        struct exchange bad = {.send = noise[i]}, next = {.send = GET("/hello")};
        bad.leave = i == 2; /* blank lines before a request are allowed: nothing to answer yet */
        run(*state, &bad, 1);
        assert_true(bad.status == 0 || bad.status >= 400);
        run(*state, &next, 1);
        assert_int_equal(next.status, 200);
    }
}

static void accepts_identity_in_any_case(void **state)
{
    struct exchange exchange = {.send = "POST /v1/feeds/f" REQUEST
                                        "Content-Encoding: Identity\r\nContent-Length: 1\r\n\r\nx"};
    run(*state, &exchange, 1);
    assert_int_equal(exchange.status, 201);
}

static void answers_later(void **state)
{
    const char *post = "POST /later" REQUEST "Content-Length: 4\r\n\r\nkept";
    struct exchange exchanges[] = {{.send = post}, {.send = GET("/hello")}, {.send = post}};
    assert_false(run(*state, exchanges, 3));
    assert_int_equal(exchanges[0].status, 200);
    assert_string_equal(exchanges[0].body, "later");
    assert_int_equal(exchanges[1].status, 200);
    assert_string_equal(exchanges[2].body, "later");
}

static void waits_without_turning_the_loop(void **state)
{
    struct world *world = *state;
    struct exchange exchange = {.send = "POST /hold" REQUEST "Content-Length: 4\r\n\r\nkept",
                                .leave = true};
    run(world, &exchange, 1);
    while (world->held_count == 0)
        uv_run(&world->loop, UV_RUN_ONCE);
    uv_run(&world->loop, UV_RUN_NOWAIT);
    uv_timer_start(&world->later, on_later, 100, 0);
    int turns = 0;
    while (world->held_count > 0) {
        uv_run(&world->loop, UV_RUN_ONCE);
        turns++;
    }
    assert_in_range(turns, 1, 5);
}

static void forgets_a_client_that_left(void **state)
{
    struct world *world = *state;
    struct exchange gone = {.send = "POST /hold" REQUEST "Content-Length: 4\r\n\r\nkept",
                            .leave = true};
    struct exchange half = {.send = "POST /hold" REQUEST "Content-Length: 4\r\n\r\nke",
                            .leave = true};
    struct exchange next = {.send = GET("/hello")};
    run(world, &gone, 1);
    run(world, &half, 1);
    while (world->held_count == 0)
        uv_run(&world->loop, UV_RUN_ONCE);
    assert_int_equal(world->held_count, 1);
    answer_all(world);
    run(world, &next, 1);
    assert_int_equal(next.status, 200);
}

static void bounds_what_all_bodies_hold(void **state)
{
    struct world *world = *state;
    const char *large =
        "POST /large" REQUEST "Expect: 100-continue\r\nContent-Length: 50331648\r\n\r\n";
    struct exchange first = {.send = large, .leave = true}, next = {.send = GET("/hello")};
    int port = http_server_port(world->server), fd = client_connect(port);
    char answer[64] = "";
    client_send(fd, large, strlen(large));
    while (recv(fd, answer, sizeof answer - 1, MSG_DONTWAIT) <= 0)
        uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_non_null(strstr(answer, " 100 "));
    first.leave = false;
    run(world, &first, 1);
    assert_int_equal(first.status, 503);
    assert_non_null(strstr(first.head, "Retry-After: 1\r\n"));
    run(world, &next, 1);
    assert_int_equal(next.status, 200);
    close(fd);
    struct exchange again = {.send = large}; /* the budget came back */
    run(world, &again, 1);
    assert_int_equal(again.status, 100);
}

static void run_until_closed(struct world *world)
{
    while (!world->closed)
        uv_run(&world->loop, UV_RUN_ONCE);
}

static void answers_503_to_what_waits_when_it_closes(void **state)
{
    struct world *world = *state;
    struct exchange exchange = {.send = "POST /close" REQUEST "Content-Length: 4\r\n\r\nkept"};
    assert_true(run(world, &exchange, 1));
    assert_int_equal(exchange.status, 503);
    assert_non_null(strstr(exchange.head, "Connection: close\r\n"));
    assert_non_null(strstr(exchange.body, "about:blank#stopping"));
    run_until_closed(world);
    assert_int_equal(world->held_count, 1);
    answer_all(world); /* its holder answers after the server is gone: nothing happens */
}

static void may_be_closed_from_a_handler(void **state)
{
    struct world *world = *state;
    struct exchange exchange = {.send = "POST /close_now" REQUEST "Content-Length: 4\r\n\r\nkept"};
    assert_true(run(world, &exchange, 1));
    assert_int_equal(exchange.status, 503);
    run_until_closed(world);
    answer_all(world);
}

static void closes_over_a_body_that_never_comes(void **state)
{
    struct world *world = *state;
    const char *half = "POST /hold" REQUEST "Content-Length: 4\r\n\r\nke";
    int fd = client_connect(http_server_port(world->server));
    client_send(fd, half, strlen(half));
    for (int i = 0; i < 20; i++)
        uv_run(&world->loop, UV_RUN_NOWAIT);
    http_server_close(world->server, on_closed, world);
    run_until_closed(world);
    close(fd);
    assert_int_equal(world->handled, 0);
}

static void refuses_connections_after_close(void **state)
{
    struct world *world = *state;
    int port = http_server_port(world->server);
    http_server_close(world->server, on_closed, world);
    run_until_closed(world);
    assert_int_equal(client_connect(port), -1);
}

int main(void)
{
#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HTTP_TEST(answers_a_get_and_keeps_the_connection),
        HTTP_TEST(answers_head_like_get_without_a_body),
        HTTP_TEST(hands_over_body_parts_header_and_query_decoded),
        HTTP_TEST(gathers_a_chunked_body),
        HTTP_TEST(gathers_a_body_of_a_megabyte),
        HTTP_TEST(names_unknown_paths_and_wrong_methods),
        HTTP_TEST(refuses_a_short_body_over_the_limit_and_goes_on),
        HTTP_TEST(takes_a_body_of_exactly_the_limit),
        HTTP_TEST(refuses_a_long_body_before_it_is_sent),
        HTTP_TEST(refuses_a_body_when_asked_first),
        HTTP_TEST(ends_a_chunked_body_over_the_limit),
        HTTP_TEST(refuses_what_could_be_read_in_two_ways),
        HTTP_TEST(survives_bytes_that_are_no_http),
        HTTP_TEST(accepts_identity_in_any_case),
        HTTP_TEST(answers_later),
        HTTP_TEST(waits_without_turning_the_loop),
        HTTP_TEST(forgets_a_client_that_left),
        HTTP_TEST(bounds_what_all_bodies_hold),
        HTTP_TEST(answers_503_to_what_waits_when_it_closes),
        HTTP_TEST(may_be_closed_from_a_handler),
        HTTP_TEST(closes_over_a_body_that_never_comes),
        HTTP_TEST(refuses_connections_after_close),
    };
    return cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
