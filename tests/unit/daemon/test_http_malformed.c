/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are none, or that two readers could read in two ways: each is answered with a 4xx
 * (or not at all where there is nothing to answer), never reaches a handler, and the next request
 * is safe. Where the library answers by itself, its status is held here as well
 * (docs/decisions/0011). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "daemon/http_server.h"
#include "http_client.h"

#define POST     "POST /items HTTP/1.1\r\n"
#define HOST     "Host: x\r\n"
#define NEXT     "POST /items HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
#define LONG     80000
#define SMUGGLED "POST /items HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"

static struct {
    uv_loop_t loop;
    struct http_server *server;
    int handled;
    bool closed;
} world;

static void post_items(void *context, struct http_request *request)
{
    (void)context;
    world.handled++;
    http_request_answer(request,
                        &(struct http_answer){.status = 200, .content_type = "text/plain"});
}

static const struct http_route routes[] = {{"POST", "/items", 100, post_items, NULL},
                                           {"GET", "/items", 0, post_items, NULL}};

static int set_up(void **state)
{
    struct error error = {0};
    (void)state;
    memset(&world, 0, sizeof world);
    uv_loop_init(&world.loop);
    world.server =
        http_server_open(&world.loop, "127.0.0.1:0", routes, ARRAY_LENGTH(routes), &error);
    return world.server ? 0 : -1;
}

static void on_closed(void *context)
{
    (void)context;
    world.closed = true;
}

static int tear_down(void **state)
{
    (void)state;
    http_server_close(world.server, on_closed, NULL);
    uv_run(&world.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&world.loop) == 0 && world.closed ? 0 : -1;
}

static bool run(struct exchange *exchanges, size_t count)
{
    return client_run(&world.loop, http_server_port(world.server), exchanges, count);
}

struct row {
    const char *send;
    int status;
    const char *code; /* of our problem body; NULL: the library's own answer */
};

static void assert_answer(const struct row *row, const struct exchange *exchange)
{
    char type[80];
    if (exchange->status != row->status)
        print_message("%.60s\n%s%s\n", row->send, exchange->head, exchange->body);
    assert_int_equal(exchange->status, row->status);
    if (!row->code)
        return;
    snprintf(type, sizeof type, "{\"type\":\"about:blank#%s\",", row->code);
    assert_non_null(strstr(exchange->head, "Content-Type: application/problem+json\r\n"));
    assert_int_equal(strncmp(exchange->body, type, strlen(type)), 0);
}

/* Each on a connection of its own, with a good request on the next. */
static void assert_refused(const struct row *rows, size_t count, bool ends)
{
    for (size_t i = 0; i < count; i++) {
        struct exchange bad = {.send = rows[i].send}, next = {.send = NEXT};
        world.handled = 0;
        bool ended = run(&bad, 1);
        assert_answer(&rows[i], &bad);
        if (ends)
            assert_true(ended);
        assert_int_equal(world.handled, 0);
        run(&next, 1);
        assert_int_equal(next.status, 200);
    }
}

/* Behind each stands what a careless reader would take for a second request. */
static void ends_the_connection_where_the_end_of_a_request_is_in_doubt(void **state)
{
    static const struct row rows[] = {
        {POST "\r\n" SMUGGLED, 400, "bad_host"},
        {POST HOST "Host: y\r\nContent-Length: 1\r\n\r\nx" SMUGGLED, 400, "bad_host"},
        {POST HOST "Content-Length : 1\r\n\r\nx" SMUGGLED, 400, "bad_header"},
        {POST HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" SMUGGLED, 400, "bad_header"},
        {POST HOST "X(: a\r\nContent-Length: 1\r\n\r\nx" SMUGGLED, 400, "bad_header"},
        {POST HOST "X: a\001b\r\nContent-Length: 1\r\n\r\nx" SMUGGLED, 400, "bad_header"},
        {POST HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx" SMUGGLED, 400, "two_lengths"},
        {POST HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED, 400,
         "two_lengths"},
        {POST HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SMUGGLED, 501,
         "transfer_encoding"},
    };
    (void)state;
    assert_refused(rows, ARRAY_LENGTH(rows), true);
}

static void names_what_is_wrong_with_the_rest(void **state)
{
    static const struct row rows[] = {
        {POST HOST "\r\n", 411, "length_required"},
        {"POST /items a HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 400, "bad_address"},
        {"POST http://x/items HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 400, "bad_address"},
        {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400, "bad_address"},
        {"POST /items%0a HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 400, "bad_address"},
        {"PO(T /items HTTP/1.1\r\n" HOST "\r\n", 405, "method_not_allowed"},
        {"POST /items/ HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 404, "not_found"},
        {POST HOST "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 415, "content_encoding"},
    };
    (void)state;
    assert_refused(rows, ARRAY_LENGTH(rows), false);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct exchange both[] = {{.send = rows[i].send}, {.send = NEXT}};
        run(both, 2);
        assert_answer(&rows[i], &both[0]);
        assert_int_equal(both[1].status, 200); /* on the same connection */
    }
}

static void needs_no_host_before_http_1_1(void **state)
{
    struct exchange exchange = {.send = "GET /items HTTP/1.0\r\n\r\n"};
    (void)state;
    assert_true(run(&exchange, 1));
    assert_int_equal(exchange.status, 200);
}

static void the_librarys_own_answers_have_a_status_and_end_the_connection(void **state)
{
    static char header[LONG + 128], address[LONG + 64];
    (void)state;
    snprintf(header, sizeof header, POST HOST "X: %0*d\r\n\r\n", LONG, 0);
    snprintf(address, sizeof address, "GET /%0*d HTTP/1.1\r\n" HOST "\r\n", LONG, 0);
    const struct row rows[] = {
        {POST HOST "no colon\r\n\r\n", 400, NULL},
        {POST HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", 400, NULL},
        {POST HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", 400, NULL},
        {"GET /items\r\n\r\n", 400, NULL},
        {"GET /items HTTP/2.0\r\n" HOST "\r\n", 505, NULL},
        {POST HOST "Content-Length: many\r\n\r\n", 400, NULL},
        {POST HOST "Content-Length: -1\r\n\r\n", 400, NULL},
        {POST HOST "Content-Length: 99999999999999999999999\r\n\r\n", 413, NULL},
        {header, 431, NULL},
        {address, 414, NULL},
    };
    assert_refused(rows, 5, true);
    /* A wrong length is answered with two heads, the last two while they are still being sent. */
    assert_refused(rows + 5, ARRAY_LENGTH(rows) - 5, false);
}

static void what_has_no_request_line_is_closed_without_a_word(void **state)
{
    static const struct row rows[] = {
        {"GET\r\n\r\n", 0, NULL},
        {"\x16\x03\x01\x02\r\n\r\n", 0, NULL},
        {" GET /items HTTP/1.1\r\n" HOST "\r\n", 0, NULL},
    };
    (void)state;
    assert_refused(rows, ARRAY_LENGTH(rows), true);
}

int main(void)
{
#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HTTP_TEST(ends_the_connection_where_the_end_of_a_request_is_in_doubt),
        HTTP_TEST(names_what_is_wrong_with_the_rest),
        HTTP_TEST(needs_no_host_before_http_1_1),
        HTTP_TEST(the_librarys_own_answers_have_a_status_and_end_the_connection),
        HTTP_TEST(what_has_no_request_line_is_closed_without_a_word),
    };
    return cmocka_run_group_tests_name("http_malformed", tests, NULL, NULL);
}
