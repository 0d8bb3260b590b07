/* SPDX-License-Identifier: Apache-2.0 */
/* Our own headers are read without a JSON reader; whatever is read that way reads the same with
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "model/raw_header.h"

static uint64_t seed = 88172645463325252U;
static struct json_reader *reader;
static struct arena arena;

static unsigned draw(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % below;
}

static void same_text(struct span a, struct span b)
{
    assert_int_equal(a.at == NULL, b.at == NULL);
    assert_true(span_equal(a, b));
}

static void same(const struct raw_header *a, const struct raw_header *b)
{
    same_text(a->feed, b->feed);
    same_text(a->upload, b->upload);
    same_text(a->content_type, b->content_type);
    same_text(a->charset, b->charset);
    same_text(a->verdict, b->verdict);
    same_text(a->replayof, b->replayof);
    same_text(a->unit, b->unit);
    assert_int_equal(a->mapping, b->mapping);
    assert_int_equal(a->row, b->row);
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->byte_offset, b->byte_offset);
    assert_int_equal(a->received_ms, b->received_ms);
}

static struct span maybe(const char *text)
{
    return draw(4) == 0 ? SPAN_NONE : span_of(text);
}

static int64_t any_number(void)
{
    static const int64_t numbers[] = {0,         1,        9, 10, -1, 20260101, 999999999999999999,
                                      INT64_MAX, INT64_MIN};
    return numbers[draw(ARRAY_LENGTH(numbers))];
}

static struct raw_header any_header(void)
{
    return (struct raw_header){.feed = maybe("hotline"),
                               .mapping = any_number(),
                               .upload = maybe("5feceb66ffc86f38d95278"),
                               .row = any_number(),
                               .rows = any_number(),
                               .byte_offset = any_number(),
                               .received_ms = any_number(),
                               .content_type = maybe("text/csv; charset=gb18030"),
                               .charset = maybe(draw(2) ? "utf-8" : "a \"quoted\" \\ one"),
                               .verdict = maybe("none"),
                               .unit = maybe("朝阳区"),
                               .replayof = maybe("")};
}

static void reads_what_was_written(void **state)
{
    (void)state;
    struct strbuf text;
    strbuf_init(&text, 256, 4096);
    for (int n = 0; n < 20000; n++) {
        struct raw_header written = any_header(), read;
        strbuf_reset(&text);
        raw_header_write(&text, &written);
        arena_reset(&arena);
        assert_int_equal(raw_header_read(reader, strbuf_span(&text), &arena, &read), REJECT_NONE);
        same(&written, &read);
    }
    strbuf_fini(&text);
}

/* A blank in front sends the same text to the JSON reader. */
static bool both_ways(struct span json)
{
    char blank[1100] = " ";
    struct raw_header one, other;
    memcpy(blank + 1, json.at, json.len);
    arena_reset(&arena);
    enum reject first = raw_header_read(reader, json, &arena, &one);
    enum reject second = raw_header_read(reader, span_from(blank, json.len + 1), &arena, &other);
    if (first != second)
        fail_msg("%s and %s: %.*s", reject_name(first), reject_name(second), SPAN_ARG(json));
    if (first == REJECT_NONE)
        same(&one, &other);
    return first == REJECT_NONE;
}

static void damaged_headers_read_as_json_reads_them(void **state)
{
    (void)state;
    struct strbuf text;
    size_t good = 0;
    strbuf_init(&text, 256, 4096);
    for (int n = 0; n < 200000; n++) {
        static const char bytes[] = "\"\\{}:,0129-.e \x01\x7f\xc3\xe4u";
        struct raw_header written = any_header();
        strbuf_reset(&text);
        raw_header_write(&text, &written);
        text.at[draw((unsigned)text.len)] = bytes[draw(sizeof bytes - 1)];
        good += both_ways(span_from(text.at, text.len - (draw(8) == 0)));
    }
    strbuf_fini(&text);
    assert_in_range(good, 20000, 190000);
}

