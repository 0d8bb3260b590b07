/* SPDX-License-Identifier: Apache-2.0 */
/* A feed's upload to raw records: framed, each item tried by the mapping in force for its verdict,
 * then written whatever the verdict is, so that a mapped-wrong item can be redriven. Bytes are
 * never changed. The answer waits for the delivery reports (receipt.c). */
#include "ingest/door_http.h"

#include <stdio.h>

#include "base/digest.h"
#include "ingest/core/framing.h"
#include "ingest/doors.h"
#include "ingest/receipt.h"
#include "model/media_type.h"

struct upload {
    struct doors *doors;
    struct http_request *request;
    const struct feed *feed;
    struct span body;
    enum framing_form form;
    int64_t first_row, first_offset;
    struct raw_header header; /* what all its items share */
    char hash[DIGEST_ID_LEN + 1];
    bool store;
};

static bool header_number(struct upload *upload, const char *name, int64_t least, int64_t *number)
{
    struct span text = http_request_header(upload->request, name);
    if (text.at == NULL || (span_to_int64(text, number) && *number >= least))
        return true;
    http_request_problem(upload->request, 400, "bad_header", "a header is not a number", name);
    return false;
}

/* The media type alone says how items are told apart; it must be the feed's kind of text. */
static bool read_form(struct upload *upload, const struct mapping *mapping)
{
    struct span type = http_request_header(upload->request, "Content-Type");
    bool csv = mapping->format == MAPPING_CSV;
    if (csv && media_type_is(type, "text/csv")) {
        upload->form = FRAMING_CSV;
        upload->header.content_type = SPAN("text/csv");
        return true;
    }
    if (!csv &&
        (media_type_is(type, "application/json") || media_type_is(type, "application/x-ndjson"))) {
        upload->form = media_type_is(type, "application/json") ? FRAMING_ARRAY : FRAMING_LINES;
        upload->header.content_type = SPAN("application/json");
        return true;
    }
    http_request_problem(upload->request, 415, "media_type", "not this feed's content type",
                         csv ? "text/csv" : "application/json or application/x-ndjson");
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
    if (whole.at && whole.len != DIGEST_ID_LEN) {
        http_request_problem(upload->request, 400, "bad_header", "not a hash", "Citybrain-Upload");
        return false;
    }
    struct span replay = http_request_header(upload->request, "Citybrain-Replay");
    if (replay.len > NORMALISE_REPLAY_MAX) {
        http_request_problem(upload->request, 400, "bad_header", "longer than 64 bytes",
                             "Citybrain-Replay");
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
    receipt_add(receipt, &(struct verdict){framed->row, item->offset, item->record, &item->why});
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
    framing_begin(&framing, upload->form, upload->body, upload->first_row, upload->first_offset);
    while (framing_next(&framing, &item) && take_item(upload, receipt, &item))
        ;
    receipt_seal(receipt);
}

static void take_upload(struct upload *upload)
{
    struct doors *doors = upload->doors;
    struct span name = http_request_part(upload->request, 0);
    if (doors_admit(doors, upload->request, PRINCIPAL_FEED, name) == NULL ||
        !doors_ready(doors, upload->request))
        return;
    int64_t now = ingest_clock_now(doors->clock);
    upload->feed = feeds_find(doors->config->feeds, name);
    const struct mapping *mapping = upload->feed ? feed_mapping_at(upload->feed, now) : NULL;
    if (mapping == NULL || mapping->format == MAPPING_CLOUDEVENTS) {
        http_request_problem(upload->request, 404, "unknown_feed", "no such feed", "");
        return;
    }
    upload->body = http_request_body(upload->request);
    upload->header = (struct raw_header){.feed = span_of(upload->feed->id),
                                         .mapping = mapping->version,
                                         .received_ms = now,
                                         .charset = span_of(charset_name(mapping->charset))};
    if (!read_form(upload, mapping) || !read_headers(upload))
        return;
    int64_t rows;
    if (!doors_count(doors, upload->request, upload->form, NORMALISE_VALUE_MAX, &rows))
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
