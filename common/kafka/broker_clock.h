/* SPDX-License-Identifier: Apache-2.0 */
/* How far this host's clock is from the brokers': a record of a topic whose time is the broker's,
 * each few seconds, and the time it got (contracts 5.5). */
#pragma once

#include "daemon/daemon.h"
#include "kafka/client.h"

#define BROKER_CLOCK_MOST_OFF_MS 60000

struct broker_clock;

/* `topic` without prefix. */
struct broker_clock *broker_clock_open(struct daemon *daemon, const struct kafka_settings *settings,
                                       const char *topic, struct error *error);
/* More than a minute off, by the last answer or because the host's clock jumped since; true until
 * there was a first answer, or the word that there will be none. */
bool broker_clock_is_off(const struct broker_clock *clock);
/* How far the host is ahead (negative: behind), given when a record was sent and its report came,
 * by the host, and when it was appended, by the broker. */
int64_t broker_clock_ahead_ms(int64_t sent_ms, int64_t appended_ms, int64_t reported_ms);
