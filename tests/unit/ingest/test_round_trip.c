/* SPDX-License-Identifier: Apache-2.0 */
/* Laws, on uploads made by lot: what was written in any of our formats and charsets is read as it
 * was, and cut at any byte it is read as the same items. A broken law prints its seed: SEED=n tries
 * it again, and it is kept in `seeds`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/decode.h"
#include "ingest/core/item_reader.h"

enum { UPLOADS = 400, ROWS = 6, COLUMNS = 4, TEXT = 24 };

/* The first is any; those behind it broke a law once. */
static const uint64_t seeds[] = {20260301};

static struct {
    uint64_t seed, state;
    struct strbuf text;
    struct arena arena;
    struct charset_converter *converter;
    struct decode decode;
} world;

static unsigned draw(unsigned below)
{
    world.state ^= world.state << 13;
    world.state ^= world.state >> 7;
    world.state ^= world.state << 17;
    return (unsigned)(world.state >> 33) % below;
}

#define LAW(condition)                                                                             \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("SEED=%llu, line %d: %s", (unsigned long long)world.seed, __LINE__,           \
                     #condition);                                                                  \
    } while (0)

/* Letters that formats and charsets stumble over; some end in a byte that looks like another. */
static const char *const letters[] = {
    "a",  "b", "0", ",", ";",  "|",  "\t", "\"", "\"\"", "\n", "\r", "\r\n", " ", "'",
    "\\", "/", "{", "]", "朝", "阳", "亅", "乗", "€",    "é",  "𠮷", "︐",   "ˊ", "\x01",
};

static struct span draw_text(struct arena *arena)
{
    char *text = arena_take(arena, TEXT * 4);
    size_t len = 0;
    for (unsigned n = draw(4) ? draw(TEXT / 4) : 0; n > 0; n--) {
        const char *letter = letters[draw(ARRAY_LENGTH(letters))];
        memcpy(text + len, letter, strlen(letter));
        len += strlen(letter);
    }
    return span_from(text, len);
}

struct code_table {
    struct csv_form form;
    enum charset charset;
    size_t rows, columns;
    struct span cells[ROWS][COLUMNS]; /* the first row is the header */
};

static const char separators[] = ",;\t|";
static const char *const ends[] = {"\r\n", "\n", "\r"};

static void draw_table(struct code_table *table)
{
    static const char *const names[COLUMNS] = {"编号", "b", "\"c\"", "d|d"};
    unsigned separator = draw(4);
    table->charset = draw(2) ? CHARSET_GB18030 : CHARSET_UTF8;
    table->form = (struct csv_form){separators[separator],
                                    separator == 3 && table->charset == CHARSET_GB18030};
    table->rows = 1 + draw(ROWS);
    table->columns = 2 + draw(COLUMNS - 1);
    for (size_t r = 0; r < table->rows; r++)
        for (size_t c = 0; c < table->columns; c++)
            table->cells[r][c] = r == 0   ? span_of(names[c])
                                 : c == 0 ? SPAN("x")
                                          : draw_text(&world.arena);
}

static struct span write_table(const struct code_table *table)
{
    const char *end = ends[draw(ARRAY_LENGTH(ends))];
    struct span bytes;
    strbuf_reset(&world.text);
    if (draw(3) == 0)
        strbuf_add(&world.text, SPAN("\xEF\xBB\xBF"));
    for (size_t r = 0; r < table->rows; r++) {
        for (size_t c = 0; c < table->columns; c++) {
            if (c > 0)
                strbuf_add_char(&world.text, table->form.separator);
            csv_add_cell(&world.text, table->cells[r][c], table->form.separator);
        }
        if (r + 1 < table->rows || draw(2))
            strbuf_add(&world.text, span_of(end));
        if (draw(5) == 0 && r + 1 < table->rows)
            strbuf_add(&world.text, span_of(end)); /* a blank line is no row */
    }
    LAW(charset_from_utf8(world.converter, table->charset, strbuf_span(&world.text), &world.arena,
                          &bytes) == CHARSET_OK);
    return bytes;
}

