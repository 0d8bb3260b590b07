/* SPDX-License-Identifier: Apache-2.0 */
/* Where a book's sets lie: written one behind the other on boards, never changed in place. A board
 * of which little is still needed is cleared by writing that little elsewhere. Of all boards of a
 * process only so many bytes stay in memory; what was written longest ago goes to its disk, and is
 * read from there (docs/decisions/0160).
 *
 *   board   | mark len sum bytes | mark len sum bytes | ...        each on a multiple of 8 bytes
 *
 * What a disk gives back is held against its sum: a page that was lost is a stop, never a set.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define SHELF_BOARD                                                                                \
    ((size_t)64 << 10) /* bytes; what is longer has a board of its own, in memory                  \
                        */

struct shelf_disk { /* of whole boards, each under a number; whoever has none leaves it out */
    /* False: there is no room now. */
    bool (*write)(void *context, const char *board, uint32_t *number);
    /* Of what was written. Does not return when it cannot be read. */
    void (*read)(void *context, uint32_t number, size_t from, char *to, size_t len);
    void (*release)(void *context, uint32_t number);
    /* What was read is not what was written. Does not return. */
    void (*spoiled)(void *context, uint32_t number);
    void *context;
    size_t board; /* bytes of each, at most SHELF_BOARD; 0 = that */
};

struct shelf_store; /* of one process, for all its shelves */
struct shelf_store *shelf_store_new(const struct shelf_disk *disk, size_t memory_bytes);
void shelf_store_free(struct shelf_store *store); /* after its shelves */

struct shelf_counts {
    int64_t memory_bytes, disk_bytes; /* of full boards */
    int64_t needed_bytes;             /* of all boards, what somebody holds */
    int64_t reads, refused;           /* of the disk; writes it had no room for */
};
struct shelf_counts shelf_store_counts(const struct shelf_store *store);

/* Who holds what lies at `at`: the place where he has that written down, for it will move; NULL =
 * nobody does any more. */
typedef uint32_t *shelf_holder(void *context, uint32_t mark, uint32_t at);

struct shelf;
/* store NULL: everything stays in memory. */
struct shelf *shelf_new(struct shelf_store *store, shelf_holder *holder, void *context);
void shelf_free(struct shelf *shelf);
/* Where it lies from now on; its holder is told by `mark`. What others hold may move. */
uint32_t shelf_put(struct shelf *shelf, uint32_t mark, struct span bytes);
/* As long as nothing else is put or got. */
struct span shelf_get(struct shelf *shelf, uint32_t at, size_t len);
/* Nobody holds it any more. */
void shelf_drop(struct shelf *shelf, uint32_t at, size_t len);
/* Everything that somebody holds, board by board: each is read from the disk once. The callback may
 * drop, not put or get. */
typedef void shelf_visit(void *context, uint32_t *held, struct span bytes);
void shelf_each(struct shelf *shelf, shelf_visit *visit, void *context);
