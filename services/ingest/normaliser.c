/* SPDX-License-Identifier: Apache-2.0 */
/* Declares the sources and streams and hands each record to the core. A partition's state is its
 * page of the ledger, empty after each commit: nothing is restored. Repeats are recognised where
 * the sets are. */
#include "ingest/normaliser.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ingest/core/ledger.h"
#include "ingest/core/refusals.h"

struct partition {
    struct normaliser *normaliser; /* borrowed */
    struct ledger ledger;
    struct refusals refusals;
    /* Not yet in the metrics, whose cells are looked up by text. */
    int64_t verdicts[REJECT_COUNT], events, read;
    const struct mapping *mapping; /* that `read` records were read by */
};

static const struct transform_source sources[] = {
    {.topic = "raw", .from_beginning = true},
    {.topic = "status.*", .from_beginning = true},
};

static const struct transform_stream streams[NORMALISE_STREAMS] = {
    [NORMALISE_EVENTS] = {.topic = "events"},
    [NORMALISE_DEAD] = {.topic = "dead"},
    [NORMALISE_REGISTRY] = {.topic = "registry"},
    [NORMALISE_RECEIPTS] = {.topic = "receipts.", .family = true},
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
    refusals_init(&partition->refusals);
    if (source == NORMALISER_RAW && number == 0 && normaliser->took_time)
        normaliser->took_time(normaliser->context, metadata);
    return partition;
}

static void tell_mapping(struct partition *partition)
{
    if (partition->read > 0)
        metric_add(partition->normaliser->mappings, span_of(partition->mapping->label),
                   partition->read);
    partition->read = 0;
}

static void tell(struct partition *partition)
{
    struct normaliser *normaliser = partition->normaliser;
    for (int i = 0; i < REJECT_COUNT; i++)
        if (partition->verdicts[i] > 0)
            metric_add(normaliser->records, span_of(reject_name((enum reject)i)),
                       partition->verdicts[i]);
    if (partition->events > 0)
        metric_add(normaliser->events, SPAN(""), partition->events);
    memset(partition->verdicts, 0, sizeof partition->verdicts);
    partition->events = 0;
    tell_mapping(partition);
}

static void count(struct partition *partition, const struct record *record,
                  const struct normalise_result *result, struct outputs *outputs)
{
    ledger_add(&partition->ledger, record, result, outputs);
    refusals_add(&partition->refusals, record, result, outputs);
    feed_metrics_add(&partition->normaliser->feeds, result);
    partition->verdicts[result->why.reject]++;
    partition->events += (int64_t)result->count;
    if (result->mapping != partition->mapping)
        tell_mapping(partition);
    partition->mapping = result->mapping;
    partition->read += result->mapping != NULL;
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

/* A unit without that topic: counted and logged by the loop; its dead letter says the same. */
static bool undeliverable(void *context, const struct output *output)
{
    (void)context;
    return output->stream == NORMALISE_RECEIPTS;
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
    refusals_write(&partition->refusals, outputs);
    tell(partition);
    feed_metrics_show(&partition->normaliser->feeds);
}

static void close_partition(void *state)
{
    struct partition *partition = state;
    ledger_fini(&partition->ledger);
    refusals_fini(&partition->refusals);
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
    feed_metrics_open(&normaliser->feeds, daemon_metrics(daemon), config->feeds);
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
        .undeliverable = undeliverable,
    };
    normaliser->transform = transform_open(daemon, &spec, error);
    return normaliser->transform != NULL;
}
