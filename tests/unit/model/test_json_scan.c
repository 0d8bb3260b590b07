/* SPDX-License-Identifier: Apache-2.0 */
/* The scan and the parser agree: whatever the scan takes, the parser takes with the same tree; and
 * what a record looks like the scan does take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "model/json_scan.h"

enum { DOCUMENTS = 300000, ARENA = 1 << 16 };

static uint64_t seed = 88172645463325252U;

static unsigned draw(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % below;
}

static void same_span(struct span a, struct span b)
{
    assert_int_equal(a.at == NULL, b.at == NULL);
    assert_true(span_equal(a, b));
}

static void same_tree(const struct json_value *a, const struct json_value *b)
{
    for (; a && b; a = a->next, b = b->next) {
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->truth, b->truth);
        assert_int_equal(a->count, b->count);
        same_span(a->text, b->text);
        same_span(a->key, b->key);
        same_tree(a->first, b->first);
    }
    assert_true(!a && !b);
}

/* True when the scan took it. */
static bool agree(struct json_reader *reader, struct span in)
{
    struct arena scanned, parsed;
    const struct json_value *tree;
    size_t bad_at;
    arena_init(&scanned, ARENA);
    arena_init(&parsed, ARENA);
    const struct json_value *root = json_scan(in, &scanned);
    enum reject reject = json_parse(reader, in, &parsed, &tree, &bad_at);
    if (root && reject != REJECT_NONE)
        fail_msg("the parser refuses (%s): %.*s", reject_name(reject), SPAN_ARG(in));
    if (root)
        same_tree(root, tree);
    else
        assert_int_equal(scanned.used, 0);
    arena_fini(&scanned);
    arena_fini(&parsed);
    return root != NULL;
}

static const char *const pieces[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"a\"",
    "\"b\":",
    "\"a\":1",
    "null",
    "true",
    "false",
    "0",
    "-1",
    "01",
    "1.5",
    "1.",
    ".5",
    "1e9",
    "1E+9",
    "-",
    " ",
    "\n",
    "\t",
    "\v",
    "\\",
    "\\n",
    "\\\"",
    "\"\\u4e2d\"",
    "\"\\\\\"",
    "\"中文字段内容\"",
    "\"\\/\\b\\f\\n\\r\\t\"",
    "\"\x01\"",
    "\"long enough for words\"",
    "{}",
    "[]",
    "{\"k\":[1,{\"v\":null}]}",
    "//",
    "nul",
    "tru",
    "\"\\x\"",
    "\"\\",
};

static const char *const documents[] = {
    "{\"specversion\":\"1.0\",\"id\":\"abc\",\"data\":{\"lead\":\"s110105001\",\"n\":[1,2,{}]},"
    "\"t\":true}",
    "[{\"工单编号\":\"ZX1\",\"主要内容\":\"第一行\\n第二行,\\\"引号\\\"\",\"空\":\"\",\"数\":-1."
    "5e3}]",
    " { \"a\" : [ ] , \"b\" : { } , \"c\" : null } ",
};

static void mutate(char *text, size_t *len)
{
    static const char bytes[] = "\"\\{}[],:0123456789eE+-. \n\tabcntrufls/\x01\x1f";
    for (unsigned n = draw(4); n > 0 && *len > 1; n--) {
        size_t at = draw((unsigned)*len);
        if (draw(3) == 0) {
            memmove(text + at, text + at + 1, *len - at - 1);
            (*len)--;
        } else {
            text[at] = bytes[draw(sizeof bytes - 1)];
        }
    }
}

static void agrees_on_anything(void **state)
{
    (void)state;
    struct json_reader *reader = json_reader_new();
    char text[1024];
    long taken = 0;
    for (long i = 0; i < DOCUMENTS; i++) {
        size_t len = 0;
        if (i % 2) {
            const char *from = documents[draw(sizeof documents / sizeof *documents)];
            len = strlen(from);
            memcpy(text, from, len);
        }
        for (unsigned n = i % 2 ? 0 : 1 + draw(12); n > 0; n--) {
            const char *piece = pieces[draw(sizeof pieces / sizeof *pieces)];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        mutate(text, &len);
        char *exact = malloc(len + 1); /* a read behind its end is seen by the sanitizer */
        memcpy(exact, text, len);
        if (utf8_is_valid(span_from(exact, len)))
            taken += agree(reader, span_from(exact, len));
        free(exact);
    }
    assert_true(taken > DOCUMENTS / 20);
    json_reader_free(reader);
}

static void takes_what_records_are(void **state)
{
    (void)state;
    struct json_reader *reader = json_reader_new();
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        assert_true(agree(reader, span_of(documents[i])));
    json_reader_free(reader);
}

static void leaves_to_the_parser(void **state)
{
    (void)state;
    static const char *const left[] = {
        "",        "1",          "\"a\"",      "{\"a\":1,\"a\":2}", "{\"a\":\"\\u4e2d\"}",
        "{} {}",   "{\"a\":01}", "{\"a\":1}x", "{\"a\":\"\x1f\"}",  "[1,]",
        "{\"a\"}", "{\"a\":}",   "[",          "{\"a\":\"b",
    };
    struct arena arena;
    arena_init(&arena, ARENA);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        assert_null(json_scan(span_of(left[i]), &arena));
    char deep[2 * JSON_MOST_DEPTH + 2];
    memset(deep, '[', JSON_MOST_DEPTH + 1);
    memset(deep + JSON_MOST_DEPTH + 1, ']', JSON_MOST_DEPTH + 1);
    assert_null(json_scan(span_from(deep, sizeof deep), &arena));
    assert_non_null(json_scan(span_from(deep + 1, sizeof deep - 2), &arena));
    arena_fini(&arena);
    arena_init(&arena, 64);
    assert_null(json_scan(SPAN("{\"a\":1}"), &arena));
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_on_anything),
        cmocka_unit_test(takes_what_records_are),
        cmocka_unit_test(leaves_to_the_parser),
    };
    return cmocka_run_group_tests_name("json_scan", tests, NULL, NULL);
}
