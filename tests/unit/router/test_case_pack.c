/* SPDX-License-Identifier: Apache-2.0 */
/* What was packed reads back as the same lines, whatever their texts look like; the book finds,
 * forgets and wakes what it was given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "router/core/case_book.h"
#include "router/core/case_pack.h"

static struct arena arena;
static uint64_t seed = 20251125;

static uint64_t roll(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static const char *const ids[] = {"AAAAAAAAAAAAAAAAAAAAAA",  "_-9zZ0AbCdEfGhIjKlMnOg",
                                  "_-9zZ0AbCdEfGhIjKlMnOh", /* not ours */
                                  "AAAAAAAAAAAAAAAAAAAAA=",  "short",
                                  "a line\nfeed|and\\a bar", "AAAAAAAAAAAAAAAAAAAAAAA"};
static const char *const revisions[] = {"",
                                        "0.mgk0000.1.00000000000000aa",
                                        "0.mgk0000.1.00000000000000AA",
                                        "0.mgk0000.1",
                                        "1z141z4.mgk0000.1.00000000000000aa",
                                        "0.mgk0000.0.00000000000000a",
                                        "r 7",
                                        "0.mgk0000.3w5e11264sgsf.ffffffffffffffff"};
static const int64_t times[] = {TIMESTAMP_NONE, INT64_MAX, -1, 0, 1, 48890262528, 1764043200000};
static const char *const texts[] = {
    "",           "R0303",
    "s110105001", "1764043200000",
    "007",        "a text that is longer than what is shared among all lines"};

static struct span pick(const char *const *from, size_t count)
{
    return span_of(from[roll(count)]);
}

static struct case_line any_line(void)
{
    struct case_line line = {
        .id = pick(ids, ARRAY_LENGTH(ids)),
        .revision = pick(revisions, ARRAY_LENGTH(revisions)),
        .stage = (int)roll(300),
        .party = (int)roll(200),
        .time_ms = times[roll(ARRAY_LENGTH(times))],
        .recorded_ms = times[roll(ARRAY_LENGTH(times))],
        .live = roll(2),
        .unit = roll(2) ? pick(texts, ARRAY_LENGTH(texts)) : SPAN_NONE,
    };
    for (int i = 0; i < CASE_ATTRIBUTES; i++)
        if (roll(3) == 0)
            line.attribute[i] = pick(texts, ARRAY_LENGTH(texts));
    if (roll(2))
        line.attribute[CASE_CAUSE] = pick(ids, ARRAY_LENGTH(ids));
    return line;
}

static void assert_same(struct span a, struct span b)
{
    assert_int_equal(a.at == NULL, b.at == NULL);
    assert_true(span_equal(a, b));
}

static void assert_same_line(const struct case_line *a, const struct case_line *b)
{
    assert_same(a->id, b->id);
    assert_same(a->revision, b->revision);
    assert_same(a->unit, b->unit);
    assert_int_equal(a->stage, b->stage);
    assert_int_equal(a->party, b->party);
    assert_int_equal(a->time_ms, b->time_ms);
    assert_int_equal(a->recorded_ms, b->recorded_ms);
    assert_int_equal(a->live, b->live);
    for (int n = 0; n < CASE_ATTRIBUTES; n++)
        assert_same(a->attribute[n], b->attribute[n]);
}

static struct case_set any_set(struct case_line *lines, size_t most)
{
    struct case_set set = {.lines = lines, .count = roll(most + 1)};
    for (size_t i = 0; i < set.count; i++)
        lines[i] = any_line();
    return set;
}

typedef bool read_pack(struct case_set *, struct span, struct arena *);

/* Any set, packed and read back: each line with what came of it. */
static void each_line_read_back(read_pack *read,
                                void (*hold)(struct case_line *, struct case_line *))
{
    struct strbuf packed;
    strbuf_init(&packed, 256, 1 << 20);
    for (int round = 0; round < 20000; round++) {
        struct case_line lines[8];
        struct case_set set = any_set(lines, ARRAY_LENGTH(lines)), again;
        strbuf_reset(&packed);
        case_pack_write(&packed, &set);
        arena_reset(&arena);
        assert_true(read(&again, strbuf_span(&packed), &arena));
        assert_int_equal(again.count, set.count);
        for (size_t i = 0; i < set.count; i++)
            hold(&lines[i], &again.lines[i]);
    }
    strbuf_fini(&packed);
}

