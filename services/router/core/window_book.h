/* SPDX-License-Identifier: Apache-2.0 */
/* The windows of one partition of `signals`, in the same book as cases (case_book.h): a group's key
 * is its id, its window packed. Beside them what a trigger counts in the partition: groups, firings
 * of the day, notices that concern many groups. */
#pragma once

#include "router/core/case_book.h"
#include "router/core/window_judge.h"

struct window_counter { /* of one trigger */
    char name[64];
    uint64_t shape; /* of the trigger whose windows these are (trigger.h) */
    int64_t groups;
    int64_t since_day;             /* the first day that was heard whole; INT64_MAX = none yet */
    int64_t day, today;            /* firings of that civil day */
    int64_t at_once;               /* since the last step of the clock */
    struct window_notice *notices; /* owned; by time; NULL where it listens to none */
    size_t notice_count, notices_saved;
    bool dirty, notices_dirty;
    bool anew;           /* what is there of it was made by a trigger of another shape */
    int64_t anew_groups; /* so many groups */
};

struct window_book {
    struct case_book *groups;                     /* owned */
    struct window_counter counters[TRIGGER_MOST]; /* in the order of the triggers */
    size_t count;
};

void window_book_init(struct window_book *book, struct shelf_store *store);
void window_book_fini(struct window_book *book);
/* Counters in the order of these triggers; those of others are forgotten, and their records taken
 * out by the next save: who comes back later begins anew. */
void window_book_arrange(struct window_book *book, const struct triggers *triggers);
/* After that, and after a restore: those of triggers that are made otherwise by now begin anew. */
void window_book_renew(struct window_book *book, const struct triggers *triggers);
struct window_counter *window_book_counter(struct window_book *book,
                                           struct span name); /* or NULL */

/* Its window, in *window, as long as no other is opened; false: it is another form's, or
 * unreadable.
 */
bool window_book_open(const struct window_book *book, const struct case_entry *entry,
                      const struct trigger *trigger, struct window *window);
/* Its timer, by what is due and when it expires. */
void window_book_wait(struct window_book *book, struct case_entry *entry,
                      const struct trigger *trigger, const struct window *window);
/* Keeps what the entry's `timer` is here: how many pieces of it may be stored. */
void window_book_set_timer(struct window_book *book, struct case_entry *entry, int64_t due_ms);
/* Packs it and sets its timer; an empty window is removed. `text` is a warm buffer. */
void window_book_store(struct window_book *book, struct window_counter *counter,
                       struct case_entry *entry, const struct trigger *trigger,
                       const struct window *window, struct strbuf *text);

bool window_book_knows_notice(const struct window_counter *counter, struct span id);
enum window_change window_book_take_notice(struct window_counter *counter,
                                           const struct signal *signal, int64_t heard_ms);
void window_book_expire_notices(struct window_counter *counter, int64_t clock_ms);

/* May it fire now; else the clock at which it may be asked again. Counts it where it may. */
bool window_book_may_fire(struct window_counter *counter, const struct trigger *trigger,
                          int64_t day, int64_t clock_ms, int64_t *again_ms);
/* A step of the clock. */
void window_book_step(struct window_counter *counter, int64_t clock_ms);

/* ---- the counters as records of state.windows ---- */
#define WINDOW_BOOK_COUNTER "_counter|"
#define WINDOW_BOOK_NOTICE  "_notice|"
/* False: the key is none of a counter's. *good: it could be read. What is of a trigger that is gone
 * is taken out by the next save. */
bool window_book_restore(struct window_book *book, struct span key, struct span value, bool *good);
void window_book_save_counters(struct window_book *book, int32_t partition, struct strbuf *text,
                               struct outputs *outputs);
