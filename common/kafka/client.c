/* SPDX-License-Identifier: Apache-2.0 */
/* What every Kafka handle shares: which library versions are safe, brokers, client.id, the
 * operator's own `rdkafka:` entries and how the library's words reach our log. A handle's
 * correctness (isolation, commits, ids) is set by its owner after this and cannot be overridden by
 * a file; tuning can. */
#include "kafka/client.h"

#include <stdio.h>
#include <string.h>

#include "config/yaml.h"
#include "daemon/log.h"

/* Set by us because a promise hangs on each of them. */
static const char *const ours[] = {
    "bootstrap.servers",
    "metadata.broker.list",
    "client.id",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "transactional.id",
    "transaction.timeout.ms",
    "session.timeout.ms",
    "isolation.level",
    "enable.idempotence",
    "enable.auto.commit",
    "auto.commit.enable",
    "enable.auto.offset.store",
    "auto.offset.reset",
    "enable.partition.eof",
    "partition.assignment.strategy",
    "acks",
    "request.required.acks",
    "allow.auto.create.topics",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "message.timeout.ms",
    "delivery.timeout.ms",
};

bool kafka_client_check_version(struct error *error)
{
    int version = rd_kafka_version();
    int major_minor = version >> 16;
    bool lossy = version < 0x02000200 || (major_minor >= 0x0201 && version < 0x02060100) ||
                 major_minor == 0x020a;
    /* 2.10.0 reconnects without end; 2.10.1 is fixed. */
    if (major_minor == 0x020a && version >= 0x020a0100)
        lossy = false;
    if (lossy)
        return error_set(error, ERROR_CONFIG, version,
                         "librdkafka %s loses or repeats records; fix: install 2.0.2, or 2.6.1 or "
                         "later except 2.10.0",
                         rd_kafka_version_str());
    log_info("kafka.library", LOG_STR("version", rd_kafka_version_str()));
    return true;
}

static void log_library(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    (void)handle;
    if (level <= 4)
        log_warn("kafka.library_says", LOG_STR("facility", facility), LOG_STR("text", text));
    else
        log_debug("kafka.library_says", LOG_STR("facility", facility), LOG_STR("text", text));
}

bool kafka_client_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                      struct error *error)
{
    char reason[300];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) == RD_KAFKA_CONF_OK)
        return true;
    return error_set(error, ERROR_CONFIG, 0, "kafka setting %s=%s: %s; fix: correct the value",
                     name, value, reason);
}

bool kafka_client_set_int(rd_kafka_conf_t *conf, const char *name, int64_t value,
                          struct error *error)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    return kafka_client_set(conf, name, text, error);
}

bool kafka_client_tune(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                       const char *name, const char *value, struct error *error)
{
    if (settings->extra && yaml_get(settings->extra, name))
        return true;
    return kafka_client_set(conf, name, value, error);
}

bool kafka_client_knows(const char *name, const char *value)
{
    char reason[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    bool known = rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) == RD_KAFKA_CONF_OK;
    rd_kafka_conf_destroy(conf);
    return known;
}

/* What is fetched ahead is bounded twice: records in the queue, and the answers under way, which
 * are compressed (three to five times smaller) and bounded per partition. */
bool kafka_client_tune_fetch(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                             const char *wait_ms, struct error *error)
{
    return kafka_client_set_int(conf, "queued.max.messages.kbytes", settings->queued_bytes / 1024,
                                error) &&
           kafka_client_tune(conf, settings, "fetch.message.max.bytes", "65536", error) &&
           kafka_client_tune(conf, settings, "fetch.max.bytes", "4194304", error) &&
           kafka_client_tune(conf, settings, "fetch.wait.max.ms", wait_ms, error) &&
           (!kafka_client_knows("fetch.queue.backoff.ms", "1") ||
            kafka_client_tune(conf, settings, "fetch.queue.backoff.ms", "1", error));
}

static bool pass_through(rd_kafka_conf_t *conf, const struct yaml_node *extra, struct error *error)
{
    for (const struct yaml_node *entry = extra ? extra->first : NULL; entry; entry = entry->next) {
        char reason[240] = "it is set by the daemon itself";
        bool refused = entry->type != YAML_SCALAR;
        if (refused)
            snprintf(reason, sizeof(reason), "it is not a plain value");
        for (size_t i = 0; i < ARRAY_LENGTH(ours); i++)
            refused = refused || strcmp(entry->key, ours[i]) == 0;
        if (!refused && rd_kafka_conf_set(conf, entry->key, entry->text, reason, sizeof(reason)) ==
                            RD_KAFKA_CONF_OK)
            continue;
        return error_set(error, ERROR_CONFIG, 0,
                         "%s:%d:%d: rdkafka.%s: %s; fix: remove or correct it",
                         entry->key_place.file ? entry->key_place.file : "", entry->key_place.line,
                         entry->key_place.col, entry->key, reason);
    }
    return true;
}

rd_kafka_conf_t *kafka_client_conf(const struct kafka_settings *settings, const char *role,
                                   struct error *error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char client_id[60]; /* longer ones crash some versions of the library */
    snprintf(client_id, sizeof(client_id), "%.20s%.16s-%d-%.12s", settings->prefix,
             settings->group ? settings->group : "", (int)settings->slot, role);
    rd_kafka_conf_set_log_cb(conf, log_library);
    if (pass_through(conf, settings->extra, error) &&
        kafka_client_set(conf, "bootstrap.servers", settings->brokers, error) &&
        kafka_client_set(conf, "client.id", client_id, error) &&
        kafka_client_tune(conf, settings, "socket.nagle.disable", "true", error) &&
        kafka_client_tune(conf, settings, "reconnect.backoff.max.ms", "2000", error) &&
        kafka_client_tune(conf, settings, "reconnect.backoff.ms", "50", error))
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

rd_kafka_t *kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error)
{
    char reason[300];
    rd_kafka_t *handle = rd_kafka_new(type, conf, reason, sizeof(reason));
    if (handle)
        return handle;
    rd_kafka_conf_destroy(conf);
    error_set(error, ERROR_CONFIG, 0, "kafka settings: %s; fix: correct the rdkafka section",
              reason);
    return NULL;
}

char *kafka_client_name(const struct kafka_settings *settings, const char *topic, char *buffer,
                        size_t size)
{
    snprintf(buffer, size, "%s%s", settings->prefix, topic);
    return buffer;
}

bool kafka_client_error(struct error *error, enum error_kind kind, const char *what,
                        rd_kafka_error_t *cause)
{
    error_set(error, kind, (int)rd_kafka_error_code(cause), "%s: %s: %s", what,
              rd_kafka_error_name(cause), rd_kafka_error_string(cause));
    rd_kafka_error_destroy(cause);
    return false;
}
