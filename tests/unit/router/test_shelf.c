/* SPDX-License-Identifier: Apache-2.0 */
/* Sets on shelves whose disk is an array: whatever is put, moved and written out, what is got is
 * what was put, and no more stays in memory than may. */
#include "router/core/shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/array_disk.h"
#include "base/base.h"
#include "base/hash.h"
#include "base/memory.h"
#include "router/core/case_book.h"

enum { CASES = 1500, LONGEST = 700, BOARD = ARRAY_DISK_BOARD };

static uint64_t seed = 20260310;

static uint32_t roll(uint32_t below)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(seed >> 33) % below;
}

static struct span id_of(int number, char text[24])
{
    snprintf(text, 24, "request:12345:%d", number);
    return span_of(text);
}

/* What version `n` of that case's set is: long ones now and then. */
static struct span set_of(int number, uint32_t n, char *text)
{
    size_t len = n % 97 == 96 ? BOARD + n % 1000 : 1 + (n * 31 + (uint32_t)number) % LONGEST;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)((uint32_t)number + n * 7 + i);
    return span_from(text, len);
}

struct world {
    struct case_book *books[2];
    uint32_t version[2][CASES]; /* 0 = it is not there */
    char *text;
};

static void check_all(struct world *world)
{
    char id[24];
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < CASES; i++) {
            struct case_entry *entry = case_book_find(world->books[b], id_of(i, id));
            assert_int_equal(entry != NULL, world->version[b][i] != 0);
            if (entry)
                assert_true(span_equal(case_book_get(world->books[b], entry),
                                       set_of(i, world->version[b][i], world->text)));
        }
}

static void change(struct world *world, int b, int i)
{
    char id[24];
    struct case_book *book = world->books[b];
    struct case_entry *entry = case_book_add(book, id_of(i, id));
    if (world->version[b][i] && roll(8) == 0) {
        case_book_remove(book, entry);
        world->version[b][i] = 0;
        return;
    }
    uint32_t next = 1 + roll(100000);
    case_book_set(book, entry, set_of(i, next, world->text), true);
    world->version[b][i] = next;
}

static void live(struct shelf_store *store, int steps)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    world.text = xmalloc((size_t)2 * BOARD);
    for (int b = 0; b < 2; b++)
        world.books[b] = case_book_new(store);
    for (int step = 0; step < steps; step++) {
        change(&world, (int)roll(2), (int)roll(roll(2) ? CASES : 50));
        if (step % 5000 == 0)
            check_all(&world);
    }
    check_all(&world);
    for (int b = 0; b < 2; b++)
        case_book_free(world.books[b]);
    free(world.text);
}

static void what_is_got_is_what_was_put(void **state)
{
    (void)state;
    live(NULL, 30000);
    array_disk_state.room = 0;
    struct shelf_store *store = shelf_store_new(&array_disk, 4 * BOARD);
    live(store, 30000);
    assert_true(shelf_store_counts(store).reads > 1000);
    assert_int_equal(shelf_store_counts(store).refused, 0);
    assert_int_equal(shelf_store_counts(store).needed_bytes, 0);
    assert_int_equal(shelf_store_counts(store).disk_bytes, 0);
    assert_int_equal(array_disk_state.used, 0); /* what nobody holds is given back */
    shelf_store_free(store);
}

static void a_full_disk_costs_memory_and_nothing_else(void **state)
{
    (void)state;
    array_disk_state.room = 3;
    struct shelf_store *store = shelf_store_new(&array_disk, 4 * BOARD);
    live(store, 20000);
    assert_true(shelf_store_counts(store).refused > 0);
    shelf_store_free(store);
}

/* As many sets as a district has in a month, told one after the other: memory has its bound, and
 * what is nobody's any more takes no more than half of what is needed. */
static void only_so_much_stays_in_memory(void **state)
{
    (void)state;
    char id[24], text[LONGEST];
    array_disk_state.room = 0;
    memset(text, 'x', sizeof text);
    struct shelf_store *store = shelf_store_new(&array_disk, 8 * BOARD);
    struct case_book *book = case_book_new(store);
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < 3000; i++) {
            case_book_set(book, case_book_add(book, id_of(i, id)), span_from(text, 400), true);
            struct shelf_counts counts = shelf_store_counts(store);
            assert_true(counts.memory_bytes <= (int64_t)(8 * BOARD));
        }
    struct shelf_counts counts = shelf_store_counts(store);
    assert_int_equal(counts.needed_bytes, 3000 * 416);
    assert_true(counts.disk_bytes < counts.needed_bytes * 8 / 5 + (int64_t)(8 * BOARD));
    assert_true(counts.disk_bytes + counts.memory_bytes >= counts.needed_bytes * 95 / 100);
    case_book_free(book);
    shelf_store_free(store);
}

/* ---- a disk that loses what it was given ---- */

enum { ON_DISK = 40 };

static struct case_book *on_disk(struct shelf_store *store)
{
    char id[24], text[LONGEST];
    struct case_book *book = case_book_new(store);
    for (int i = 0; i < ON_DISK; i++) {
        memset(text, 'a' + i % 26, sizeof text);
        case_book_set(book, case_book_add(book, id_of(i, id)), span_from(text, 300), true);
    }
    return book;
}

/* Reads all; true: it was told that what is read is not what was written. */
static bool is_found_out(struct case_book *book)
{
    char id[24];
    static jmp_buf lost;
    array_disk_state.lost = &lost;
    bool found = setjmp(lost) != 0;
    for (int i = 0; i < ON_DISK && !found; i++) {
        struct case_entry *entry = case_book_find(book, id_of(i, id));
        struct span set = case_book_get(book, entry);
        assert_true(set.len == 300 && set.at[0] == 'a' + i % 26 && set.at[299] == set.at[0]);
    }
    array_disk_state.lost = NULL;
    return found;
}

/* No page that the kernel could not write back, and dropped without a word, is taken for a set:
 * zeroes, one byte, what another board said, or what the same place said before. */
static void what_a_disk_lost_is_found_out(void **state)
{
    (void)state;
    char old[BOARD];
    array_disk_state.room = 0;
    struct shelf_store *store = shelf_store_new(&array_disk, 0);
    struct case_book *book = on_disk(store);
    assert_false(is_found_out(book));
    char *one = array_disk_state.boards[1];
    memcpy(old, one, sizeof old);
    memset(one, 0, BOARD);
    assert_true(is_found_out(book));
    for (size_t at = 0; at < BOARD / 2; at += 37) {
        memcpy(one, old, sizeof old);
        one[at] ^= 4;
        assert_true(is_found_out(book));
    }
    memcpy(one, array_disk_state.boards[2], sizeof old);
    assert_true(is_found_out(book));
    memcpy(one, old, sizeof old);
    case_book_free(book);
    book = on_disk(store); /* the same sets at the same places, written by another time */
    memcpy(array_disk_state.boards[1], old, sizeof old);
    assert_true(is_found_out(book));
    case_book_free(book);
    shelf_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_got_is_what_was_put),
        cmocka_unit_test(a_full_disk_costs_memory_and_nothing_else),
        cmocka_unit_test(only_so_much_stays_in_memory),
        cmocka_unit_test(what_a_disk_lost_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
