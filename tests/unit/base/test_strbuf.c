/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base.h"
#include "base/strbuf.h"

static void adds_every_kind_of_piece(void **state)
{
    (void)state;
    struct strbuf buf;
    strbuf_init(&buf, 4, 1000);
    strbuf_add(&buf, SPAN("ab"));
    strbuf_add(&buf, SPAN_NONE);
    strbuf_add_char(&buf, '|');
    strbuf_add_int(&buf, INT64_MIN);
    strbuf_add_char(&buf, '|');
    strbuf_add_int(&buf, INT64_MAX);
    strbuf_add_char(&buf, '|');
    strbuf_add_padded(&buf, 7, 3);
    strbuf_add_padded(&buf, 1234, 3);
    strbuf_add_padded(&buf, UINT64_MAX, 25);
    strbuf_add_char(&buf, '|');
    strbuf_add_base36(&buf, 0);
    strbuf_add_base36(&buf, 1295);
    strbuf_add_base36(&buf, UINT64_MAX);
    strbuf_addf(&buf, "|%s-%d", "x", 5);
    assert_string_equal(buf.at, "ab|-9223372036854775808|9223372036854775807|"
                                "00712340000018446744073709551615|0zz3w5e11264sgsf|x-5");
    assert_int_equal(buf.len, strlen(buf.at));
    assert_false(strbuf_is_full(&buf));
    strbuf_fini(&buf);
}

static void stops_at_its_limit_and_remembers(void **state)
{
    (void)state;
    struct strbuf buf;
    strbuf_init(&buf, 0, 5);
    strbuf_add(&buf, SPAN("abcde"));
    assert_false(strbuf_is_full(&buf));
    strbuf_reset(&buf);
    strbuf_add(&buf, SPAN("abc"));
    strbuf_add(&buf, SPAN("def"));
    strbuf_add(&buf, SPAN("g")); /* would fit, but something before it is missing */
    assert_true(strbuf_is_full(&buf));
    assert_string_equal(buf.at, "abc");
    strbuf_reset(&buf);
    assert_false(strbuf_is_full(&buf));
    strbuf_addf(&buf, "%d", 123456);
    assert_true(strbuf_is_full(&buf));
    assert_int_equal(buf.len, 0);
    strbuf_fini(&buf);
}

static void keeps_its_memory_between_records(void **state)
{
    (void)state;
    struct strbuf buf;
    strbuf_init(&buf, 8, 10000);
    for (int i = 0; i < 500; i++)
        strbuf_add(&buf, SPAN("0123456789"));
    const char *at = buf.at;
    size_t capacity = buf.capacity;
    strbuf_reset(&buf);
    assert_string_equal(buf.at, "");
    for (int i = 0; i < 500; i++)
        strbuf_add(&buf, SPAN("0123456789"));
    assert_ptr_equal(buf.at, at);
    assert_int_equal(buf.capacity, capacity);
    assert_int_equal(strbuf_span(&buf).len, 5000);
    strbuf_fini(&buf);
}

static void escapes_json_strings(void **state)
{
    (void)state;
    static const struct {
        struct span in;
        const char *out;
    } rows[] = {{SPAN(""), "\"\""},
                {SPAN_NONE, "\"\""},
                {SPAN("a\"b\\c/"), "\"a\\\"b\\\\c/\""},
                {SPAN("\b\t\n\v\f\r"), "\"\\b\\t\\n\\u000b\\f\\r\""},
                {SPAN("\0\x1f\x7f"), "\"\\u0000\\u001f\x7f\""},
                {SPAN("朝阳\n区"), "\"朝阳\\n区\""}};
    struct strbuf buf;
    strbuf_init(&buf, 16, 1000);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        strbuf_reset(&buf);
        strbuf_add_json(&buf, rows[i].in);
        assert_string_equal(buf.at, rows[i].out);
    }
    strbuf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_every_kind_of_piece),
        cmocka_unit_test(stops_at_its_limit_and_remembers),
        cmocka_unit_test(keeps_its_memory_between_records),
        cmocka_unit_test(escapes_json_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
