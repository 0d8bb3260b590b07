/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking administration for the command line (never on a daemon's loop): topics as declared, and
 * what is there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "kafka/client.h"

struct admin;

struct admin_entry {
    const char *name, *value;
};

struct admin_topic {
    const char *name; /* with prefix */
    int32_t partitions;
    int32_t replication;
    const struct admin_entry *config;
    size_t config_count;
};

enum admin_outcome { ADMIN_CREATED, ADMIN_EXISTS, ADMIN_WRONG_PARTITIONS, ADMIN_FAILED };

struct admin *admin_open(const struct kafka_settings *settings, struct error *error);
void admin_close(struct admin *admin);
int32_t admin_broker_count(struct admin *admin, struct error *error); /* -1 on error */
/* Creates what is missing in bounded requests; outcomes[i] for topics[i]. Never changes a partition
 * count. */
bool admin_apply(struct admin *admin, const struct admin_topic *topics, size_t count,
                 enum admin_outcome *outcomes, struct error *error);
/* Partitions of each existing topic with that prefix, sorted by name, through `show`. */
bool admin_list(struct admin *admin, const char *prefix,
                void (*show)(void *context, const char *name, int32_t partitions), void *context,
                struct error *error);

/* A setting as it is in force; texts live during the call. `index` is that of the topic. */
typedef void admin_setting_fn(void *context, size_t index, const char *name, const char *value);
/* Every setting of each of the topics, which must be there. */
bool admin_describe_topics(struct admin *admin, const char *const *names, size_t count,
                           admin_setting_fn *each, void *context, struct error *error);
/* Of one of the brokers. */
bool admin_describe_broker(struct admin *admin, admin_setting_fn *each, void *context,
                           struct error *error);
/* Records before these offsets are gone for ever; `before` by partition, 0 = that one is left. */
bool admin_cut(struct admin *admin, const char *topic, const int64_t *before, int32_t partitions,
               struct error *error);
