/* SPDX-License-Identifier: Apache-2.0 */
/* An open hash table of entries, with a byte of each one's hash beside it so that those passed by
 * need not be fetched from memory, a binary heap of those with a timer, a list of the dirty ones:
 * all three hold pointers, and an entry is two allocations (itself with its id, and its set),
 * because a district keeps hundreds of thousands of them (tests/bench/case_set_fill.c). An entry
 * knows its place in the heap, so a timer that moves leaves nothing behind. */
#include "router/core/case_book.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/timestamp.h"

enum { FIRST_PLACES = 256 }; /* a power of two */

struct case_book {
    struct case_entry **places; /* owned */
    unsigned char *tags;        /* owned; by place, 0 = free */
    size_t place_count, count;
    struct case_entry **heap; /* owned */
    size_t heap_count, heap_capacity;
    struct case_entry **dirty; /* owned */
    size_t dirty_count, dirty_capacity;
};

static void make_places(struct case_book *book)
{
    book->places = xcalloc(book->place_count, sizeof(struct case_entry *));
    book->tags = xcalloc(book->place_count, sizeof *book->tags);
}

struct case_book *case_book_new(void)
{
    struct case_book *book = xcalloc(1, sizeof *book);
    book->place_count = FIRST_PLACES;
    make_places(book);
    return book;
}

static void free_entry(struct case_entry *entry)
{
    free(entry->bytes);
    free(entry);
}

void case_book_free(struct case_book *book)
{
    for (size_t i = 0; i < book->place_count; i++)
        if (book->places[i])
            free_entry(book->places[i]);
    free(book->places);
    free(book->tags);
    free(book->heap);
    free(book->dirty);
    free(book);
}

static size_t home_of(const struct case_book *book, uint64_t hash)
{
    return (size_t)hash & (book->place_count - 1);
}

static unsigned char tag_of(uint64_t hash)
{
    return (unsigned char)(hash >> 56 | 1);
}

static size_t place_of(const struct case_book *book, struct span id, uint64_t hash)
{
    size_t at = home_of(book, hash);
    unsigned char tag = tag_of(hash);
    while (book->tags[at] &&
           (book->tags[at] != tag || !span_equal(case_entry_id(book->places[at]), id)))
        at = (at + 1) & (book->place_count - 1);
    return at;
}

static void take_place(struct case_book *book, struct case_entry *entry, uint64_t hash)
{
    size_t at = home_of(book, hash);
    while (book->tags[at])
        at = (at + 1) & (book->place_count - 1);
    book->places[at] = entry;
    book->tags[at] = tag_of(hash);
}

static void grow(struct case_book *book)
{
    struct case_entry **old = book->places;
    size_t count = book->place_count;
    free(book->tags);
    book->place_count = 2 * count;
    make_places(book);
    for (size_t i = 0; i < count; i++)
        if (old[i])
            take_place(book, old[i], hash_span(case_entry_id(old[i])));
    free(old);
}

struct case_entry *case_book_find(const struct case_book *book, struct span id)
{
    return book->places[place_of(book, id, hash_span(id))];
}

struct case_entry *case_book_add(struct case_book *book, struct span id)
{
    uint64_t hash = hash_span(id);
    struct case_entry *entry = book->places[place_of(book, id, hash)];
    if (entry)
        return entry;
    assert(id.len <= CASE_BOOK_MAX_ID);
    if (4 * ++book->count > 3 * book->place_count)
        grow(book);
    entry = xcalloc(1, sizeof *entry + id.len + 1);
    entry->id_len = (uint16_t)id.len;
    if (id.len)
        memcpy(entry->id, id.at, id.len);
    entry->due_ms = TIMESTAMP_NONE;
    take_place(book, entry, hash);
    return entry;
}

static struct case_entry **push(struct case_entry ***list, size_t *count, size_t *capacity)
{
    if (*count == *capacity) {
        *capacity = *capacity ? 2 * *capacity : FIRST_PLACES;
        *list = xrealloc(*list, *capacity * sizeof(struct case_entry *));
    }
    return &(*list)[(*count)++];
}

