/* SPDX-License-Identifier: Apache-2.0 */
/* What a unit posts about its cases becomes a structured CloudEvent on its own status topic, as if
 * it had produced it itself. Taken are a CloudEvent, or the short form
 * {"case", "stage", "time", "id", "data"}; unit and party are the credential's, whatever the body
 * says. */
#include "ingest/door_status.h"

#include <stdio.h>

#include "base/digest.h"
#include "base/timestamp.h"
#include "ingest/core/framing.h"
#include "ingest/door_audit.h"
#include "ingest/doors.h"
#include "ingest/gate.h"
#include "ingest/receipt.h"
#include "model/cloudevent.h"
#include "model/json_write.h"
#include "model/media_type.h"

#define STATUS_MAX (512 << 10) /* of an item: a status topic takes half as much again and more */

struct post {
    struct doors *doors;
    struct http_request *request;
    struct span unit;
    const struct principal *principal;
    struct receipt *receipt;
    struct raw_header header;
    char hash[DIGEST_ID_LEN + 1];
    bool audited; /* what it says is a person's decision, and is written to `audit` too */
};

/* The short form; false when it lacks something. */
static bool read_short(const struct json_value *root, struct event *event)
{
    struct span time = json_text(root, "time");
    *event = (struct event){.family = EVENT_CASE,
                            .name = json_text(root, "stage"),
                            .id = json_text(root, "id"),
                            .subject = json_text(root, "case"),
                            .data = json_get(root, SPAN("data"))};
    return event->name.len > 0 && event->subject.len > 0 && time.at &&
           timestamp_parse_rfc3339(time, &event->time_ms);
}

static enum reject read_item(struct post *post, struct span body, struct event *event)
{
    struct normalise *trial = &post->doors->trial;
    const struct json_value *root = NULL;
    size_t bad_at = 0;
    enum reject reject = json_read(trial->decode.reader, body, &trial->arena, &root, &bad_at);
    if (reject != REJECT_NONE)
        return reject;
    if (json_get(root, SPAN("specversion")))
        reject = event_read(trial->decode.reader, body, &trial->arena, event);
    else
        reject = read_short(root, event) ? REJECT_NONE : REJECT_EVENT;
    if (reject != REJECT_NONE)
        return reject;
    /* The subject becomes the record's key. */
    if (event->subject.len > NORMALISE_SUBJECT_MAX)
        return REJECT_IDENTITY;
    if (post->audited)
        event->fault = door_audit_lacks(event);
    return event->fault ? REJECT_MISSING : REJECT_NONE;
}

/* Into doors->value. */
static void write_said(struct post *post, const struct event *said)
{
    struct doors *doors = post->doors;
    struct event copy = *said, *event = &copy; /* it borrows from this frame */
    char source[96];
    snprintf(source, sizeof source, "/units/%.*s", SPAN_ARG(post->unit));
    strbuf_reset(&doors->trial.data);
    if (event->data && event->data->type == JSON_OBJECT)
        json_write(&doors->trial.data, event->data, false);
    else
        strbuf_add(&doors->trial.data, SPAN("{}"));
    event->source = span_of(source);
    event->partitionkey = event->subject;
    event->recorded_ms = post->header.received_ms;
    event->unit = post->unit;
    event->party = post->principal->party;
    event->data_json = strbuf_span(&doors->trial.data);
    event_write(&doors->value, event);
}

