/* SPDX-License-Identifier: Apache-2.0 */
/* Declares the sources and streams and hands each record to the core. A partition's state is its
 * page of the ledger, empty after each commit: nothing is restored. Repeats are recognised where
 * the sets are. */
#include "ingest/normaliser.h"

#include <stdlib.h>

#include "base/memory.h"
#include "ingest/core/ledger.h"

struct partition {
    struct normaliser *normaliser; /* borrowed */
    struct ledger ledger;
};

static const struct transform_source sources[] = {
    {.topic = "raw", .from_beginning = true},
    {.topic = "status.*", .from_beginning = true},
};

static const struct transform_stream streams[NORMALISE_STREAMS] = {
    [NORMALISE_EVENTS] = {.topic = "events"},
    [NORMALISE_DEAD] = {.topic = "dead"},
    [NORMALISE_REGISTRY] = {.topic = "registry"},
};

static const struct metric_row records_row = {
    "citybrain_ingest_records_total", METRIC_COUNTER, "verdict",
    "Records of raw and status topics by what became of them."};
static const struct metric_row events_row = {"citybrain_ingest_events_total", METRIC_COUNTER, NULL,
                                             "Canonical events written."};

static const struct metric_row mappings_row = {
    "citybrain_ingest_mapping_records_total", METRIC_COUNTER, "mapping",
    "Records by the feed and the version of its mapping that read them. An old version that still "
    "counts is read by a replay or by a door that was not reloaded."};

static void *open_partition(void *context, int source, int32_t number, struct span metadata)
{
    struct normaliser *normaliser = context;
    struct partition *partition = xcalloc(1, sizeof *partition);
    partition->normaliser = normaliser;
    ledger_init(&partition->ledger);
    if (source == NORMALISER_RAW && number == 0 && normaliser->took_time)
        normaliser->took_time(normaliser->context, metadata);
    return partition;
}

static void count(struct partition *partition, const struct record *record,
                  const struct normalise_result *result, struct outputs *outputs)
{
    struct normaliser *normaliser = partition->normaliser;
    ledger_add(&partition->ledger, record, result, outputs);
    metric_add(normaliser->records, span_of(reject_name(result->why.reject)), 1);
    if (result->mapping)
        metric_add(normaliser->mappings, span_of(result->mapping->label), 1);
    if (result->count > 0)
        metric_add(normaliser->events, SPAN(""), (int64_t)result->count);
}

static enum transform_result on_record(void *state, const struct record *record,
                                       struct outputs *outputs)
{
    struct partition *partition = state;
    struct normalise_result result;
    normalise_record(&partition->normaliser->normalise, record, outputs, &result);
    count(partition, record, &result, outputs);
    return TRANSFORM_NEXT;
}

static void on_poison(void *state, const struct record *record, struct outputs *outputs)
{
    struct partition *partition = state;
    struct normalise_result result;
    normalise_poison(&partition->normaliser->normalise, record, outputs, &result);
    count(partition, record, &result, outputs);
}

static void save(void *state, struct outputs *outputs)
{
    struct partition *partition = state;
    ledger_write(&partition->ledger, outputs);
}

static void close_partition(void *state)
{
    struct partition *partition = state;
    ledger_fini(&partition->ledger);
    free(partition);
}

bool normaliser_open(struct normaliser *normaliser, struct daemon *daemon,
                     const struct ingest_config *config, struct error *error)
{
    normaliser->config = config;
    normalise_init(&normaliser->normalise, config->feeds, config->kinds);
    if (config->pseudonym.text[0])
        normaliser->normalise.pseudonym_key = span_of(config->pseudonym.text);
    normaliser->normalise.trust_door_time = config->clock_mode == INGEST_CLOCK_MANUAL;
    normaliser->records = metrics_add(daemon_metrics(daemon), &records_row);
    normaliser->events = metrics_add(daemon_metrics(daemon), &events_row);
    normaliser->mappings = metrics_add(daemon_metrics(daemon), &mappings_row);
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
                    .save = save,
                    .close = close_partition},
        .on_poison = on_poison,
    };
    normaliser->transform = transform_open(daemon, &spec, error);
    return normaliser->transform != NULL;
}
