/* SPDX-License-Identifier: Apache-2.0 */
/* Stands between taking partitions over and reading them: is this the log the positions are of? */
#pragma once

#include "aggregator/store/writer.h"
#include "kafka/follow.h"

struct log_guard {
    const char *topic;
    int doubts; /* answers in a row that do not fit */
};

/* On the worker thread, after the takeover: fills `start` and `looks`. Brokers that have just
 * elected may know less for a moment, so a log that seems too short is asked for again
 * (ERROR_RETRY) before it is believed (ERROR_CONFIG). */
bool log_guard_ask(struct log_guard *guard, struct follow *follow,
                   struct writer_position *positions, size_t count, struct error *error);
/* The first record of a position that looks: ends the process where it is another one than was
 * there; NULL = the partition ended without any. */
void log_guard_look(const struct log_guard *guard, struct writer_position *position,
                    const struct record *record);