static void is_as_it_was(struct case_line *line, struct case_line *again)
{
    assert_same_line(line, again);
}

static void packed_lines_come_back_as_they_were(void **state)
{
    (void)state;
    each_line_read_back(case_pack_read, is_as_it_was);
}

static size_t left_out;

static void lacks_at_most_its_revision(struct case_line *line, struct case_line *again)
{
    if (!again->revision.at && line->revision.len) {
        left_out++;
        line->revision = SPAN_NONE;
    }
    assert_same_line(line, again);
}

static void what_is_to_be_folded_comes_back_without_our_revisions(void **state)
{
    (void)state;
    left_out = 0;
    each_line_read_back(case_pack_read_to_fold, lacks_at_most_its_revision);
    assert_true(left_out > 100);
}

/* From a topic anything may come: what is cut or changed is refused, or is another set. */
static void what_was_cut_or_changed_is_read_to_its_end_or_refused(void **state)
{
    (void)state;
    struct strbuf packed;
    size_t refused = 0;
    strbuf_init(&packed, 256, 1 << 20);
    for (int round = 0; round < 20000; round++) {
        struct case_line lines[4];
        struct case_set set = any_set(lines, ARRAY_LENGTH(lines)), again;
        strbuf_reset(&packed);
        case_pack_write(&packed, &set);
        if (!packed.len)
            continue;
        char *copy = malloc(packed.len); /* no more than is there: a sanitizer sees further */
        assert_non_null(copy);
        memcpy(copy, packed.at, packed.len);
        size_t len = roll(2) ? packed.len : roll(packed.len);
        if (len)
            copy[roll(len)] = (char)roll(256);
        arena_reset(&arena);
        if (!case_pack_read(&again, span_from(copy, len), &arena))
            refused++;
        for (size_t i = 0; i < again.count; i++)
            assert_true(again.lines[i].id.len <= len || again.lines[i].id.len == 22);
        free(copy);
    }
    assert_true(refused > 1000);
    strbuf_fini(&packed);
}

enum { CASES = 600 };

/* Of more beginnings than a book notes. */
static struct span id_of(int number, char text[16])
{
    snprintf(text, 16, number / 2 % 7 ? "c%03d:x:%03d" : "c%03d|x%03d", number / 2, number);
    return span_of(text);
}

/* Against a plain array: timers move, cases come and go. */
static void a_book_wakes_by_due_time_then_id_and_forgets_what_left(void **state)
{
    (void)state;
    static int64_t due[CASES];
    static bool there[CASES];
    struct case_book *book = case_book_new(NULL);
    char text[16], id[CASE_BOOK_MAX_ID];
    size_t count = 0;
    for (int step = 0; step < 20000; step++) {
        int number = (int)roll(CASES);
        struct case_entry *entry = case_book_find(book, id_of(number, text));
        assert_int_equal(entry != NULL, there[number]);
        if (entry && roll(4) == 0) {
            case_book_remove(book, entry);
            there[number] = false;
            count--;
            continue;
        }
        count += !entry;
        entry = case_book_add(book, id_of(number, text));
        there[number] = true;
        due[number] = roll(5) ? (int64_t)roll(50) : TIMESTAMP_NONE;
        case_book_set_timer(book, entry, due[number], number % 7);
        assert_int_equal(case_book_count(book), count);
    }
    for (;;) {
        int first = -1;
        for (int i = 0; i < CASES; i++)
            if (there[i] && due[i] != TIMESTAMP_NONE && due[i] <= 40 &&
                (first < 0 || due[i] < due[first]))
                first = i;
        struct case_entry *entry = case_book_due(book, 40);
        assert_int_equal(entry == NULL, first < 0);
        if (!entry)
            break;
        assert_true(span_equal(case_book_id(book, entry, id), id_of(first, text)));
        assert_int_equal(entry->timer, first % 7);
        due[first] = TIMESTAMP_NONE;
        case_book_set_timer(book, entry, TIMESTAMP_NONE, 0);
    }
    case_book_free(book);
}

static int load(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_lines_come_back_as_they_were),
        cmocka_unit_test(what_is_to_be_folded_comes_back_without_our_revisions),
        cmocka_unit_test(what_was_cut_or_changed_is_read_to_its_end_or_refused),
        cmocka_unit_test(a_book_wakes_by_due_time_then_id_and_forgets_what_left),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
