/* SPDX-License-Identifier: Apache-2.0 */
/* group.instance.id is mandatory (contracts §4): a transactional offset commit without it is
 * accepted unfenced. The heartbeat is a fifth of the session, at least a second and at most a third
 * of it. */
#include "kafka/group_consumer.h"

#include <stdio.h>

enum { LEAST_POLL_MS = 300000 };

static int64_t heartbeat_of(int64_t session_ms)
{
    int64_t heartbeat_ms = session_ms / 5 < 1000 ? 1000 : session_ms / 5;
    return heartbeat_ms > session_ms / 3 ? session_ms / 3 : heartbeat_ms;
}

static bool configure(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                      const char *assignor, struct error *error)
{
    char group[KAFKA_MAX_NAME], instance[KAFKA_MAX_NAME];
    int64_t session_ms = settings->session_timeout_ms;
    snprintf(group, sizeof(group), "%s%s", settings->prefix, settings->group);
    snprintf(instance, sizeof(instance), "%s-%d", settings->group, (int)settings->slot);
    return kafka_client_set(conf, "group.id", group, error) &&
           kafka_client_set(conf, "group.instance.id", instance, error) &&
           kafka_client_set(conf, "isolation.level", "read_committed", error) &&
           kafka_client_set(conf, "enable.auto.commit", "false", error) &&
           kafka_client_set(conf, "enable.auto.offset.store", "false", error) &&
           kafka_client_set(conf, "auto.offset.reset", "error", error) &&
           kafka_client_set(conf, "enable.partition.eof", "true", error) &&
           kafka_client_set(conf, "allow.auto.create.topics", "false", error) &&
           kafka_client_set(conf, "partition.assignment.strategy", assignor, error) &&
           kafka_client_set_int(conf, "session.timeout.ms", session_ms, error) &&
           kafka_client_set_int(conf, "heartbeat.interval.ms", heartbeat_of(session_ms), error) &&
           kafka_client_set_int(conf, "max.poll.interval.ms",
                                session_ms > LEAST_POLL_MS ? session_ms : LEAST_POLL_MS, error) &&
           kafka_client_tune_fetch(conf, settings, "50", error) &&
           kafka_client_tune(conf, settings, "check.crcs", "true", error) &&
           kafka_client_tune(conf, settings, "topic.metadata.refresh.interval.ms", "5000", error);
}

rd_kafka_t *group_consumer_open(const struct kafka_settings *settings, const char *role,
                                const char *assignor,
                                const struct group_consumer_callbacks *callbacks,
                                struct error *error)
{
    rd_kafka_conf_t *conf = kafka_client_conf(settings, role, error);
    if (!conf)
        return NULL;
    if (!configure(conf, settings, assignor, error)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_conf_set_opaque(conf, callbacks->opaque);
    rd_kafka_conf_set_rebalance_cb(conf, callbacks->rebalance);
    rd_kafka_conf_set_error_cb(conf, callbacks->error);
    rd_kafka_t *consumer = kafka_client_new(RD_KAFKA_CONSUMER, conf, error);
    if (consumer)
        rd_kafka_poll_set_consumer(consumer);
    return consumer;
}
