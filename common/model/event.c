/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents 1.0: written in structured mode with a fixed member order, read in both modes. */
#include "model/event.h"

#include <stdio.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "model/event_members.h"
#include "model/ids.h"
#include "model/media_type.h"

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
    DATACONTENTTYPE,
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
    DATA_BASE64, /* never ours: our data are JSON objects */
    MEMBERS
};

#define NAME(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
static const struct span members[MEMBERS] = {
    NAME("specversion"),     NAME("id"),
    NAME("source"),          NAME("type"),
    NAME("subject"),         NAME("time"),
    NAME("datacontenttype"), NAME("recordedtime"),
    NAME("partitionkey"),    NAME("correlationid"),
    NAME("causationid"),     NAME("feed"),
    NAME("feedversion"),     NAME("unit"),
    NAME("party"),           NAME("revision"),
    NAME("traceparent"),     NAME("replayof"),
    NAME("data_base64"),
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

struct moment { /* an event was often seen when it happened: written once */
    int64_t ms;
    char at[40];
    size_t len;
};

static void add_time(struct strbuf *out, struct span member, int64_t ms, struct moment *last)
{
    struct strbuf text = {.at = last->at, .capacity = sizeof last->at, .max = sizeof last->at - 1};
    if (ms == TIMESTAMP_NONE)
        return;
    if (last->ms != ms) {
        timestamp_add_rfc3339(&text, ms);
        last->ms = ms;
        last->len = text.len;
    }
    strbuf_add(out, member);
    strbuf_add_char(out, '"');
    strbuf_add(out, span_from(last->at, last->len));
    strbuf_add_char(out, '"');
}

void event_write(struct strbuf *out, const struct event *event)
{
    struct moment moment = {.ms = TIMESTAMP_NONE};
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
    add_time(out, MEMBER("time"), event->time_ms, &moment);
    if (event->data_json.at)
        strbuf_add(out, SPAN(",\"datacontenttype\":\"application/json\""));
    add_time(out, MEMBER("recordedtime"), event->recorded_ms, &moment);
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

bool event_may_say(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
            return false;
    return utf8_is_valid(text);
}

/* The first member that is missing or wrong, MEMBERS when all is well. `raw`: nobody has looked at
 * the bytes of the texts yet. */
static enum member find_fault(struct event *event, const struct span text[MEMBERS], bool raw)
{
    if (!span_is(text[SPECVERSION], "1.0"))
        return SPECVERSION;
    if (event->id.len == 0)
        return ID;
    if (event->source.len == 0)
        return SOURCE;
    if (!text[TYPE].at || !read_type(text[TYPE], event))
        return TYPE;
    if (event->family == EVENT_CASE && span_find(event->subject, ':') <= 0)
        return SUBJECT;
    if (!text[TIME].at || !timestamp_parse_rfc3339(text[TIME], &event->time_ms))
        return TIME;
    if (text[RECORDEDTIME].at && !timestamp_parse_rfc3339(text[RECORDEDTIME], &event->recorded_ms))
        return RECORDEDTIME;
    if (text[FEEDVERSION].at && !span_to_int64(text[FEEDVERSION], &event->feedversion))
        return FEEDVERSION;
    if (text[DATACONTENTTYPE].at && !media_type_is_json(text[DATACONTENTTYPE]))
        return DATACONTENTTYPE;
    if (text[DATA_BASE64].at)
        return DATA_BASE64;
    int member = raw ? ID : MEMBERS;
    while (member < MEMBERS && event_may_say(text[member]))
        member++;
    return (enum member)member;
}

static enum reject take(struct event *event, const struct span text[MEMBERS], bool raw)
{
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
    event->recorded_ms = TIMESTAMP_NONE;
    if (event->data && event->data->type == JSON_NULL)
        event->data = NULL;
    enum member fault = find_fault(event, text, raw);
    if (fault != MEMBERS)
        event->fault = members[fault].at;
    else if (event->data && event->data->type != JSON_OBJECT)
        event->fault = "data";
    return event->fault ? REJECT_EVENT : REJECT_NONE;
}

/* As event_write writes it: no tree is made of the members. False: not so. */
static bool read_own(struct json_reader *reader, struct span json, struct arena *arena,
                     struct event *event, struct span text[MEMBERS])
{
    struct span data;
    *event = (struct event){0};
    if (!json_reader_takes(reader, json.len) ||
        !event_members_read(json, members, MEMBERS, text, &data) ||
        utf8_valid_prefix(json) != json.len)
        return false;
    if (data.at)
        event->data = json_read_member(reader, data, arena);
    return !data.at || event->data;
}

enum reject event_read(struct json_reader *reader, struct span json, struct arena *arena,
                       struct event *event)
{
    const struct json_value *value;
    struct span text[MEMBERS];
    size_t bad_at;
    if (read_own(reader, json, arena, event, text))
        return take(event, text, span_find(json, '\x7f') >= 0);
    enum reject reject = json_read(reader, json, arena, &value, &bad_at);
    *event = (struct event){0};
    if (reject != REJECT_NONE)
        return reject;
    json_texts(value, members, MEMBERS, text);
    event->data = json_get(value, SPAN("data"));
    /* The reader took valid UTF-8 only, and control characters need an escape, all but DEL. */
    return take(event, text, span_find(json, '\\') >= 0 || span_find(json, '\x7f') >= 0);
}

/* Kafka's binary mode: attributes in headers ce_<name>, the value is the data, its type the
 * record's. */
static enum reject read_binary(struct json_reader *reader, const struct record *record,
                               struct span content_type, struct arena *arena, struct event *event)
{
    struct span text[MEMBERS] = {0};
    size_t bad_at;
    for (size_t i = 0; i < record->header_count; i++) {
        struct span name = record->headers[i].name;
        for (int m = 0; m < MEMBERS && span_starts(name, SPAN("ce_")); m++)
            if (span_equal(span_from(name.at + 3, name.len - 3), members[m]))
                text[m] = record->headers[i].value;
    }
    text[DATACONTENTTYPE] = content_type;
    if (record->value.len && (!content_type.at || media_type_is_json(content_type))) {
        enum reject reject = json_read(reader, record->value, arena, &event->data, &bad_at);
        if (reject != REJECT_NONE)
            return reject;
    }
    return take(event, text, true);
}

/* Kafka's header names have a case, HTTP's do not; clients that bridge the two write either. */
static struct span content_type_of(const struct record *record)
{
    struct span found = SPAN_NONE;
    for (size_t i = 0; i < record->header_count; i++)
        if (span_is(record->headers[i].name, "content-type") ||
            media_type_equal(record->headers[i].name, "content-type"))
            found = record->headers[i].value;
    return found;
}

static bool has_attributes(const struct record *record)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (span_starts(record->headers[i].name, SPAN("ce_")))
            return true;
    return false;
}

static enum reject read_structured(struct json_reader *reader, const struct record *record,
                                   struct arena *arena, struct event *event)
{
    return record->value.at ? event_read(reader, record->value, arena, event) : REJECT_EVENT;
}

enum reject event_read_record(struct json_reader *reader, const struct record *record,
                              struct arena *arena, struct event *event)
{
    struct span type = content_type_of(record);
    *event = (struct event){0};
    if (record->header_count == 1 && span_is(type, EVENT_CONTENT_TYPE))
        return read_structured(reader, record, arena, event); /* as we write it */
    struct span charset = media_type_parameter(type, "charset");
    bool utf8 = !charset.at || media_type_equal(charset, "utf-8") ||
                media_type_equal(charset, "utf8") || media_type_equal(charset, "us-ascii");
    event->fault = utf8 ? NULL : "content-type";
    if (!utf8)
        return REJECT_CHARSET;
    if (media_type_starts(type, "application/cloudevents")) {
        if (media_type_is(type, "application/cloudevents+json"))
            return read_structured(reader, record, arena, event);
        event->fault = "content-type"; /* a batch, or another format than JSON */
        return REJECT_EVENT;
    }
    if (has_attributes(record))
        return read_binary(reader, record, type, arena, event);
    return read_structured(reader, record, arena, event);
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
