/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

static void gives_aligned_zeroed_memory_also_after_reset(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 256);
    for (int round = 0; round < 2; round++) {
        arena_copy(&arena, SPAN("x")); /* leaves an odd mark behind */
        unsigned char *taken = arena_take(&arena, 100);
        assert_non_null(taken);
        assert_int_equal((uintptr_t)taken % 16, 0);
        for (size_t i = 0; i < 100; i++) {
            assert_int_equal(taken[i], 0);
            taken[i] = 0xff;
        }
        arena_reset(&arena);
    }
    arena_fini(&arena);
}

static void says_null_when_full_and_stays_usable(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    assert_non_null(arena_take(&arena, 48));
    assert_null(arena_take(&arena, 17));
    assert_null(arena_take(&arena, SIZE_MAX));
    assert_non_null(arena_take(&arena, 16));
    assert_null(arena_copy(&arena, SPAN("")).at);
    arena_reset(&arena);
    assert_non_null(arena_take(&arena, 64));
    arena_fini(&arena);
}

static void copies_with_a_nul_behind(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    struct span copy = arena_copy(&arena, span_from("abcd", 3));
    assert_int_equal(copy.len, 3);
    assert_string_equal(copy.at, "abc");
    struct span empty = arena_copy(&arena, SPAN(""));
    assert_non_null(empty.at);
    assert_int_equal(empty.len, 0);
    assert_null(arena_copy(&arena, SPAN_NONE).at);
    arena_fini(&arena);
}

static void rewinds_to_a_mark(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    arena_take(&arena, 16);
    size_t mark = arena.used;
    void *first = arena_take(&arena, 32);
    arena_rewind(&arena, mark);
    assert_ptr_equal(arena_take(&arena, 32), first);
    arena_rewind(&arena, 64); /* ahead of used: nothing to give back */
    assert_int_equal(arena.used, 48);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_zeroed_memory_also_after_reset),
        cmocka_unit_test(says_null_when_full_and_stays_usable),
        cmocka_unit_test(copies_with_a_nul_behind),
        cmocka_unit_test(rewinds_to_a_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
