/* SPDX-License-Identifier: Apache-2.0 */
/* The case is `proactive:<trigger>:<id of the firing>`, and its `opened` has that id too: said
 * twice, it is one event of one case. */
#include "router/core/firing.h"

#include <stdio.h>

#include "base/timestamp.h"
#include "model/event.h"
#include "model/ids.h"
#include "router/core/emit.h"
#include "router/core/firing_say.h"
#include "router/core/packed.h"

#define MOST_DATA ((size_t)64 << 10)

void firing_writer_init(struct firing_writer *writer)
{
    strbuf_init(&writer->data, 2048, MOST_DATA);
    strbuf_init(&writer->event, 4096, 2 * MOST_DATA);
    strbuf_init(&writer->text, 512, MOST_DATA);
}

void firing_writer_fini(struct firing_writer *writer)
{
    strbuf_fini(&writer->data);
    strbuf_fini(&writer->event);
    strbuf_fini(&writer->text);
}

static struct span unescape(struct span text, struct arena *arena)
{
    char *at = arena_take(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; at && i < text.len; i++) {
        bool escape = text.at[i] == '\\' && i + 1 < text.len;
        i += escape;
        at[len++] = escape && text.at[i] == 'n' ? '\n' : text.at[i];
    }
    return at ? span_from(at, len) : SPAN_NONE;
}

/* Cuts at a bar that no backslash stands before. */
static struct span cut_value(struct span *rest)
{
    size_t at = 0;
    while (at < rest->len && rest->at[at] != '|')
        at += rest->at[at] == '\\' && at + 1 < rest->len ? 2 : 1;
    struct span value = span_from(rest->at, at);
    *rest = at < rest->len ? span_from(rest->at + at + 1, rest->len - at - 1) : SPAN_NONE;
    return value;
}

void firing_split_group(struct span values[TRIGGER_MOST_GROUP], struct span group,
                        struct arena *arena)
{
    struct span rest = group;
    cut_value(&rest);
    for (size_t i = 0; i < TRIGGER_MOST_GROUP; i++)
        values[i] = rest.at ? unescape(cut_value(&rest), arena) : SPAN_NONE;
}

static struct span of_notice(const struct window_notice *notice, struct span name)
{
    if (span_is(name, "sort"))
        return span_of(notice->sort);
    if (span_is(name, "level"))
        return span_of(notice->level);
    return SPAN_NONE;
}

struct span firing_field(const struct firing *firing, struct span name)
{
    const struct trigger *trigger = firing->trigger;
    for (size_t i = 0; i < trigger->group_count; i++)
        if (span_equal(trigger->group[i], name))
            return firing->values[i];
    struct span told =
        firing->finding->notice ? of_notice(firing->finding->notice, name) : SPAN_NONE;
    if (!told.len)
        told = window_texts_find(firing->texts, name);
    if (span_is(name, "case") && firing->finding->evidence_count)
        return firing->finding->evidence[firing->finding->evidence_count - 1]->subject;
    return told;
}

/* ---- the data ---- */

static void add_key(struct strbuf *out, const char *key)
{
    strbuf_addf(out, "%s\"%s\":", out->at[out->len - 1] == '{' ? "" : ",", key);
}

static void add_text(struct strbuf *out, const char *key, struct span value)
{
    if (!value.len)
        return;
    add_key(out, key);
    strbuf_add_json(out, value);
}

static void add_time(struct strbuf *out, const char *key, int64_t ms)
{
    add_key(out, key);
    strbuf_add_char(out, '"');
    timestamp_add_rfc3339(out, ms);
    strbuf_add_char(out, '"');
}

static void add_group(struct strbuf *out, const struct firing *firing)
{
    add_key(out, "group");
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < firing->trigger->group_count; i++) {
        add_key(out, firing->trigger->group[i].at);
        strbuf_add_json(out, firing->values[i].at ? firing->values[i] : SPAN(""));
    }
    strbuf_add_char(out, '}');
}

/* A case by its id; what was observed, by its event's, for one subject may be observed often. */
static struct span evidence_of(const struct firing *firing, const struct window_fact *fact)
{
    bool cases = firing->trigger->steps[0].family == EVENT_CASE;
    return cases && fact->subject.len ? fact->subject : fact->id;
}

static void add_evidence(struct strbuf *out, const struct firing *firing)
{
    const struct window_finding *finding = firing->finding;
    struct span before = SPAN_NONE;
    char id[DIGEST_ID_LEN];
    add_key(out, "evidence");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < finding->evidence_count; i++) {
        struct span one = evidence_of(firing, finding->evidence[i]);
        if (span_equal(one, before))
            continue; /* a case closed, then opened again */
        if (before.at)
            strbuf_add_char(out, ',');
        strbuf_add_json(out, packed_key_text(id, one));
        before = one;
    }
    strbuf_add_char(out, ']');
}

static void add_place(struct strbuf *out, const struct firing *firing)
{
    struct span community = firing_field(firing, SPAN("community_code"));
    struct span street = firing_field(firing, SPAN("street_code"));
    if (!street.len)
        street =
            district_street(firing->district, community, SPAN_NONE, window_day_of(firing->time_ms));
    if (firing->station) {
        community = firing->station->community_code;
        street = firing->station->street_code;
    }
    add_text(out, "street_code", street);
    add_text(out, "community_code", community);
    add_text(out, "estate_code", firing_field(firing, SPAN("estate_code")));
}

