/* SPDX-License-Identifier: Apache-2.0 */
/* A case's line keeps no evidence: it would be as long as the case. So what a trigger found is kept
 * beside the sets, by case and revision, as the sets are: order and repetition cannot matter. */
#include "aggregator/core/firing_rows.h"

#include "base/strbuf.h"
#include "model/json_write.h"

#define MOST_DATA ((size_t)64 << 10) /* of a hundred pieces of evidence */

static bool is_texts(const struct json_value *list)
{
    if (!list || list->type != JSON_ARRAY)
        return false;
    for (const struct json_value *one = list->first; one; one = one->next)
        if (one->type != JSON_STRING)
            return false;
    return true;
}

/* Whoever may open a case may say anything of it: only the router found something. */
bool firing_rows_is_firing(const struct event *event)
{
    return event->family == EVENT_CASE && span_is(event->name, "opened") &&
           span_is(event->party, "router") && !event->feed.len && event->data &&
           event->data->type == JSON_OBJECT && json_text(event->data, "trigger").len > 0 &&
           is_texts(json_get(event->data, SPAN("evidence")));
}

static bool fill(struct firing_row *row, struct arena *arena, const struct event *event)
{
    struct strbuf data;
    strbuf_init(&data, 4096, MOST_DATA);
    json_write(&data, event->data, false);
    row->case_id = arena_copy(arena, event->subject);
    row->revision = arena_copy(arena, event->revision);
    row->trigger = arena_copy(arena, json_text(event->data, "trigger"));
    row->data = arena_copy(arena, strbuf_is_full(&data) ? SPAN("{}") : strbuf_span(&data));
    row->fired_ms = event->time_ms;
    strbuf_fini(&data);
    return row->case_id.at && row->revision.at && row->trigger.at && row->data.at;
}

bool firing_rows_take(struct firing_rows *rows, struct arena *arena, const struct event *event)
{
    struct firing_row **at = &rows->first;
    while (*at && span_compare((*at)->case_id, event->subject) < 0)
        at = &(*at)->next;
    bool same = *at && span_equal((*at)->case_id, event->subject);
    if (same && span_compare((*at)->revision, event->revision) >= 0)
        return true;
    size_t mark = arena->used;
    struct firing_row *row = arena_take(arena, sizeof *row);
    if (!row || !fill(row, arena, event)) {
        arena_rewind(arena, mark);
        return false;
    }
    row->next = same ? (*at)->next : *at;
    *at = row;
    return true;
}
