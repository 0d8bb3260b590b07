/* SPDX-License-Identifier: Apache-2.0 */
/* The scan against yajl, on documents made of pieces and on damaged ones: one takes what the other
 * takes, with the same tree. They differ in this alone, and nothing else is let pass:
 *   - half a surrogate pair. The scan refuses it; yajl writes '?' for a first half, and gives for a
 *     second one, or for a first before another escape, bytes that are no UTF-8.
 *   - vertical tab and form feed between tokens. RFC 8259 has no such blanks; yajl has.
 *   - which fault is named of several: both refuse. Where the scan names one, it is there. */
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

static uint64_t first_seed, seed;
static struct arena scanned, parsed;

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

static int hex(const char *at)
{
    char digits[5] = {at[0], at[1], at[2], at[3], '\0'};
    return (int)strtol(digits, NULL, 16);
}

/* Asked of documents that yajl takes, so escapes are whole and outside of strings there is none. */
static bool has_half_character(struct span in)
{
    for (size_t i = 0; i + 5 < in.len; i++) {
        if (in.at[i] != '\\')
            continue;
        if (in.at[++i] != 'u')
            continue;
        int code = hex(in.at + i + 1);
        if (code < 0xd800 || code > 0xdfff)
            continue;
        bool paired = code < 0xdc00 && i + 10 < in.len && in.at[i + 5] == '\\' &&
                      in.at[i + 6] == 'u' && (hex(in.at + i + 7) & 0xfc00) == 0xdc00;
        if (!paired)
            return true;
        i += 10;
    }
    return false;
}

static void keep(struct span in, const char *what, enum reject by_scan, enum reject by_yajl)
{
    fail_msg("seed %llu: %s (scan: %s, yajl: %s): %.*s", (unsigned long long)first_seed, what,
             reject_name(by_scan), reject_name(by_yajl), SPAN_ARG(in));
}

static const struct json_limits limits = {SIZE_MAX, JSON_MOST_MEMBERS};

/* True when the scan took it. */
static bool agree(struct json_reader *reader, struct span in)
{
    const struct json_value *root, *tree;
    size_t at = SIZE_MAX, bad_at = SIZE_MAX;
    arena_reset(&scanned);
    arena_reset(&parsed);
    enum reject by_scan = json_scan(in, &limits, &scanned, &root, &at);
    enum reject by_yajl = json_parse(reader, in, &parsed, &tree, &bad_at);
    if (root) {
        if (by_yajl != REJECT_NONE)
            keep(in, "only the scan takes it", by_scan, by_yajl);
        same_tree(root, tree);
        return true;
    }
    assert_int_equal(scanned.used, 0);
    assert_true(at <= in.len);
    bool half = by_scan == REJECT_SURROGATE && has_half_character(in);
    bool blank = by_scan == REJECT_NONE && at < in.len && (in.at[at] == '\v' || in.at[at] == '\f');
    if (by_yajl == REJECT_NONE && !half && !blank)
        keep(in, "only yajl takes it", by_scan, by_yajl);
    if (by_scan == REJECT_SURROGATE)
        assert_true(in.at[at] == '\\' && in.at[at + 1] == 'u');
    else if (by_scan == REJECT_NUL)
        assert_memory_equal(in.at + at, "\\u0000", 6);
    else if (by_scan == REJECT_JSON_DUPLICATE)
        assert_int_equal(in.at[at], '"');
    else if (by_scan == REJECT_JSON_DEPTH)
        assert_true(in.at[at] == '[' || in.at[at] == '{');
    else
        assert_int_equal(by_scan, REJECT_NONE);
    return false;
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
    "\f",
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
    "\"\\ud83d\\ude00\"",
    "\"\\uD83D\"",
    "\"\\ude00\"",
    "\\u0000",
    "\\ud83d",
    "\\udE00",
    "\\u00e9",
    "\"\\u00",
    "\"\\\\ud800\"",
    "[[[[[[[[[[[[[[[[",
    "]]]]]]]]]]]]]]]]",
    "{\"a\":\"x\",\"a\":\"x\"}",
    "{\"\\u0061\":1,",
};

static const char *const documents[] = {
    "{\"specversion\":\"1.0\",\"id\":\"abc\",\"data\":{\"lead\":\"s110105001\",\"n\":[1,2,{}]},"
    "\"t\":true}",
    "[{\"工单编号\":\"ZX1\",\"主要内容\":\"第一行\\n第二行,\\\"引号\\\"\",\"空\":\"\",\"数\":-1."
    "5e3}]",
    " { \"a\" : [ ] , \"b\" : { } , \"c\" : null } ",
    "{\"\\u5de5\\u5355\":\"\\u671d\\u9633 "
    "\\ud83d\\ude00\\/\\n\",\"\\u0061\":[\"\\ud800\\udc00\"],\"b\":2}",
};

static void mutate(char *text, size_t *len)
{
    static const char bytes[] = "\"\\{}[],:0123456789eE+-. \n\tabcntrufls/\x01\x1f"
                                "dD8";
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

static void leaves_a_broken_form_to_the_parser(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bad_at;
    } left[] = {
        {"", 0},        {"{} {}", 3},    {"{\"a\":01}", 7}, {"{\"a\":1}x", 7},   {"[1,]", 3},
        {"{\"a\"}", 4}, {"{\"a\":}", 5}, {"[", 1},          {"[\"\\ud8x\"]", 2}, {"nul", 0},
    };
    const struct json_value *root;
    size_t bad_at;
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        arena_reset(&scanned);
        assert_int_equal(json_scan(span_of(left[i].text), &limits, &scanned, &root, &bad_at),
                         REJECT_NONE);
        assert_null(root);
        assert_true(bad_at <= strlen(left[i].text));
    }
}

static void takes_32_levels_and_says_when_memory_ends(void **state)
{
    (void)state;
    const struct json_value *root;
    size_t bad_at;
    char deep[2 * JSON_MOST_DEPTH + 2];
    memset(deep, '[', JSON_MOST_DEPTH + 1);
    memset(deep + JSON_MOST_DEPTH + 1, ']', JSON_MOST_DEPTH + 1);
    assert_int_equal(json_scan(span_from(deep, sizeof deep), &limits, &scanned, &root, &bad_at),
                     REJECT_JSON_DEPTH);
    assert_int_equal(bad_at, JSON_MOST_DEPTH);
    assert_int_equal(
        json_scan(span_from(deep + 1, sizeof deep - 2), &limits, &scanned, &root, &bad_at),
        REJECT_NONE);
    assert_non_null(root);
    for (size_t size = 0; size <= 128; size++) {
        struct arena small;
        arena_init(&small, size);
        enum reject reject = json_scan(SPAN("[\"\\n\"]"), &limits, &small, &root, &bad_at);
        assert_int_equal(reject, root ? REJECT_NONE : REJECT_TOO_LARGE);
        arena_fini(&small);
    }
}

/* SEED=n tries another one than the fixed one, or one that failed, again. */
static int set_up(void **state)
{
    (void)state;
    const char *chosen = getenv("SEED");
    first_seed = chosen ? strtoull(chosen, NULL, 10) : 88172645463325252U;
    seed = first_seed ? first_seed : 1;
    arena_init(&scanned, ARENA);
    arena_init(&parsed, ARENA);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&scanned);
    arena_fini(&parsed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_on_anything),
        cmocka_unit_test(takes_what_records_are),
        cmocka_unit_test(leaves_a_broken_form_to_the_parser),
        cmocka_unit_test(takes_32_levels_and_says_when_memory_ends),
    };
    return cmocka_run_group_tests_name("json_scan", tests, set_up, tear_down);
}