static struct span cause_of(struct firing_writer *writer, const struct firing *firing)
{
    const struct window_finding *finding = firing->finding;
    if (finding->notice)
        return span_of(finding->notice->id);
    return finding->evidence_count
               ? packed_key_text(writer->cause, finding->evidence[finding->evidence_count - 1]->id)
               : SPAN_NONE;
}

/* What the case keeps of the sentence, for the orders to come; cut where a character begins. */
static struct span shorten(struct span text)
{
    size_t len = text.len < CASE_LINE_FOUND ? text.len : CASE_LINE_FOUND;
    while (len > 0 && len < text.len && ((unsigned char)text.at[len] & 0xC0) == 0x80)
        len--;
    return span_from(text.at, len);
}

static void write_data(struct firing_writer *writer, const struct firing *firing)
{
    const struct trigger_open *open = &firing->trigger->open;
    const struct window_finding *finding = firing->finding;
    struct strbuf *out = &writer->data;
    strbuf_reset(out);
    strbuf_add_char(out, '{');
    add_text(out, "trigger", span_of(firing->trigger->name));
    add_group(out, firing);
    add_time(out, "window_from", finding->from_ms);
    add_time(out, "window_to", finding->to_ms);
    add_key(out, "count");
    strbuf_add_int(out, finding->count);
    if (firing->trigger->distinct.at) {
        add_key(out, "distinct");
        strbuf_add_int(out, finding->distinct);
    }
    add_evidence(out, firing);
    add_text(out, "notice", finding->notice ? span_of(finding->notice->id) : SPAN_NONE);
    add_text(out, "type_code",
             open->same_type ? firing_field(firing, SPAN("type_code")) : span_of(open->type_code));
    if (open->same_place)
        add_place(out, firing);
    add_text(out, "lead", span_of(open->lead));
    add_text(out, "limit_class", span_of(open->limit_class));
    add_text(out, "confirm", firing->trigger->confirm ? SPAN("desk") : SPAN("no"));
    add_text(out, "bundle", firing->bundle);
    strbuf_reset(&writer->text);
    firing_say(&writer->text, firing);
    add_text(out, "reason", strbuf_span(&writer->text));
    add_text(out, "found", shorten(strbuf_span(&writer->text)));
    add_text(out, "cause", cause_of(writer, firing));
    strbuf_add_char(out, '}');
}

/* An event about the case it opens, around writer->data. */
static struct event event_of(const struct firing_writer *writer, const struct firing *firing,
                             struct span subject, const char *stage, struct span id,
                             char revision[REVISION_LEN + 1])
{
    (void)!ids_revision(revision, SPAN_NONE, firing->time_ms, 0, strbuf_span(&writer->data));
    return (struct event){
        .family = EVENT_CASE,
        .name = span_of(stage),
        .id = id,
        .source = SPAN("/router"),
        .subject = subject,
        .time_ms = firing->time_ms,
        .recorded_ms = firing->time_ms,
        .partitionkey = subject,
        .party = SPAN("router"),
        .revision = span_of(revision),
        .data_json = strbuf_span(&writer->data),
    };
}

static bool send(struct firing_writer *writer, const struct event *event, struct outputs *outputs)
{
    static const struct record_header type = {{"content-type", 12},
                                              {EVENT_CONTENT_TYPE, sizeof EVENT_CONTENT_TYPE - 1}};
    strbuf_reset(&writer->event);
    event_write(&writer->event, event);
    if (strbuf_is_full(&writer->data) || strbuf_is_full(&writer->event))
        return false;
    outputs_add(outputs, &(struct output){.stream = STREAM_EVENTS,
                                          .partition = OUTPUT_BY_KEY,
                                          .key = event->subject,
                                          .value = strbuf_span(&writer->event),
                                          .headers = {type},
                                          .header_count = 1});
    return true;
}

/* Where no person is asked, the router gives the word that the case waits for
 * (docs/decisions/0045).
 */
static bool send_confirmed(struct firing_writer *writer, const struct firing *firing,
                           struct span subject, struct span opened_id, struct outputs *outputs)
{
    char id[DIGEST_ID_LEN + 1], revision[REVISION_LEN + 1];
    ids_decision(id, opened_id, SPAN("confirm"));
    strbuf_reset(&writer->data);
    strbuf_add_char(&writer->data, '{');
    add_text(&writer->data, "rule", span_of(firing->trigger->name));
    add_text(&writer->data, "bundle", firing->bundle);
    add_text(&writer->data, "cause", opened_id);
    strbuf_add_char(&writer->data, '}');
    struct event event = event_of(writer, firing, subject, "confirmed", span_of(id), revision);
    event.causationid = opened_id;
    return send(writer, &event, outputs);
}

bool firing_send(struct firing_writer *writer, const struct firing *firing, struct outputs *outputs)
{
    char id[DIGEST_ID_LEN + 1], revision[REVISION_LEN + 1], subject[128];
    ids_firing(id, span_of(firing->trigger->name), firing->group, firing->finding->start_ms);
    snprintf(subject, sizeof subject, "proactive:%.60s:%s", firing->trigger->name, id);
    write_data(writer, firing);
    struct event event =
        event_of(writer, firing, span_of(subject), "opened", span_of(id), revision);
    event.causationid = cause_of(writer, firing);
    return send(writer, &event, outputs) &&
           (firing->trigger->confirm ||
            send_confirmed(writer, firing, event.subject, event.id, outputs));
}
