/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept as found by a trigger: the router's own word, with texts for evidence. Who else
 * opens a case may say anything of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "aggregator/core/firing_rows.h"
#include "base/base.h"

static bool is_firing(const char *type, const char *who, const char *data)
{
    char text[1024];
    struct arena arena;
    struct event event;
    struct json_reader *reader = json_reader_new();
    arena_init(&arena, 1 << 16);
    snprintf(text, sizeof text,
             "{\"specversion\":\"1.0\",\"id\":\"i1\",\"source\":\"/router\",\"type\":"
             "\"cn.citybrain.case.%s.v1\",\"subject\":\"proactive:cluster:A1\",\"time\":"
             "\"2026-03-02T03:00:00Z\",\"recordedtime\":\"2026-03-02T03:00:00Z\",\"partitionkey\":"
             "\"proactive:cluster:A1\",\"revision\":\"0.a.1.0000000000000001\",%s,\"data\":%s}",
             type, who, data);
    assert_int_equal(event_read(reader, span_of(text), &arena, &event), REJECT_NONE);
    bool is = firing_rows_is_firing(&event);
    arena_fini(&arena);
    json_reader_free(reader);
    return is;
}

#define ROUTER "\"party\":\"router\""
#define FOUND  "{\"trigger\":\"cluster\",\"evidence\":[\"request:12345:N1\",\"0123\"]}"

static void what_the_router_found_is_a_finding(void **state)
{
    (void)state;
    assert_true(is_firing("opened", ROUTER, FOUND));
    assert_true(is_firing("opened", ROUTER ",\"replayof\":\"r1\"", FOUND));
    assert_true(is_firing("opened", ROUTER, "{\"trigger\":\"cluster\",\"evidence\":[]}"));
    assert_false(is_firing("confirmed", ROUTER, FOUND));
    assert_false(is_firing("opened", ROUTER, "{\"evidence\":[\"request:12345:N1\"]}"));
    assert_false(is_firing("opened", ROUTER, "{\"trigger\":\"cluster\"}"));
}

static void what_others_say_is_none(void **state)
{
    static const char *const others[] = {
        "\"party\":\"source\"",
        "\"party\":\"lead\",\"unit\":\"d_urban\"",
        "\"party\":\"desk\",\"unit\":\"desk\"",
        ROUTER ",\"feed\":\"hotline\"",
        "\"feed\":\"hotline\"",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        assert_false(is_firing("opened", others[i], FOUND));
}

static void evidence_is_texts(void **state)
{
    static const char *const bad[] = {
        "9e-99999",   "\"request:12345:N1\"",        "{\"a\":\"b\"}",           "null",
        "[9e-99999]", "[\"request:12345:N1\",null]", "[[\"request:12345:N1\"]]"};
    char data[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        snprintf(data, sizeof data, "{\"trigger\":\"cluster\",\"evidence\":%s}", bad[i]);
        assert_false(is_firing("opened", ROUTER, data));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_router_found_is_a_finding),
        cmocka_unit_test(what_others_say_is_none),
        cmocka_unit_test(evidence_is_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