static bool take_item(struct post *post, const struct framing_item *item)
{
    struct doors *doors = post->doors;
    struct event event = {0};
    struct normalise_result result = {.why.byte_offset = -1};
    struct raw_header header = post->header;
    char topic[320], own[DIGEST_ID_LEN + 1];
    struct span key = post->unit;
    arena_reset(&doors->trial.arena);
    strbuf_reset(&doors->value);
    result.why.reject = read_item(post, item->body, &event);
    if (result.why.reject == REJECT_NONE) {
        digest_bytes(own, item->body);
        if (event.id.len == 0)
            event.id = span_of(own);
        write_said(post, &event);
        if (post->audited)
            door_audit_write(&doors->audit, &event, header.received_ms);
        key = event.subject;
        struct record record = {.value = strbuf_span(&doors->value)};
        normalise_status(&doors->trial, &header, &record, &result);
    } else {
        strbuf_add(&doors->value, item->body);
        snprintf(result.why.pointer, sizeof result.why.pointer, "%s%s", event.fault ? "/" : "",
                 event.fault ? event.fault : "");
    }
    header.row = item->row;
    header.byte_offset = item->byte_offset;
    header.verdict = span_of(reject_name(result.why.reject));
    receipt_add(
        post->receipt,
        &(struct verdict){.row = item->row, .offset = item->byte_offset, .why = &result.why});
    if (post->audited && event.fault)
        return true; /* nobody's word is not kept either: its reader would not ask whose it is */
    strbuf_reset(&doors->header);
    raw_header_write(&doors->header, &header);
    if (post->audited && result.why.reject == REJECT_NONE && !door_audit_send(doors, post->receipt))
        return false;
    snprintf(topic, sizeof topic, "%sstatus.%.*s", doors->config->kafka.prefix,
             SPAN_ARG(post->unit));
    return receipt_send(
        post->receipt, topic,
        &(struct output){.partition = OUTPUT_BY_KEY,
                         .key = key,
                         .value = strbuf_span(&doors->value),
                         .headers = {{SPAN("content-type"), SPAN(EVENT_CONTENT_TYPE)},
                                     {SPAN("cb"), strbuf_span(&doors->header)}},
                         .header_count = 2});
}

static bool begin(struct post *post)
{
    const struct doors *doors = post->doors;
    int64_t now = ingest_clock_now(doors->clock);
    const struct feed *feed = feeds_find(doors->config->feeds, SPAN("status"));
    const struct mapping *mapping = feed ? feed_mapping_at(feed, now) : NULL;
    struct span replay = http_request_header(post->request, "Citybrain-Replay");
    if (mapping == NULL) {
        http_request_fail(post->request, HTTP_PROBLEM_UNKNOWN_FEED, "status");
        return false;
    }
    if (replay.len > NORMALISE_REPLAY_MAX || !event_may_say(replay)) {
        http_request_fail(post->request, HTTP_PROBLEM_BAD_HEADER, "Citybrain-Replay");
        return false;
    }
    post->audited = door_audit_is_due(post->request, post->unit);
    digest_bytes(post->hash, http_request_body(post->request));
    post->header = (struct raw_header){.feed = SPAN("status"),
                                       .mapping = mapping->version,
                                       .upload = span_of(post->hash),
                                       .received_ms = now,
                                       .content_type = SPAN("application/cloudevents+json"),
                                       .charset = SPAN("utf-8"),
                                       .replayof = replay.len > 0 ? replay : SPAN_NONE,
                                       .unit = post->unit};
    return true;
}

void door_status_post(void *context, struct http_request *request)
{
    struct post post = {
        .doors = context, .request = request, .unit = http_request_part(request, 0)};
    struct framing framing;
    struct framing_item item;
    post.principal = doors_admit(post.doors, request, PRINCIPAL_UNIT, post.unit);
    if (post.principal == NULL || !doors_ready(post.doors, request) || !begin(&post))
        return;
    struct span type = http_request_header(request, "Content-Type");
    bool lines = media_type_is(type, "application/x-ndjson");
    if (!lines && !media_type_is(type, "application/json") &&
        !media_type_is(type, "application/cloudevents+json") &&
        !media_type_is(type, "application/cloudevents-batch+json")) {
        http_request_fail(request, HTTP_PROBLEM_MEDIA_TYPE,
                          "application/json, application/x-ndjson, " CLOUDEVENT_TYPE
                          ", " CLOUDEVENT_BATCH_TYPE);
        return;
    }
    enum framing_form form = lines ? FRAMING_LINES : FRAMING_ARRAY;
    int64_t rows;
    if (!doors_count(post.doors, request, form, CSV_COMMA, STATUS_MAX, &rows) ||
        !gate_take(post.doors, request, post.principal, rows))
        return;
    post.receipt = receipt_open(post.doors, request, SPAN("status"));
    framing_begin(&framing, form, http_request_body(request), 1, -1);
    while (framing_next(&framing, &item) && take_item(&post, &item))
        ;
    receipt_seal(post.receipt);
}
