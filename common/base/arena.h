/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of one record or one load: bump only, given back all at once.
 *
 *   0 .. used      taken
 *   used .. size   free (poisoned under ASan)
 */
#pragma once

#include <stddef.h>

#include "base/span.h"

struct arena {
    char *at; /* owned */
    size_t size;
    size_t used;
};

void arena_init(struct arena *arena, size_t size_bytes);
void arena_fini(struct arena *arena);
void arena_reset(struct arena *arena);
/* 16-byte aligned, zeroed; NULL when full (the caller answers REJECT_TOO_LARGE). */
void *arena_take(struct arena *arena, size_t size);
/* The same, with whatever it held: for what its taker fills before anybody reads it. */
void *arena_take_raw(struct arena *arena, size_t size);
/* Copy with a NUL behind it (not counted); absent when full. */
struct span arena_copy(struct arena *arena, struct span s);
/* Snapshot and return to it: size_t mark = arena->used; ... arena_rewind(arena, mark). */
void arena_rewind(struct arena *arena, size_t mark);
