/* SPDX-License-Identifier: Apache-2.0 */
/* What a transform reads: its declared sources, and the input partitions it owns with their
 * positions. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"
#include "kafka/client.h"
#include "kafka/topic_catalog.h"
#include "kafka/transform.h"

#define INPUT_NO_OFFSET (-1)

struct source {
    const struct transform_source *declared; /* borrowed */
    char *name;                              /* full; of a family the part before '*' */
    bool family;
    char *state_name;        /* full, or NULL */
    rd_kafka_topic_t *state; /* the producer's handle, for position records */
};

struct sources {
    struct source *at;
    size_t count;
};

void sources_init(struct sources *sources, const struct transform_spec *spec);
/* Index of the source that topic belongs to, or -1. */
int sources_find(const struct sources *sources, const char *topic);
/* RETRY where a topic is missing, CONFIG where a state topic does not fit its input. */
bool sources_check(const struct sources *sources, const struct topic_catalog *catalog,
                   struct error *error);
/* The subscription, family names as regular expressions. */
rd_kafka_topic_partition_list_t *sources_subscription(const struct sources *sources);

struct input {
    char *topic;        /* owned; full name */
    uint32_t topic_tag; /* murmur2 of it, for the poison note */
    int source;
    int32_t partition;
    const struct source *of; /* borrowed */
    int64_t position;        /* the next offset to act for */
    int64_t committed;       /* durable; INPUT_NO_OFFSET until one is */
    char *metadata;          /* goes with each offset commit; owned, never NULL */
    int64_t written_ms;      /* when what was acted for last was; 0 = nothing was */
    bool dirty;              /* position or metadata moved since the last commit was made up */
    bool acted;              /* the handler saw records since its last save */
    bool open;               /* the handler knows it: state is to be closed */
    void *state;
};

struct inputs {
    struct input *at; /* owned; sorted by topic, partition */
    size_t count;
    const rd_kafka_topic_t *last_topic; /* of the last look-up: records come in runs */
    struct input *last;
};

void inputs_init(struct inputs *inputs, const struct sources *sources,
                 const rd_kafka_topic_partition_list_t *partitions);
/* Calls handler->close for what is open. */
void inputs_fini(struct inputs *inputs, const struct transform_handler *handler);
struct input *inputs_find(const struct inputs *inputs, const char *topic, int32_t partition);
struct input *inputs_of_message(struct inputs *inputs, const rd_kafka_message_t *message);
struct input *inputs_of_source(const struct inputs *inputs, int source, int32_t partition);
void input_set_metadata(struct input *input, const char *metadata, size_t len);
