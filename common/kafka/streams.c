/* SPDX-License-Identifier: Apache-2.0 */
/* Topic handles by stream and suffix. Members of families sit in a small open hash table filled on
 * first use; the catalog behind it is replaced when an unknown member is asked for, so a unit's new
 * topic is found without a restart. Outputs kept aside stay in order: a member stays unknown until
 * all of them are settled. */
#include "kafka/streams.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "kafka/hold.h"
#include "kafka/message.h"

enum { METADATA_TIMEOUT_MS = 5000 };

struct target {
    rd_kafka_topic_t *topic;
    int32_t partitions;
    uint32_t *opened; /* owned; by partition: the transaction that wrote to it last */
};

struct member {
    int stream;
    char *suffix; /* owned; NULL = free place */
    struct target target;
};

struct kept {
    struct output output; /* spans into bytes */
    char *bytes;          /* owned */
};

struct streams {
    const struct kafka_settings *settings;
    const struct transform_stream *declared;
    size_t count;
    struct target *fixed; /* by stream; unused for families */
    rd_kafka_t *producer;
    struct topic_catalog catalog;
    struct topic_catalog fresh; /* read by the worker, taken by streams_settle */
    struct member *members;
    size_t member_places, member_count; /* places: a power of two */
    struct kept *kept;
    size_t kept_count, kept_capacity;
    struct hold hold;
    uint32_t transaction; /* the number of the open one */
};

struct streams *streams_new(const struct kafka_settings *settings,
                            const struct transform_stream *declared, size_t count)
{
    struct streams *streams = xcalloc(1, sizeof(*streams));
    streams->settings = settings;
    streams->declared = declared;
    streams->count = count;
    streams->fixed = xcalloc(count + 1, sizeof(streams->fixed[0]));
    streams->member_places = 64;
    streams->members = xcalloc(streams->member_places, sizeof(streams->members[0]));
    hold_init(&streams->hold);
    return streams;
}

bool streams_check(const struct streams *streams, const struct topic_catalog *catalog,
                   struct error *error)
{
    for (size_t i = 0; i < streams->count; i++) {
        const struct transform_stream *stream = &streams->declared[i];
        char name[KAFKA_MAX_NAME];
        if (stream->family)
            continue;
        kafka_client_name(streams->settings, stream->topic, name, sizeof(name));
        int32_t partitions = topic_catalog_partitions(catalog, name);
        if (partitions == 0)
            return error_set(error, ERROR_RETRY, 0,
                             "topic %s is missing; fix: citybrain topics apply", name);
        if (stream->partitions > 0 && partitions != stream->partitions)
            return error_set(
                error, ERROR_CONFIG, 0,
                "topic %s has %d partitions, declared are %d; fix: a new topic with the declared "
                "count (citybrain topics apply), or declare what is there",
                name, (int)partitions, (int)stream->partitions);
    }
    return true;
}

static struct target target_of(rd_kafka_t *producer, const char *name, int32_t partitions)
{
    return (struct target){rd_kafka_topic_new(producer, name, NULL), partitions,
                           xcalloc((size_t)partitions + 1, sizeof(uint32_t))};
}

void streams_attach(struct streams *streams, rd_kafka_t *producer, struct topic_catalog *catalog)
{
    streams->producer = producer;
    streams->catalog = *catalog;
    *catalog = (struct topic_catalog){0};
    for (size_t i = 0; i < streams->count; i++) {
        char name[KAFKA_MAX_NAME];
        if (streams->declared[i].family)
            continue;
        kafka_client_name(streams->settings, streams->declared[i].topic, name, sizeof(name));
        streams->fixed[i] =
            target_of(producer, name, topic_catalog_partitions(&streams->catalog, name));
    }
}

int32_t streams_partitions(const struct streams *streams, int stream)
{
    assert(stream >= 0 && (size_t)stream < streams->count);
    return streams->fixed[stream].partitions;
}

static struct member *place_of(struct streams *streams, int stream, struct span suffix)
{
    size_t mask = streams->member_places - 1;
    size_t at = (size_t)(hash_span(suffix) + (uint64_t)stream) & mask;
    while (streams->members[at].suffix &&
           (streams->members[at].stream != stream || !span_is(suffix, streams->members[at].suffix)))
        at = (at + 1) & mask;
    return &streams->members[at];
}

static void grow(struct streams *streams)
{
    struct member *old = streams->members;
    size_t places = streams->member_places;
    streams->member_places = places * 2;
    streams->members = xcalloc(streams->member_places, sizeof(streams->members[0]));
    for (size_t i = 0; i < places; i++)
        if (old[i].suffix)
            *place_of(streams, old[i].stream, span_of(old[i].suffix)) = old[i];
    free(old);
}

/* NULL when the catalog does not have it. */
static const struct member *find_member(struct streams *streams, const struct output *output)
{
    struct member *member = place_of(streams, output->stream, output->suffix);
    if (member->suffix)
        return member;
    char name[KAFKA_MAX_NAME];
    int written = snprintf(name, sizeof(name), "%s%s%.*s", streams->settings->prefix,
                           streams->declared[output->stream].topic, SPAN_ARG(output->suffix));
    int32_t partitions =
        written < (int)sizeof(name) ? topic_catalog_partitions(&streams->catalog, name) : 0;
    if (partitions == 0)
        return NULL;
    if (2 * ++streams->member_count > streams->member_places) {
        grow(streams);
        member = place_of(streams, output->stream, output->suffix);
    }
    *member = (struct member){output->stream, xspandup(output->suffix),
                              target_of(streams->producer, name, partitions)};
    return member;
}

