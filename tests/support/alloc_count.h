/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what is taken from the heap between two marks, by us and by every library: the program's
 * own malloc stands before libc's. Include it in one file of a test. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

static struct {
    bool counting;
    long taken;
} alloc_count;

static void alloc_count_note(void)
{
    alloc_count.taken += alloc_count.counting;
}

static inline void alloc_count_begin(void)
{
    alloc_count.taken = 0;
    alloc_count.counting = true;
}

static inline long alloc_count_end(void)
{
    alloc_count.counting = false;
    return alloc_count.taken;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
int __sanitizer_install_malloc_and_free_hooks(void (*taken)(const volatile void *, size_t),
                                              void (*given)(const volatile void *));

static void alloc_count_taken(const volatile void *at, size_t size)
{
    (void)at;
    (void)size;
    alloc_count_note();
}

static void alloc_count_given(const volatile void *at)
{
    (void)at;
}

__attribute__((constructor)) static void alloc_count_install(void)
{
    __sanitizer_install_malloc_and_free_hooks(alloc_count_taken, alloc_count_given);
}
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *at, size_t size);

void *malloc(size_t size)
{
    alloc_count_note();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    alloc_count_note();
    return __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
    alloc_count_note();
    return __libc_realloc(at, size);
}
#endif
