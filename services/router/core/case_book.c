/* SPDX-License-Identifier: Apache-2.0 */
/* An open hash table of entries, with a byte of each one's hash beside it so that those passed by
 * need not be fetched from memory, a binary heap of those with a timer, a list of the dirty ones:
 * all three hold numbers of entries (pieces.h), for a district keeps hundreds of thousands of them
 * (tests/bench/case_set_fill.c). Entries with their ids are in memory, sets on a shelf (shelf.h).
 * An entry knows its place in the heap, so a timer that moves leaves nothing behind. */
#include "router/core/case_book.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "router/core/case_names.h"
#include "router/core/pieces.h"

enum { FIRST_PLACES = 256 }; /* a power of two */

struct list {
    uint32_t *numbers; /* owned */
    size_t count, capacity;
};

struct case_book {
    struct pieces entries;
    struct case_names names;
    struct shelf *shelf; /* owned */
    uint32_t *places;    /* owned; numbers of entries, 0 = free */
    unsigned char *tags; /* owned; by place, 0 = free */
    size_t place_count, count;
    struct list heap, dirty;
};

static struct case_entry *entry_at(const struct case_book *book, uint32_t number)
{
    return pieces_at(&book->entries, number);
}

static void make_places(struct case_book *book)
{
    book->places = xcalloc(book->place_count, sizeof *book->places);
    book->tags = xcalloc(book->place_count, sizeof *book->tags);
}

static size_t home_of(const struct case_book *book, uint32_t hash)
{
    return (size_t)hash & (book->place_count - 1);
}

static unsigned char tag_of(uint32_t hash)
{
    return (unsigned char)(hash >> 24 | 1);
}

static uint32_t hash_of(struct span id)
{
    return (uint32_t)hash_span(id);
}

struct span case_book_id(const struct case_book *book, const struct case_entry *entry,
                         char id[CASE_BOOK_MAX_ID])
{
    struct span prefix = book->names.at[entry->prefix];
    if (prefix.len)
        memcpy(id, prefix.at, prefix.len);
    memcpy(id + prefix.len, entry->id, entry->id_len);
    return span_from(id, prefix.len + entry->id_len);
}

static uint32_t hash_of_entry(const struct case_book *book, const struct case_entry *entry)
{
    char id[CASE_BOOK_MAX_ID];
    return hash_of(case_book_id(book, entry, id));
}

static bool has_name(const struct case_entry *entry, const struct case_name *name)
{
    return entry->prefix == name->prefix &&
           span_equal(span_from(entry->id, entry->id_len), name->rest);
}

static size_t place_of_name(const struct case_book *book, const struct case_name *name,
                            uint32_t hash)
{
    size_t at = home_of(book, hash);
    unsigned char tag = tag_of(hash);
    while (book->tags[at] &&
           (book->tags[at] != tag || !has_name(entry_at(book, book->places[at]), name)))
        at = (at + 1) & (book->place_count - 1);
    return at;
}

static size_t place_of(const struct case_book *book, struct span id, uint32_t hash)
{
    struct case_name name = case_names_find(&book->names, id);
    return place_of_name(book, &name, hash);
}

/* What the shelf asks: an entry is known to it by its hash. */
static uint32_t *holder(void *context, uint32_t hash, uint32_t at)
{
    const struct case_book *book = context;
    unsigned char tag = tag_of(hash);
    for (size_t place = home_of(book, hash); book->tags[place];
         place = (place + 1) & (book->place_count - 1)) {
        struct case_entry *entry = entry_at(book, book->places[place]);
        if (book->tags[place] == tag && entry->len && entry->at == at)
            return &entry->at;
    }
    return NULL;
}

struct case_book *case_book_new(struct shelf_store *store)
{
    struct case_book *book = xcalloc(1, sizeof *book);
    book->shelf = shelf_new(store, holder, book);
    book->place_count = FIRST_PLACES;
    make_places(book);
    return book;
}

