/* SPDX-License-Identifier: Apache-2.0 */
/* A feed's upload to raw records: framed, each item tried by the mapping in force for its verdict,
 * then written whatever the verdict is, so that a mapped-wrong item can be redriven. Bytes are
 * never changed. The answer waits for the delivery reports (receipt.c). */
#include "ingest/door_http.h"

#include <stdio.h>

#include "base/digest.h"
#include "ingest/core/framing.h"
#include "ingest/door_cloudevent.h"
#include "ingest/doors.h"
#include "ingest/gate.h"
#include "ingest/receipt.h"
#include "model/cloudevent.h"
#include "model/event.h"
#include "model/media_type.h"

/* Where a part may begin: what is behind it still has numbers. */
#define PLACE_MAX (INT64_MAX / 2)

struct upload {
    struct doors *doors;
    struct http_request *request;
    const struct feed *feed;
    struct span body;
    enum framing_form form;
    bool binary;       /* a CloudEvent whose attributes are headers */
    struct span front; /* then: what is written before its data */
    int64_t first_row, first_offset;
    struct raw_header header; /* what all its items share */
    char hash[DIGEST_ID_LEN + 1];
    bool store;
};

static bool header_number(struct upload *upload, const char *name, int64_t least, int64_t *number)
{
    struct span text = http_request_header(upload->request, name);
    if (text.at == NULL ||
        (span_to_int64(text, number) && *number >= least && *number <= PLACE_MAX))
        return true;
    http_request_fail(upload->request, HTTP_PROBLEM_BAD_HEADER, name);
    return false;
}

/* The media type alone says how items are told apart; it must be the feed's kind of text. A
 * CloudEvent's data are the item, where the feed has a mapping; all three modes become one form. */
static bool find_form(struct upload *upload, const struct mapping *mapping)
{
    struct span type = http_request_header(upload->request, "Content-Type");
    bool events = mapping->format == MAPPING_CLOUDEVENTS;
    upload->binary = door_cloudevent_is_binary(upload->request) &&
                     !media_type_starts(type, "application/cloudevents");
    if (mapping->format == MAPPING_CSV) {
        upload->form = FRAMING_CSV;
        upload->header.content_type = SPAN("text/csv");
        return !upload->binary && media_type_is(type, "text/csv");
    }
    upload->header.content_type = SPAN(CLOUDEVENT_TYPE);
    upload->form = FRAMING_ONE;
    if (upload->binary)
        return media_type_is_json(type) || (type.at == NULL && upload->body.len == 0);
    if (media_type_is(type, CLOUDEVENT_TYPE))
        return true;
    upload->form = FRAMING_ARRAY;
    if (media_type_is(type, CLOUDEVENT_BATCH_TYPE))
        return true;
    if (!events)
        upload->header.content_type = SPAN("application/json");
    if (!events && media_type_is(type, "application/json"))
        return true;
    upload->form = FRAMING_LINES;
    return media_type_is(type, "application/x-ndjson");
}

static bool read_form(struct upload *upload, const struct mapping *mapping)
{
    static const char *const taken[] = {
        [MAPPING_CSV] = "text/csv",
        [MAPPING_NDJSON] =
            "application/json, application/x-ndjson, " CLOUDEVENT_TYPE " or " CLOUDEVENT_BATCH_TYPE,
        [MAPPING_JSON] =
            "application/json, application/x-ndjson, " CLOUDEVENT_TYPE " or " CLOUDEVENT_BATCH_TYPE,
        [MAPPING_CLOUDEVENTS] =
            CLOUDEVENT_TYPE ", " CLOUDEVENT_BATCH_TYPE " or application/json with ce- headers",
    };
    struct strbuf *front = &upload->doors->envelope;
    const char *fault = NULL;
    if (!find_form(upload, mapping)) {
        http_request_fail(upload->request, HTTP_PROBLEM_MEDIA_TYPE, taken[mapping->format]);
        return false;
    }
    if (!upload->binary)
        return true;
    strbuf_reset(front);
    if (door_cloudevent_front(upload->request, front, &fault)) {
        upload->front = strbuf_span(front);
        return true;
    }
    http_request_fail(upload->request, HTTP_PROBLEM_BAD_HEADER, fault);
    return false;
}

/* The same feed's file may come in another charset than it usually does: the upload says so. */
static bool read_charset(struct upload *upload, const struct mapping *mapping)
{
    struct span name = http_request_header(upload->request, "Citybrain-Charset");
    enum charset charset = mapping->charset;
    if (name.at == NULL)
        name =
            media_type_parameter(http_request_header(upload->request, "Content-Type"), "charset");
    bool known = name.at == NULL || charset_parse(name, &charset);
    if (known && (charset == CHARSET_UTF8 || mapping->format == MAPPING_CSV)) {
        upload->header.charset = span_of(charset_name(charset));
        return true;
    }
    http_request_fail(upload->request, HTTP_PROBLEM_CHARSET,
                      mapping->format == MAPPING_CSV ? "utf-8, gb18030 (gbk, gb2312)" : "utf-8");
    return false;
}

