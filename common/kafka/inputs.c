/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of sources and owned partitions. A table of inputs is made at each assignment and does not
 * change until the next, so pointers into it hold that long. */
#include "kafka/inputs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/murmur2.h"

static char *full_name(const struct kafka_settings *settings, const char *topic, size_t len)
{
    char name[KAFKA_MAX_NAME];
    snprintf(name, sizeof(name), "%s%.*s", settings->prefix, (int)len, topic);
    return xstrdup(name);
}

void sources_init(struct sources *sources, const struct transform_spec *spec)
{
    sources->count = spec->source_count;
    sources->at = xcalloc(spec->source_count, sizeof(sources->at[0]));
    for (size_t i = 0; i < spec->source_count; i++) {
        struct source *source = &sources->at[i];
        size_t len = strlen(spec->sources[i].topic);
        source->declared = &spec->sources[i];
        source->family = len > 0 && spec->sources[i].topic[len - 1] == '*';
        source->name =
            full_name(spec->settings, spec->sources[i].topic, source->family ? len - 1 : len);
        if (spec->sources[i].state_topic)
            source->state_name = full_name(spec->settings, spec->sources[i].state_topic,
                                           strlen(spec->sources[i].state_topic));
    }
}

int sources_find(const struct sources *sources, const char *topic)
{
    for (size_t i = 0; i < sources->count; i++)
        if (!sources->at[i].family && strcmp(sources->at[i].name, topic) == 0)
            return (int)i;
    for (size_t i = 0; i < sources->count; i++)
        if (sources->at[i].family && span_starts(span_of(topic), span_of(sources->at[i].name)))
            return (int)i;
    return -1;
}

static bool check_source(const struct source *source, const struct topic_catalog *catalog,
                         struct error *error)
{
    int32_t partitions = topic_catalog_partitions(catalog, source->name);
    if (partitions == 0)
        return error_set(error, ERROR_RETRY, 0, "topic %s is missing; fix: citybrain topics apply",
                         source->name);
    if (!source->state_name)
        return true;
    int32_t state = topic_catalog_partitions(catalog, source->state_name);
    if (state == 0)
        return error_set(error, ERROR_RETRY, 0,
                         "state topic %s is missing; fix: citybrain topics apply",
                         source->state_name);
    if (state != partitions)
        return error_set(
            error, ERROR_CONFIG, 0,
            "state topic %s has %d partitions and its input %s has %d; fix: a new state topic with "
            "the same count (citybrain topics apply)",
            source->state_name, (int)state, source->name, (int)partitions);
    return true;
}

bool sources_check(const struct sources *sources, const struct topic_catalog *catalog,
                   struct error *error)
{
    for (size_t i = 0; i < sources->count; i++)
        if (!sources->at[i].family && !check_source(&sources->at[i], catalog, error))
            return false;
    return true;
}

rd_kafka_topic_partition_list_t *sources_subscription(const struct sources *sources)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)sources->count);
    for (size_t i = 0; i < sources->count; i++) {
        const struct source *source = &sources->at[i];
        char pattern[2 * KAFKA_MAX_NAME + 8];
        size_t len = 0;
        if (!source->family) {
            rd_kafka_topic_partition_list_add(list, source->name, RD_KAFKA_PARTITION_UA);
            continue;
        }
        pattern[len++] = '^';
        for (const char *at = source->name; *at && len < sizeof(pattern) - 4; at++) {
            if (!isalnum((unsigned char)*at) && *at != '_' && *at != '-')
                pattern[len++] = '\\';
            pattern[len++] = *at;
        }
        memcpy(pattern + len, ".*", 3);
        rd_kafka_topic_partition_list_add(list, pattern, RD_KAFKA_PARTITION_UA);
    }
    return list;
}

static int compare_inputs(const void *a, const void *b)
{
    const struct input *left = a, *right = b;
    int order = strcmp(left->topic, right->topic);
    return order ? order
                 : (left->partition > right->partition) - (left->partition < right->partition);
}

void inputs_init(struct inputs *inputs, const struct sources *sources,
                 const rd_kafka_topic_partition_list_t *partitions)
{
    *inputs = (struct inputs){.at = xcalloc((size_t)partitions->cnt + 1, sizeof(inputs->at[0]))};
    for (int i = 0; i < partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *partition = &partitions->elems[i];
        int source = sources_find(sources, partition->topic);
        if (source < 0)
            continue; /* not ours by name: never assigned, its records would be skipped */
        inputs->at[inputs->count++] = (struct input){
            .topic = xstrdup(partition->topic),
            .topic_tag = murmur2(span_of(partition->topic)),
            .source = source,
            .partition = partition->partition,
            .of = &sources->at[source],
            .position = INPUT_NO_OFFSET,
            .committed = INPUT_NO_OFFSET,
            .metadata = xstrdup(""),
        };
    }
    qsort(inputs->at, inputs->count, sizeof(inputs->at[0]), compare_inputs);
}

void inputs_fini(struct inputs *inputs, const struct transform_handler *handler)
{
    for (size_t i = 0; i < inputs->count; i++) {
        struct input *input = &inputs->at[i];
        if (input->open && handler->close)
            handler->close(input->state);
        free(input->topic);
        free(input->metadata);
    }
    free(inputs->at);
    *inputs = (struct inputs){0};
}

struct input *inputs_find(const struct inputs *inputs, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < inputs->count; i++)
        if (inputs->at[i].partition == partition && strcmp(inputs->at[i].topic, topic) == 0)
            return &inputs->at[i];
    return NULL;
}

struct input *inputs_of_message(struct inputs *inputs, const rd_kafka_message_t *message)
{
    if (inputs->last && inputs->last_topic == message->rkt &&
        inputs->last->partition == message->partition)
        return inputs->last;
    inputs->last = inputs_find(inputs, rd_kafka_topic_name(message->rkt), message->partition);
    inputs->last_topic = message->rkt;
    return inputs->last;
}

struct input *inputs_of_source(const struct inputs *inputs, int source, int32_t partition)
{
    for (size_t i = 0; i < inputs->count; i++)
        if (inputs->at[i].source == source && inputs->at[i].partition == partition)
            return &inputs->at[i];
    return NULL;
}

void input_set_metadata(struct input *input, const char *metadata, size_t len)
{
    free(input->metadata);
    input->metadata = xspandup(span_from(metadata ? metadata : "", len));
}