void case_book_free(struct case_book *book)
{
    pieces_fini(&book->entries);
    case_names_fini(&book->names);
    shelf_free(book->shelf);
    free(book->places);
    free(book->tags);
    free(book->heap.numbers);
    free(book->dirty.numbers);
    free(book);
}

static void take_place(struct case_book *book, uint32_t number, uint32_t hash)
{
    size_t at = home_of(book, hash);
    while (book->tags[at])
        at = (at + 1) & (book->place_count - 1);
    book->places[at] = number;
    book->tags[at] = tag_of(hash);
}

static void grow(struct case_book *book)
{
    uint32_t *old = book->places;
    size_t count = book->place_count;
    free(book->tags);
    book->place_count = 2 * count;
    make_places(book);
    for (size_t i = 0; i < count; i++)
        if (old[i])
            take_place(book, old[i], hash_of_entry(book, entry_at(book, old[i])));
    free(old);
}

struct case_entry *case_book_find(const struct case_book *book, struct span id)
{
    size_t at = place_of(book, id, hash_of(id));
    return book->tags[at] ? entry_at(book, book->places[at]) : NULL;
}

static size_t size_of(size_t id_len)
{
    return offsetof(struct case_entry, id) + id_len;
}

struct case_entry *case_book_add(struct case_book *book, struct span id)
{
    uint32_t hash = hash_of(id);
    assert(id.len <= CASE_BOOK_MAX_ID);
    struct case_name name = case_names_add(&book->names, id);
    size_t at = place_of_name(book, &name, hash);
    if (book->tags[at])
        return entry_at(book, book->places[at]);
    if (4 * ++book->count > 3 * book->place_count)
        grow(book);
    uint32_t number = pieces_take(&book->entries, size_of(name.rest.len));
    struct case_entry *entry = entry_at(book, number);
    entry->number = number;
    entry->prefix = name.prefix & 0xff;
    entry->id_len = name.rest.len & 0x7fff;
    if (name.rest.len)
        memcpy(entry->id, name.rest.at, name.rest.len);
    entry->due_ms = TIMESTAMP_NONE;
    take_place(book, number, hash);
    return entry;
}

static void push(struct list *list, uint32_t number)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity + list->capacity / 2 : FIRST_PLACES;
        list->numbers = xrealloc(list->numbers, list->capacity * sizeof *list->numbers);
    }
    list->numbers[list->count++] = number;
}

/* ---- sets ---- */

struct span case_book_get(const struct case_book *book, const struct case_entry *entry)
{
    return entry->len ? shelf_get(book->shelf, entry->at, entry->len) : SPAN_NONE;
}

static void drop_set(struct case_book *book, struct case_entry *entry)
{
    if (entry->len)
        shelf_drop(book->shelf, entry->at, entry->len);
    entry->len = 0;
}

void case_book_set(struct case_book *book, struct case_entry *entry, struct span set,
                   bool restoring)
{
    drop_set(book, entry);
    if (set.len) {
        entry->at = shelf_put(book->shelf, hash_of_entry(book, entry), set);
        entry->len = (uint32_t)set.len;
    }
    if (restoring || entry->dirty)
        return;
    entry->dirty = true;
    push(&book->dirty, entry->number);
}

/* Closes the gap: whoever does not stand at home may move into it. */
static void leave_place(struct case_book *book, size_t gap)
{
    size_t mask = book->place_count - 1;
    for (size_t at = (gap + 1) & mask; book->tags[at]; at = (at + 1) & mask) {
        size_t home = home_of(book, hash_of_entry(book, entry_at(book, book->places[at])));
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        book->places[gap] = book->places[at];
        book->tags[gap] = book->tags[at];
        gap = at;
    }
    book->places[gap] = 0;
    book->tags[gap] = 0;
}

