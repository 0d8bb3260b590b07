/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of texts and a binary heap of timers. A heap node whose time is no longer its
 * entry's is stale and is dropped when it comes up, so moving a timer is one push. */
#include "router/core/case_book.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "base/timestamp.h"

struct node {
    struct case_entry entry; /* first: an entry is its node */
    UT_hash_handle hh;
};

struct pending {
    int64_t due_ms;
    struct case_entry *entry;
};

struct case_book {
    struct node *nodes;
    struct case_entry *dirty;
    struct pending *heap; /* owned */
    size_t heap_count, heap_capacity;
};

struct case_book *case_book_new(void)
{
    return xcalloc(1, sizeof(struct case_book));
}

static void free_node(struct node *node)
{
    free(node->entry.id);
    free(node->entry.lines);
    free(node);
}

void case_book_free(struct case_book *book)
{
    struct node *node, *next;
    HASH_ITER(hh, book->nodes, node, next)
    {
        /* uthash unlinks before we free. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(book->nodes, node);
        free_node(node);
    }
    free(book->heap);
    free(book);
}

struct case_entry *case_book_find(const struct case_book *book, struct span id)
{
    struct node *node;
    HASH_FIND(hh, book->nodes, id.at, id.len, node);
    return node ? &node->entry : NULL;
}

struct case_entry *case_book_add(struct case_book *book, struct span id)
{
    struct case_entry *found = case_book_find(book, id);
    if (found)
        return found;
    struct node *node = xcalloc(1, sizeof *node);
    node->entry.id = xspandup(id);
    node->entry.lines = xspandup(SPAN(""));
    node->entry.due_ms = TIMESTAMP_NONE;
    HASH_ADD_KEYPTR(hh, book->nodes, node->entry.id, id.len, node);
    return &node->entry;
}

void case_book_set(struct case_book *book, struct case_entry *entry, struct span lines,
                   bool restoring)
{
    entry->lines = xrealloc(entry->lines, lines.len + 1);
    if (lines.len)
        memcpy(entry->lines, lines.at, lines.len);
    entry->lines[lines.len] = '\0';
    entry->len = lines.len;
    if (restoring || entry->dirty)
        return;
    entry->dirty = true;
    entry->next_dirty = book->dirty;
    book->dirty = entry;
}

static bool is_earlier(const struct pending *a, const struct pending *b)
{
    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms;
    return strcmp(a->entry->id, b->entry->id) < 0;
}

static void sift_down(struct case_book *book)
{
    size_t i = 0;
    for (;;) {
        size_t least = i, left = 2 * i + 1, right = left + 1;
        if (left < book->heap_count && is_earlier(&book->heap[left], &book->heap[least]))
            least = left;
        if (right < book->heap_count && is_earlier(&book->heap[right], &book->heap[least]))
            least = right;
        if (least == i)
            return;
        struct pending swapped = book->heap[i];
        book->heap[i] = book->heap[least];
        book->heap[least] = swapped;
        i = least;
    }
}

static void drop_first(struct case_book *book)
{
    book->heap[0] = book->heap[--book->heap_count];
    sift_down(book);
}

void case_book_remove(struct case_book *book, struct span id)
{
    struct case_entry *entry = case_book_find(book, id);
    if (!entry)
        return;
    /* Only restore removes, before any timer or dirty mark can point here. */
    struct node *node = (struct node *)(void *)entry;
    HASH_DEL(book->nodes, node);
    free_node(node);
}

struct case_entry *case_book_take_dirty(struct case_book *book)
{
    struct case_entry *entry = book->dirty;
    if (!entry)
        return NULL;
    book->dirty = entry->next_dirty;
    entry->next_dirty = NULL;
    entry->dirty = false;
    return entry;
}

size_t case_book_count(const struct case_book *book)
{
    return HASH_COUNT(book->nodes);
}

struct case_entry *case_book_due(struct case_book *book, int64_t now_ms)
{
    while (book->heap_count > 0 && book->heap[0].due_ms <= now_ms) {
        struct pending first = book->heap[0];
        if (first.entry->due_ms == first.due_ms)
            return first.entry;
        drop_first(book); /* stale: the entry's timer moved */
    }
    return NULL;
}

void case_book_set_timer(struct case_book *book, struct case_entry *entry, int64_t due_ms,
                         int timer)
{
    entry->timer = timer;
    if (entry->due_ms == due_ms)
        return;
    entry->due_ms = due_ms;
    if (due_ms == TIMESTAMP_NONE)
        return;
    if (book->heap_count == book->heap_capacity) {
        book->heap_capacity = book->heap_capacity ? 2 * book->heap_capacity : 256;
        book->heap = xrealloc(book->heap, book->heap_capacity * sizeof *book->heap);
    }
    size_t i = book->heap_count++;
    book->heap[i] = (struct pending){due_ms, entry};
    while (i > 0 && is_earlier(&book->heap[i], &book->heap[(i - 1) / 2])) {
        struct pending swapped = book->heap[i];
        book->heap[i] = book->heap[(i - 1) / 2];
        book->heap[(i - 1) / 2] = swapped;
        i = (i - 1) / 2;
    }
}

void case_book_each(struct case_book *book, void (*each)(void *context, struct case_entry *entry),
                    void *context)
{
    struct node *node, *next;
    HASH_ITER(hh, book->nodes, node, next)
    {
        each(context, &node->entry);
    }
}
