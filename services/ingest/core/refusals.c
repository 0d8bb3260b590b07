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

static struct refusals_row *find(struct refusals *refusals, struct span station, struct span feed)
{
    for (size_t i = 0; i < refusals->count; i++)
        if (span_is(station, refusals->rows[i].station) && span_is(feed, refusals->rows[i].feed))
            return &refusals->rows[i];
    return NULL;
}

static struct refusals_row *begin_row(struct refusals *refusals, const struct record *record,
                                      const struct normalise_result *result)
{
    struct refusals_row *row = &refusals->rows[refusals->count++];
    *row = (struct refusals_row){.first_offset = record->offset};
    span_to_cstr(result->station, row->station, sizeof row->station);
    span_to_cstr(result->feed, row->feed, sizeof row->feed);
    span_to_cstr(record->topic, refusals->topic, sizeof refusals->topic);
    refusals->partition = record->partition;
    return row;
}

void refusals_add(struct refusals *refusals, const struct record *record,
                  const struct normalise_result *result, struct outputs *outputs)
{
    if (result->why.reject == REJECT_NONE || !is_code(result->station))
        return;
    struct refusals_row *row = find(refusals, result->station, result->feed);
    if (!row && refusals->count == REFUSALS_ROWS)
        refusals_write(refusals, outputs);
    if (!row)
        row = begin_row(refusals, record, result);
    row->rows++;
    if (result->received_ms > row->last_ms)
        row->last_ms = result->received_ms;
}

static void write_row(struct refusals *refusals, const struct refusals_row *row,
                      struct outputs *outputs)
{
    char id[DIGEST_ID_LEN + 1], revision[REVISION_LEN + 1], subject[REFUSALS_STATION_MAX + 16];
    struct strbuf *data = &refusals->data, *text = &refusals->text;
    strbuf_reset(data);
    strbuf_addf(data, "{\"station\":\"%s\",\"feed\":\"%s\",\"rows\":%lld}", row->station, row->feed,
                (long long)row->rows);
    ids_refused(id, span_of(refusals->topic), refusals->partition, row->first_offset,
                span_of(row->station));
    (void)!ids_revision(revision, SPAN_NONE, row->last_ms, 0, strbuf_span(data));
    snprintf(subject, sizeof subject, "refused:%s", row->station);
    strbuf_reset(text);
    event_write(text, &(struct event){.family = EVENT_OBSERVATION,
                                      .name = SPAN("refused"),
                                      .id = span_of(id),
                                      .source = SPAN("/ingest"),
                                      .subject = span_of(subject),
                                      .time_ms = row->last_ms,
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
