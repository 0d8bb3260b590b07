/* SPDX-License-Identifier: Apache-2.0 */
/* One block, one mark. The unused part is poisoned under ASan, so a span that outlives its record
 * is caught where it is read and not three records later. */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define POISON(at, size)   __asan_poison_memory_region((at), (size))
#define UNPOISON(at, size) __asan_unpoison_memory_region((at), (size))
#else
#define POISON(at, size)   ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#endif

#define ALIGNMENT 16

void arena_init(struct arena *arena, size_t size_bytes)
{
    *arena = (struct arena){.at = xmalloc(size_bytes), .size = size_bytes};
    POISON(arena->at, arena->size);
}

void arena_fini(struct arena *arena)
{
    UNPOISON(arena->at, arena->size);
    free(arena->at);
    *arena = (struct arena){0};
}

void arena_reset(struct arena *arena)
{
    arena_rewind(arena, 0);
}

void arena_rewind(struct arena *arena, size_t mark)
{
    if (mark >= arena->used)
        return;
    POISON(arena->at + mark, arena->used - mark);
    arena->used = mark;
}

static char *take_from(struct arena *arena, size_t start, size_t size)
{
    if (start > arena->size || size > arena->size - start)
        return NULL;
    arena->used = start + size;
    UNPOISON(arena->at + start, size);
    return arena->at + start;
}

void *arena_take_raw(struct arena *arena, size_t size)
{
    size_t start = (arena->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    return take_from(arena, start, size);
}

void *arena_take(struct arena *arena, size_t size)
{
    char *taken = arena_take_raw(arena, size);
    if (taken != NULL)
        memset(taken, 0, size);
    return taken;
}

struct span arena_copy(struct arena *arena, struct span s)
{
    if (s.at == NULL || s.len == SIZE_MAX)
        return SPAN_NONE;
    char *copy = take_from(arena, arena->used, s.len + 1);
    if (copy == NULL)
        return SPAN_NONE;
    memcpy(copy, s.at, s.len);
    copy[s.len] = '\0';
    return span_from(copy, s.len);
}
