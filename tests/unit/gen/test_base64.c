/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4648 §10, every byte there and back, and what is no base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "gen/base64.h"

static void writes_and_reads_the_vectors_of_the_rfc(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    struct strbuf out;
    strbuf_init(&out, 64, 4096);
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        strbuf_reset(&out);
        base64_write(&out, span_of(vectors[i][0]));
        assert_true(span_is(strbuf_span(&out), vectors[i][1]));
        strbuf_reset(&out);
        assert_true(base64_read(&out, span_of(vectors[i][1])));
        assert_true(span_is(strbuf_span(&out), vectors[i][0]));
    }
    strbuf_fini(&out);
}

static void every_byte_comes_back(void **state)
{
    (void)state;
    char bytes[256];
    struct strbuf text, back;
    strbuf_init(&text, 64, 4096);
    strbuf_init(&back, 64, 4096);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    base64_write(&text, span_from(bytes, sizeof bytes));
    assert_true(base64_read(&back, strbuf_span(&text)));
    assert_true(span_equal(strbuf_span(&back), span_from(bytes, sizeof bytes)));
    strbuf_fini(&text);
    strbuf_fini(&back);
}

static void what_is_no_base64_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Z", "Zg=", "Zg==Zg==", "Z===", "====", "Zm9\n", "Zm9-", "=g=="};
    struct strbuf out;
    strbuf_init(&out, 64, 4096);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_false(base64_read(&out, span_of(bad[i])));
    strbuf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_the_vectors_of_the_rfc),
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(what_is_no_base64_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
