/* SPDX-License-Identifier: Apache-2.0 */
/* A page of few rows, filled record by record and written whole: {feed: {hour: [counts]}}. Its id
 * is that of its first record, so a page read twice from `events` is one page. */
#include "ingest/core/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "model/ids.h"

#define HOUR_MS    INT64_C(3600000)
#define LATEST_MS  INT64_C(253402300799999) /* of year 9999 */
#define TEXT_BYTES (64 << 10)

void ledger_init(struct ledger *ledger)
{
    *ledger = (struct ledger){.first_offset = -1};
    strbuf_init(&ledger->data, 256, TEXT_BYTES);
    strbuf_init(&ledger->text, 512, TEXT_BYTES);
}

void ledger_fini(struct ledger *ledger)
{
    strbuf_fini(&ledger->data);
    strbuf_fini(&ledger->text);
}

/* A header may name anything; what cannot be a feed's id is counted as unknown. */
struct span ledger_feed(const struct normalise_result *result)
{
    struct span feed = result->feed;
    bool good = feed.len > 0 && feed.len <= LEDGER_FEED_MAX;
    for (size_t i = 0; good && i < feed.len; i++) {
        char c = feed.at[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }
    return good ? feed : SPAN("unknown");
}

int64_t ledger_received(const struct normalise_result *result)
{
    int64_t ms = result->received_ms;
    return ms >= 0 && ms <= LATEST_MS ? ms : 0;
}

int64_t ledger_hour(const struct normalise_result *result)
{
    int64_t received_ms = ledger_received(result);
    return received_ms - received_ms % HOUR_MS;
}

/* NULL when the page is full. */
static struct ledger_row *row_of(struct ledger *ledger, struct span feed, int64_t hour_ms)
{
    for (size_t i = 0; i < ledger->count; i++)
        if (ledger->rows[i].hour_ms == hour_ms && span_is(feed, ledger->rows[i].feed))
            return &ledger->rows[i];
    if (ledger->count == LEDGER_ROWS)
        return NULL;
    struct ledger_row *row = &ledger->rows[ledger->count++];
    *row = (struct ledger_row){.hour_ms = hour_ms};
    span_to_cstr(feed, row->feed, sizeof row->feed);
    return row;
}

static void begin_page(struct ledger *ledger, const struct record *record)
{
    span_to_cstr(record->topic, ledger->topic, sizeof ledger->topic);
    ledger->partition = record->partition;
    ledger->first_offset = record->offset;
    ledger->last_ms = 0;
}

void ledger_add(struct ledger *ledger, const struct record *record,
                const struct normalise_result *result, struct outputs *outputs)
{
    struct span feed = ledger_feed(result);
    int64_t received_ms = ledger_received(result), hour_ms = ledger_hour(result);
    if (ledger->count == 0)
        begin_page(ledger, record);
    struct ledger_row *row = row_of(ledger, feed, hour_ms);
    if (row == NULL) {
        ledger_write(ledger, outputs);
        begin_page(ledger, record);
        row = row_of(ledger, feed, hour_ms);
    }
    bool good = result->why.reject == REJECT_NONE;
    row->count[LEDGER_READ]++;
    row->count[!good ? LEDGER_DEAD : result->count > 0 ? LEDGER_NORMALISED : LEDGER_FILTERED]++;
    for (size_t i = 0; good && i < result->count; i++) /* those that a set takes */
        row->count[LEDGER_EVENTS] += result->events[i].family == EVENT_CASE;
    if (received_ms > ledger->last_ms)
        ledger->last_ms = received_ms;
}

static int compare_rows(const void *left, const void *right)
{
    const struct ledger_row *a = left, *b = right;
    int order = strcmp(a->feed, b->feed);
    return order ? order : (a->hour_ms > b->hour_ms) - (a->hour_ms < b->hour_ms);
}

static void write_data(struct ledger *ledger)
{
    struct strbuf *out = &ledger->data;
    strbuf_reset(out);
    qsort(ledger->rows, ledger->count, sizeof ledger->rows[0], compare_rows);
    for (size_t i = 0; i < ledger->count; i++) {
        const struct ledger_row *row = &ledger->rows[i];
        if (i > 0 && strcmp(row[-1].feed, row->feed) == 0)
            strbuf_add(out, SPAN(",\""));
        else
            strbuf_addf(out, "%s\"%s\":{\"", i > 0 ? "}," : "{", row->feed);
        timestamp_add_rfc3339(out, row->hour_ms);
        for (size_t c = 0; c < LEDGER_COUNTS; c++)
            strbuf_addf(out, "%s%lld", c > 0 ? "," : "\":[", (long long)row->count[c]);
        strbuf_add_char(out, ']');
    }
    strbuf_add(out, SPAN("}}"));
}

void ledger_write(struct ledger *ledger, struct outputs *outputs)
{
    char id[DIGEST_ID_LEN + 1], revision[REVISION_LEN + 1], subject[300];
    if (ledger->count == 0)
        return;
    write_data(ledger);
    ids_ledger(id, span_of(ledger->topic), ledger->partition, ledger->first_offset);
    (void)!ids_revision(revision, SPAN_NONE, ledger->last_ms, 0, strbuf_span(&ledger->data));
    snprintf(subject, sizeof subject, "ledger:%s:%d", ledger->topic, (int)ledger->partition);
    strbuf_reset(&ledger->text);
    event_write(&ledger->text, &(struct event){.family = EVENT_OBSERVATION,
                                               .name = SPAN("ledger"),
                                               .id = span_of(id),
                                               .source = SPAN("/ingest"),
                                               .subject = span_of(subject),
                                               .time_ms = ledger->last_ms,
                                               .recorded_ms = ledger->last_ms,
                                               .partitionkey = span_of(subject),
                                               .revision = span_of(revision),
                                               .data_json = strbuf_span(&ledger->data)});
    outputs_add(outputs,
                &(struct output){.stream = NORMALISE_EVENTS,
                                 .partition = OUTPUT_BY_KEY,
                                 .key = span_of(subject),
                                 .value = strbuf_span(&ledger->text),
                                 .headers = {{SPAN("content-type"), SPAN(EVENT_CONTENT_TYPE)}},
                                 .header_count = 1});
    ledger->count = 0;
}
