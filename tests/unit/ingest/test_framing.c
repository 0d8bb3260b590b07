/* SPDX-License-Identifier: Apache-2.0 */
/* Items, rows and offsets of uploads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/framing.h"

#define MAX_ITEMS 16

static size_t frame(enum framing_form form, struct span bytes, struct framing_item *items)
{
    struct framing framing;
    size_t count = 0;
    framing_begin(&framing, form, bytes, 1, -1);
    while (count < MAX_ITEMS && framing_next(&framing, &items[count]))
        count++;
    return count;
}

struct example {
    enum framing_form form;
    const char *text;
    size_t count;
    const char *bodies[4];
};

static const struct example examples[] = {
    {FRAMING_LINES, "{\"a\":1}\n\r\n {\"a\":2}\r\nx", 3, {"{\"a\":1}", " {\"a\":2}", "x"}},
    {FRAMING_ARRAY,
     " [ {\"a\":\"],\\\"[\"} , [1,2],3 ] ",
     3,
     {"{\"a\":\"],\\\"[\"}", "[1,2]", "3"}},
    {FRAMING_ARRAY, "[]", 0, {NULL}},
    {FRAMING_ARRAY, "{\"a\":[1,2]}", 1, {"{\"a\":[1,2]}"}},
    {FRAMING_ARRAY, "[1] 2", 2, {"1", "2"}},
    {FRAMING_ARRAY, "[{\"a\":1", 1, {"{\"a\":1"}},
    {FRAMING_ARRAY,
     "[{\"a\":1},{\"b\":2}",
     3,
     {"{\"a\":1}", "{\"b\":2}", ""}}, /* cut between two */
    {FRAMING_ARRAY, "[{\"a\":1}, ", 2, {"{\"a\":1}", ""}},
    {FRAMING_ARRAY, "[", 1, {""}},
    {FRAMING_ARRAY, "[{\"a\":1}},{\"b\":2},3]", 3, {"{\"a\":1}}", "{\"b\":2}", "3"}},
    {FRAMING_CSV, "h,i\r\n1,\"a\n,\"\"b\"\r\n\r\n2,x", 2, {"1,\"a\n,\"\"b\"", "2,x"}},
    {FRAMING_CSV, "h,i", 0, {NULL}},
    {FRAMING_CSV, "h,i\n,\n1,2\n , \n", 1, {"1,2"}},
    {FRAMING_CSV, "h,i\n1,\"stray\n2,x", 2, {"1,\"stray", "2,x"}},
    {FRAMING_CSV, "\xEF\xBB\xBF\"h\ni\",j\n1,2", 1, {"1,2"}},
    {FRAMING_CSV, "\x84\x31\x95\x33h\n1", 1, {"1"}},
    {FRAMING_CSV, "sep=,\r\nh,i\r\n1,2\r\n", 1, {"1,2"}},
    {FRAMING_ONE, "[1,2]\n", 1, {"[1,2]\n"}},
    {FRAMING_ONE, "", 1, {""}},
};

static void finds_every_item_and_its_offset(void **state)
{
    (void)state;
    for (size_t e = 0; e < ARRAY_LENGTH(examples); e++) {
        struct framing_item items[MAX_ITEMS];
        struct span text = span_of(examples[e].text);
        assert_int_equal(frame(examples[e].form, text, items), examples[e].count);
        for (size_t i = 0; i < examples[e].count; i++) {
            assert_true(span_is(items[i].body, examples[e].bodies[i]));
            assert_int_equal(items[i].row, i + 1);
            assert_ptr_equal(text.at + items[i].byte_offset, items[i].body.at);
        }
    }
}

static void same_items(const struct framing_item *all, const struct framing_item *some,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(span_equal(all[i].header, some[i].header));
        assert_true(span_equal(all[i].body, some[i].body));
        assert_int_equal(all[i].row, some[i].row);
        assert_int_equal(all[i].byte_offset, some[i].byte_offset);
    }
}

/* Split at any byte and read in two windows: the same items, none of them before its end is seen.
 */
static void split_at_any_byte_gives_the_same_items(void **state)
{
    (void)state;
    for (size_t e = 0; e < ARRAY_LENGTH(examples); e++) {
        struct framing_item all[MAX_ITEMS], some[MAX_ITEMS];
        struct span text = span_of(examples[e].text);
        frame(examples[e].form, text, all);
        for (size_t cut = 0; cut <= text.len; cut++) {
            struct framing framing;
            size_t count = 0;
            framing_begin(&framing, examples[e].form, span_from(text.at, cut), 1, -1);
            framing.partial = true;
            while (framing_next(&framing, &some[count]))
                count++;
            size_t at = framing.at;
            framing_move(&framing, span_from(text.at + at, text.len - at), (int64_t)at, false);
            while (framing_next(&framing, &some[count]))
                count++;
            assert_int_equal(count, examples[e].count);
            same_items(all, some, count);
        }
    }
}

static void a_part_keeps_the_files_rows_and_offsets(void **state)
{
    (void)state;
    static const char whole[] = "h\n1\n22\n333\n", part[] = "h\n22\n333\n";
    struct framing_item all[MAX_ITEMS], item;
    struct framing framing;
    frame(FRAMING_CSV, span_of(whole), all);
    framing_begin(&framing, FRAMING_CSV, span_of(part), 2, all[1].byte_offset);
    for (size_t i = 1; i < 3; i++) {
        assert_true(framing_next(&framing, &item));
        assert_int_equal(item.row, all[i].row);
        assert_int_equal(item.byte_offset, all[i].byte_offset);
        assert_true(span_equal(item.body, all[i].body));
    }
    assert_false(framing_next(&framing, &item));
}

static void a_csv_item_can_be_read_alone(void **state)
{
    (void)state;
    struct framing_item items[MAX_ITEMS];
    struct strbuf out;
    strbuf_init(&out, 64, 1024);
    assert_int_equal(frame(FRAMING_CSV, SPAN("\xEF\xBB\xBFh,i\r\n1,2\r\n"), items), 1);
    framing_write(&out, &items[0]);
    assert_true(span_is(strbuf_span(&out), "\xEF\xBB\xBFh,i\n1,2"));
    strbuf_fini(&out);
}

/* A CloudEvent's data in its envelope; what is no single value does not get into one. */
static void one_value_is_enveloped_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *body, *written;
    } rows[] = {
        {"{\"a\":[1,2]}", "{\"id\":1,\"data\":\n{\"a\":[1,2]}}"},
        {"", "{\"id\":1,\"data\":\n}"},
        {"{},\"unit\":\"x\"", "{},\"unit\":\"x\""},
        {"1]", "1]"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct framing framing;
        struct framing_item item;
        struct strbuf out;
        strbuf_init(&out, 64, 1024);
        framing_begin(&framing, FRAMING_ONE, span_of(rows[i].body), 1, -1);
        framing_envelop(&framing, SPAN("{\"id\":1,\"data\":"), SPAN("}"));
        assert_true(framing_next(&framing, &item));
        framing_write(&out, &item);
        assert_string_equal(out.at, rows[i].written);
        assert_int_equal(item.byte_offset, 0);
        assert_false(framing_next(&framing, &item));
        strbuf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_item_and_its_offset),
        cmocka_unit_test(split_at_any_byte_gives_the_same_items),
        cmocka_unit_test(a_part_keeps_the_files_rows_and_offsets),
        cmocka_unit_test(a_csv_item_can_be_read_alone),
        cmocka_unit_test(one_value_is_enveloped_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
