/* SPDX-License-Identifier: Apache-2.0 */
/* Caps hold for a partition: what a trigger has fired of a day, and since the last step of the
 * clock, is known here alone. A window that a cap stops is asked again with the next step, or day.
 */
#include "router/core/window_book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"

void window_book_init(struct window_book *book, struct shelf_store *store)
{
    book->groups = case_book_new(store);
    book->count = 0;
}

void window_book_fini(struct window_book *book)
{
    case_book_free(book->groups);
    for (size_t i = 0; i < book->count; i++)
        free(book->counters[i].notices);
}

struct window_counter *window_book_counter(struct window_book *book, struct span name)
{
    for (size_t i = 0; i < book->count; i++)
        if (span_is(name, book->counters[i].name))
            return &book->counters[i];
    return NULL;
}

static bool listens_to_notices(const struct trigger *trigger)
{
    return trigger->form == TRIGGER_NOTICE;
}

/* Like a group whose window is empty: its tombstone is written. */
static void take_out(struct window_book *book, struct span key)
{
    case_book_set(book->groups, case_book_add(book->groups, key), SPAN_NONE, false);
}

static void take_out_counter(struct window_book *book, const struct window_counter *counter)
{
    char key[96];
    int len = snprintf(key, sizeof key, WINDOW_BOOK_COUNTER "%s", counter->name);
    take_out(book, span_from(key, (size_t)len));
    for (size_t i = 0; i < counter->notices_saved; i++) {
        len = snprintf(key, sizeof key, WINDOW_BOOK_NOTICE "%s|%zu", counter->name, i);
        take_out(book, span_from(key, (size_t)len));
    }
}

void window_book_arrange(struct window_book *book, const struct triggers *triggers)
{
    struct window_counter *old = xcalloc(book->count + 1, sizeof *old);
    size_t old_count = book->count;
    memcpy(old, book->counters, old_count * sizeof *old);
    book->count = triggers_count(triggers);
    for (size_t i = 0; i < book->count; i++) {
        const struct trigger *trigger = triggers_at(triggers, i);
        struct window_counter *counter = &book->counters[i];
        *counter = (struct window_counter){
            .since_day = INT64_MAX, .day = INT64_MIN, .shape = trigger->shape, .dirty = true};
        for (size_t k = 0; k < old_count; k++)
            if (strcmp(old[k].name, trigger->name) == 0) {
                *counter = old[k];
                old[k].notices = NULL;
                old[k].name[0] = '\0'; /* it goes on */
            }
        span_to_cstr(span_of(trigger->name), counter->name, sizeof counter->name);
        if (listens_to_notices(trigger) && !counter->notices)
            counter->notices = xcalloc(WINDOW_MOST_NOTICES + 1, sizeof *counter->notices);
    }
    for (size_t k = 0; k < old_count; k++) {
        if (old[k].name[0])
            take_out_counter(book, &old[k]);
        free(old[k].notices);
    }
    free(old);
}

/* Its firings of the day stay counted: a cap is for the people who get them. */
void window_book_renew(struct window_book *book, const struct triggers *triggers)
{
    for (size_t i = 0; i < book->count; i++) {
        struct window_counter *counter = &book->counters[i];
        uint64_t shape = triggers_at(triggers, i)->shape;
        counter->anew = counter->shape != shape;
        counter->anew_groups = 0;
        if (!counter->anew)
            continue;
        counter->shape = shape;
        counter->since_day = INT64_MAX;
        counter->notice_count = 0;
        counter->dirty = counter->notices_dirty = true;
    }
}

bool window_book_open(const struct window_book *book, const struct case_entry *entry,
                      const struct trigger *trigger, struct window *window)
{
    enum trigger_form form;
    if (!entry->len) {
        window_init(window);
        return true;
    }
    struct window_piece piece;
    struct span bytes = case_book_get(book->groups, entry);
    bool good = window_piece_take(&piece, &bytes) && window_read(window, bytes, &form);
    window->piece = piece;
    return good && form == trigger->form;
}

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == TIMESTAMP_NONE || b == TIMESTAMP_NONE)
        return a == TIMESTAMP_NONE ? b : a;
    return a < b ? a : b;
}

void window_book_wait(struct window_book *book, struct case_entry *entry,
                      const struct trigger *trigger, const struct window *window)
{
    int64_t expires_ms = window_expires_ms(window, trigger);
    window_book_set_timer(book, entry, earlier(window->due_ms, expires_ms));
}

void window_book_set_timer(struct window_book *book, struct case_entry *entry, int64_t due_ms)
{
    case_book_set_timer(book->groups, entry, due_ms, entry->timer);
}

/* Its bytes with the head that says what a save writes of them. */
static struct span pack(struct case_entry *entry, const struct trigger *trigger,
                        const struct window *window, struct strbuf *text)
{
    static const char room[WINDOW_PIECE_HEAD];
    strbuf_add(text, span_from(room, sizeof room));
    struct window_runs copied = window_write(text, window, trigger->form);
    struct window_piece piece = window->piece;
    if (window->read)
        piece = window_piece_after(&piece, entry->dirty, &copied, text->len - sizeof room);
    if (piece.number > entry->timer)
        entry->timer = piece.number & 0xff;
    const char *begin = window_piece_put(&piece, text->at);
    return span_from(begin, (size_t)(text->at + text->len - begin));
}

