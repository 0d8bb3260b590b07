/* SPDX-License-Identifier: Apache-2.0 */
/* From a Kafka record to outputs: which header holds for it, then its events, or one dead letter
 * with the value untouched, and where a unit produced it itself a receipt. A record whose header
 * cannot be read is a dead letter like any other. */
#include <stdio.h>
#include <string.h>

#include "ingest/core/normalise.h"
#include "model/ids.h"

#define KEY_MAX  1024 /* of a dead letter */
#define TYPE_MAX 128  /* of a content type */

/* The unit is what stands behind "status." in the topic's name. */
static struct span unit_of_topic(struct span topic)
{
    static const char mark[] = "status.";
    const char *at = memmem(topic.at, topic.len, mark, sizeof mark - 1);
    if (at == NULL)
        return SPAN_NONE;
    at += sizeof mark - 1;
    return span_from(at, (size_t)(topic.at + topic.len - at));
}

/* Other people's producers write no header: the broker's time and the topic say all. What our door
 * adds is believed only where it can do no harm. */
static enum reject status_header(struct normalise *normalise, const struct record *record,
                                 struct raw_header *header)
{
    struct raw_header door = {0};
    struct span cb = record_header(record, "cb");
    *header = (struct raw_header){.feed = SPAN("status"),
                                  .row = 1,
                                  .rows = 1,
                                  .received_ms = record->timestamp_ms,
                                  .charset = SPAN("utf-8"),
                                  .verdict = SPAN("none"),
                                  .unit = unit_of_topic(record->topic)};
    if (cb.at &&
        raw_header_read(normalise->decode.reader, cb, &normalise->arena, &door) == REJECT_NONE) {
        if (door.replayof.len <= NORMALISE_REPLAY_MAX)
            header->replayof = door.replayof;
        header->upload = door.upload;
        header->row = door.row;
        header->byte_offset = door.byte_offset;
        if (normalise->trust_door_time)
            header->received_ms = door.received_ms;
    }
    header->content_type = record_header(record, "content-type");
    if (header->content_type.len > TYPE_MAX)
        header->content_type = SPAN_NONE;
    const struct feed *feed = feeds_find(normalise->feeds, header->feed);
    const struct mapping *mapping = feed ? feed_mapping_at(feed, header->received_ms) : NULL;
    header->mapping = mapping ? mapping->version : 0;
    return mapping ? REJECT_NONE : REJECT_FEED;
}

/* Producers compress, so a record may be larger than what we can write. Its dead letter then says
 * where it lies and leaves it there: a partition never stops for one record's size. */
static void write_dead(struct normalise *normalise, const struct record *record,
                       const struct raw_header *header, const struct normalise_result *result,
                       struct outputs *outputs)
{
    bool fits = record->value.len <= NORMALISE_VALUE_MAX;
    int64_t attempt = dead_header_attempt(record_header(record, DEAD_REDRIVEN));
    struct dead_header dead = {.raw = *header,
                               .topic = record->topic,
                               .partition = record->partition,
                               .offset = record->offset,
                               .why = result->why,
                               .record = result->number,
                               .attempts =
                                   result->why.reject == REJECT_CRASH ? attempt + 2 : attempt,
                               .disposition = fits ? SPAN("dead") : SPAN("left_in_source")};
    strbuf_reset(&normalise->text);
    dead_header_write(&normalise->text, &dead);
    struct output output = {
        .stream = NORMALISE_DEAD,
        .partition = OUTPUT_BY_KEY,
        .key = record->key.at && record->key.len <= KEY_MAX ? record->key : header->feed,
        .value = fits ? record->value : SPAN_NONE,
        .headers = {{SPAN("cb"), strbuf_span(&normalise->text)},
                    {SPAN("__connect.errors.topic"), record->topic}},
        .header_count = 2,
    };
    outputs_add(outputs, &output);
}

/* A unit's own producer got no answer from a door: it is told on its receipts what could not be
 * read, where it lies and why. What it said is in no record of ours but the dead letter. */
