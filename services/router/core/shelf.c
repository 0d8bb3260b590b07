/* SPDX-License-Identifier: Apache-2.0 */
/* A set is written anew with each event of its case, so the boards that are in memory are those of
 * the cases of these days, and a case that is over lies on the disk until somebody asks for it.
 * What is moved goes to boards of its own: it is older than what comes in. */
#include "router/core/shelf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

enum {
    UNIT = 8,
    PLACE_BITS = 13,  /* of a position: where on its board, in units */
    SPARE_BOARDS = 4, /* that may be nobody's before something is cleared */
    MOST_WRITES = 2,  /* because of one that is full: more than one, to catch up with a full disk */
};

struct head {
    uint32_t mark, len;
    uint32_t sum; /* of all on the disk; in memory nothing */
};

struct board {
    struct board *before,
        *after;            /* of those that are full and in memory, by when they were filled */
    char *at;              /* owned; NULL = on the disk */
    uint32_t on_disk;      /* its number there, */
    uint32_t seal;         /* and what tells it from what was there before */
    uint32_t number;       /* on its shelf */
    uint32_t used, needed; /* bytes, of `used` those that somebody holds */
    bool open, alone;      /* alone: one set that is longer than a board */
};

struct shelf_store {
    struct shelf_disk disk;
    size_t board;              /* bytes */
    size_t most, count;        /* full boards in memory */
    struct board first;        /* head of their ring */
    uint32_t seals;            /* boards written out */
    char *spare;               /* owned; the memory of a board that went */
    char scratch[SHELF_BOARD]; /* what was read from the disk */
    struct shelf_counts counts;
};

struct shelf {
    struct shelf_store *store; /* borrowed, or NULL */
    size_t board;              /* bytes */
    shelf_holder *holder;
    void *context;
    struct board **boards; /* owned; by number; NULL = free */
    uint32_t count, capacity, lowest_free;
    struct board *fresh, *moved; /* open, or NULL */
    uint64_t used, needed;
};

struct shelf_store *shelf_store_new(const struct shelf_disk *disk, size_t memory_bytes)
{
    struct shelf_store *store = xcalloc(1, sizeof *store);
    store->disk = *disk;
    store->board = disk->board ? disk->board : SHELF_BOARD;
    store->most = memory_bytes / store->board;
    store->first.before = store->first.after = &store->first;
    return store;
}

void shelf_store_free(struct shelf_store *store)
{
    assert(store->first.after == &store->first);
    free(store->spare);
    free(store);
}

struct shelf_counts shelf_store_counts(const struct shelf_store *store)
{
    return store->counts;
}

static size_t bytes_of(size_t len)
{
    return (sizeof(struct head) + len + UNIT - 1) / UNIT * UNIT;
}

/* ---- what is in memory, and what goes ---- */

static void leave_ring(struct shelf_store *store, struct board *board)
{
    assert(store);
    board->before->after = board->after;
    board->after->before = board->before;
    board->before = board->after = NULL;
    store->count--;
    store->counts.memory_bytes -= (int64_t)store->board;
}

static void join_ring(struct shelf_store *store, struct board *board)
{
    board->before = store->first.before;
    board->after = &store->first;
    board->before->after = board->after->before = board;
    store->count++;
    store->counts.memory_bytes += (int64_t)store->board;
}

static char *take_memory(struct shelf_store *store, size_t size)
{
    char *memory = store && size == store->board ? store->spare : NULL;
    if (memory)
        store->spare = NULL;
    return memory ? memory : xmalloc(size);
}

static void give_memory(struct shelf_store *store, struct board *board)
{
    if (store && !store->spare && !board->alone)
        store->spare = board->at;
    else
        free(board->at);
    board->at = NULL;
}

/* Of the same bytes on another board, or on one that was written before, it is another. */
static uint32_t sum_of(const struct head *head, const char *bytes, uint32_t seal)
{
    uint64_t hash = hash_span(span_from(bytes, head->len));
    hash = (hash ^ head->mark) * 0x9e3779b97f4a7c15u + head->len;
    return (uint32_t)(hash >> 32) ^ seal;
}

static void seal(struct shelf_store *store, struct board *board)
{
    struct head head;
    assert(board->at);
    board->seal = ++store->seals;
    for (size_t from = 0; from < board->used; from += bytes_of(head.len)) {
        memcpy(&head, board->at + from, sizeof head);
        head.sum = sum_of(&head, board->at + from + sizeof head, board->seal);
        memcpy(board->at + from, &head, sizeof head);
    }
}