static void declare(struct mapping *mapping, const struct code_table *table)
{
    *mapping = (struct mapping){.format = MAPPING_CSV,
                                .charset = table->charset,
                                .separator = table->form.separator,
                                .strict_header = true,
                                .column_count = table->columns};
    for (size_t c = 0; c < table->columns; c++)
        mapping->columns[c] = arena_copy(&world.arena, table->cells[0][c]).at;
}

static void check_rows(const struct code_table *table, struct span bytes)
{
    struct mapping mapping;
    struct framing framing;
    struct framing_item item;
    struct strbuf value;
    strbuf_init(&value, 256, 1 << 16);
    declare(&mapping, table);
    framing_begin_csv(&framing, table->form, bytes, 1, -1);
    for (size_t r = 1; r < table->rows; r++) {
        struct span cells[MAPPING_MAX_COLUMNS];
        struct reject_place place = {.byte_offset = -1};
        LAW(framing_next(&framing, &item));
        LAW(item.row == (int64_t)r);
        strbuf_reset(&value);
        framing_write(&value, &item);
        world.decode.header_mapping = NULL; /* another mapping may lie at the same address */
        world.decode.charset = table->charset;
        enum reject reject =
            decode_csv(&world.decode, &mapping, strbuf_span(&value), &world.arena, cells, &place);
        LAW(reject == REJECT_NONE);
        for (size_t c = 0; c < table->columns; c++)
            LAW(span_equal(cells[c], table->cells[r][c]));
    }
    LAW(!framing_next(&framing, &item));
    strbuf_fini(&value);
}

/* The bytes up to `cut`, then the rest. */
static void check_cut(enum framing_form form, struct csv_form csv, struct span bytes, size_t cut)
{
    struct framing whole;
    struct framing_item one, other;
    struct item_reader reader;
    size_t fed = 0;
    item_reader_init(&reader, form, bytes.len + 1, 1 << 16);
    reader.csv = csv;
    framing_begin(&whole, form, bytes, 1, -1);
    whole.csv = csv;
    for (;;) {
        enum item_reader_step step = item_reader_next(&reader, &other);
        if (step == ITEM_READER_FEED) {
            size_t room, more = fed < cut ? cut - fed : bytes.len - fed;
            memcpy(item_reader_room(&reader, &room), bytes.at + fed, more);
            item_reader_fed(&reader, more);
            fed += more;
            continue;
        }
        LAW(step == ITEM_READER_ITEM || step == ITEM_READER_END);
        LAW((step == ITEM_READER_ITEM) == framing_next(&whole, &one));
        if (step == ITEM_READER_END)
            break;
        LAW(span_equal(one.header, other.header) && span_equal(one.body, other.body));
        LAW(one.row == other.row && one.byte_offset == other.byte_offset);
    }
    item_reader_fini(&reader);
}

static void each_upload(void (*check)(void))
{
    const char *chosen = getenv("SEED");
    for (size_t s = 0; s < ARRAY_LENGTH(seeds); s++)
        for (uint64_t n = 0; n < (chosen ? 1 : UPLOADS); n++) {
            world.seed = chosen ? strtoull(chosen, NULL, 10) : seeds[s] + n;
            world.state = (world.seed + 1) * UINT64_C(0x9E3779B97F4A7C15) | 1;
            arena_reset(&world.arena);
            check();
        }
}

static void check_csv(void)
{
    struct code_table table;
    draw_table(&table);
    struct span bytes = write_table(&table);
    check_rows(&table, bytes);
    for (size_t cut = 0; cut <= bytes.len; cut++)
        check_cut(FRAMING_CSV, table.form, bytes, cut);
}

static void csv_written_in_any_form_reads_back_and_may_be_cut_anywhere(void **state)
{
    (void)state;
    each_upload(check_csv);
}

