/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents 1.0: written in structured mode with a fixed member order, read in both modes. */
#include "model/event.h"

#include <stdio.h>

#include "base/timestamp.h"
#include "model/ids.h"

static const char *const families[] = {
    [EVENT_CASE] = "cn.citybrain.case.",
    [EVENT_OBSERVATION] = "cn.citybrain.observation.",
    [EVENT_REGISTRY] = "cn.citybrain.registry.",
    [EVENT_TICK] = "cn.citybrain.tick.v1",
};

/* In the order in which event_write writes them. */
enum member {
    SPECVERSION,
    ID,
    SOURCE,
    TYPE,
    SUBJECT,
    TIME,
    RECORDEDTIME,
    PARTITIONKEY,
    CORRELATIONID,
    CAUSATIONID,
    FEED,
    FEEDVERSION,
    UNIT,
    PARTY,
    REVISION,
    TRACEPARENT,
    REPLAYOF,
    MEMBERS
};

#define NAME(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
static const struct span members[MEMBERS] = {
    NAME("specversion"),   NAME("id"),          NAME("source"),       NAME("type"),
    NAME("subject"),       NAME("time"),        NAME("recordedtime"), NAME("partitionkey"),
    NAME("correlationid"), NAME("causationid"), NAME("feed"),         NAME("feedversion"),
    NAME("unit"),          NAME("party"),       NAME("revision"),     NAME("traceparent"),
    NAME("replayof"),
};

struct span event_kind(const struct event *event)
{
    struct span rest = event->subject;
    return rest.at ? span_cut(&rest, ':') : SPAN_NONE;
}

#define MEMBER(name) SPAN(",\"" name "\":")

static void add_text(struct strbuf *out, struct span member, struct span value)
{
    if (!value.at)
        return;
    strbuf_add(out, member);
    strbuf_add_json(out, value);
}

static void add_time(struct strbuf *out, struct span member, int64_t ms)
{
    if (ms == TIMESTAMP_NONE)
        return;
    strbuf_add(out, member);
    strbuf_add_char(out, '"');
    timestamp_add_rfc3339(out, ms);
    strbuf_add_char(out, '"');
}

void event_write(struct strbuf *out, const struct event *event)
{
    strbuf_add(out, SPAN("{\"specversion\":\"1.0\""));
    add_text(out, MEMBER("id"), event->id);
    add_text(out, MEMBER("source"), event->source);
    strbuf_add(out, SPAN(",\"type\":\""));
    strbuf_add(out, span_of(families[event->family]));
    if (event->family != EVENT_TICK) {
        strbuf_add(out, event->name);
        strbuf_add(out, SPAN(".v1"));
    }
    strbuf_add_char(out, '"');
    add_text(out, MEMBER("subject"), event->subject);
    add_time(out, MEMBER("time"), event->time_ms);
    if (event->data_json.at)
        strbuf_add(out, SPAN(",\"datacontenttype\":\"application/json\""));
    add_time(out, MEMBER("recordedtime"), event->recorded_ms);
    add_text(out, MEMBER("partitionkey"), event->partitionkey);
    add_text(out, MEMBER("correlationid"), event->correlationid);
    add_text(out, MEMBER("causationid"), event->causationid);
    add_text(out, MEMBER("feed"), event->feed);
    if (event->feedversion) {
        strbuf_add(out, SPAN(",\"feedversion\":\""));
        strbuf_add_int(out, event->feedversion);
        strbuf_add_char(out, '"');
    }
    add_text(out, MEMBER("unit"), event->unit);
    add_text(out, MEMBER("party"), event->party);
    add_text(out, MEMBER("revision"), event->revision);
    add_text(out, MEMBER("traceparent"), event->traceparent);
    add_text(out, MEMBER("replayof"), event->replayof);
    if (event->data_json.at) {
        strbuf_add(out, SPAN(",\"data\":"));
        strbuf_add(out, event->data_json);
    }
    strbuf_add_char(out, '}');
}

static bool read_type(struct span type, struct event *event)
{
    if (span_is(type, families[EVENT_TICK])) {
        event->family = EVENT_TICK;
        return true;
    }
    for (int i = EVENT_CASE; i < EVENT_TICK; i++) {
        struct span front = span_of(families[i]);
        if (!span_starts(type, front) || !span_ends(type, SPAN(".v1")) || type.len <= front.len + 3)
            continue;
        event->family = (enum event_family)i;
        event->name = span_from(type.at + front.len, type.len - front.len - 3);
        return span_find(event->name, '.') < 0;
    }
    return false;
}

