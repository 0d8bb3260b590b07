/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base.h"
#include "base/csv.h"
#include "base/strbuf.h"

#define MAX_CELLS 8

static struct arena arena;
static struct strbuf buf;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 65536);
    strbuf_init(&buf, 1024, 65536);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    strbuf_fini(&buf);
    return 0;
}

/* All rows of a text of which `first` bytes come first; each as row and a record separator into
 * buf. */
static void frame_all(struct span s, size_t first)
{
    strbuf_reset(&buf);
    size_t at = 0, end = first;
    while (at < s.len) {
        struct span row;
        size_t used = csv_frame(span_from(s.at + at, end - at), end == s.len, &row);
        if (used == 0) {
            assert_true(end < s.len); /* with everything there, something must come */
            end = s.len;
            continue;
        }
        strbuf_add(&buf, row);
        strbuf_add_char(&buf, '\x1e');
        at += used;
    }
}

static void ends_rows_at_crlf_lf_and_cr(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rows;
    } cases[] = {{"a,b\nc\n", "a,b\x1e"
                              "c\x1e"},
                 {"a,b\r\nc", "a,b\x1e"
                              "c\x1e"},
                 {"a\rb\rc\r", "a\x1e"
                               "b\x1e"
                               "c\x1e"},
                 {"a\n\r\nb", "a\x1e\x1e"
                              "b\x1e"},
                 {"", ""},
                 {"\n", "\x1e"},
                 {"\"a\nb\",c\r\nd", "\"a\nb\",c\x1e"
                                     "d\x1e"},
                 {"\"a\r\rb\"\rc", "\"a\r\rb\"\x1e"
                                   "c\x1e"},
                 {"\"a\"\"\nb\"\nc", "\"a\"\"\nb\"\x1e"
                                     "c\x1e"},
                 {"5\" pipe\nnext", "5\" pipe\x1e"
                                    "next\x1e"},
                 {"a, \"x\ny", "a, \"x\x1e"
                               "y\x1e"},
                 {"\"a\"b\nc", "\"a\"b\x1e"
                               "c\x1e"},
                 {"x,\"never closed\ny", "x,\"never closed\x1e"
                                         "y\x1e"},
                 {"1,\"stray\n2,\"good\",x\n3\n", "1,\"stray\x1e"
                                                  "2,\"good\",x\x1e"
                                                  "3\x1e"},
                 {"1,\"a \"b\"\nc\n\"d\ne\"\n", "1,\"a \"b\"\x1e"
                                                "c\x1e"
                                                "\"d\ne\"\x1e"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        frame_all(span_of(cases[i].text), strlen(cases[i].text));
        assert_string_equal(buf.at, cases[i].rows);
    }
}

static void a_quote_opens_behind_the_separator_that_is_named(void **state)
{
    (void)state;
    struct span row, text = SPAN("a;\"b\nc\";d\ne");
    assert_int_equal(csv_frame_by(text, (struct csv_form){';', false}, false, &row), 10);
    assert_true(span_is(row, "a;\"b\nc\";d"));
    assert_int_equal(csv_frame_by(text, CSV_COMMA, false, &row), 5);
}

/* The same bytes in GB18030: the 亅 before the quote ends in a byte that looks like '|'. */
static void a_second_byte_is_no_separator(void **state)
{
    (void)state;
    struct span row, text = SPAN("\x81|\"a\nb\"|c\n");
    size_t cell;
    assert_int_equal(csv_frame_by(text, (struct csv_form){'|', true}, false, &row), 5);
    assert_int_equal(csv_frame_by(text, (struct csv_form){'|', false}, false, &row), 10);
    text = SPAN("\x81\x81|\"a\nb\"|c\n");
    assert_int_equal(csv_frame_by(text, (struct csv_form){'|', true}, false, &row), 11);
    text = SPAN("\x81|x|\x81\x81|y");
    assert_int_equal(csv_cell_offset(text, (struct csv_form){'|', true}, 1), 4);
    assert_int_equal(csv_cell_offset(text, (struct csv_form){'|', true}, 2), 7);
    assert_int_equal(csv_cell_offset(text, (struct csv_form){'|', true}, 3), text.len);
    assert_int_equal(csv_bad_quote(text, (struct csv_form){'|', true}, &cell), text.len);
}

