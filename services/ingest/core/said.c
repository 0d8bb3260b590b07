/* SPDX-License-Identifier: Apache-2.0 */
/* An event somebody made himself: its own id, stage, subject, time and data are taken, and who it
 * is is not asked of it. Of its data only codes, times and short numbers go on: free text and
 * anything that could be a telephone number stay where they were said. Of a unit's and the desk's
 * moves the reason goes on, masked (remark.h). */
#include "ingest/core/said.h"

#include <string.h>

#include "base/timestamp.h"
#include "ingest/core/remark.h"
#include "model/case_line.h"
#include "model/ids.h"

#define MAX_DATA_TEXT 64

static bool is_public_text(const struct json_value *member)
{
    size_t digits = 0;
    int64_t ms;
    if (member->type == JSON_BOOL)
        return true;
    if ((member->type != JSON_STRING && member->type != JSON_NUMBER) || member->text.len == 0 ||
        member->text.len > MAX_DATA_TEXT)
        return false;
    if (timestamp_parse_rfc3339(member->text, &ms))
        return true;
    for (size_t i = 0; i < member->text.len; i++) {
        unsigned char c = (unsigned char)member->text.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && strchr("_.:-", c) == NULL)
            return false;
        digits = digit ? digits + 1 : digits;
    }
    char first = member->text.at[0];
    return digits < 7 || (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
}

/* A name is a word of ours or of nobody's. What an event was caused by is for the router to say: a
 * case keeps a line behind its cause; what was said for it is `reason`, and is written by us. */
static bool is_public_name(struct span name)
{
    bool good = name.len > 0 && name.len <= MAX_DATA_TEXT && !span_is(name, "cause") &&
                !span_is(name, "said");
    for (size_t i = 0; good && i < name.len; i++) {
        char c = name.at[i];
        good = (c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9');
    }
    return good;
}

/* The other case of a merge: an id as the event's own subject is one. */
static bool is_other_case(const struct normalise *normalise, const struct json_value *member)
{
    struct span rest = member->text, kind;
    if (!span_is(member->key, "parent") || member->type != JSON_STRING)
        return false;
    kind = span_cut(&rest, ':');
    return rest.len > 0 && member->text.len <= NORMALISE_SUBJECT_MAX &&
           event_may_say(member->text) && kinds_find(normalise->kinds, kind) != NULL;
}

static void write_reason(struct strbuf *out, const struct json_value *data)
{
    char text[CASE_LINE_SAID + 1];
    struct strbuf said = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    if (!remark_write(&said, json_text(data, "reason")))
        return;
    strbuf_add(out, out->len > 1 ? SPAN(",\"said\":") : SPAN("\"said\":"));
    strbuf_add_json(out, strbuf_span(&said));
}

static void write_data(const struct normalise *normalise, struct strbuf *out,
                       const struct json_value *data, bool by_unit)
{
    strbuf_reset(out);
    strbuf_add_char(out, '{');
    for (const struct json_value *one = data ? data->first : NULL; one; one = one->next) {
        if (!is_public_name(one->key))
            continue;
        if (!is_public_text(one) && !is_other_case(normalise, one))
            continue;
        if (out->len > 1)
            strbuf_add_char(out, ',');
        strbuf_add_json(out, one->key);
        strbuf_add_char(out, ':');
        if (one->type == JSON_BOOL)
            strbuf_add(out, one->truth ? SPAN("true") : SPAN("false"));
        else if (one->type == JSON_NUMBER)
            strbuf_add(out, one->text);
        else
            strbuf_add_json(out, one->text);
    }
    if (by_unit && data)
        write_reason(out, data);
    strbuf_add_char(out, '}');
}

enum reject said_check(const struct normalise *normalise, const struct raw_header *header,
                       const struct event *event)
{
    if (event->family != EVENT_CASE || event->id.len == 0 || event->subject.len == 0)
        return REJECT_EVENT;
    if (event->replayof.len > NORMALISE_REPLAY_MAX)
        return REJECT_EVENT;
    if (event->subject.len > NORMALISE_SUBJECT_MAX || event->id.len > NORMALISE_NUMBER_MAX)
        return REJECT_IDENTITY;
    const struct case_kind *kind = kinds_find(normalise->kinds, event_kind(event));
    if (kind == NULL || case_kind_stage(kind, event->name) < 0)
        return REJECT_STAGE;
    if (header->replayof.at == NULL && event->replayof.at == NULL &&
        event->time_ms > header->received_ms + NORMALISE_MAX_AHEAD_MS)
        return REJECT_FUTURE;
    return REJECT_NONE;
}

enum reject said_write(struct normalise *normalise, const struct raw_header *header,
                       const struct event *said, const struct said_by *by)
{
    char id[DIGEST_ID_LEN + 1], revision[REVISION_LEN + 1];
    write_data(normalise, &normalise->data, said->data, by->unit.len > 0);
    ids_event(id, by->namespace_, said->id, said->name, by->identity, by->identity_count);
    if (!ids_revision(revision, by->revision, header->received_ms, header->mapping,
                      strbuf_span(&normalise->data)))
        return REJECT_EVENT;
    struct event event = {.family = EVENT_CASE,
                          .name = said->name,
                          .id = span_of(id),
                          .source = by->source,
                          .subject = said->subject,
                          .time_ms = said->time_ms,
                          .recorded_ms = header->received_ms,
                          .partitionkey = said->subject,
                          .feed = header->feed,
                          .feedversion = header->mapping,
                          .unit = by->unit,
                          .party = by->party,
                          .revision = span_of(revision),
                          .replayof = header->replayof.at ? header->replayof : said->replayof,
                          .data_json = strbuf_span(&normalise->data)};
    strbuf_reset(&normalise->text);
    event_write(&normalise->text, &event);
    bool fits = !strbuf_is_full(&normalise->text) && !strbuf_is_full(&normalise->data) &&
                normalise->text.len <= NORMALISE_EVENT_MAX;
    return fits ? REJECT_NONE : REJECT_TOO_LARGE;
}