/* The oldest first. One that the disk has no room for is asked again after the others. */
static void write_out(struct shelf_store *store)
{
    struct board *board = store->first.after;
    leave_ring(store, board);
    seal(store, board);
    if (!store->disk.write(store->disk.context, board->at, &board->on_disk)) {
        store->counts.refused++;
        join_ring(store, board);
        return;
    }
    store->counts.disk_bytes += (int64_t)store->board;
    give_memory(store, board);
}

static void fill(struct shelf *shelf, struct board *board)
{
    board->open = false;
    if (!shelf->store)
        return;
    join_ring(shelf->store, board);
    for (int n = 0; n < MOST_WRITES && shelf->store->count > shelf->store->most; n++)
        write_out(shelf->store);
}

/* ---- boards ---- */

static struct board *add_board(struct shelf *shelf, size_t size)
{
    uint32_t number = shelf->lowest_free;
    while (number < shelf->count && shelf->boards[number])
        number++;
    if (number == shelf->capacity) {
        shelf->capacity = shelf->capacity ? 2 * shelf->capacity : 8;
        shelf->boards = xrealloc(shelf->boards, shelf->capacity * sizeof(struct board *));
    }
    assert(number < UINT32_C(1) << (32 - PLACE_BITS));
    shelf->lowest_free = number + 1;
    shelf->count = number == shelf->count ? number + 1 : shelf->count;
    struct board *board = shelf->boards[number] = xcalloc(1, sizeof *board);
    board->number = number;
    board->at = take_memory(shelf->store, size);
    return board;
}

static void remove_board(struct shelf *shelf, struct board *board)
{
    struct shelf_store *store = shelf->store;
    shelf->used -= board->used;
    shelf->needed -= board->needed;
    if (store)
        store->counts.needed_bytes -= board->needed;
    if (board->before)
        leave_ring(store, board);
    if (board->at) {
        give_memory(store, board);
    } else {
        assert(store); /* whoever has none has all in memory */
        store->disk.release(store->disk.context, board->on_disk);
        store->counts.disk_bytes -= (int64_t)store->board;
    }
    shelf->boards[board->number] = NULL;
    if (board->number < shelf->lowest_free)
        shelf->lowest_free = board->number;
    free(board);
}

static uint32_t write_on(struct shelf *shelf, struct board *board, uint32_t mark, struct span bytes)
{
    struct head head = {.mark = mark, .len = (uint32_t)bytes.len};
    uint32_t at = board->number << PLACE_BITS | board->used / UNIT;
    size_t size = bytes_of(bytes.len);
    memcpy(board->at + board->used, &head, sizeof head);
    memcpy(board->at + board->used + sizeof head, bytes.at, bytes.len);
    board->used += (uint32_t)size;
    board->needed += (uint32_t)size;
    shelf->used += size;
    shelf->needed += size;
    if (shelf->store)
        shelf->store->counts.needed_bytes += (int64_t)size;
    return at;
}

static uint32_t append(struct shelf *shelf, struct board **open, uint32_t mark, struct span bytes)
{
    size_t size = bytes_of(bytes.len);
    if (size > shelf->board) {
        struct board *alone = add_board(shelf, size);
        alone->alone = true;
        return write_on(shelf, alone, mark, bytes);
    }
    if (*open && (*open)->used + size > shelf->board) {
        fill(shelf, *open);
        *open = NULL;
    }
    if (!*open)
        *open = add_board(shelf, shelf->board);
    (*open)->open = true;
    return write_on(shelf, *open, mark, bytes);
}

static void need_less(struct shelf *shelf, struct board *board, size_t len)
{
    size_t size = bytes_of(len);
    board->needed -= (uint32_t)size;
    shelf->needed -= size;
    if (shelf->store)
        shelf->store->counts.needed_bytes -= (int64_t)size;
}

/* ---- clearing ---- */

static struct board *emptiest(const struct shelf *shelf)
{
    struct board *found = NULL;
    for (uint32_t i = 0; i < shelf->count; i++) {
        struct board *board = shelf->boards[i];
        if (board && !board->open && !board->alone && board->needed < board->used &&
            (!found || board->needed < found->needed))
            found = board;
    }
    return found;
}

/* Of what was read of a board on the disk, of which `len` bytes are there: its first set. Says how
 * many bytes that has. */
static size_t check(const struct shelf_store *store, const struct board *board, const char *at,
                    size_t len)
{
    struct head head;
    memcpy(&head, at, sizeof head);
    if (bytes_of(head.len) > len || head.sum != sum_of(&head, at + sizeof head, board->seal))
        store->disk.spoiled(store->disk.context, board->on_disk);
    return bytes_of(head.len);
}

