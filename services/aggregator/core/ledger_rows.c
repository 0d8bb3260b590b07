/* SPDX-License-Identifier: Apache-2.0 */
/* {feed: {hour: [read, normalised, dead, dropped, filtered, events]}} to rows, and counters for the
 * other side of the account. What is here is added to the database in the transaction that moves
 * the offsets, or forgotten with the batch. */
#include "aggregator/core/ledger_rows.h"

#include "base/timestamp.h"

#define HOUR_MS INT64_C(3600000)

bool ledger_rows_is_ledger(const struct event *event)
{
    return event->family == EVENT_OBSERVATION && span_is(event->name, "ledger");
}

static bool read_counts(const struct json_value *list, int64_t count[LEDGER_ROWS_COUNTS])
{
    if (list->type != JSON_ARRAY || list->count != LEDGER_ROWS_COUNTS)
        return false;
    size_t i = 0;
    for (const struct json_value *one = list->first; one; one = one->next, i++)
        if (one->type != JSON_NUMBER || !span_to_int64(one->text, &count[i]) || count[i] < 0)
            return false;
    return true;
}

static enum reject take_hour(struct ledger_rows *rows, struct arena *arena,
                             const struct ledger_said *event, const struct json_value *hour)
{
    struct ledger_said *said = arena_take(arena, sizeof *said);
    if (!said)
        return REJECT_TOO_LARGE;
    *said = *event;
    if (!timestamp_parse_rfc3339(hour->key, &said->hour_ms) || !read_counts(hour, said->count))
        return REJECT_EVENT;
    said->next = rows->said;
    rows->said = said;
    return REJECT_NONE;
}

static enum reject take_feed(struct ledger_rows *rows, struct arena *arena,
                             struct ledger_said *event, const struct json_value *feed)
{
    enum reject reject = feed->type == JSON_OBJECT ? REJECT_NONE : REJECT_EVENT;
    event->feed = arena_copy(arena, feed->key);
    if (!event->feed.at)
        return REJECT_TOO_LARGE;
    for (const struct json_value *hour = feed->first; hour && !reject; hour = hour->next)
        reject = take_hour(rows, arena, event, hour);
    return reject;
}

enum reject ledger_rows_take(struct ledger_rows *rows, struct arena *arena,
                             const struct event *event)
{
    size_t mark = arena->used;
    struct ledger_said *before = rows->said;
    struct span input = event->subject;
    if (!event->data || event->data->type != JSON_OBJECT || !span_starts(input, SPAN("ledger:")))
        return REJECT_EVENT;
    span_cut(&input, ':');
    struct ledger_said shared = {.id = arena_copy(arena, event->id),
                                 .input = arena_copy(arena, input)};
    enum reject reject = shared.id.at && shared.input.at ? REJECT_NONE : REJECT_TOO_LARGE;
    for (const struct json_value *feed = event->data->first; feed && !reject; feed = feed->next)
        reject = take_feed(rows, arena, &shared, feed);
    if (reject != REJECT_NONE) {
        rows->said = before;
        arena_rewind(arena, mark);
    }
    return reject;
}

static bool is_of(const struct ledger_came *came, struct span feed, int64_t hour_ms)
{
    return came->hour_ms == hour_ms && span_equal(came->feed, feed);
}

static bool is_before(const struct ledger_came *came, struct span feed, int64_t hour_ms)
{
    return came->hour_ms < hour_ms ||
           (came->hour_ms == hour_ms && span_compare(came->feed, feed) < 0);
}

struct ledger_came *ledger_rows_came(struct ledger_rows *rows, struct arena *arena,
                                     struct span feed, int64_t received_ms)
{
    int64_t rest = received_ms % HOUR_MS;
    int64_t hour_ms = received_ms - rest - (rest < 0 ? HOUR_MS : 0);
    if (rows->last && is_of(rows->last, feed, hour_ms))
        return rows->last;
    struct ledger_came **at = &rows->came;
    while (*at && is_before(*at, feed, hour_ms))
        at = &(*at)->next;
    if (*at && is_of(*at, feed, hour_ms))
        return rows->last = *at;
    size_t mark = arena->used;
    struct ledger_came *came = arena_take(arena, sizeof *came);
    struct span copy = arena_copy(arena, feed);
    if (!came || !copy.at) {
        arena_rewind(arena, mark);
        return NULL;
    }
    *came = (struct ledger_came){.next = *at, .feed = copy, .hour_ms = hour_ms};
    *at = came;
    return rows->last = came;
}