static void a_member_twice_or_elsewhere_reads_as_json_reads_it(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"v\":1,\"received\":5}",
        "{\"v\":1,\"received\":5,\"row\":7}",
        "{\"v\":1,\"row\":7,\"row\":8,\"received\":5}",
        "{\"v\":1,\"row\":\"7\",\"received\":5}",
        "{\"v\":1,\"row\":07,\"received\":5}",
        "{\"v\":1,\"row\":-,\"received\":5}",
        "{\"v\":1,\"row\":1.5,\"received\":5}",
        "{\"v\":1,\"feed\":\"a\",\"received\":5,\"note\":[1]}",
        "{\"v\":2,\"received\":5}",
        "{\"v\":1,\"feed\":\"a\"}",
        "{\"v\":1,\"received\":5}x",
        "{\"v\":1,\"received\":12345678901234567890}",
        "",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        both_ways(span_of(rows[i]));
}

/* What a dead letter says of itself is read back as it was written, whatever the raw header. */
static void a_letter_reads_what_was_written(void **state)
{
    (void)state;
    struct strbuf text;
    strbuf_init(&text, 1024, DEAD_HEADER_MAX);
    for (int i = 0; i < 2000; i++) {
        struct dead_header read, letter = {
                                     .raw = any_header(),
                                     .topic = SPAN("cb.raw"),
                                     .partition = draw(12),
                                     .offset = any_number(),
                                     .why = {.reject = (enum reject)(1 + draw(REJECT_COUNT - 1)),
                                             .column = (long)draw(9),
                                             .byte_offset = (long long)draw(900) - 1},
                                     .record = maybe("N\\1\"7"),
                                     .attempts = 1 + draw(5),
                                     .disposition = SPAN("dead"),
                                 };
        snprintf(letter.why.pointer, sizeof letter.why.pointer, "/受理\\时间/%u", draw(3));
        arena_reset(&arena);
        strbuf_reset(&text);
        dead_header_write(&text, &letter);
        assert_int_equal(dead_header_read(reader, strbuf_span(&text), &arena, &read), REJECT_NONE);
        same(&letter.raw, &read.raw);
        same_text(letter.topic, read.topic);
        same_text(letter.record, read.record);
        same_text(letter.disposition, read.disposition);
        assert_int_equal(letter.partition, read.partition);
        assert_int_equal(letter.offset, read.offset);
        assert_int_equal(letter.attempts, read.attempts);
        assert_int_equal(letter.why.reject, read.why.reject);
        assert_int_equal(letter.why.column, read.why.column);
        assert_int_equal(letter.why.byte_offset, read.why.byte_offset);
        assert_string_equal(letter.why.pointer, read.why.pointer);
    }
    strbuf_fini(&text);
}

static void what_is_no_letter_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "[]",
                                        "{}",
                                        "{\"v\":2,\"received\":1,\"topic\":\"t\"}",
                                        "{\"v\":1,\"topic\":\"t\"}",
                                        "{\"v\":1,\"received\":1}"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct dead_header read;
        arena_reset(&arena);
        assert_int_not_equal(dead_header_read(reader, span_of(texts[i]), &arena, &read),
                             REJECT_NONE);
    }
}

static void the_attempt_of_a_redriven_record_is_counted_on(void **state)
{
    (void)state;
    assert_int_equal(dead_header_attempt(SPAN_NONE), 1);
    assert_int_equal(dead_header_attempt(SPAN("1/234/2")), 2);
    assert_int_equal(dead_header_attempt(SPAN("1/234/17")), 17);
    assert_int_equal(dead_header_attempt(SPAN("1/234/")), 1);
    assert_int_equal(dead_header_attempt(SPAN("1/234/-3")), 1);
    assert_int_equal(dead_header_attempt(SPAN("x")), 1);
}

static int set_up(void **state)
{
    (void)state;
    reader = json_reader_new();
    arena_init(&arena, 1 << 16);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_reader_free(reader);
    arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(damaged_headers_read_as_json_reads_them),
        cmocka_unit_test(a_member_twice_or_elsewhere_reads_as_json_reads_it),
        cmocka_unit_test(a_letter_reads_what_was_written),
        cmocka_unit_test(what_is_no_letter_is_none),
        cmocka_unit_test(the_attempt_of_a_redriven_record_is_counted_on),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
