/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks that are filled from front to back, and a list of what was given back for each size; the
 * first bytes of such a piece are the number of the next. */
#include "router/core/pieces.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CHUNK_BYTES ((size_t)PIECES_UNIT << PIECES_SHIFT)

static size_t rounded(size_t size)
{
    return (size + PIECES_UNIT - 1) / PIECES_UNIT * PIECES_UNIT;
}

static void add_chunk(struct pieces *pieces)
{
    if (pieces->count == pieces->capacity) {
        pieces->capacity = pieces->capacity ? 2 * pieces->capacity : 8;
        pieces->chunks = xrealloc(pieces->chunks, pieces->capacity * sizeof *pieces->chunks);
    }
    assert(pieces->count < (size_t)1 << (32 - PIECES_SHIFT));
    pieces->used = pieces->count ? 0 : PIECES_UNIT; /* number 0 is nobody's */
    pieces->chunks[pieces->count++] = xmalloc(CHUNK_BYTES);
}

uint32_t pieces_take(struct pieces *pieces, size_t size)
{
    size_t bytes = rounded(size);
    assert(bytes > 0 && bytes < PIECES_MOST);
    uint32_t *first = &pieces->free[bytes / PIECES_UNIT], number = *first;
    if (number) {
        memcpy(first, pieces_at(pieces, number), sizeof *first);
    } else {
        if (!pieces->count || pieces->used + bytes > CHUNK_BYTES)
            add_chunk(pieces);
        number = (uint32_t)((pieces->count - 1) << PIECES_SHIFT | pieces->used / PIECES_UNIT);
        pieces->used += bytes;
    }
    memset(pieces_at(pieces, number), 0, bytes);
    return number;
}

void pieces_give(struct pieces *pieces, uint32_t number, size_t size)
{
    uint32_t *first = &pieces->free[rounded(size) / PIECES_UNIT];
    memcpy(pieces_at(pieces, number), first, sizeof *first);
    *first = number;
}

void pieces_fini(struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++)
        free(pieces->chunks[i]);
    free(pieces->chunks);
    *pieces = (struct pieces){0};
}