static void names_the_place_of_a_cell_and_of_a_misplaced_quote(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        size_t cell, offset, bad_cell, bad_at;
    } cases[] = {{"a,b,c", 2, 4, 2, 5},          {"\"a,\"\"\",b", 1, 7, 1, 8},
                 {"a,\"x\"y,c", 2, 7, 1, 4},     {"a,b,\"cut", 2, 4, 2, 4},
                 {"a,\"", 1, 2, 1, 2},           {"", 0, 0, 0, 0},
                 {"a,5\",\"\"\"\"", 2, 5, 2, 9}, {"a,b,", 2, 4, 2, 4}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        size_t cell;
        struct span row = span_of(cases[i].row);
        assert_int_equal(csv_cell_offset(row, CSV_COMMA, cases[i].cell), cases[i].offset);
        assert_int_equal(csv_bad_quote(row, CSV_COMMA, &cell), cases[i].bad_at);
        assert_int_equal(cell, cases[i].bad_cell);
    }
}

/* A quote without its partner costs one row, however long the file; a cell is not without end. */
static void a_quoted_cell_ends_within_its_bound(void **state)
{
    (void)state;
    static char text[2 * CSV_CELL_MAX];
    struct span row;
    for (int over = 0; over <= 1; over++) {
        size_t inside = CSV_CELL_MAX - 1 + (size_t)over;
        memset(text, 'x', sizeof text);
        text[0] = text[inside + 1] = '"';
        text[10] = text[inside + 2] = '\n';
        size_t used = csv_frame(span_from(text, sizeof text), false, &row);
        assert_int_equal(used, over ? 11 : inside + 3);
        assert_int_equal(csv_frame(span_from(text, inside + 1), false, &row), over ? 11 : 0);
    }
}

static void rows_of_separators_alone_are_empty(void **state)
{
    (void)state;
    assert_true(csv_is_empty(SPAN(",, ,\t"), ','));
    assert_true(csv_is_empty(SPAN(""), ','));
    assert_false(csv_is_empty(SPAN(",,\"\""), ','));
    assert_false(csv_is_empty(SPAN(";;"), ','));
}

static void waits_for_what_may_follow(void **state)
{
    (void)state;
    struct span row;
    assert_int_equal(csv_frame(SPAN("abc"), false, &row), 0);
    assert_int_equal(csv_frame(SPAN("abc\r"), false, &row), 0);
    assert_int_equal(csv_frame(SPAN("abc\r"), true, &row), 4);
    assert_int_equal(csv_frame(SPAN("abc\r\n"), false, &row), 5);
    assert_int_equal(csv_frame(SPAN("abc\rx"), false, &row), 4);
    assert_int_equal(csv_frame(SPAN("\"abc\n"), false, &row), 0);
    assert_int_equal(csv_frame(SPAN(""), true, &row), 0);
    assert_true(csv_frame(SPAN("abc"), true, &row) == 3 && span_is(row, "abc"));
}

static void gives_the_same_rows_wherever_the_input_is_split(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a,b\r\n\"x\r\ny\",\"q\"\"\r\"\r\rlast,\"\"\r\n", "\r\n\n\r\"\n\"\"\r\n\"\"\"\r\n,\n",
        "5\",\"6\"7\r\n\"\"\"\"\r\"open\r\n", "\xb3\xaf,\"\xd1\xf4\n\"\r\n\xc7\xf8\r"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct span text = span_of(texts[i]);
        char expected[256];
        frame_all(text, text.len);
        span_to_cstr(strbuf_span(&buf), expected, sizeof(expected));
        for (size_t cut = 0; cut < text.len; cut++) {
            frame_all(text, cut);
            assert_string_equal(buf.at, expected);
        }
    }
}