static bool read_headers(struct upload *upload)
{
    upload->first_row = 1;
    upload->first_offset = -1;
    if (!header_number(upload, "Citybrain-Row", 1, &upload->first_row) ||
        !header_number(upload, "Citybrain-Offset", 0, &upload->first_offset))
        return false;
    struct span whole = http_request_header(upload->request, "Citybrain-Upload");
    if (whole.at && (whole.len != DIGEST_ID_LEN || !event_may_say(whole))) {
        http_request_fail(upload->request, HTTP_PROBLEM_BAD_HEADER, "Citybrain-Upload");
        return false;
    }
    struct span replay = http_request_header(upload->request, "Citybrain-Replay");
    if (replay.len > NORMALISE_REPLAY_MAX || !event_may_say(replay)) {
        http_request_fail(upload->request, HTTP_PROBLEM_BAD_HEADER, "Citybrain-Replay");
        return false;
    }
    if (whole.at)
        span_to_cstr(whole, upload->hash, sizeof upload->hash);
    else
        digest_bytes(upload->hash, upload->body);
    upload->header.upload = span_of(upload->hash);
    upload->header.replayof = replay.len > 0 ? replay : SPAN_NONE;
    return true;
}

static bool take_item(struct upload *upload, struct receipt *receipt,
                      const struct framing_item *framed)
{
    struct doors *doors = upload->doors;
    struct raw_item *item = &doors->item;
    char topic[256];
    raw_item_make(item, &upload->header, upload->feed, framed, &doors->trial);
    receipt_add(receipt, &(struct verdict){.row = framed->row,
                                           .offset = item->offset,
                                           .record = item->record,
                                           .why = &item->why});
    if (!upload->store)
        return true;
    snprintf(topic, sizeof topic, "%sraw", doors->config->kafka.prefix);
    return receipt_send(receipt, topic,
                        &(struct output){.partition = OUTPUT_BY_KEY,
                                         .key = span_of(item->key),
                                         .value = strbuf_span(&item->value),
                                         .headers = {{SPAN("cb"), strbuf_span(&item->header)}},
                                         .header_count = 1});
}

static void take_items(struct upload *upload)
{
    struct framing framing;
    struct framing_item item;
    struct receipt *receipt =
        receipt_open(upload->doors, upload->request, span_of(upload->feed->id));
    raw_item_begin(&framing, upload->form, upload->feed, &upload->header, upload->body,
                   upload->first_row, upload->first_offset, &upload->doors->trial);
    if (upload->binary)
        framing_envelop(&framing, upload->front, SPAN("}"));
    while (framing_next(&framing, &item) && take_item(upload, receipt, &item))
        ;
    receipt_seal(receipt);
}

static void take_upload(struct upload *upload)
{
    struct doors *doors = upload->doors;
    struct span name = http_request_part(upload->request, 0);
    const struct principal *principal = doors_admit(doors, upload->request, PRINCIPAL_FEED, name);
    if (principal == NULL || !doors_ready(doors, upload->request))
        return;
    int64_t now = ingest_clock_now(doors->clock);
    upload->feed = feeds_find(doors->config->feeds, name);
    const struct mapping *mapping = upload->feed ? feed_mapping_at(upload->feed, now) : NULL;
    if (mapping == NULL || mapping->namespace_ == NULL) {
        http_request_fail(upload->request, HTTP_PROBLEM_UNKNOWN_FEED, NULL);
        return;
    }
    upload->body = http_request_body(upload->request);
    upload->header = (struct raw_header){
        .feed = span_of(upload->feed->id), .mapping = mapping->version, .received_ms = now};
    if (!read_form(upload, mapping) || !read_charset(upload, mapping) || !read_headers(upload))
        return;
    int64_t rows;
    struct csv_form csv = decode_csv_form(mapping, decode_charset(mapping, upload->header.charset));
    if (!doors_count(doors, upload->request, upload->form, csv, NORMALISE_VALUE_MAX, &rows) ||
        !gate_take(doors, upload->request, principal, rows))
        return;
    /* A part does not know how many rows the whole file has. */
    upload->header.rows = http_request_header(upload->request, "Citybrain-Upload").at ? 0 : rows;
    take_items(upload);
}

void door_http_post(void *context, struct http_request *request)
{
    struct upload upload = {.doors = context, .request = request, .store = true};
    take_upload(&upload);
}

void door_http_check(void *context, struct http_request *request)
{
    struct upload upload = {.doors = context, .request = request, .store = false};
    take_upload(&upload);
}
