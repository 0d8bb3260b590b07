/* SPDX-License-Identifier: Apache-2.0 */
/* Declares the sources and streams and hands each record to the core. It has no state of its own:
 * repeats are recognised where the sets are. */
#include "ingest/normaliser.h"

static const struct transform_source sources[] = {
    {.topic = "raw", .from_beginning = true},
    {.topic = "status.*", .from_beginning = true},
};

static const struct transform_stream streams[NORMALISE_STREAMS] = {
    [NORMALISE_EVENTS] = {.topic = "events"},
    [NORMALISE_DEAD] = {.topic = "dead"},
};

static const struct metric_row records_row = {
    "citybrain_ingest_records_total", METRIC_COUNTER, "verdict",
    "Records of raw and status topics by what became of them."};
static const struct metric_row events_row = {"citybrain_ingest_events_total", METRIC_COUNTER, NULL,
                                             "Canonical events written."};

static void *open_partition(void *context, int source, int32_t partition, struct span metadata)
{
    struct normaliser *normaliser = context;
    if (source == NORMALISER_RAW && partition == 0 && normaliser->took_time)
        normaliser->took_time(normaliser->context, metadata);
    return normaliser;
}

static enum transform_result on_record(void *state, const struct record *record,
                                       struct outputs *outputs)
{
    struct normaliser *normaliser = state;
    struct normalise_result result;
    normalise_record(&normaliser->normalise, record, outputs, &result);
    metric_add(normaliser->records, span_of(reject_name(result.why.reject)), 1);
    if (result.count > 0)
        metric_add(normaliser->events, SPAN(""), (int64_t)result.count);
    return TRANSFORM_NEXT;
}

static void close_partition(void *state)
{
    (void)state;
}

static void on_poison(void *context, const struct record *record, struct outputs *outputs)
{
    struct normaliser *normaliser = context;
    normalise_poison(&normaliser->normalise, record, outputs);
}

bool normaliser_open(struct normaliser *normaliser, struct daemon *daemon,
                     const struct ingest_config *config, struct error *error)
{
    normaliser->config = config;
    normalise_init(&normaliser->normalise, config->feeds, config->kinds);
    normaliser->normalise.trust_door_time = config->clock_mode == INGEST_CLOCK_MANUAL;
    normaliser->records = metrics_add(daemon_metrics(daemon), &records_row);
    normaliser->events = metrics_add(daemon_metrics(daemon), &events_row);
    struct transform_spec spec = {
        .settings = &config->kafka,
        .sources = sources,
        .source_count = ARRAY_LENGTH(sources),
        .assignor = "roundrobin",
        .streams = streams,
        .stream_count = ARRAY_LENGTH(streams),
        .handler = {.context = normaliser,
                    .open = open_partition,
                    .on_record = on_record,
                    .close = close_partition},
        .on_poison = on_poison,
    };
    normaliser->transform = transform_open(daemon, &spec, error);
    return normaliser->transform != NULL;
}