static void write_receipt(struct normalise *normalise, const struct record *record,
                          const struct raw_header *header, enum reject reject,
                          struct outputs *outputs)
{
    char place[512], id[DIGEST_ID_LEN + 1];
    struct strbuf *out = &normalise->text;
    int n = snprintf(place, sizeof place, "%.*s/%d/%lld", (int)record->topic.len, record->topic.at,
                     (int)record->partition, (long long)record->offset);
    ids_decision(id, span_from(place, (size_t)n), SPAN("receipt"));
    strbuf_reset(out);
    strbuf_addf(out, "{\"id\":\"%s\",\"unit\":", id);
    strbuf_add_json(out, header->unit);
    strbuf_addf(
        out, ",\"reason\":\"unreadable\",\"detail\":\"%s\",\"say\":{\"zh\":", reject_name(reject));
    strbuf_add_json(out, span_of(reject_chinese(reject)));
    strbuf_add(out, SPAN(",\"en\":"));
    strbuf_add_json(out, span_of(reject_english(reject)));
    strbuf_add(out, SPAN("},\"published\":{\"topic\":"));
    strbuf_add_json(out, record->topic);
    strbuf_addf(out, ",\"partition\":%d,\"offset\":%lld}}", (int)record->partition,
                (long long)record->offset);
    outputs_add(
        outputs,
        &(struct output){
            .stream = NORMALISE_RECEIPTS,
            .suffix = header->unit,
            .partition = OUTPUT_BY_KEY,
            .key = record->key.at && record->key.len <= KEY_MAX ? record->key : header->unit,
            .value = strbuf_span(out),
            .headers = {{SPAN("content-type"), SPAN("application/json; charset=UTF-8")}},
            .header_count = 1});
}

static void refuse(struct normalise *normalise, const struct record *record,
                   const struct raw_header *header, const struct normalise_result *result,
                   struct outputs *outputs)
{
    write_dead(normalise, record, header, result, outputs);
    if (record->source != 0 && header->unit.len && !record_header(record, "cb").at)
        write_receipt(normalise, record, header, result->why.reject, outputs);
}

static void write_events(const struct normalise_result *result, struct outputs *outputs)
{
    for (size_t i = 0; i < result->count; i++) {
        struct span registry = result->events[i].registry_key;
        struct output output = {
            .stream = registry.at ? NORMALISE_REGISTRY : NORMALISE_EVENTS,
            .partition = OUTPUT_BY_KEY,
            .key = registry.at ? registry : result->events[i].subject,
            .value = result->events[i].json,
            .headers = {{SPAN("content-type"), SPAN(EVENT_CONTENT_TYPE)}},
            .header_count = 1,
        };
        outputs_add(outputs, &output);
    }
}

static enum reject read_header(struct normalise *normalise, const struct record *record,
                               struct raw_header *header)
{
    if (record->source != 0)
        return status_header(normalise, record, header);
    struct span cb = record_header(record, "cb");
    enum reject reject = REJECT_FEED;
    if (cb.at)
        reject = raw_header_read(normalise->decode.reader, cb, &normalise->arena, header);
    if (reject == REJECT_NONE)
        return reject;
    *header = (struct raw_header){.received_ms = record->timestamp_ms, .verdict = SPAN("none")};
    return REJECT_FEED;
}

/* All but the events, of which `count` are there. */
static void begin_result(struct normalise_result *result)
{
    memset(&result->count, 0, sizeof *result - offsetof(struct normalise_result, count));
    result->why.byte_offset = -1;
}

void normalise_record(struct normalise *normalise, const struct record *record,
                      struct outputs *outputs, struct normalise_result *result)
{
    struct raw_header header = {0};
    arena_reset(&normalise->arena);
    begin_result(result);
    result->why.reject = read_header(normalise, record, &header);
    if (result->why.reject == REJECT_NONE && record->source != 0)
        normalise_status(normalise, &header, record, result);
    else if (result->why.reject == REJECT_NONE)
        normalise_item(normalise, &header, record->value, result);
    result->feed = header.feed;
    result->received_ms = header.received_ms;
    if (result->why.reject == REJECT_NONE)
        write_events(result, outputs);
    else
        refuse(normalise, record, &header, result, outputs);
}

void normalise_poison(struct normalise *normalise, const struct record *record,
                      struct outputs *outputs, struct normalise_result *result)
{
    struct raw_header header = {0};
    arena_reset(&normalise->arena);
    (void)read_header(normalise, record, &header);
    *result = (struct normalise_result){.why = {.reject = REJECT_CRASH, .byte_offset = -1},
                                        .feed = header.feed,
                                        .received_ms = header.received_ms};
    refuse(normalise, record, &header, result, outputs);
}
