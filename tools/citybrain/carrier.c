/* SPDX-License-Identifier: Apache-2.0 */
/* A queue stands for the topic `events`: the cores write to its end while its front is read, so the
 * router's own decisions come back to it as they do from a broker. Router and aggregator see each
 * event once, in order; TRANSFORM_AGAIN means the same record again, as after a commit. */
#include "citybrain/carrier.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/murmur2.h"
#include "ingest/core/normalise.h"
#include "router/core/emit.h"

#define PARTITIONS    12
#define BATCH_RECORDS 5000
#define BATCH_BYTES   (8 << 20)
#define ARENA_BYTES   (1 << 20)

struct queued {
    struct queued *next;
    int32_t partition;
    int64_t timestamp_ms;
    size_t key_len, value_len;
    char bytes[]; /* key, value */
};

struct carrier {
    const struct bundle *bundle; /* borrowed */
    struct carrier_watch watch;
    struct normalise normalise;
    struct case_flow *flow[PARTITIONS]; /* owned */
    struct batch *batch;
    struct cells *cells;
    struct json_reader *reader;
    struct arena arena; /* one event on its way into the batch */
    struct queued *first, **last;
    int64_t raw_next[PARTITIONS], events_next[PARTITIONS];
    int64_t now_ms, batched;
    bool failed;
    struct error error;
    struct carrier_counts counts;
};

struct carrier *carrier_new(const struct bundle *bundle, const struct carrier_watch *watch)
{
    struct carrier *carrier = xcalloc(1, sizeof *carrier);
    carrier->bundle = bundle;
    carrier->watch = *watch;
    normalise_init(&carrier->normalise, bundle->feeds, bundle->kinds);
    for (int32_t i = 0; i < PARTITIONS; i++)
        carrier->flow[i] = case_flow_open(&bundle->flow, i);
    carrier->batch = batch_new(&bundle->batch, BATCH_BYTES);
    carrier->cells = cells_new(&bundle->batch);
    carrier->reader = json_reader_new();
    arena_init(&carrier->arena, ARENA_BYTES);
    carrier->last = &carrier->first;
    return carrier;
}

void carrier_free(struct carrier *carrier)
{
    normalise_fini(&carrier->normalise);
    for (int32_t i = 0; i < PARTITIONS; i++)
        case_flow_close(carrier->flow[i]);
    batch_free(carrier->batch);
    cells_free(carrier->cells);
    json_reader_free(carrier->reader);
    arena_fini(&carrier->arena);
    free(carrier);
}

static void push(struct carrier *carrier, int32_t partition, struct span key, struct span value)
{
    struct queued *queued = xmalloc(sizeof *queued + key.len + value.len);
    *queued = (struct queued){.partition = partition,
                              .timestamp_ms = carrier->now_ms,
                              .key_len = key.len,
                              .value_len = value.len};
    if (key.len)
        memcpy(queued->bytes, key.at, key.len);
    if (value.len)
        memcpy(queued->bytes + key.len, value.at, value.len);
    *carrier->last = queued;
    carrier->last = &queued->next;
}

static void push_event(struct carrier *carrier, const struct output *output)
{
    int32_t partition = output->partition == OUTPUT_BY_KEY
                            ? murmur2_partition(output->key, PARTITIONS)
                            : output->partition;
    push(carrier, partition, output->key, output->value);
    if (carrier->watch.event)
        carrier->watch.event(carrier->watch.context, output->value);
}

static void show_dead(struct carrier *carrier, const struct output *output)
{
    struct span header = SPAN_NONE;
    for (size_t i = 0; i < output->header_count; i++)
        if (span_is(output->headers[i].name, "cb"))
            header = output->headers[i].value;
    if (carrier->watch.dead)
        carrier->watch.dead(carrier->watch.context, header, output->value);
}

static void from_ingest(void *context, const struct output *output)
{
    struct carrier *carrier = context;
    if (output->stream == NORMALISE_DEAD) {
        show_dead(carrier, output);
    } else if (output->stream == NORMALISE_REGISTRY) {
        carrier->counts.events++; /* for display: no core reads it */
        if (carrier->watch.event)
            carrier->watch.event(carrier->watch.context, output->value);
    } else {
        carrier->counts.events++;
        push_event(carrier, output);
    }
}

static void from_router(void *context, const struct output *output)
{
    struct carrier *carrier = context;
    if (output->stream == STREAM_EVENTS) {
        push_event(carrier, output);
    } else if (output->stream == STREAM_DEAD) {
        show_dead(carrier, output);
    } else if (output->stream == STREAM_DISPATCH && output->value.at) {
        carrier->counts.orders++;
        if (carrier->watch.order)
            carrier->watch.order(carrier->watch.context, output->value);
    }
}

