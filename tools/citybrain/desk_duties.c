/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of the kinds `copied`, `nudged` and `overdue` bring nothing new to decide: a copy asks
 * nothing, the two others remind of what was asked before. */
#include "citybrain/desk_duties.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "kafka/log_search.h"

#define ARENA_BYTES (1 << 20)
#define TOPIC       "dispatch.desk"

struct desk_duty_entry {
    struct desk_duty_item item; /* first: one is found from the other */
    UT_hash_handle hh;
};

void desk_duties_init(struct desk_duties *duties)
{
    *duties = (struct desk_duties){.reader = json_reader_new()};
    arena_init(&duties->arena, ARENA_BYTES);
}

static struct desk_duty_item *add(struct desk_duties *duties, struct span key)
{
    struct desk_duty_entry *entry = NULL;
    HASH_FIND(hh, duties->by_case, key.at, key.len, entry);
    if (entry)
        return &entry->item;
    entry = xcalloc(1, sizeof *entry);
    entry->item.case_id = xspandup(key);
    entry->item.next = duties->first;
    duties->first = &entry->item;
    duties->count++;
    HASH_ADD_KEYPTR(hh, duties->by_case, entry->item.case_id, key.len, entry);
    return &entry->item;
}

static void set_order(struct desk_duty_item *item, struct span value)
{
    free(item->order);
    item->order = xspandup(value);
    item->reminders = 0;
}

static void end(struct desk_duty_item *item)
{
    item->open = false;
    free(item->order);
    item->order = NULL;
}

bool desk_duties_take(struct desk_duties *duties, struct span key, struct span value)
{
    const struct json_value *order = NULL;
    size_t bad_at;
    struct desk_duty_item *item = add(duties, key);
    if (!value.at) {
        end(item);
        return true;
    }
    arena_reset(&duties->arena);
    if (json_read(duties->reader, value, &duties->arena, &order, &bad_at) != REJECT_NONE)
        return error_set(&duties->error, ERROR_REFUSED, 0, "the order of %.*s cannot be read",
                         SPAN_ARG(key));
    struct span kind = json_text(order, "kind");
    if (span_is(kind, "copied"))
        return true;
    if (span_is(kind, "ended") || span_is(kind, "recalled") || span_is(kind, "merged")) {
        end(item);
        return true;
    }
    bool reminds = span_is(kind, "nudged") || span_is(kind, "overdue");
    if (!reminds || !item->order)
        set_order(item, value);
    item->reminders += reminds;
    item->open = true;
    return true;
}

static bool take_record(void *context, const struct log_search_record *record)
{
    return desk_duties_take(context, record->key, record->value);
}

bool desk_duties_read(struct desk_duties *duties, const struct kafka_settings *settings,
                      struct error *error)
{
    desk_duties_init(duties);
    bool good = log_search_all(settings, TOPIC, take_record, duties, error);
    if (duties->error.kind != ERROR_NONE)
        *error = duties->error;
    return good;
}

void desk_duties_fini(struct desk_duties *duties)
{
    HASH_CLEAR(hh, duties->by_case);
    for (struct desk_duty_item *item = duties->first, *next; item; item = next) {
        next = item->next;
        free(item->case_id);
        free(item->order);
        free(item);
    }
    json_reader_free(duties->reader);
    arena_fini(&duties->arena);
}

struct desk_duty_item *desk_duties_find(const struct desk_duties *duties, const char *case_id)
{
    struct desk_duty_entry *entry = NULL;
    HASH_FIND_STR(duties->by_case, case_id, entry);
    return entry ? &entry->item : NULL;
}

const struct json_value *desk_duties_view(struct desk_duties *duties,
                                          const struct desk_duty_item *item)
{
    const struct json_value *order = NULL;
    size_t bad_at;
    arena_reset(&duties->arena);
    (void)!json_read(duties->reader, span_of(item->order), &duties->arena, &order, &bad_at);
    return order;
}
