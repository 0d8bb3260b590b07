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

struct span event_kind(const struct event *event)
{
    struct span rest = event->subject;
    return rest.at ? span_cut(&rest, ':') : SPAN_NONE;
}

static void add_text(struct strbuf *out, const char *name, struct span value)
{
    if (!value.at)
        return;
    strbuf_addf(out, ",\"%s\":", name);
    strbuf_add_json(out, value);
}

static void add_time(struct strbuf *out, const char *name, int64_t ms)
{
    if (ms == TIMESTAMP_NONE)
        return;
    strbuf_addf(out, ",\"%s\":\"", name);
    timestamp_add_rfc3339(out, ms);
    strbuf_add_char(out, '"');
}

void event_write(struct strbuf *out, const struct event *event)
{
    strbuf_add(out, SPAN("{\"specversion\":\"1.0\""));
    add_text(out, "id", event->id);
    add_text(out, "source", event->source);
    strbuf_addf(out, ",\"type\":\"%s", families[event->family]);
    if (event->family != EVENT_TICK) {
        strbuf_add(out, event->name);
        strbuf_add(out, SPAN(".v1"));
    }
    strbuf_add_char(out, '"');
    add_text(out, "subject", event->subject);
    add_time(out, "time", event->time_ms);
    if (event->data_json.at)
        strbuf_add(out, SPAN(",\"datacontenttype\":\"application/json\""));
    add_time(out, "recordedtime", event->recorded_ms);
    add_text(out, "partitionkey", event->partitionkey);
    add_text(out, "correlationid", event->correlationid);
    add_text(out, "causationid", event->causationid);
    add_text(out, "feed", event->feed);
    if (event->feedversion)
        strbuf_addf(out, ",\"feedversion\":\"%lld\"", (long long)event->feedversion);
    add_text(out, "unit", event->unit);
    add_text(out, "party", event->party);
    add_text(out, "revision", event->revision);
    add_text(out, "traceparent", event->traceparent);
    add_text(out, "replayof", event->replayof);
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
    size_t bad_at;
    enum reject reject = json_read(reader, json, arena, &value, &bad_at);
    *event = (struct event){0};
    if (reject != REJECT_NONE)
        return reject;
    if (!span_is(json_text(value, "specversion"), "1.0"))
        return REJECT_EVENT;
    event->id = json_text(value, "id");
    event->source = json_text(value, "source");
    event->subject = json_text(value, "subject");
    event->partitionkey = json_text(value, "partitionkey");
    event->correlationid = json_text(value, "correlationid");
    event->causationid = json_text(value, "causationid");
    event->feed = json_text(value, "feed");
    event->unit = json_text(value, "unit");
    event->party = json_text(value, "party");
    event->revision = json_text(value, "revision");
    event->traceparent = json_text(value, "traceparent");
    event->replayof = json_text(value, "replayof");
    event->data = json_get(value, SPAN("data"));
    return finish(event, json_text(value, "type"), json_text(value, "time"),
                  json_text(value, "recordedtime"), json_text(value, "feedversion"));
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
