/* SPDX-License-Identifier: Apache-2.0 */
/* Its id is that of the first record it counts, so an event read twice is one. It names no feed of
 * its own: ingest tells it, and nobody is heard by what was refused. */
#include "ingest/core/refusals.h"

#include <stdio.h>
#include <string.h>

#include "model/ids.h"

#define TEXT_BYTES (4 << 10)

void refusals_init(struct refusals *refusals)
{
    refusals->count = 0;
    strbuf_init(&refusals->data, 128, TEXT_BYTES);
    strbuf_init(&refusals->text, 512, TEXT_BYTES);
}

void refusals_fini(struct refusals *refusals)
{
    strbuf_fini(&refusals->data);
    strbuf_fini(&refusals->text);
}

/* What a refused row says of itself may be anything. */
static bool is_code(struct span text)
{
    bool good = text.len > 0 && text.len <= REFUSALS_STATION_MAX;
    for (size_t i = 0; good && i < text.len; i++) {
        char c = text.at[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    }
    return good;
}

static bool is_of(const struct refusals_row *row, const struct refusals_row *other)
{
    return row->reject == other->reject && row->hour_ms == other->hour_ms &&
           strcmp(row->feed, other->feed) == 0 && strcmp(row->station, other->station) == 0;
}

static struct refusals_row *find(struct refusals *refusals, const struct refusals_row *wanted)
{
    for (size_t i = 0; i < refusals->count; i++)
        if (is_of(&refusals->rows[i], wanted))
            return &refusals->rows[i];
    return NULL;
}

static void begin_row(struct refusals_row *row, const struct record *record,
                      const struct normalise_result *result)
{
    *row = (struct refusals_row){.reject = result->why.reject,
                                 .hour_ms = ledger_hour(result),
                                 .first_offset = record->offset,
                                 .first_ms = ledger_received(result)};
    if (is_code(result->station))
        span_to_cstr(result->station, row->station, sizeof row->station);
    span_to_cstr(ledger_feed(result), row->feed, sizeof row->feed);
}

static struct refusals_row *add_row(struct refusals *refusals, const struct record *record,
                                    const struct refusals_row *begun, struct outputs *outputs)
{
    if (refusals->count == REFUSALS_ROWS)
        refusals_write(refusals, outputs);
    span_to_cstr(record->topic, refusals->topic, sizeof refusals->topic);
    refusals->partition = record->partition;
    refusals->rows[refusals->count] = *begun;
    return &refusals->rows[refusals->count++];
}

void refusals_add(struct refusals *refusals, const struct record *record,
                  const struct normalise_result *result, struct outputs *outputs)
{
    struct refusals_row begun;
    if (result->why.reject == REJECT_NONE)
        return;
    begin_row(&begun, record, result);
    struct refusals_row *row = find(refusals, &begun);
    if (!row)
        row = add_row(refusals, record, &begun, outputs);
    row->rows++;
    if (begun.first_ms < row->first_ms)
        row->first_ms = begun.first_ms;
    if (begun.first_ms > row->last_ms)
        row->last_ms = begun.first_ms;
}

static void write_data(struct strbuf *data, const struct refusals_row *row)
{
    strbuf_reset(data);
    strbuf_add_char(data, '{');
    if (row->station[0])
        strbuf_addf(data, "\"station\":\"%s\",", row->station);
    strbuf_addf(data, "\"feed\":\"%s\",\"reason\":\"%s\",\"rows\":%lld}", row->feed,
                reject_name(row->reject), (long long)row->rows);
}

static void write_row(struct refusals *refusals, const struct refusals_row *row,
                      struct outputs *outputs)
{
    char id[DIGEST_ID_LEN + 1], revision[REVISION_LEN + 1], subject[REFUSALS_STATION_MAX + 16];
    struct strbuf *data = &refusals->data, *text = &refusals->text;
    write_data(data, row);
    ids_refused(id, span_of(refusals->topic), refusals->partition, row->first_offset,
                span_of(row->station));
    (void)!ids_revision(revision, SPAN_NONE, row->last_ms, 0, strbuf_span(data));
    snprintf(subject, sizeof subject, "refused:%s", row->station[0] ? row->station : row->feed);
    strbuf_reset(text);
    event_write(text, &(struct event){.family = EVENT_OBSERVATION,
                                      .name = SPAN("refused"),
                                      .id = span_of(id),
                                      .source = SPAN("/ingest"),
                                      .subject = span_of(subject),
                                      .time_ms = row->first_ms,
                                      .recorded_ms = row->last_ms,
                                      .partitionkey = span_of(subject),
                                      .revision = span_of(revision),
                                      .data_json = strbuf_span(data)});
    outputs_add(outputs,
                &(struct output){.stream = NORMALISE_EVENTS,
                                 .partition = OUTPUT_BY_KEY,
                                 .key = span_of(subject),
                                 .value = strbuf_span(text),
                                 .headers = {{SPAN("content-type"), SPAN(EVENT_CONTENT_TYPE)}},
                                 .header_count = 1});
}

void refusals_write(struct refusals *refusals, struct outputs *outputs)
{
    for (size_t i = 0; i < refusals->count; i++)
        write_row(refusals, &refusals->rows[i], outputs);
    refusals->count = 0;
}
