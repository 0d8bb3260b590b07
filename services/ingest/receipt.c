/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what was sent against what was reported and answers once: 200 with the verdicts, 429 when
 * the queue was full, 503 when a record could not be delivered. After 429 and 503 a sender repeats
 * the whole request; what was stored already is the same event again. */
#include "ingest/receipt.h"

#include <stdlib.h>

#include "base/memory.h"
#include "daemon/log.h"

#define MAX_ANSWER (16 << 20)

struct receipt {
    struct doors *doors;
    struct http_request *request; /* until answered */
    struct strbuf list;           /* the results' JSON objects */
    struct span feed;             /* borrowed for good */
    size_t reports;               /* still to come */
    int64_t stored;               /* reports that were good */
    int64_t accepted, rejected;
    bool minimal, sealed, full, refused, failed;
};

struct receipt *receipt_open(struct doors *doors, struct http_request *request, struct span feed)
{
    struct receipt *receipt = xcalloc(1, sizeof *receipt);
    struct span prefer = http_request_header(request, "Prefer");
    receipt->doors = doors;
    receipt->request = request;
    receipt->feed = feed;
    receipt->minimal = prefer.at && span_is(span_trim(prefer), "return=minimal");
    strbuf_init(&receipt->list, 4096, MAX_ANSWER);
    metric_add(doors->requests, feed, 1);
    doors->waiting++;
    return receipt;
}

void receipt_add(struct receipt *receipt, int64_t row, int64_t offset,
                 const struct reject_place *why)
{
    struct strbuf *list = &receipt->list;
    bool good = why->reject == REJECT_NONE;
    metric_add(receipt->doors->items, span_of(reject_name(why->reject)), 1);
    receipt->accepted += good;
    receipt->rejected += !good;
    if (good && receipt->minimal)
        return;
    if (list->len > 0)
        strbuf_add_char(list, ',');
    strbuf_addf(list, "{\"row\":%lld,\"verdict\":\"%s\"", (long long)row,
                good ? "accepted" : "rejected");
    if (!good) {
        strbuf_addf(list, ",\"reason\":\"%s\",\"pointer\":", reject_name(why->reject));
        strbuf_add_json(list, span_of(why->pointer));
        if (why->column > 0)
            strbuf_addf(list, ",\"column\":%ld", why->column);
        strbuf_addf(list, ",\"offset\":%lld,\"message_zh\":", (long long)offset);
        strbuf_add_json(list, span_of(reject_chinese(why->reject)));
        strbuf_add(list, SPAN(",\"message_en\":"));
        strbuf_add_json(list, span_of(reject_english(why->reject)));
    }
    strbuf_add_char(list, '}');
}

static void answer_verdicts(struct receipt *receipt)
{
    struct strbuf body;
    strbuf_init(&body, receipt->list.len + 128, MAX_ANSWER + 128);
    strbuf_addf(&body, "{\"accepted\":%lld,\"rejected\":%lld,\"results\":[",
                (long long)receipt->accepted, (long long)receipt->rejected);
    strbuf_add(&body, strbuf_span(&receipt->list));
    strbuf_add(&body, SPAN("]}\n"));
    http_request_answer(receipt->request, &(struct http_answer){.status = 200,
                                                                .content_type = "application/json",
                                                                .body = strbuf_span(&body)});
    strbuf_fini(&body);
    if (receipt->stored > 0)
        metric_add(receipt->doors->acknowledged, receipt->feed, receipt->stored);
}

static void answer(struct receipt *receipt)
{
    struct http_answer busy = {.status = receipt->full ? 429 : 503,
                               .content_type = "application/problem+json",
                               .more = {{"Retry-After", "1"}}};
    if (receipt->failed || receipt->refused)
        busy.body =
            SPAN("{\"type\":\"about:blank#not_stored\",\"title\":\"not stored\","
                 "\"status\":503,\"detail\":\"the brokers did not confirm; send again\"}\n");
    else
        busy.body = SPAN("{\"type\":\"about:blank#busy\",\"title\":\"too many records under way\","
                         "\"status\":429,\"detail\":\"send the request again\"}\n");
    if (receipt->failed || receipt->refused)
        busy.status = 503;
    if (receipt->failed || receipt->refused || receipt->full)
        http_request_answer(receipt->request, &busy);
    else
        answer_verdicts(receipt);
}

static void finish_if_due(struct receipt *receipt)
{
    struct doors *doors = receipt->doors;
    if (!receipt->sealed || receipt->reports > 0)
        return;
    answer(receipt);
    strbuf_fini(&receipt->list);
    free(receipt);
    doors->waiting--;
    if (doors->draining && doors->waiting == 0)
        doors->drained(doors->drained_context);
}

bool receipt_send(struct receipt *receipt, const char *topic, const struct output *output)
{
    struct error error = {0};
    if (producer_send(receipt->doors->producer, topic, output, receipt, &error)) {
        receipt->reports++;
        return true;
    }
    if (error.kind == ERROR_RETRY)
        receipt->full = true;
    else
        receipt->refused = true;
    log_warn("door.send_refused", LOG_STR("topic", topic), LOG_ERROR(&error));
    return false;
}

void receipt_seal(struct receipt *receipt)
{
    receipt->sealed = true;
    finish_if_due(receipt);
}

void receipt_delivered(void *context, void *tag, int error_code, const char *error_text)
{
    struct receipt *receipt = tag;
    (void)context;
    receipt->reports--;
    receipt->stored += error_code == 0;
    if (error_code != 0) {
        receipt->failed = true;
        log_warn("door.delivery_failed", LOG_INT("code", error_code),
                 LOG_STR("error", error_text ? error_text : ""));
    }
    finish_if_due(receipt);
}