static const char *look_at(struct shelf *shelf, const struct board *board)
{
    struct shelf_store *store = shelf->store;
    if (board->at)
        return board->at;
    store->counts.reads++;
    store->disk.read(store->disk.context, board->on_disk, 0, store->scratch, board->used);
    for (size_t from = 0; from < board->used;)
        from += check(store, board, store->scratch + from, board->used - from);
    return store->scratch;
}

/* It leaves the ring first: what is moved may fill a board, and the oldest goes then. */
static void clear(struct shelf *shelf, struct board *board)
{
    const char *at = look_at(shelf, board);
    struct head head;
    if (board->before)
        leave_ring(shelf->store, board);
    for (size_t from = 0; from < board->used && board->needed; from += bytes_of(head.len)) {
        memcpy(&head, at + from, sizeof head);
        uint32_t place = board->number << PLACE_BITS | (uint32_t)(from / UNIT);
        uint32_t *held = shelf->holder(shelf->context, head.mark, place);
        if (!held)
            continue;
        *held =
            append(shelf, &shelf->moved, head.mark, span_from(at + from + sizeof head, head.len));
        need_less(shelf, board, head.len);
    }
    remove_board(shelf, board);
}

/* The disk has more room than a processor has time to clear it. */
static void tidy(struct shelf *shelf)
{
    uint64_t nobodys = shelf->used - shelf->needed;
    uint64_t most = shelf->store ? shelf->needed : shelf->needed / 2;
    if (nobodys <= most + SPARE_BOARDS * shelf->board)
        return;
    struct board *board = emptiest(shelf);
    if (board)
        clear(shelf, board);
}

/* ---- what a book asks for ---- */

struct shelf *shelf_new(struct shelf_store *store, shelf_holder *holder, void *context)
{
    struct shelf *shelf = xcalloc(1, sizeof *shelf);
    shelf->store = store;
    shelf->board = store ? store->board : SHELF_BOARD;
    shelf->holder = holder;
    shelf->context = context;
    return shelf;
}

void shelf_free(struct shelf *shelf)
{
    for (uint32_t i = 0; i < shelf->count; i++)
        if (shelf->boards[i])
            remove_board(shelf, shelf->boards[i]);
    free(shelf->boards);
    free(shelf);
}

uint32_t shelf_put(struct shelf *shelf, uint32_t mark, struct span bytes)
{
    tidy(shelf);
    return append(shelf, &shelf->fresh, mark, bytes);
}

struct span shelf_get(struct shelf *shelf, uint32_t at, size_t len)
{
    const struct board *board = shelf->boards[at >> PLACE_BITS];
    struct shelf_store *store = shelf->store;
    size_t from = (at & ((UINT32_C(1) << PLACE_BITS) - 1)) * (size_t)UNIT;
    if (board->at)
        return span_from(board->at + from + sizeof(struct head), len);
    store->counts.reads++;
    store->disk.read(store->disk.context, board->on_disk, from, store->scratch, bytes_of(len));
    (void)check(store, board, store->scratch, bytes_of(len));
    return span_from(store->scratch + sizeof(struct head), len);
}

void shelf_drop(struct shelf *shelf, uint32_t at, size_t len)
{
    struct board *board = shelf->boards[at >> PLACE_BITS];
    need_less(shelf, board, len);
    if (!board->needed && !board->open)
        remove_board(shelf, board);
}

/* It stays as long as it is looked at, whatever is dropped of it. */
static void visit_board(struct shelf *shelf, struct board *board, shelf_visit *visit, void *context)
{
    const char *at = look_at(shelf, board);
    bool open = board->open;
    struct head head;
    board->open = true;
    for (size_t from = 0; from < board->used && board->needed; from += bytes_of(head.len)) {
        memcpy(&head, at + from, sizeof head);
        uint32_t place = board->number << PLACE_BITS | (uint32_t)(from / UNIT);
        uint32_t *held = shelf->holder(shelf->context, head.mark, place);
        if (held)
            visit(context, held, span_from(at + from + sizeof head, head.len));
    }
    board->open = open;
    if (!board->needed && !open)
        remove_board(shelf, board);
}

void shelf_each(struct shelf *shelf, shelf_visit *visit, void *context)
{
    for (uint32_t i = 0; i < shelf->count; i++)
        if (shelf->boards[i])
            visit_board(shelf, shelf->boards[i], visit, context);
}
