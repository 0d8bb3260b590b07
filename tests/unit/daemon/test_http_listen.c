/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "daemon/http_server.h"

static uv_loop_t loop;
static struct error error;

static void says_what_is_wrong_with_an_address(void **state)
{
    static const char *const bad[] = {
        "8080",  "localhost:80", "127.0.0.1:70000", "127.0.0.1:", "[::1:80",      "[:80",
        "[]:80", "::1:80",       "127.0.0.1",       ":80",        "127.0.0.1:-1", ""};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_null(http_server_open(&loop, bad[i], NULL, 0, &error));
        assert_int_equal(error.kind, ERROR_CONFIG);
    }
}

static void says_who_may_have_taken_its_port(void **state)
{
    struct http_server *server = http_server_open(&loop, "127.0.0.1:0", NULL, 0, &error);
    char taken[32];
    (void)state;
    assert_non_null(server);
    snprintf(taken, sizeof taken, "127.0.0.1:%d", http_server_port(server));
    assert_null(http_server_open(&loop, taken, NULL, 0, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_non_null(strstr(error.text, taken));
    http_server_close(server, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong_with_an_address),
        cmocka_unit_test(says_who_may_have_taken_its_port),
    };
    uv_loop_init(&loop);
    int failed = cmocka_run_group_tests_name("http_listen", tests, NULL, NULL);
    return uv_loop_close(&loop) == 0 ? failed : 1;
}