void case_book_set(struct case_book *book, struct case_entry *entry, struct span set,
                   bool restoring)
{
    if (set.len != entry->len) {
        free(entry->bytes);
        entry->bytes = set.len ? xmalloc(set.len) : NULL;
        entry->len = (uint32_t)set.len;
    }
    if (set.len)
        memcpy(entry->bytes, set.at, set.len);
    if (restoring || entry->dirty)
        return;
    entry->dirty = true;
    *push(&book->dirty, &book->dirty_count, &book->dirty_capacity) = entry;
}

void case_book_extend(struct case_entry *entry, struct span more)
{
    entry->bytes = xrealloc(entry->bytes, entry->len + more.len);
    memcpy(entry->bytes + entry->len, more.at, more.len);
    entry->len += (uint32_t)more.len;
}

/* Closes the gap: whoever does not stand at home may move into it. */
static void leave_place(struct case_book *book, size_t gap)
{
    size_t mask = book->place_count - 1;
    for (size_t at = (gap + 1) & mask; book->tags[at]; at = (at + 1) & mask) {
        size_t home = home_of(book, hash_span(case_entry_id(book->places[at])));
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        book->places[gap] = book->places[at];
        book->tags[gap] = book->tags[at];
        gap = at;
    }
    book->places[gap] = NULL;
    book->tags[gap] = 0;
}

void case_book_remove(struct case_book *book, struct case_entry *entry)
{
    assert(!entry->dirty);
    case_book_set_timer(book, entry, TIMESTAMP_NONE, 0);
    struct span id = case_entry_id(entry);
    leave_place(book, place_of(book, id, hash_span(id)));
    book->count--;
    free_entry(entry);
}

struct case_entry *case_book_take_dirty(struct case_book *book)
{
    if (!book->dirty_count)
        return NULL;
    struct case_entry *entry = book->dirty[--book->dirty_count];
    entry->dirty = false;
    return entry;
}

size_t case_book_count(const struct case_book *book)
{
    return book->count;
}

/* ---- timers ---- */

static bool is_earlier(const struct case_entry *a, const struct case_entry *b)
{
    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms;
    return span_compare(case_entry_id(a), case_entry_id(b)) < 0;
}

static void put(struct case_book *book, size_t at, struct case_entry *entry)
{
    book->heap[at] = entry;
    entry->heap_at = (uint32_t)at;
}

/* To where it belongs, upwards or downwards from `at`. */
static void settle(struct case_book *book, size_t at, struct case_entry *entry)
{
    for (; at > 0 && is_earlier(entry, book->heap[(at - 1) / 2]); at = (at - 1) / 2)
        put(book, at, book->heap[(at - 1) / 2]);
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < book->heap_count && is_earlier(book->heap[child + 1], book->heap[child]))
            child++;
        if (child >= book->heap_count || !is_earlier(book->heap[child], entry))
            break;
        put(book, at, book->heap[child]);
        at = child;
    }
    put(book, at, entry);
}

static void leave_heap(struct case_book *book, size_t at)
{
    struct case_entry *last = book->heap[--book->heap_count];
    if (at < book->heap_count)
        settle(book, at, last);
}

struct case_entry *case_book_due(struct case_book *book, int64_t now_ms)
{
    bool due = book->heap_count > 0 && book->heap[0]->due_ms <= now_ms;
    return due ? book->heap[0] : NULL;
}

void case_book_set_timer(struct case_book *book, struct case_entry *entry, int64_t due_ms,
                         int timer)
{
    bool waits = entry->due_ms != TIMESTAMP_NONE;
    entry->timer = (uint8_t)timer;
    if (entry->due_ms == due_ms)
        return;
    entry->due_ms = due_ms;
    if (waits && due_ms == TIMESTAMP_NONE) {
        leave_heap(book, entry->heap_at);
        return;
    }
    if (!waits) {
        *push(&book->heap, &book->heap_count, &book->heap_capacity) = entry;
        entry->heap_at = (uint32_t)(book->heap_count - 1);
    }
    settle(book, entry->heap_at, entry);
}

void case_book_each(struct case_book *book, void (*each)(void *context, struct case_entry *entry),
                    void *context)
{
    for (size_t i = 0; i < book->place_count; i++)
        if (book->places[i])
            each(context, book->places[i]);
}