static struct span copy_span(char **at, struct span span)
{
    if (!span.at)
        return SPAN_NONE;
    struct span copy = span_from(*at, span.len);
    if (span.len)
        memcpy(*at, span.at, span.len);
    *at += span.len;
    return copy;
}

static void keep(struct streams *streams, const struct output *output)
{
    if (streams->kept_count == streams->kept_capacity) {
        streams->kept_capacity = streams->kept_capacity ? 2 * streams->kept_capacity : 16;
        streams->kept = xrealloc(streams->kept, streams->kept_capacity * sizeof(streams->kept[0]));
    }
    struct kept *kept = &streams->kept[streams->kept_count++];
    char *at = xmalloc(message_size(output) + output->suffix.len + 1);
    kept->bytes = at;
    kept->output = *output;
    kept->output.suffix = copy_span(&at, output->suffix);
    kept->output.key = copy_span(&at, output->key);
    kept->output.value = copy_span(&at, output->value);
    for (size_t i = 0; i < output->header_count; i++) {
        kept->output.headers[i].name = copy_span(&at, output->headers[i].name);
        kept->output.headers[i].value = copy_span(&at, output->headers[i].value);
    }
}

static bool send_held(struct streams *streams, const struct held *held, struct error *error)
{
    rd_kafka_error_t *cause =
        message_produce(streams->producer, held->topic, held->partition, &held->output, NULL);
    if (cause)
        return kafka_client_error(error, ERROR_FATAL, rd_kafka_topic_name(held->topic), cause);
    *held->opened = streams->transaction;
    return true;
}

bool streams_release(struct streams *streams, struct error *error)
{
    bool fine = true;
    for (size_t i = 0; i < streams->hold.count && fine; i++)
        fine = send_held(streams, &streams->hold.at[i], error);
    hold_clear(&streams->hold);
    return fine;
}

void streams_begin(struct streams *streams)
{
    streams->transaction++;
    hold_clear(&streams->hold);
}

/* A partition's outputs stay in order: they are held until it is written to, all of them. */
static enum streams_result send_to(struct streams *streams, const struct target *target,
                                   const struct output *output, struct error *error)
{
    struct held held = {.topic = target->topic,
                        .partition = message_partition(output, target->partitions)};
    if (held.partition < 0) {
        error_set(error, ERROR_FATAL, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                  "%s has %d partitions, not number %d", rd_kafka_topic_name(target->topic),
                  (int)target->partitions, (int)output->partition);
        return STREAMS_FAILED;
    }
    held.opened = &target->opened[held.partition];
    held.output = *output;
    bool opened = *held.opened == streams->transaction;
    if (!opened && hold_add(&streams->hold, &held))
        return STREAMS_SENT;
    if (!opened && !streams_release(streams, error))
        return STREAMS_FAILED;
    return send_held(streams, &held, error) ? STREAMS_SENT : STREAMS_FAILED;
}

enum streams_result streams_produce(struct streams *streams, const struct output *output,
                                    struct error *error)
{
    assert(output->stream >= 0 && (size_t)output->stream < streams->count);
    if (!streams->declared[output->stream].family)
        return send_to(streams, &streams->fixed[output->stream], output, error);
    const struct member *member = find_member(streams, output);
    if (member)
        return send_to(streams, &member->target, output, error);
    keep(streams, output);
    return STREAMS_KEPT;
}

size_t streams_kept(const struct streams *streams)
{
    return streams->kept_count;
}

bool streams_refresh(struct streams *streams, struct error *error)
{
    return topic_catalog_read(&streams->fresh, streams->producer, streams->settings->prefix,
                              METADATA_TIMEOUT_MS, error);
}

static bool settle(struct streams *streams, const struct output *output,
                   bool (*missing)(void *context, const struct output *output), void *context,
                   struct error *error)
{
    const struct member *member = find_member(streams, output);
    if (member)
        return send_to(streams, &member->target, output, error) == STREAMS_SENT;
    if (missing && missing(context, output))
        return true;
    return error_set(error, ERROR_FATAL, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                     "topic %s%s%.*s is missing; fix: citybrain topics apply",
                     streams->settings->prefix, streams->declared[output->stream].topic,
                     SPAN_ARG(output->suffix));
}

bool streams_settle(struct streams *streams,
                    bool (*missing)(void *context, const struct output *output), void *context,
                    struct error *error)
{
    struct kept *kept = streams->kept;
    size_t count = streams->kept_count;
    bool fine = true;
    topic_catalog_fini(&streams->catalog);
    streams->catalog = streams->fresh;
    streams->fresh = (struct topic_catalog){0};
    streams->kept = NULL; /* `missing` may write more */
    streams->kept_count = streams->kept_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        fine = fine && settle(streams, &kept[i].output, missing, context, error);
        free(kept[i].bytes);
    }
    free(kept);
    return fine;
}
