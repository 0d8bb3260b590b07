/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of one input partition: id -> set (packed, or as its owner likes), the next timer of
 * each, and which of them the next commit must write. An entry whose set is empty is over: save
 * writes its tombstone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "router/core/shelf.h"

#define CASE_BOOK_MAX_ID 1024 /* bytes of a case id */

struct case_entry {
    int64_t due_ms;   /* next timer, TIMESTAMP_NONE = none */
    uint64_t said;    /* hash of the owner's last event of it, until that is read back; 0 = none */
    uint32_t len;     /* of the set; 0 = empty */
    uint32_t at;      /* the book's: where the set lies, */
    uint32_t heap_at; /* its place among the timers, */
    uint32_t number;  /* and the entry's own */
    unsigned id_len : 15;
    unsigned dirty : 1;
    unsigned timer : 8;  /* what is due; the book's owner gives it its meaning */
    unsigned prefix : 8; /* of the id: many begin alike (case_names.h) */
    char id[];           /* the rest of it */
};

struct case_book;
/* Its sets lie in `store`; NULL = all of them in memory. */
struct case_book *case_book_new(struct shelf_store *store);
void case_book_free(struct case_book *book);
struct case_entry *case_book_find(const struct case_book *book,
                                  struct span id); /* NULL = not known */
struct case_entry *case_book_add(struct case_book *book,
                                 struct span id); /* found or new and empty */
/* Its set, as long as no other is got and none is set; absent when empty. */
struct span case_book_get(const struct case_book *book, const struct case_entry *entry);
/* Copies; marks it dirty unless `restoring`. */
void case_book_set(struct case_book *book, struct case_entry *entry, struct span set,
                   bool restoring);
void case_book_remove(struct case_book *book, struct case_entry *entry); /* never a dirty one */
/* Takes the next dirty entry off the list; NULL when none is left. */
struct case_entry *case_book_take_dirty(struct case_book *book);
size_t case_book_count(const struct case_book *book);
/* Its id, written to `id`. */
struct span case_book_id(const struct case_book *book, const struct case_entry *entry,
                         char id[CASE_BOOK_MAX_ID]);
/* The entry whose timer is due first (due, then id) and not later than now_ms; NULL = none. */
struct case_entry *case_book_due(struct case_book *book, int64_t now_ms);
/* Sets or clears (TIMESTAMP_NONE) an entry's timer. */
void case_book_set_timer(struct case_book *book, struct case_entry *entry, int64_t due_ms,
                         int timer);
/* Every entry, in no order; the callback may set sets and timers, not add or remove. */
void case_book_each(struct case_book *book, void (*each)(void *context, struct case_entry *entry),
                    void *context);
/* Every entry that has a set, with it, in the order in which they lie: of many, most are on the
 * disk. The callback may set timers and empty the set. */
typedef void case_book_visit(void *context, struct case_entry *entry, struct span set);
void case_book_each_set(struct case_book *book, case_book_visit *visit, void *context);
