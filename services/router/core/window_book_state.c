/* SPDX-License-Identifier: Apache-2.0 */
/* What a trigger counts in a partition, as records of state.windows:
 *
 *   _counter|<trigger>        2 since day at_once today shape     numbers, blanks between
 *   _notice|<trigger>|<n>     2 and the notice's members, one line each
 */
#include <stdio.h>

#include "base/base.h"
#include "router/core/emit.h"
#include "router/core/window_book.h"

#define NUMBERS        6
#define NOT_HEARD      "2 9223372036854775807 -9223372036854775807 0 0 0"
#define NOTICE_NUMBERS 6

static bool read_counter(struct window_counter *counter, struct span value)
{
    int64_t numbers[NUMBERS];
    for (int i = 0; i < NUMBERS; i++)
        if (!value.at || !span_to_int64(span_cut(&value, ' '), &numbers[i]))
            return false;
    counter->since_day = numbers[1];
    counter->day = numbers[2];
    counter->at_once = numbers[3];
    counter->today = numbers[4];
    counter->shape = (uint64_t)numbers[5];
    counter->dirty = false;
    return numbers[0] == 2;
}

static bool read_notice(struct window_notice *notice, struct span value)
{
    const struct {
        char *at;
        size_t size;
    } texts[] = {
        {notice->id, sizeof notice->id},         {notice->subject, sizeof notice->subject},
        {notice->street, sizeof notice->street}, {notice->community, sizeof notice->community},
        {notice->sort, sizeof notice->sort},     {notice->level, sizeof notice->level}};
    int64_t numbers[NOTICE_NUMBERS];
    if (!span_is(span_cut(&value, '\n'), "2"))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        span_to_cstr(span_cut(&value, '\n'), texts[i].at, texts[i].size);
    for (int i = 0; i < NOTICE_NUMBERS; i++)
        if (!value.at || !span_to_int64(span_cut(&value, '\n'), &numbers[i]))
            return false;
    notice->time_ms = numbers[0];
    notice->version = (struct window_version){
        {(uint64_t)numbers[1], numbers[2]}, .arrived_ms = numbers[3], .until_ms = numbers[4]};
    notice->counts = numbers[5] != 0;
    return !value.at;
}

/* A save writes the slots in use, then tombstones behind them. */
static bool restore_notice(struct window_counter *counter, int64_t slot, struct span value)
{
    if (!counter->notices)
        return true; /* of a trigger that took notices once */
    if (slot < 0 || slot >= WINDOW_MOST_NOTICES)
        return false;
    if (!value.at && (size_t)slot < counter->notice_count)
        counter->notice_count = counter->notices_saved = (size_t)slot;
    if (!value.at)
        return true;
    if ((size_t)slot >= counter->notice_count)
        counter->notice_count = counter->notices_saved = (size_t)slot + 1;
    return read_notice(&counter->notices[slot], value);
}

/* Of a trigger that is gone: kept like a group of nobody's, which is taken out once all is read. */
static void restore_gone(struct window_book *book, struct span key, struct span value)
{
    struct case_entry *entry = case_book_find(book->groups, key);
    if (value.at && key.len <= CASE_BOOK_MAX_ID)
        case_book_set(book->groups, case_book_add(book->groups, key), value, true);
    else if (!value.at && entry)
        case_book_remove(book->groups, entry);
}

bool window_book_restore(struct window_book *book, struct span key, struct span value, bool *good)
{
    int64_t slot;
    struct span rest = key, kind = span_cut(&rest, '|');
    bool is_notice = span_is(kind, "_notice");
    *good = true;
    if (!is_notice && !span_is(kind, "_counter"))
        return false;
    struct window_counter *counter = window_book_counter(book, span_cut(&rest, '|'));
    if (!counter) {
        restore_gone(book, key, value);
        return true;
    }
    if (is_notice)
        *good = span_to_int64(rest, &slot) && restore_notice(counter, slot, value);
    else if (value.at)
        *good = read_counter(counter, value);
    else /* it was gone meanwhile; no trigger has this shape */
        *good = read_counter(counter, SPAN(NOT_HEARD));
    return true;
}

static void write_notice(struct strbuf *out, const struct window_notice *notice)
{
    strbuf_reset(out);
    const struct window_version *version = &notice->version;
    const int64_t numbers[NOTICE_NUMBERS] = {notice->time_ms,
                                             (int64_t)version->revision.source,
                                             version->revision.received_ms,
                                             version->arrived_ms,
                                             version->until_ms,
                                             notice->counts};
    strbuf_addf(out, "2\n%s\n%s\n%s\n%s\n%s\n%s", notice->id, notice->subject, notice->street,
                notice->community, notice->sort, notice->level);
    for (int i = 0; i < NOTICE_NUMBERS; i++)
        strbuf_addf(out, "\n%lld", (long long)numbers[i]);
}

static void save_notices(struct window_counter *counter, int32_t partition, struct strbuf *text,
                         struct outputs *outputs)
{
    size_t most = counter->notice_count > counter->notices_saved ? counter->notice_count
                                                                 : counter->notices_saved;
    for (size_t i = 0; i < most; i++) {
        char key[96];
        int len = snprintf(key, sizeof key, WINDOW_BOOK_NOTICE "%s|%zu", counter->name, i);
        struct output output = {.stream = STREAM_STATE_WINDOWS,
                                .partition = partition,
                                .key = span_from(key, (size_t)len)};
        if (i < counter->notice_count) {
            write_notice(text, &counter->notices[i]);
            output.value = strbuf_span(text);
        }
        outputs_add(outputs, &output);
    }
    counter->notices_saved = counter->notice_count;
    counter->notices_dirty = false;
}

void window_book_save_counters(struct window_book *book, int32_t partition, struct strbuf *text,
                               struct outputs *outputs)
{
    for (size_t i = 0; i < book->count; i++) {
        struct window_counter *counter = &book->counters[i];
        char key[96];
        int len = snprintf(key, sizeof key, WINDOW_BOOK_COUNTER "%s", counter->name);
        if (counter->notices_dirty)
            save_notices(counter, partition, text, outputs);
        if (!counter->dirty)
            continue;
        counter->dirty = false;
        strbuf_reset(text);
        strbuf_addf(text, "2 %lld %lld %lld %lld %lld", (long long)counter->since_day,
                    (long long)counter->day, (long long)counter->at_once, (long long)counter->today,
                    (long long)counter->shape);
        outputs_add(outputs, &(struct output){.stream = STREAM_STATE_WINDOWS,
                                              .partition = partition,
                                              .key = span_from(key, (size_t)len),
                                              .value = strbuf_span(text)});
    }
}
