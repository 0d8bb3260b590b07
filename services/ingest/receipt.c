/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what was sent against what was reported and answers once: 200 with the verdicts, 429 when
 * the queue was full, 503 when a record could not be delivered, 413 where its topic will never take
 * it. After 429 and 503 a sender repeats the whole request; what was stored already is the same
 * event again. */
#include "ingest/receipt.h"

#include <stdlib.h>

#include "base/memory.h"
#include "daemon/log.h"

#define MAX_ANSWER (16 << 20)

enum trouble { TROUBLE_NONE, TROUBLE_BUSY, TROUBLE_FAILED, TROUBLE_MISSING, TROUBLE_TOO_LARGE };

struct receipt {
    struct doors *doors;
    struct http_request *request; /* until answered */
    struct strbuf list;           /* the results' JSON objects */
    struct span feed;             /* borrowed for good */
    size_t reports;               /* still to come */
    int64_t stored;               /* reports that were good */
    int64_t accepted, rejected;
    bool minimal, sealed;
    enum language language;
    enum trouble trouble; /* the worst so far */
};

struct receipt *receipt_open(struct doors *doors, struct http_request *request, struct span feed)
{
    struct receipt *receipt = xcalloc(1, sizeof *receipt);
    struct span prefer = http_request_header(request, "Prefer");
    receipt->doors = doors;
    receipt->request = request;
    receipt->feed = feed;
    receipt->language = language_of(http_request_header(request, "Accept-Language"));
    receipt->minimal = prefer.at && span_is(span_trim(prefer), "return=minimal");
    strbuf_init(&receipt->list, 4096, MAX_ANSWER);
    metric_add(doors->requests, feed, 1);
    doors->waiting++;
    return receipt;
}

void receipt_add(struct receipt *receipt, const struct verdict *verdict)
{
    struct strbuf *list = &receipt->list;
    bool good = verdict->why->reject == REJECT_NONE;
    metric_add(receipt->doors->items, span_of(reject_name(verdict->why->reject)), 1);
    receipt->accepted += good;
    receipt->rejected += !good;
    if (good && receipt->minimal)
        return;
    if (list->len > 0)
        strbuf_add_char(list, ',');
    struct verdict said = *verdict;
    said.language = receipt->language;
    verdict_write(list, &said);
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

static void answer_trouble(struct receipt *receipt)
{
    static const struct {
        int status;
        const char *retry_after, *body;
    } rows[] = {
        [TROUBLE_BUSY] = {429, "1",
                          "{\"type\":\"about:blank#busy\",\"title\":\"too many records under "
                          "way\",\"status\":429,\"detail\":\"send the request again\"}\n"},
        [TROUBLE_FAILED] = {503, "1",
                            "{\"type\":\"about:blank#not_stored\",\"title\":\"not stored\","
                            "\"status\":503,\"detail\":\"the brokers did not confirm; send "
                            "again\"}\n"},
        [TROUBLE_MISSING] = {503, "60",
                             "{\"type\":\"about:blank#no_topic\",\"title\":\"nowhere to store "
                             "it\",\"status\":503,\"detail\":\"the topic of this feed or unit does "
                             "not exist yet; its operator runs: citybrain topics apply\"}\n"},
        [TROUBLE_TOO_LARGE] = {413, NULL,
                               "{\"type\":\"about:blank#item_too_large\",\"title\":\"an item is "
                               "too large\",\"status\":413,\"detail\":\"its topic does not take "
                               "records of that size\"}\n"},
    };
    struct http_answer answer = {.status = rows[receipt->trouble].status,
                                 .content_type = "application/problem+json",
                                 .body = span_of(rows[receipt->trouble].body)};
    if (rows[receipt->trouble].retry_after)
        answer.more[0] = (struct http_header){"Retry-After", rows[receipt->trouble].retry_after};
    http_request_answer(receipt->request, &answer);
}

static void answer(struct receipt *receipt)
{
    if (receipt->trouble == TROUBLE_NONE)
        answer_verdicts(receipt);
    else
        answer_trouble(receipt);
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

static enum trouble trouble_of(int code)
{
    if (producer_is_too_large(code))
        return TROUBLE_TOO_LARGE;
    return producer_is_missing(code) ? TROUBLE_MISSING : TROUBLE_FAILED;
}

static void note_trouble(struct receipt *receipt, enum trouble trouble)
{
    if (trouble > receipt->trouble)
        receipt->trouble = trouble;
}

bool receipt_send(struct receipt *receipt, const char *topic, const struct output *output)
{
    struct error error = {0};
    if (producer_send(receipt->doors->producer, topic, output, receipt, &error)) {
        receipt->reports++;
        return true;
    }
    note_trouble(receipt, error.kind == ERROR_RETRY ? TROUBLE_BUSY : trouble_of(error.code));
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
        note_trouble(receipt, trouble_of(error_code));
        log_warn("door.delivery_failed", LOG_INT("code", error_code),
                 LOG_STR("error", error_text ? error_text : ""));
    }
    finish_if_due(receipt);
}
