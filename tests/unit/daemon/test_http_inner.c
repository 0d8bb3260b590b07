/* SPDX-License-Identifier: Apache-2.0 */
/* Questions inside a question: each has its own address and parameters, the person around it, and
 * an answer that goes to who asked. */
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
static struct http_request *around, *kept[4]; /* kept: answered later */
static struct strbuf gathered;
static size_t left, kept_count;
static uv_timer_t timer;
static bool closed;

static bool add_query(void *context, struct span name, struct span value)
{
    strbuf_addf(context, "[%.*s=%.*s]", SPAN_ARG(name), SPAN_ARG(value));
    return true;
}

static void answer_with(struct http_request *request, struct strbuf *text)
{
    http_request_answer(request,
                        &(struct http_answer){200, "text/plain", strbuf_span(text), {{0}}});
}

static void say(void *context, struct http_request *request)
{
    struct strbuf text;
    struct span who = http_request_header(request, "Authorization");
    (void)context;
    strbuf_init(&text, 256, 4096);
    strbuf_addf(&text, "%.*s %.*s", SPAN_ARG(http_request_part(request, 0)), SPAN_ARG(who));
    (void)http_request_each_query(request, add_query, &text);
    strbuf_addf(&text, "%s", http_request_is_inner(request) ? " inner" : "");
    answer_with(request, &text);
    strbuf_fini(&text);
}

static void keep(void *context, struct http_request *request)
{
    (void)context;
    kept[kept_count++] = request;
}

static void on_answered(void *context, const struct http_answer *answer)
{
    (void)context;
    strbuf_addf(&gathered, "%d %.*s\n", answer->status,
                answer->status == 200 ? (int)answer->body.len : 0, answer->body.at);
    if (--left == 0)
        answer_with(around, &gathered);
}

/* Asks what its parameters name, in their order. */
static void ask_inside(void *context, struct http_request *request)
{
    struct span asked[8];
    size_t count = 0;
    char name[] = "a";
    (void)context;
    around = request;
    strbuf_reset(&gathered);
    for (; http_request_query(request, name).at; name[0]++)
        asked[count++] = http_request_query(request, name);
    left = count;
    for (size_t i = 0; i < count; i++)
        http_request_ask(request, asked[i], on_answered, NULL);
}

static void pass_on(void *context, const struct http_answer *answer)
{
    http_request_answer(context, answer);
}

static void ask_deeper(void *context, struct http_request *request)
{
    (void)context;
    http_request_ask(request, SPAN("/say/deep"), pass_on, request);
}

static struct http_route routes[] = {{"GET", "/deeper", 0, ask_deeper, NULL},
                                     {"GET", "/say/{what}", 0, say, NULL},
                                     {"GET", "/keep", 0, keep, NULL},
                                     {"POST", "/post", 10, say, NULL},
                                     {"GET", "/around", 0, ask_inside, NULL}};

static void answer_kept(uv_timer_t *at)
{
    (void)at;
    while (kept_count > 0)
        http_request_answer(kept[--kept_count],
                            &(struct http_answer){200, "text/plain", SPAN("later"), {{0}}});
}

static int open_server(void **state)
{
    struct error error;
    (void)state;
    strbuf_init(&gathered, 256, 4096);
    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);
    server = http_server_open(&loop, "127.0.0.1:0", routes, ARRAY_LENGTH(routes), &error);
    return server ? 0 : 1;
}

static void ask(const char *query, const char *expected)
{
    char text[1024];
    struct exchange exchange = {.send = text};
    snprintf(text, sizeof text, "GET /around?%s HTTP/1.1\r\nHost: x\r\nAuthorization: me\r\n\r\n",
             query);
    client_run(&loop, http_server_port(server), &exchange, 1);
    assert_int_equal(exchange.status, 200);
    assert_string_equal(exchange.body, expected);
}

static void each_has_its_own_address_and_the_person_around_it(void **state)
{
    (void)state;
    ask("a=/say/one&b=/say/two%3Fp%3D1%26q%3Dx%2526y%2Bz%26r",
        "200 one me inner\n200 two me[p=1][q=x&y z][r=] inner\n");
    ask("a=/say/%25E4%25B8%25AD%3F", "200 \xe4\xb8\xad me inner\n");
    ask("a=/deeper&b=/say/one", "200 deep me inner\n200 one me inner\n");
}

static void what_is_no_address_of_ours_is_refused_inside(void **state)
{
    (void)state;
    ask("a=/nobody&b=/say/one&c=say/one&d=/say/../say/one&e=/say/%25zz&f=/post&g=/say/x%3Fa%3D%25z",
        "404 \n200 one me inner\n400 \n400 \n400 \n404 \n400 \n");
}

static void more_parameters_than_a_request_may_have_are_refused(void **state)
{
    (void)state;
    ask("a=/say/x%3Fa%26b%26c%26d%26e%26f%26g%26h%26i%26j%26k%26l%26m%26n%26o%26p%26q", "400 \n");
}

static void an_answer_may_come_later(void **state)
{
    (void)state;
    uv_timer_start(&timer, answer_kept, 20, 0);
    ask("a=/keep&b=/say/one&c=/keep", "200 one me inner\n200 later\n200 later\n");
}

/* Its answers come all the same and go nowhere. */
static void the_one_around_may_have_left(void **state)
{
    struct exchange exchange = {.send = "GET /around?a=/keep HTTP/1.1\r\nHost: x\r\n\r\n",
                                .leave = true};
    (void)state;
    client_run(&loop, http_server_port(server), &exchange, 1);
    uint64_t deadline = uv_hrtime() + 5000000000;
    while (kept_count == 0 && uv_hrtime() < deadline)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(kept_count, 1);
    answer_kept(NULL);
    assert_int_equal(left, 0);
    ask("a=/say/one", "200 one me inner\n");
}

static void on_closed(void *context)
{
    (void)context;
    closed = true;
}

/* Last: the server ends while one is held inside. */
static void the_server_may_be_gone(void **state)
{
    const char head[] = "GET /around?a=/keep HTTP/1.1\r\nHost: x\r\n\r\n";
    int fd = client_connect(http_server_port(server));
    (void)state;
    assert_int_equal(write(fd, head, sizeof head - 1), sizeof head - 1);
    uint64_t deadline = uv_hrtime() + 5000000000;
    while (kept_count == 0 && uv_hrtime() < deadline)
        uv_run(&loop, UV_RUN_NOWAIT);
    uv_close((uv_handle_t *)&timer, NULL);
    http_server_close(server, on_closed, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    answer_kept(NULL);
    assert_int_equal(left, 0);
    close(fd);
    strbuf_fini(&gathered);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_own_address_and_the_person_around_it),
        cmocka_unit_test(what_is_no_address_of_ours_is_refused_inside),
        cmocka_unit_test(more_parameters_than_a_request_may_have_are_refused),
        cmocka_unit_test(an_answer_may_come_later),
        cmocka_unit_test(the_one_around_may_have_left),
        cmocka_unit_test(the_server_may_be_gone),
    };
    return cmocka_run_group_tests_name("http_inner", tests, open_server, NULL);
}
