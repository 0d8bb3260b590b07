/* SPDX-License-Identifier: Apache-2.0 */
/* Where a transform writes: declared topics, and families of topics ("cb.dispatch." + unit) whose
 * members come and go. Knows partition counts, never guesses one. An output for a member it has not
 * seen is kept aside until metadata was read again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"
#include "kafka/client.h"
#include "kafka/topic_catalog.h"
#include "kafka/transform.h"

struct streams;

enum streams_result { STREAMS_SENT, STREAMS_KEPT, STREAMS_FAILED };

struct streams *streams_new(const struct kafka_settings *settings,
                            const struct transform_stream *declared, size_t count);
/* What the cluster has against what was declared: RETRY where a topic is missing, CONFIG where a
 * count is wrong. Then, once, the handles are made. */
bool streams_check(const struct streams *streams, const struct topic_catalog *catalog,
                   struct error *error);
void streams_attach(struct streams *streams, rd_kafka_t *producer,
                    struct topic_catalog *catalog); /* takes it */
int32_t streams_partitions(const struct streams *streams, int stream);
/* A transaction begins. */
void streams_begin(struct streams *streams);
/* Sends it, or holds it back (hold.h). */
enum streams_result streams_produce(struct streams *streams, const struct output *output,
                                    struct error *error);

/* Sends what was held back; before anything else that ends the transaction. */
bool streams_release(struct streams *streams, struct error *error);

/* Outputs kept aside. Worker: streams_refresh reads metadata anew. Loop: streams_settle writes
 * those whose topic is there now and asks `missing` about each other one; false = it would not have
 * it. */
size_t streams_kept(const struct streams *streams);
bool streams_refresh(struct streams *streams, struct error *error);
bool streams_settle(struct streams *streams,
                    bool (*missing)(void *context, const struct output *output), void *context,
                    struct error *error);