static enum reject finish(struct event *event, struct span type, struct span time,
                          struct span recorded, struct span version)
{
    event->recorded_ms = TIMESTAMP_NONE;
    bool whole = event->id.len && event->source.len && read_type(type, event) && time.at &&
                 timestamp_parse_rfc3339(time, &event->time_ms) &&
                 (!recorded.at || timestamp_parse_rfc3339(recorded, &event->recorded_ms)) &&
                 (!version.at || span_to_int64(version, &event->feedversion));
    if (whole && event->family == EVENT_CASE)
        whole = span_find(event->subject, ':') > 0;
    return whole ? REJECT_NONE : REJECT_EVENT;
}

enum reject event_read(struct json_reader *reader, struct span json, struct arena *arena,
                       struct event *event)
{
    const struct json_value *value;
    struct span text[MEMBERS];
    size_t bad_at;
    enum reject reject = json_read(reader, json, arena, &value, &bad_at);
    *event = (struct event){0};
    if (reject != REJECT_NONE)
        return reject;
    json_texts(value, members, MEMBERS, text);
    if (!span_is(text[SPECVERSION], "1.0"))
        return REJECT_EVENT;
    event->id = text[ID];
    event->source = text[SOURCE];
    event->subject = text[SUBJECT];
    event->partitionkey = text[PARTITIONKEY];
    event->correlationid = text[CORRELATIONID];
    event->causationid = text[CAUSATIONID];
    event->feed = text[FEED];
    event->unit = text[UNIT];
    event->party = text[PARTY];
    event->revision = text[REVISION];
    event->traceparent = text[TRACEPARENT];
    event->replayof = text[REPLAYOF];
    event->data = json_get(value, SPAN("data"));
    return finish(event, text[TYPE], text[TIME], text[RECORDEDTIME], text[FEEDVERSION]);
}

/* Kafka's binary mode: attributes in headers ce_<name>, the value is the data. */
static enum reject read_binary(struct json_reader *reader, const struct record *record,
                               struct arena *arena, struct event *event)
{
    size_t bad_at;
    *event = (struct event){0};
    if (!span_is(record_header(record, "ce_specversion"), "1.0"))
        return REJECT_EVENT;
    if (record->value.len) {
        enum reject reject = json_read(reader, record->value, arena, &event->data, &bad_at);
        if (reject != REJECT_NONE)
            return reject;
    }
    event->id = record_header(record, "ce_id");
    event->source = record_header(record, "ce_source");
    event->subject = record_header(record, "ce_subject");
    event->partitionkey = record_header(record, "ce_partitionkey");
    event->correlationid = record_header(record, "ce_correlationid");
    event->causationid = record_header(record, "ce_causationid");
    event->feed = record_header(record, "ce_feed");
    event->unit = record_header(record, "ce_unit");
    event->party = record_header(record, "ce_party");
    event->revision = record_header(record, "ce_revision");
    event->traceparent = record_header(record, "ce_traceparent");
    event->replayof = record_header(record, "ce_replayof");
    return finish(event, record_header(record, "ce_type"), record_header(record, "ce_time"),
                  record_header(record, "ce_recordedtime"),
                  record_header(record, "ce_feedversion"));
}

enum reject event_read_record(struct json_reader *reader, const struct record *record,
                              struct arena *arena, struct event *event)
{
    bool structured =
        span_starts(record_header(record, "content-type"), SPAN("application/cloudevents"));
    if (!structured && record_header(record, "ce_type").at)
        return read_binary(reader, record, arena, event);
    return event_read(reader, record->value, arena, event);
}

void event_write_tick(struct strbuf *out, int64_t t_ms, int32_t partition)
{
    char id[DIGEST_ID_LEN + 1], t[24], p[16];
    snprintf(t, sizeof t, "%lld", (long long)t_ms);
    snprintf(p, sizeof p, "%d", (int)partition);
    struct span fields[] = {SPAN("tick"), span_of(t), span_of(p)};
    digest_id(id, fields, 3);
    event_write(out, &(struct event){.family = EVENT_TICK,
                                     .id = span_of(id),
                                     .source = SPAN("/clock"),
                                     .time_ms = t_ms,
                                     .recorded_ms = TIMESTAMP_NONE});
}