static void splits_cells(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        char separator;
        size_t count;
        const char *cells[5];
    } cases[] = {{"a,b,c", ',', 3, {"a", "b", "c"}},
                 {"", ',', 1, {""}},
                 {",", ',', 2, {"", ""}},
                 {"\"\",x", ',', 2, {"", "x"}},
                 {"\"a,b\",\"c\nd\"", ',', 2, {"a,b", "c\nd"}},
                 {"\"say \"\"yes\"\"\",\"\"\"\"", ',', 2, {"say \"yes\"", "\""}},
                 {"5\",a\"b\"", ',', 2, {"5\"", "a\"b\""}},
                 {" \"a\"", ',', 1, {" \"a\""}},
                 {"工单|\"朝|阳\"|x", '|', 3, {"工单", "朝|阳", "x"}},
                 {"a,b\tc", '\t', 2, {"a,b", "c"}}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct span cells[MAX_CELLS];
        size_t count = 99;
        assert_int_equal(
            csv_split(span_of(cases[i].row), cases[i].separator, cells, MAX_CELLS, &count, &arena),
            CSV_OK);
        assert_int_equal(count, cases[i].count);
        for (size_t j = 0; j < count; j++) {
            assert_non_null(cells[j].at);
            assert_true(span_is(cells[j], cases[i].cells[j]));
        }
    }
}

static void borrows_cells_that_need_no_unescaping(void **state)
{
    (void)state;
    struct span row = SPAN("ab,\"c,d\""), cells[MAX_CELLS];
    size_t count, used = arena.used;
    assert_int_equal(csv_split(row, ',', cells, MAX_CELLS, &count, &arena), CSV_OK);
    assert_ptr_equal(cells[0].at, row.at);
    assert_ptr_equal(cells[1].at, row.at + 4);
    assert_int_equal(arena.used, used);
}

static void refuses_what_it_cannot_split(void **state)
{
    (void)state;
    struct span cells[2];
    size_t count;
    struct arena none;
    arena_init(&none, 1);
    static const struct {
        const char *row;
        enum csv_result result;
    } cases[] = {
        {"a,b,c", CSV_TOO_MANY_CELLS}, {"a,b,", CSV_TOO_MANY_CELLS},  {"\"a", CSV_BAD_QUOTE},
        {"\"", CSV_BAD_QUOTE},         {"\"a\"\"", CSV_BAD_QUOTE},    {"\"a\"b,c", CSV_BAD_QUOTE},
        {"\"a\" ,c", CSV_BAD_QUOTE},   {"\"a\"\"b\"", CSV_NO_MEMORY}, {"a,b", CSV_OK}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_int_equal(csv_split(span_of(cases[i].row), ',', cells, 2, &count, &none),
                         cases[i].result);
    arena_fini(&none);
}

/* Any cells written, framed and split are the cells again. Letters are chosen to be awkward. */
static void reads_back_what_it_wrote(void **state)
{
    (void)state;
    static const char letters[] = "a,\"\r\n;朝\xe5";
    uint32_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        char text[4][8];
        struct span in[4], out[4], row;
        strbuf_reset(&buf);
        arena_reset(&arena);
        for (size_t i = 0; i < 4; i++) {
            seed = seed * 1664525U + 1013904223U;
            in[i] = span_from(text[i], (seed >> 16) % 8);
            for (size_t j = 0; j < in[i].len; j++) {
                seed = seed * 1664525U + 1013904223U;
                text[i][j] = letters[(seed >> 16) % (sizeof(letters) - 1)];
            }
            if (i > 0)
                strbuf_add_char(&buf, ',');
            csv_add_cell(&buf, in[i], ',');
        }
        size_t len = buf.len, count;
        strbuf_add(&buf, SPAN("\r\nnext"));
        assert_int_equal(csv_frame(strbuf_span(&buf), false, &row), len + 2);
        assert_int_equal(csv_split(row, ',', out, 4, &count, &arena), CSV_OK);
        assert_int_equal(count, 4);
        for (size_t i = 0; i < 4; i++)
            assert_true(span_equal(in[i], out[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_rows_at_crlf_lf_and_cr),
        cmocka_unit_test(a_quote_opens_behind_the_separator_that_is_named),
        cmocka_unit_test(a_second_byte_is_no_separator),
        cmocka_unit_test(names_the_place_of_a_cell_and_of_a_misplaced_quote),
        cmocka_unit_test(a_quoted_cell_ends_within_its_bound),
        cmocka_unit_test(rows_of_separators_alone_are_empty),
        cmocka_unit_test(waits_for_what_may_follow),
        cmocka_unit_test(gives_the_same_rows_wherever_the_input_is_split),
        cmocka_unit_test(splits_cells),
        cmocka_unit_test(borrows_cells_that_need_no_unescaping),
        cmocka_unit_test(refuses_what_it_cannot_split),
        cmocka_unit_test(reads_back_what_it_wrote),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