static void commit(struct carrier *carrier)
{
    struct span bad;
    carrier->batched = 0;
    if (!carrier->failed && !cells_commit(carrier->cells, carrier->batch, &bad)) {
        carrier->failed = true;
        error_set(&carrier->error, ERROR_FATAL, 0, "the set of %.*s cannot be read", SPAN_ARG(bad));
    }
}

/* As the aggregator takes a record of events. */
static void count_event(struct carrier *carrier, const struct record *record)
{
    struct event event;
    struct case_line line;
    const struct bundle *bundle = carrier->bundle;
    if (carrier->failed)
        return;
    arena_reset(&carrier->arena);
    if (event_read_record(carrier->reader, record, &carrier->arena, &event) != REJECT_NONE) {
        carrier->counts.unreadable++;
        return;
    }
    if (event.family != EVENT_CASE)
        return;
    if (!kinds_find(bundle->kinds, event_kind(&event)) ||
        case_line_of_event(&event, bundle->codes, &carrier->arena, &line) != REJECT_NONE) {
        carrier->counts.unreadable++;
        return;
    }
    if (carrier->batched == BATCH_RECORDS)
        commit(carrier);
    if (!batch_add(carrier->batch, event.subject, &line)) {
        commit(carrier);
        carrier->counts.unreadable += !batch_add(carrier->batch, event.subject, &line);
    }
    carrier->batched++;
}

static void deliver(struct carrier *carrier, const struct queued *queued)
{
    struct outputs outputs = {from_router, carrier};
    struct record record = {
        .topic = SPAN("cb.events"),
        .partition = queued->partition,
        .offset = carrier->events_next[queued->partition]++,
        .timestamp_ms = queued->timestamp_ms,
        .key = queued->key_len ? span_from(queued->bytes, queued->key_len) : SPAN_NONE,
        .value = span_from(queued->bytes + queued->key_len, queued->value_len),
        .headers = {{SPAN("content-type"), SPAN(EVENT_CONTENT_TYPE)}},
        .header_count = 1,
    };
    while (case_flow_on_record(carrier->flow[queued->partition], &record, &outputs) ==
           TRANSFORM_AGAIN)
        ;
    count_event(carrier, &record);
}

static void run(struct carrier *carrier)
{
    while (carrier->first) {
        struct queued *queued = carrier->first;
        deliver(carrier, queued);
        carrier->first = queued->next;
        if (!carrier->first)
            carrier->last = &carrier->first;
        free(queued);
    }
}

void carrier_tick(struct carrier *carrier, int64_t t_ms)
{
    struct strbuf text;
    strbuf_init(&text, 512, 4096);
    carrier->now_ms = t_ms;
    for (int32_t i = 0; i < PARTITIONS; i++) {
        strbuf_reset(&text);
        event_write_tick(&text, t_ms, i);
        push(carrier, i, SPAN_NONE, strbuf_span(&text));
    }
    strbuf_fini(&text);
    run(carrier);
}

enum reject carrier_take_raw(struct carrier *carrier, struct span key, struct span value,
                             struct span header, int64_t received_ms)
{
    struct outputs outputs = {from_ingest, carrier};
    struct normalise_result result;
    int32_t partition = murmur2_partition(key, PARTITIONS);
    struct record record = {.topic = SPAN("cb.raw"),
                            .partition = partition,
                            .offset = carrier->raw_next[partition]++,
                            .timestamp_ms = received_ms,
                            .key = key,
                            .value = value,
                            .headers = {{SPAN("cb"), header}},
                            .header_count = 1};
    carrier->now_ms = received_ms;
    normalise_record(&carrier->normalise, &record, &outputs, &result);
    carrier->counts.read++;
    carrier->counts.accepted += result.why.reject == REJECT_NONE;
    carrier->counts.rejected += result.why.reject != REJECT_NONE;
    run(carrier);
    return result.why.reject;
}

bool carrier_finish(struct carrier *carrier, struct error *error)
{
    commit(carrier);
    if (carrier->failed)
        *error = carrier->error;
    return !carrier->failed;
}

struct carrier_counts carrier_counts(const struct carrier *carrier)
{
    struct carrier_counts counts = carrier->counts;
    for (int32_t i = 0; i < PARTITIONS; i++) {
        struct case_flow_counts flow = case_flow_counts(carrier->flow[i]);
        counts.decided += flow.decided;
        counts.adopted += flow.adopted;
        counts.desk += flow.desk;
        counts.timers += flow.timers;
        counts.too_long += flow.too_long;
        counts.cases += flow.cases;
    }
    return counts;
}

const struct cells *carrier_cells(const struct carrier *carrier)
{
    return carrier->cells;
}
