/* SPDX-License-Identifier: Apache-2.0 */
/* Many small pieces of memory, each known by a number of 32 bits: half of a pointer, and nothing
 * but its own bytes for each. A piece stays where it is until it is given back. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PIECES_MOST ((size_t)1 << 11) /* bytes of one */

#define PIECES_UNIT  8  /* bytes: sizes are rounded up to it */
#define PIECES_SHIFT 12 /* bits of a number that say where in its chunk */

struct pieces {
    char **chunks; /* owned, each of PIECES_UNIT << PIECES_SHIFT bytes */
    size_t count, capacity;
    size_t used;                              /* bytes of the last chunk */
    uint32_t free[PIECES_MOST / PIECES_UNIT]; /* by size: the first of a list; 0 = none */
};

/* Zeroed; never 0. */
uint32_t pieces_take(struct pieces *pieces, size_t size);
/* `size` as it was taken. */
void pieces_give(struct pieces *pieces, uint32_t number, size_t size);
void pieces_fini(struct pieces *pieces);

static inline void *pieces_at(const struct pieces *pieces, uint32_t number)
{
    size_t in_chunk = number & ((UINT32_C(1) << PIECES_SHIFT) - 1);
    return pieces->chunks[number >> PIECES_SHIFT] + in_chunk * PIECES_UNIT;
}
