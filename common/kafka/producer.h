/* SPDX-License-Identifier: Apache-2.0 */
/* Idempotent producer on the loop (acks=all): for the doors, whose answer waits for the delivery
 * report. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/record.h"
#include "daemon/daemon.h"
#include "kafka/client.h"

struct producer;

/* Called on the loop thread once per accepted send; error_code 0 = durable with acks=all. */
typedef void producer_delivery_fn(void *context, void *tag, int error_code, const char *error_text);

struct producer *producer_open(struct daemon *daemon, const struct kafka_settings *settings,
                               const char *role, producer_delivery_fn *delivered, void *context,
                               struct error *error);
/* `topic` with prefix. Copies everything. False: the queue is full or the topic is unknown (see
 * error): nothing was taken, the tag will not be reported. */
bool producer_send(struct producer *producer, const char *topic, const struct output *output,
                   void *tag, struct error *error);
/* What the code of a refusal or a report means: the topic is not there; it does not take records of
 * that size. */
bool producer_is_missing(int error_code);
bool producer_is_too_large(int error_code);
/* More than four fifths of what it may hold are under way. */
bool producer_is_crowded(const struct producer *producer);
size_t producer_in_flight(const struct producer *producer);
bool producer_is_connected(
    const struct producer *producer); /* some broker is up, as far as we know */
void producer_close(struct producer *producer, int64_t deadline_ms); /* flushes; frees */
