/* SPDX-License-Identifier: Apache-2.0 */
/* The nudge (nudge.h) of a consumer that no loop polls: a thread of its own asks, so whoever reads
 * does not wait for the answer. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdint.h>

struct fetch_waker;
struct fetch_waker *fetch_waker_new(rd_kafka_t *consumer);
/* The broker of that partition. Nothing happens while another is asked. `topic` outlives the
 * waker. */
void fetch_waker_wake(struct fetch_waker *waker, const char *topic, int32_t partition);
/* After the answer that is awaited. NULL: nothing. */
void fetch_waker_free(struct fetch_waker *waker);
