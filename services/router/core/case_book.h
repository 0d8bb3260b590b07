/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of one input partition: id -> set as text, and which of them the next commit must
 * write. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct case_entry {
    char *id;    /* owned */
    char *lines; /* owned: the set's text, NUL-terminated */
    size_t len;
    int64_t due_ms; /* next timer, TIMESTAMP_NONE = none */
    int timer;      /* which of the kind's timers */
    bool dirty;
    struct case_entry *next_dirty;
};

struct case_book;
struct case_book *case_book_new(void);
void case_book_free(struct case_book *book);
struct case_entry *case_book_find(const struct case_book *book,
                                  struct span id); /* NULL = not known */
struct case_entry *case_book_add(struct case_book *book,
                                 struct span id); /* found or new and empty */
/* Copies; marks it dirty unless `restoring`. */
void case_book_set(struct case_book *book, struct case_entry *entry, struct span lines,
                   bool restoring);
void case_book_remove(struct case_book *book, struct span id);
/* Takes the next dirty entry off the list; NULL when none is left. */
struct case_entry *case_book_take_dirty(struct case_book *book);
size_t case_book_count(const struct case_book *book);
/* The entry whose timer is due first (due, then id) and not later than now_ms; NULL = none. */
struct case_entry *case_book_due(struct case_book *book, int64_t now_ms);
/* Sets or clears (TIMESTAMP_NONE) an entry's timer. */
void case_book_set_timer(struct case_book *book, struct case_entry *entry, int64_t due_ms,
                         int timer);
/* Every entry, in no order; the callback may set timers, not add or remove. */
void case_book_each(struct case_book *book, void (*each)(void *context, struct case_entry *entry),
                    void *context);
