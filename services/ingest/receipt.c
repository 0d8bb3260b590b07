/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what was sent against what was reported and answers once: 200 with the verdicts, 503 when
 * the queue was full, a record could not be delivered or the brokers' word did not come in time,
 * 413 where its topic will never take it. After a 503 a sender repeats the whole request; what was
 * stored already is the same event again. */
#include "ingest/receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "daemon/log.h"

#define MAX_ANSWER (16 << 20)
#define FRONT      "{\"accepted\":%lld,\"rejected\":%lld,\"results\":["
#define FRONT_MAX  80   /* with its numbers */
#define LAST_MS    2000 /* of a drain's deadline, for the answers */

enum trouble {
    TROUBLE_NONE,
    TROUBLE_BUSY,
    TROUBLE_LATE,
    TROUBLE_FAILED,
    TROUBLE_MISSING,
    TROUBLE_TOO_LARGE
};

static const enum http_problem problems[] = {
    [TROUBLE_BUSY] = HTTP_PROBLEM_BUSY,
    [TROUBLE_LATE] = HTTP_PROBLEM_UNKNOWN,
    [TROUBLE_FAILED] = HTTP_PROBLEM_NOT_STORED,
    [TROUBLE_MISSING] = HTTP_PROBLEM_NO_TOPIC,
    [TROUBLE_TOO_LARGE] = HTTP_PROBLEM_ITEM_TOO_LARGE,
};

struct receipt {
    struct receipt *next, **previous; /* while it is not answered */
    struct doors *doors;
    struct http_request *request; /* until answered */
    struct strbuf list;           /* room for the front, then the results' JSON objects */
    struct span feed;             /* borrowed for good */
    int64_t since_ms;
    size_t reports; /* still to come */
    int64_t stored; /* reports that were good */
    int64_t accepted, rejected;
    bool minimal, sealed;
    enum language language;
    enum trouble trouble; /* the worst so far */
};

static void enlist(struct receipt *receipt)
{
    struct doors *doors = receipt->doors;
    receipt->since_ms = (int64_t)uv_now(daemon_loop(doors->daemon));
    receipt->previous = doors->last_receipt;
    *doors->last_receipt = receipt;
    doors->last_receipt = &receipt->next;
    doors->waiting++;
}

static void delist(struct receipt *receipt)
{
    *receipt->previous = receipt->next;
    if (receipt->next)
        receipt->next->previous = receipt->previous;
    else
        receipt->doors->last_receipt = receipt->previous;
}

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
    strbuf_addf(&receipt->list, "%*s", FRONT_MAX, "");
    metric_add(doors->requests, feed, 1);
    enlist(receipt);
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
    if (list->len > FRONT_MAX)
        strbuf_add_char(list, ',');
    struct verdict said = *verdict;
    said.language = receipt->language;
    verdict_write(list, &said);
}

/* The front is known last and stands first: it ends where the list begins. */
static struct span write_front(struct receipt *receipt)
{
    char front[FRONT_MAX + 1];
    int len = snprintf(front, sizeof front, FRONT, (long long)receipt->accepted,
                       (long long)receipt->rejected);
    char *at = receipt->list.at + FRONT_MAX - len;
    memcpy(at, front, (size_t)len);
    return span_from(at, (size_t)(receipt->list.at + receipt->list.len - at));
}

static void answer_verdicts(struct receipt *receipt)
{
    const char *tag = language_tag(receipt->language);
    strbuf_add(&receipt->list, SPAN("]}\n"));
    struct http_answer answer = {
        .status = 200, .content_type = "application/json", .body = write_front(receipt)};
    if (tag)
        answer.more[0] = (struct http_header){"Content-Language", tag};
    http_request_answer(receipt->request, &answer);
    if (receipt->stored > 0)
        metric_add(receipt->doors->acknowledged, receipt->feed, receipt->stored);
}

static void answer(struct receipt *receipt)
{
    if (receipt->trouble == TROUBLE_NONE && strbuf_is_full(&receipt->list))
        receipt->trouble = TROUBLE_BUSY; /* cannot be: an upload has its most records */
    if (receipt->trouble == TROUBLE_NONE)
        answer_verdicts(receipt);
    else if (receipt->trouble == TROUBLE_MISSING)
        http_request_fail_for(receipt->request, problems[receipt->trouble], NULL, 60);
    else
        http_request_fail(receipt->request, problems[receipt->trouble], NULL);
    receipt->request = NULL;
    delist(receipt);
    strbuf_fini(&receipt->list);
    receipt->list = (struct strbuf){0};
    doors_answered(receipt->doors);
}

static void finish_if_due(struct receipt *receipt)
{
    if (!receipt->sealed || receipt->reports > 0)
        return;
    if (receipt->request)
        answer(receipt);
    free(receipt);
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
    if (!http_request_trade_body(receipt->request, receipt->list.len))
        note_trouble(receipt, TROUBLE_BUSY);
    finish_if_due(receipt);
}

/* Under a drain there is no time for more than its deadline. */
static int64_t patience_ms(const struct doors *doors, int64_t now_ms)
{
    const struct ingest_config *config = doors->config;
    int64_t last_ms = doors->drain_ms + config->daemon.drain_deadline_ms - LAST_MS;
    return doors->drain_ms > 0 && now_ms >= last_ms ? 0 : config->deadline_ms;
}

void receipt_expire(struct doors *doors)
{
    int64_t now_ms = (int64_t)uv_now(daemon_loop(doors->daemon));
    int64_t most_ms = patience_ms(doors, now_ms);
    while (doors->receipts && now_ms - doors->receipts->since_ms >= most_ms) {
        note_trouble(doors->receipts, TROUBLE_LATE);
        answer(doors->receipts);
    }
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
