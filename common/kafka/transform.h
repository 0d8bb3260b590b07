/* SPDX-License-Identifier: Apache-2.0 */
/* Consume -> handler -> outputs, state and offsets in one Kafka transaction, on one loop thread
 * with one worker for blocking calls. The steps are contracts §4, numbered alike in transform.c.
 * Crash-only: whatever is not a clean commit ends the process with 70. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"
#include "daemon/daemon.h"
#include "kafka/client.h"

struct transform_source {
    const char *topic;       /* without prefix; "status." + "*" = every topic of that family */
    const char *state_topic; /* without prefix, or NULL: stateless */
    bool from_beginning; /* no committed offset and no state: low watermark (true for all on this
                            path) */
};

struct transform_stream {
    const char
        *topic; /* without prefix: "events"; for a family the part before the suffix: "dispatch." */
    bool family;
    int32_t partitions; /* declared count; 0 = take what the broker says. A wrong count refuses the
                           start. */
};

struct transform_spec {
    const struct kafka_settings *settings;
    const struct transform_source *sources; /* all with the same handler; borrowed */
    size_t source_count;
    const char *assignor;                   /* "roundrobin" | "range" */
    const struct transform_stream *streams; /* indexed by output.stream; borrowed */
    size_t stream_count;
    struct transform_handler handler;
    /* Data fault of last resort: a record that kills the core three times. Writes its dead letter;
     * `state` is its partition's. */
    void (*on_poison)(void *state, const struct record *record, struct outputs *outputs);
    /* An output for a member of a family whose topic does not exist (asked again just now). True:
     * the handler keeps it, visibly; false or NULL: the process ends. Nothing is dropped silently.
     */
    bool (*undeliverable)(void *context, const struct output *output);
};

struct transform; /* process lifetime */
struct transform *transform_open(struct daemon *daemon, const struct transform_spec *spec,
                                 struct error *error);
/* Drain: stop collecting, commit, then call done. */
void transform_drain(struct transform *transform, void (*done)(void *), void *context);

/* For the ticker and for probes: run `write` inside the next transaction (begun for it if none is
 * open), which saves every state; `committed` after it is durable. One at a time; false while one
 * is pending or no partition is owned. */
bool transform_inject(struct transform *transform,
                      void (*write)(void *context, struct outputs *outputs),
                      void (*committed)(void *context), void *context);
/* Kept with every later offset commit of that partition; the owner only. */
void transform_set_metadata(struct transform *transform, int source, int32_t partition,
                            const char *metadata);
/* Is that input partition ours now (assigned and restored)? */
bool transform_owns(const struct transform *transform, int source, int32_t partition);
/* Is it ours, and nothing committed up to that offset yet? Then the brokers need not be asked. */
bool transform_is_short_of(const struct transform *transform, const char *topic, int32_t partition,
                           int64_t offset);
/* Is a state being read just now? Then the worker calls the handler: nothing it looks at may
 * change.
 */
bool transform_is_restoring(const struct transform *transform);
/* Partitions of a declared stream as the broker has them. */
int32_t transform_stream_partitions(const struct transform *transform, int stream);
/* The state of an owned partition, or NULL (for admin pages and the ticker). */
void *transform_state(const struct transform *transform, int source, int32_t partition);