void window_book_store(struct window_book *book, struct window_counter *counter,
                       struct case_entry *entry, const struct trigger *trigger,
                       const struct window *window, struct strbuf *text)
{
    int64_t expires_ms = window_expires_ms(window, trigger);
    bool was = entry->len > 0, is = expires_ms != TIMESTAMP_NONE;
    strbuf_reset(text);
    struct span bytes = is ? pack(entry, trigger, window, text) : SPAN_NONE;
    counter->groups += is - was;
    if (is || was)
        case_book_set(book->groups, entry, bytes, false);
    if (is)
        window_book_wait(book, entry, trigger, window);
    else
        window_book_set_timer(book, entry, TIMESTAMP_NONE);
    if (!is && !was && !entry->dirty)
        case_book_remove(book->groups, entry);
}

/* ---- notices ---- */

static void note(char *to, size_t size, const struct signal *signal, const char *field)
{
    span_to_cstr(signal_field(signal, span_of(field)), to, size);
}

static struct window_notice notice_of(const struct signal *signal)
{
    struct window_notice notice = {
        .time_ms = signal->time_ms, .version = window_version_of(signal), .counts = signal->counts};
    span_to_cstr(signal->id, notice.id, sizeof notice.id);
    span_to_cstr(signal->subject, notice.subject, sizeof notice.subject);
    note(notice.street, sizeof notice.street, signal, "street_code");
    note(notice.community, sizeof notice.community, signal, "community_code");
    note(notice.sort, sizeof notice.sort, signal, "sort");
    note(notice.level, sizeof notice.level, signal, "level");
    return notice;
}

static void remove_notice(struct window_counter *counter, size_t at)
{
    counter->notices_dirty = true;
    counter->notice_count--;
    memmove(&counter->notices[at], &counter->notices[at + 1],
            (counter->notice_count - at) * sizeof *counter->notices);
}

static void insert_notice(struct window_counter *counter, const struct window_notice *notice)
{
    size_t at = counter->notice_count;
    while (at > 0 && counter->notices[at - 1].time_ms > notice->time_ms)
        at--;
    memmove(&counter->notices[at + 1], &counter->notices[at],
            (counter->notice_count - at) * sizeof *counter->notices);
    counter->notices[at] = *notice;
    counter->notice_count++;
    counter->notices_dirty = true;
}

static bool says_same(const struct window_notice *a, const struct window_notice *b)
{
    return a->time_ms == b->time_ms && a->counts == b->counts &&
           strcmp(a->subject, b->subject) == 0 && strcmp(a->street, b->street) == 0 &&
           strcmp(a->community, b->community) == 0 && strcmp(a->sort, b->sort) == 0 &&
           strcmp(a->level, b->level) == 0;
}

static void drop_over(struct window_counter *counter, int64_t heard_ms)
{
    for (size_t i = counter->notice_count; i-- > 0;)
        if (window_version_is_over(&counter->notices[i].version, heard_ms))
            remove_notice(counter, i);
}

bool window_book_knows_notice(const struct window_counter *counter, struct span id)
{
    for (size_t i = 0; i < counter->notice_count; i++)
        if (span_is(id, counter->notices[i].id))
            return true;
    return false;
}

/* As a window takes its facts (window.c). */
enum window_change window_book_take_notice(struct window_counter *counter,
                                           const struct signal *signal, int64_t heard_ms)
{
    struct window_notice told = notice_of(signal);
    for (size_t i = 0; i < counter->notice_count; i++) {
        struct window_notice *there = &counter->notices[i];
        if (strcmp(there->id, told.id) != 0)
            continue;
        if (!window_version_is_last(&there->version) || !says_same(there, &told)) {
            window_version_divide(&there->version, &told.version);
            continue;
        }
        bool changed = window_version_say_again(&there->version, &told.version);
        counter->notices_dirty |= changed;
        return changed ? WINDOW_CHANGED : WINDOW_REPEATED;
    }
    if (window_version_is_over(&told.version, heard_ms))
        return WINDOW_REPEATED;
    drop_over(counter, heard_ms);
    insert_notice(counter, &told);
    if (counter->notice_count <= WINDOW_MOST_NOTICES)
        return WINDOW_CHANGED;
    remove_notice(counter, 0);
    return WINDOW_CROWDED;
}

void window_book_expire_notices(struct window_counter *counter, int64_t clock_ms)
{
    if (clock_ms != TIMESTAMP_NONE)
        drop_over(counter, clock_ms);
    while (counter->notice_count && counter->notices[0].time_ms + TRIGGER_HORIZON_MS <= clock_ms)
        remove_notice(counter, 0);
}

/* ---- caps ---- */

bool window_book_may_fire(struct window_counter *counter, const struct trigger *trigger,
                          int64_t day, int64_t clock_ms, int64_t *again_ms)
{
    if (day > counter->day) {
        counter->day = day;
        counter->today = 0;
    }
    if (counter->today >= trigger->most_a_day) {
        *again_ms = window_day_start(counter->day + 1);
        return false;
    }
    if (counter->at_once >= trigger->most_at_once) {
        *again_ms = clock_ms == TIMESTAMP_NONE ? 0 : clock_ms + 1;
        return false;
    }
    counter->today++;
    counter->at_once++;
    counter->dirty = true;
    return true;
}

void window_book_step(struct window_counter *counter, int64_t clock_ms)
{
    counter->dirty |= counter->at_once != 0;
    counter->at_once = 0;
    if (counter->since_day == INT64_MAX) {
        counter->since_day = window_day_of(clock_ms) + 1;
        counter->dirty = true;
    }
    window_book_expire_notices(counter, clock_ms);
}
