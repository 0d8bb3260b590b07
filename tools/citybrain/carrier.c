/* SPDX-License-Identifier: Apache-2.0 */
/* Router and aggregator see each event once, in order, the router's own among them (passes.c). */
#include "citybrain/carrier.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/murmur2.h"
#include "citybrain/passes.h"
#include "ingest/core/normalise.h"
#include "router/core/emit.h"

#define PARTITIONS    12
#define BATCH_RECORDS 5000
#define BATCH_BYTES   (8 << 20)
#define ARENA_BYTES   (1 << 20)

struct carrier {
    const struct bundle *bundle; /* borrowed */
    struct carrier_watch watch;
    struct normalise normalise;
    struct passes *passes; /* owned */
    struct batch *batch;
    struct cells *cells;
    struct json_reader *reader;
    struct arena arena; /* one event on its way into the batch */
    int64_t raw_next[PARTITIONS];
    int64_t now_ms, batched;
    bool failed;
    struct error error;
    struct carrier_counts counts;
};

static void show_event(struct carrier *carrier, const struct output *output)
{
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
    } else if (output->stream == NORMALISE_RECEIPTS) {
        return; /* as its dead letter */
    } else if (output->stream == NORMALISE_REGISTRY) {
        carrier->counts.events++; /* for display: no core reads it */
        show_event(carrier, output);
    } else {
        carrier->counts.events++;
        passes_add(carrier->passes, output->partition, output->key, output->value, carrier->now_ms);
        show_event(carrier, output);
    }
}

static void from_router(void *context, const struct output *output)
{
    struct carrier *carrier = context;
    if (output->stream == STREAM_EVENTS) {
        show_event(carrier, output); /* the passes carry it on */
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
static void count_event(void *context, const struct record *record)
{
    struct carrier *carrier = context;
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

struct carrier *carrier_new(const struct bundle *bundle, const struct carrier_watch *watch)
{
    struct carrier *carrier = xcalloc(1, sizeof *carrier);
    carrier->bundle = bundle;
    carrier->watch = *watch;
    normalise_init(&carrier->normalise, bundle->feeds, bundle->kinds);
    carrier->passes =
        passes_new(&bundle->flow, &(struct passes_watch){carrier, count_event, from_router});
    carrier->batch = batch_new(&bundle->batch, BATCH_BYTES);
    carrier->cells = cells_new(&bundle->batch);
    carrier->reader = json_reader_new();
    arena_init(&carrier->arena, ARENA_BYTES);
    return carrier;
}

void carrier_free(struct carrier *carrier)
{
    normalise_fini(&carrier->normalise);
    passes_free(carrier->passes);
    batch_free(carrier->batch);
    cells_free(carrier->cells);
    json_reader_free(carrier->reader);
    arena_fini(&carrier->arena);
    free(carrier);
}

void carrier_tick(struct carrier *carrier, int64_t t_ms)
{
    carrier->now_ms = t_ms;
    passes_add_tick(carrier->passes, t_ms);
    passes_run(carrier->passes);
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
    passes_run(carrier->passes);
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
    struct case_flow_counts flow = passes_counts(carrier->passes);
    counts.decided = flow.decided;
    counts.adopted = flow.adopted;
    counts.desk = flow.desk;
    counts.timers = flow.timers;
    counts.too_long = flow.too_long;
    counts.found = passes_firings(carrier->passes);
    counts.cases = flow.cases - counts.found;
    return counts;
}

const struct cells *carrier_cells(const struct carrier *carrier)
{
    return carrier->cells;
}