void case_book_remove(struct case_book *book, struct case_entry *entry)
{
    assert(!entry->dirty);
    case_book_set_timer(book, entry, TIMESTAMP_NONE, 0);
    drop_set(book, entry);
    char text[CASE_BOOK_MAX_ID];
    struct span id = case_book_id(book, entry, text);
    leave_place(book, place_of(book, id, hash_of(id)));
    book->count--;
    pieces_give(&book->entries, entry->number, size_of(entry->id_len));
}

struct case_entry *case_book_take_dirty(struct case_book *book)
{
    if (!book->dirty.count)
        return NULL;
    struct case_entry *entry = entry_at(book, book->dirty.numbers[--book->dirty.count]);
    entry->dirty = false;
    return entry;
}

size_t case_book_count(const struct case_book *book)
{
    return book->count;
}

/* ---- timers ---- */

static bool is_earlier(const struct case_book *book, const struct case_entry *a,
                       const struct case_entry *b)
{
    char id_a[CASE_BOOK_MAX_ID], id_b[CASE_BOOK_MAX_ID];
    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms;
    if (a->prefix == b->prefix)
        return span_compare(span_from(a->id, a->id_len), span_from(b->id, b->id_len)) < 0;
    return span_compare(case_book_id(book, a, id_a), case_book_id(book, b, id_b)) < 0;
}

static struct case_entry *waiting_at(const struct case_book *book, size_t at)
{
    return entry_at(book, book->heap.numbers[at]);
}

static void put(struct case_book *book, size_t at, struct case_entry *entry)
{
    book->heap.numbers[at] = entry->number;
    entry->heap_at = (uint32_t)at;
}

/* To where it belongs, upwards or downwards from `at`. */
static void settle(struct case_book *book, size_t at, struct case_entry *entry)
{
    size_t count = book->heap.count;
    for (; at > 0 && is_earlier(book, entry, waiting_at(book, (at - 1) / 2)); at = (at - 1) / 2)
        put(book, at, waiting_at(book, (at - 1) / 2));
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < count &&
            is_earlier(book, waiting_at(book, child + 1), waiting_at(book, child)))
            child++;
        if (child >= count || !is_earlier(book, waiting_at(book, child), entry))
            break;
        put(book, at, waiting_at(book, child));
        at = child;
    }
    put(book, at, entry);
}

static void leave_heap(struct case_book *book, size_t at)
{
    struct case_entry *last = waiting_at(book, --book->heap.count);
    if (at < book->heap.count)
        settle(book, at, last);
}

struct case_entry *case_book_due(struct case_book *book, int64_t now_ms)
{
    struct case_entry *first = book->heap.count ? waiting_at(book, 0) : NULL;
    return first && first->due_ms <= now_ms ? first : NULL;
}

void case_book_set_timer(struct case_book *book, struct case_entry *entry, int64_t due_ms,
                         int timer)
{
    bool waits = entry->due_ms != TIMESTAMP_NONE;
    entry->timer = (unsigned)timer & 0xff;
    if (entry->due_ms == due_ms)
        return;
    entry->due_ms = due_ms;
    if (waits && due_ms == TIMESTAMP_NONE) {
        leave_heap(book, entry->heap_at);
        return;
    }
    if (!waits) {
        push(&book->heap, entry->number);
        entry->heap_at = (uint32_t)(book->heap.count - 1);
    }
    settle(book, entry->heap_at, entry);
}

void case_book_each(struct case_book *book, void (*each)(void *context, struct case_entry *entry),
                    void *context)
{
    for (size_t i = 0; i < book->place_count; i++)
        if (book->places[i])
            each(context, entry_at(book, book->places[i]));
}

struct visit {
    case_book_visit *visit;
    void *context;
};

static void visit_set(void *context, uint32_t *held, struct span set)
{
    const struct visit *visit = context;
    char *at = (char *)held - offsetof(struct case_entry, at);
    visit->visit(visit->context, (struct case_entry *)(void *)at, set);
}

void case_book_each_set(struct case_book *book, case_book_visit *visit, void *context)
{
    struct visit with = {visit, context};
    shelf_each(book->shelf, visit_set, &with);
}