/* A text as some program may write it: letters as they are, escaped, or as \u. */
static void write_json_text(struct strbuf *out, struct span text)
{
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < 0x80 && (c < 0x20 || c == '"' || c == '\\' || draw(8) == 0))
            strbuf_addf(out, "\\u%04x", c);
        else if (c == 0xe6 && draw(2) && text.len - i >= 3 && memcmp(text.at + i, "朝", 3) == 0) {
            strbuf_add(out, SPAN("\\u671D"));
            i += 2;
        } else if (c == 0xf0 && draw(2)) {
            strbuf_add(out, SPAN("\\ud842\\uDFB7")); /* 𠮷 */
            i += 3;
        } else {
            strbuf_add_char(out, (char)c);
        }
    }
    strbuf_add_char(out, '"');
}

static void blanks(struct strbuf *out)
{
    static const char some[] = " \t\r\n";
    for (unsigned n = draw(3) ? 0 : draw(3); n > 0; n--)
        strbuf_add_char(out, some[draw(4)]);
}

struct object {
    struct span values[COLUMNS];
    bool is_number[COLUMNS];
};

static void write_object(struct strbuf *out, struct object *object, bool one_line)
{
    static const char *const numbers[] = {"0", "-1.50", "1e9", "12345678901234567890123"};
    strbuf_add_char(out, '{');
    for (size_t c = 0; c < COLUMNS; c++) {
        object->is_number[c] = draw(4) == 0;
        object->values[c] = object->is_number[c] ? span_of(numbers[draw(ARRAY_LENGTH(numbers))])
                                                 : draw_text(&world.arena);
        if (!one_line)
            blanks(out);
        strbuf_addf(out, "%s\"c%zu\":", c ? "," : "", c);
        if (object->is_number[c])
            strbuf_add(out, object->values[c]);
        else
            write_json_text(out, object->values[c]);
    }
    strbuf_add(out, SPAN(",\"more\":[1,{\"c0\":null}]}"));
}

static void check_json(void)
{
    struct object objects[ROWS];
    struct framing framing;
    struct framing_item item;
    enum framing_form form = draw(2) ? FRAMING_ARRAY : FRAMING_LINES;
    size_t count = draw(ROWS), bad_at;
    const struct json_value *value;
    strbuf_reset(&world.text);
    strbuf_add(&world.text, form == FRAMING_ARRAY ? SPAN(" [") : SPAN(""));
    for (size_t i = 0; i < count; i++) {
        strbuf_add(&world.text, i == 0                  ? SPAN("")
                                : form == FRAMING_ARRAY ? SPAN(" ,\n")
                                                        : SPAN("\r\n\n"));
        write_object(&world.text, &objects[i], form == FRAMING_LINES);
    }
    strbuf_add(&world.text, form == FRAMING_ARRAY ? SPAN("]\n") : SPAN(""));
    struct span bytes = strbuf_span(&world.text);
    framing_begin(&framing, form, bytes, 1, -1);
    for (size_t i = 0; i < count; i++) {
        LAW(framing_next(&framing, &item));
        LAW(json_read(world.decode.reader, item.body, &world.arena, &value, &bad_at) ==
            REJECT_NONE);
        for (size_t c = 0; c < COLUMNS; c++) {
            char name[8];
            snprintf(name, sizeof name, "c%zu", c);
            const struct json_value *member = json_get(value, span_of(name));
            LAW(member && member->type == (objects[i].is_number[c] ? JSON_NUMBER : JSON_STRING));
            LAW(span_equal(member->text, objects[i].values[c]));
        }
    }
    LAW(!framing_next(&framing, &item));
    for (size_t cut = 0; cut <= bytes.len; cut++)
        check_cut(form, CSV_COMMA, bytes, cut);
}

static void json_written_in_any_way_reads_back_and_may_be_cut_anywhere(void **state)
{
    (void)state;
    each_upload(check_json);
}

static int set_up(void **state)
{
    (void)state;
    strbuf_init(&world.text, 4096, 1 << 20);
    arena_init(&world.arena, 1 << 20);
    world.converter = charset_converter_new();
    decode_init(&world.decode);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    strbuf_fini(&world.text);
    arena_fini(&world.arena);
    charset_converter_free(world.converter);
    decode_fini(&world.decode);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_written_in_any_form_reads_back_and_may_be_cut_anywhere),
        cmocka_unit_test(json_written_in_any_way_reads_back_and_may_be_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
