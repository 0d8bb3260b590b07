/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of topics (read_committed) and a group's committed offsets, asked off the loop thread and
 * answered on it: what the ticker needs to know that the normaliser has passed everything that was
 * there at T (contracts §5), and what `citybrain lag` shows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/daemon.h"
#include "kafka/client.h"

struct offsets_watch;

struct offsets_end {
    const char *topic; /* with prefix; borrowed during the callback */
    int32_t partition;
    int64_t end;       /* -1: no answer for this partition */
    int64_t committed; /* of the group; -1: none */
};

typedef void offsets_watch_fn(void *context, const struct offsets_end *ends, size_t count,
                              const struct error *error /* NULL = answered */);

struct offsets_watch *offsets_watch_open(struct daemon *daemon,
                                         const struct kafka_settings *settings,
                                         struct error *error);
/* Ends of every partition of the topics that match (exact names, or prefixes ending in '*'), and
 * the group's committed offsets. Topics and group without the prefix; answers carry it. One
 * question at a time; false while one is open. A topic that does not exist has no rows. */
bool offsets_watch_ask(struct offsets_watch *watch, const char *const *topics, size_t count,
                       const char *group, offsets_watch_fn *answer, void *context);
void offsets_watch_close(struct offsets_watch *watch);
