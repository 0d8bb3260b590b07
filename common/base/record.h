/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into a core and what comes out of it, without knowing who carries it: Kafka's transform
 * loop, `citybrain try`, or a test. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define RECORD_MAX_HEADERS 32 /* a CloudEvent in binary mode has one an attribute */

struct record_header {
    struct span name, value;
};

struct record {
    struct span topic; /* full name */
    int source;        /* index of the declared source it came from */
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* the broker's append time or the producer's, as the topic is set */
    struct span key;      /* absent = no key */
    struct span value;    /* absent = tombstone */
    struct record_header headers[RECORD_MAX_HEADERS];
    size_t header_count;
};

/* The last header of that name, or an absent span. */
static inline struct span record_header(const struct record *record, const char *name)
{
    struct span found = SPAN_NONE;
    for (size_t i = 0; i < record->header_count; i++)
        if (span_is(record->headers[i].name, name))
            found = record->headers[i].value;
    return found;
}

#define OUTPUT_BY_KEY (-1) /* partition = murmur2(key) mod partitions of the topic */

/* One record to be written. `stream` is an index into the carrier's table of streams; a stream is
 * one topic, or a family of topics "cb.dispatch." + suffix. Everything is copied before outputs_add
 * returns. */
struct output {
    int stream;
    struct span suffix; /* per-unit streams: the unit's code; else absent */
    int32_t partition;  /* OUTPUT_BY_KEY or explicit */
    struct span key;
    struct span value; /* absent = tombstone */
    struct record_header headers[2];
    size_t header_count;
};

struct outputs {
    void (*add)(void *carrier, const struct output *output);
    void *carrier; /* borrowed */
};

static inline void outputs_add(struct outputs *outputs, const struct output *output)
{
    outputs->add(outputs->carrier, output);
}

enum transform_result {
    TRANSFORM_NEXT,  /* the record is done */
    TRANSFORM_AGAIN, /* commit what was written, then call again with the same record (bounded
                        transactions) */
};

/* The seam between a core and its carrier: one input partition, one state. Called on one thread. */
struct transform_handler {
    void *context;
    /* A partition arrives; `metadata` is what was committed with its offset ("" if nothing).
     * Returns its state. */
    void *(*open)(void *context, int source, int32_t partition, struct span metadata);
    /* Each live record of its state topic, in offset order; an absent value removes the key. NULL
     * where stateless. */
    void (*restore)(void *state, struct span key, struct span value);
    void (*restored)(void *state); /* all of it was read: rebuild timers; may be NULL */
    enum transform_result (*on_record)(void *state, const struct record *record,
                                       struct outputs *outputs);
    /* Before each commit: dirty keys to the state stream; may be NULL. */
    void (*save)(void *state, struct outputs *outputs);
    void (*close)(void *state);
};
