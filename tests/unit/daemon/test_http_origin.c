/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of other addresses: whose may ask, what their browsers are told first, and that a refusal
 * is readable to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base.h"
#include "daemon/http_origin.h"
#include "daemon/http_server.h"
#include "http_client.h"

#define PAGE "http://127.0.0.1:29340"

static uv_loop_t loop;
static struct http_server *server;
static int guarded;

static void say(void *context, struct http_request *request)
{
    (void)context;
    http_request_answer(request, &(struct http_answer){200, "text/plain", SPAN("said"), {{0}}});
}

static bool admit(void *context, struct http_request *request)
{
    (void)context;
    guarded++;
    if (http_request_header(request, "Authorization").at)
        return true;
    http_request_fail(request, HTTP_PROBLEM_UNAUTHORIZED, NULL);
    return false;
}

static struct http_route routes[] = {{"POST", "/say", 100, say, NULL}};

static int open_server(void **state)
{
    struct error error;
    (void)state;
    uv_loop_init(&loop);
    server = http_server_open(&loop, "127.0.0.1:0", routes, ARRAY_LENGTH(routes), &error);
    if (server)
        http_server_guard(server, admit);
    return server ? 0 : 1;
}

static void on_closed(void *context)
{
    (void)context;
}

static int close_server(void **state)
{
    (void)state;
    http_server_close(server, on_closed, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static struct exchange asked(const char *send)
{
    struct exchange exchange = {.send = send};
    client_run(&loop, http_server_port(server), &exchange, 1);
    return exchange;
}

#define PREFLIGHT(path, origin)                                                                    \
    "OPTIONS " path " HTTP/1.1\r\nHost: x\r\nOrigin: " origin                                      \
    "\r\nAccess-Control-Request-Method: POST\r\n\r\n"

static void nobody_is_let_in_where_nobody_was_named(void **state)
{
    (void)state;
    http_server_share(server, "");
    struct exchange exchange = asked(PREFLIGHT("/say", PAGE));
    assert_int_equal(exchange.status, 405);
    assert_null(strstr(exchange.head, "Access-Control"));
}

static void a_named_page_is_told_what_it_may_send_before_anybody_is_asked_who_he_is(void **state)
{
    (void)state;
    guarded = 0;
    http_server_share(server, "https://brain.example, " PAGE);
    struct exchange exchange = asked(PREFLIGHT("/say", PAGE));
    assert_int_equal(exchange.status, 204);
    assert_int_equal(guarded, 0);
    assert_non_null(strstr(exchange.head, "Access-Control-Allow-Origin: " PAGE "\r\n"));
    assert_non_null(strstr(exchange.head, "Access-Control-Allow-Methods: POST\r\n"));
    assert_non_null(strstr(exchange.head, "Access-Control-Allow-Headers: Authorization, "
                                          "Content-Type, Accept-Language\r\n"));
    assert_non_null(strstr(exchange.head, "Vary: Origin\r\n"));
    assert_null(strstr(exchange.head, "Allow-Credentials"));
    assert_int_equal(asked(PREFLIGHT("/nowhere", PAGE)).status, 404);
}

static void another_page_is_told_nothing(void **state)
{
    static const char *const others[] = {PREFLIGHT("/say", "http://127.0.0.1:2934"),
                                         PREFLIGHT("/say", PAGE "0"), PREFLIGHT("/say", "null"),
                                         PREFLIGHT("/say", "http://brain.example"),
                                         PREFLIGHT("/say", "https://brain.example, " PAGE)};
    (void)state;
    http_server_share(server, "https://brain.example, " PAGE);
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        struct exchange exchange = asked(others[i]);
        assert_int_equal(exchange.status, 405);
        assert_null(strstr(exchange.head, "Access-Control"));
    }
}

static void an_answer_and_a_refusal_can_be_read(void **state)
{
    (void)state;
    http_server_share(server, PAGE);
    struct exchange said = asked("POST /say HTTP/1.1\r\nHost: x\r\nOrigin: " PAGE
                                 "\r\nAuthorization: Bearer t\r\nContent-Length: 1\r\n\r\nx");
    struct exchange refused =
        asked("POST /say HTTP/1.1\r\nHost: x\r\nOrigin: " PAGE "\r\nContent-Length: 1\r\n\r\nx");
    struct exchange direct = asked("POST /say HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n"
                                   "Content-Length: 1\r\n\r\nx");
    assert_int_equal(said.status, 200);
    assert_int_equal(refused.status, 401);
    assert_int_equal(direct.status, 200);
    assert_non_null(strstr(said.head, "Access-Control-Allow-Origin: " PAGE "\r\n"));
    assert_non_null(strstr(refused.head, "Access-Control-Allow-Origin: " PAGE "\r\n"));
    assert_null(strstr(direct.head, "Access-Control"));
}

static void an_origin_is_a_scheme_and_a_host(void **state)
{
    static const char *const good[] = {PAGE, "https://brain.example", "http://[::1]:29340"};
    static const char *const bad[] = {"",
                                      "*",
                                      "http://",
                                      "127.0.0.1:29340",
                                      "http://brain.example/",
                                      "http://Brain.example",
                                      "ftp://brain.example",
                                      "https://*.example",
                                      "http://a b"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
        assert_true(http_origin_is_sound(span_of(good[i])));
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(http_origin_is_sound(span_of(bad[i])));
    assert_false(http_origin_is_of(NULL, span_of(PAGE)));
    assert_false(http_origin_is_of(PAGE, SPAN_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_let_in_where_nobody_was_named),
        cmocka_unit_test(a_named_page_is_told_what_it_may_send_before_anybody_is_asked_who_he_is),
        cmocka_unit_test(another_page_is_told_nothing),
        cmocka_unit_test(an_answer_and_a_refusal_can_be_read),
        cmocka_unit_test(an_origin_is_a_scheme_and_a_host),
    };
    return cmocka_run_group_tests_name("http_origin", tests, open_server, close_server);
}
