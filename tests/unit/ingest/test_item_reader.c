/* SPDX-License-Identifier: Apache-2.0 */
/* A stream in pieces of any size gives the items, rows and offsets of the whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "ingest/core/item_reader.h"

#define MAX_ITEMS 16
#define MOST      64

struct example {
    enum framing_form form;
    const char *text;
};

static const struct example examples[] = {
    {FRAMING_LINES, "{\"a\":1}\n\r\n {\"a\":2}\r\nx"},
    {FRAMING_LINES, "\xEF\xBB\xBF{\"a\":1}\n"},
    {FRAMING_LINES, "\xEF\xBB"},
    {FRAMING_LINES, "a\n\n\n\n\n \n\n   b \n\n"},
    {FRAMING_LINES, ""},
    {FRAMING_ARRAY, " [ {\"a\":\"],\\\"[\"} , [1,2],3 ] "},
    {FRAMING_ARRAY, "[]"},
    {FRAMING_ARRAY, "\xEF\xBB\xBF[1,22,333]\n"},
    {FRAMING_ARRAY, "{\"a\":[1,2]}"},
    {FRAMING_ARRAY, "[1] 2"},
    {FRAMING_ARRAY, "[{\"a\":1"},
    {FRAMING_CSV, "h,i\r\n1,\"a\n,\"\"b\"\r\n\r\n2,x"},
    {FRAMING_CSV, "h,i\r1,2\r\r3,4\r"},
    {FRAMING_CSV, "\xEF\xBB\xBFh,i\n\xB9\xA4,\xB5\xA5\n"},
    {FRAMING_CSV, "h,i"},
    {FRAMING_CSV, "\n\nh\n1\n"},
    {FRAMING_CSV, "h\n\"never closed\n1\n2\n"},
};

/* Feeds pieces of a text until an item or the end is there. */
static enum item_reader_step next(struct item_reader *reader, struct span *rest, size_t piece,
                                  struct framing_item *item)
{
    for (;;) {
        enum item_reader_step step = item_reader_next(reader, item);
        if (step != ITEM_READER_FEED)
            return step;
        size_t room;
        char *at = item_reader_room(reader, &room);
        assert_true(room > 0);
        size_t bytes = piece < rest->len ? piece : rest->len;
        bytes = bytes < room ? bytes : room;
        memcpy(at, rest->at, bytes);
        *rest = span_from(rest->at + bytes, rest->len - bytes);
        item_reader_fed(reader, bytes);
    }
}

static void assert_same(const struct example *example, size_t piece)
{
    struct framing whole;
    struct framing_item one, other;
    struct span text = span_of(example->text), rest = text;
    struct item_reader reader;
    item_reader_init(&reader, example->form, piece, MOST);
    framing_begin(&whole, example->form, text, 1, -1);
    while (framing_next(&whole, &one)) {
        assert_int_equal(next(&reader, &rest, piece, &other), ITEM_READER_ITEM);
        assert_true(span_equal(one.body, other.body));
        assert_true(span_equal(one.header, other.header));
        assert_int_equal(one.row, other.row);
        assert_int_equal(one.byte_offset, other.byte_offset);
    }
    assert_int_equal(next(&reader, &rest, piece, &other), ITEM_READER_END);
    item_reader_fini(&reader);
}

static void pieces_of_any_size_give_the_same_items(void **state)
{
    (void)state;
    for (size_t e = 0; e < ARRAY_LENGTH(examples); e++)
        for (size_t piece = 1; piece <= strlen(examples[e].text) + 1; piece++)
            assert_same(&examples[e], piece);
}

static void reads_the_same_again_after_a_rewind(void **state)
{
    (void)state;
    static const char text[] = "h\n1\n22\n333\n";
    struct item_reader reader;
    struct framing_item item;
    item_reader_init(&reader, FRAMING_CSV, 4, MOST);
    for (int round = 0; round < 2; round++) {
        struct span rest = span_of(text);
        for (int64_t row = 1; row <= (round == 0 ? 2 : 3); row++) {
            assert_int_equal(next(&reader, &rest, 3, &item), ITEM_READER_ITEM);
            assert_int_equal(item.row, row);
            assert_int_equal(item.byte_offset, row == 1 ? 2 : row == 2 ? 4 : 7);
        }
        item_reader_rewind(&reader);
    }
    item_reader_fini(&reader);
}

/* A mark at the very beginning too, before the header was seen. */
static void gives_items_out_again_from_a_mark(void **state)
{
    (void)state;
    struct item_reader reader;
    struct framing_item item;
    struct span rest = SPAN("h\n1\n22\n");
    size_t room;
    item_reader_init(&reader, FRAMING_CSV, 64, MOST);
    memcpy(item_reader_room(&reader, &room), rest.at, rest.len);
    item_reader_fed(&reader, rest.len);
    struct item_reader_mark mark = item_reader_mark(&reader);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(item_reader_next(&reader, &item), ITEM_READER_ITEM);
        assert_true(span_is(item.header, "h"));
        assert_true(span_is(item.body, "1"));
        assert_int_equal(item.row, 1);
        item_reader_return(&reader, &mark);
    }
    item_reader_fini(&reader);
}

/* An item that never ends, with or without its end in the stream: said where it begins, and no more
 * than a few times the bound is held. */
static void an_item_longer_than_the_bound_is_named(void **state)
{
    (void)state;
    static char text[4000];
    memset(text, 'x', sizeof text);
    memcpy(text, "h\n1\n", 4);
    for (size_t end = 100; end <= sizeof text; end += 1950) {
        struct item_reader reader;
        struct framing_item item;
        struct span rest = span_from(text, end);
        item_reader_init(&reader, FRAMING_CSV, 8, MOST);
        assert_int_equal(next(&reader, &rest, 8, &item), ITEM_READER_ITEM);
        assert_int_equal(next(&reader, &rest, 8, &item), ITEM_READER_LONG);
        assert_int_equal(item.row, 2);
        assert_int_equal(item.byte_offset, 4);
        assert_true(reader.capacity <= 4 * MOST);
        item_reader_fini(&reader);
    }
}

static void blanks_without_end_are_not_kept(void **state)
{
    (void)state;
    static char text[4000];
    memset(text, '\n', sizeof text);
    struct item_reader reader;
    struct framing_item item;
    struct span rest = span_from(text, sizeof text);
    item_reader_init(&reader, FRAMING_LINES, 8, MOST);
    assert_int_equal(next(&reader, &rest, 8, &item), ITEM_READER_END);
    assert_true(reader.capacity <= 4 * MOST);
    item_reader_fini(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_any_size_give_the_same_items),
        cmocka_unit_test(reads_the_same_again_after_a_rewind),
        cmocka_unit_test(gives_items_out_again_from_a_mark),
        cmocka_unit_test(an_item_longer_than_the_bound_is_named),
        cmocka_unit_test(blanks_without_end_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
