/* SPDX-License-Identifier: Apache-2.0 */
/* Step 6 of the contract: before its first assignment a process waits for brokers and topics
 * without limit, is not ready and says why, and ends only for what waiting cannot mend (a wrong
 * partition count, a setting). */
#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
#include "kafka/transform_internal.h"

enum { METADATA_TIMEOUT_MS = 3000, RETRY_MS = 500 };

static void on_error(rd_kafka_t *consumer, int code, const char *reason, void *opaque)
{
    struct transform *transform = opaque;
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        char text[300];
        struct error error;
        rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(consumer, text, sizeof(text));
        error_set(&error, ERROR_FATAL, (int)fatal, "consumer: %s", text);
        transform_die(transform, &error);
    }
    log_warn("transform.consumer_error",
             LOG_STR("code", rd_kafka_err2name((rd_kafka_resp_err_t)code)),
             LOG_STR("text", reason));
}

static bool configure(rd_kafka_conf_t *conf, const struct transform_spec *spec, struct error *error)
{
    const struct kafka_settings *settings = spec->settings;
    char group[KAFKA_MAX_NAME], instance[KAFKA_MAX_NAME];
    int64_t heartbeat_ms = settings->session_timeout_ms / 5;
    int64_t poll_ms = settings->session_timeout_ms > 300000 ? settings->session_timeout_ms : 300000;
    heartbeat_ms = heartbeat_ms < 1000 ? 1000 : heartbeat_ms;
    heartbeat_ms = heartbeat_ms > settings->session_timeout_ms / 3
                       ? settings->session_timeout_ms / 3
                       : heartbeat_ms;
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
           kafka_client_set(conf, "partition.assignment.strategy", spec->assignor, error) &&
           kafka_client_set_int(conf, "session.timeout.ms", settings->session_timeout_ms, error) &&
           kafka_client_set_int(conf, "heartbeat.interval.ms", heartbeat_ms, error) &&
           kafka_client_set_int(conf, "max.poll.interval.ms", poll_ms, error) &&
           kafka_client_tune_fetch(conf, settings, "50", error) &&
           kafka_client_tune(conf, settings, "check.crcs", "true", error) &&
           kafka_client_tune(conf, settings, "topic.metadata.refresh.interval.ms", "5000", error);
}

rd_kafka_t *transform_start_consumer(struct transform *transform, struct error *error)
{
    rd_kafka_conf_t *conf = kafka_client_conf(transform->spec.settings, "consumer", error);
    if (!conf)
        return NULL;
    if (!configure(conf, &transform->spec, error)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_conf_set_opaque(conf, transform);
    rd_kafka_conf_set_rebalance_cb(conf, transform_rebalance_note);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_t *consumer = kafka_client_new(RD_KAFKA_CONSUMER, conf, error);
    if (consumer)
        rd_kafka_poll_set_consumer(consumer);
    return consumer;
}

/* Metadata once more after the handles were made: a first record would otherwise wait a second for
 * it. */
static void attach(struct transform *transform, struct topic_catalog *catalog)
{
    struct topic_catalog warm;
    struct error ignored;
    streams_attach(transform->streams, transform->transaction.producer, catalog);
    for (size_t i = 0; i < transform->sources.count; i++) {
        struct source *source = &transform->sources.at[i];
        if (source->state_name)
            source->state =
                rd_kafka_topic_new(transform->transaction.producer, source->state_name, NULL);
    }
    if (topic_catalog_read(&warm, transform->transaction.producer, "", METADATA_TIMEOUT_MS,
                           &ignored))
        topic_catalog_fini(&warm);
}

bool transform_start_work(struct transform *transform, struct error *error)
{
    struct topic_catalog catalog;
    if (!transaction_start(&transform->transaction, error))
        return false;
    if (!topic_catalog_read(&catalog, transform->transaction.producer,
                            transform->spec.settings->prefix, METADATA_TIMEOUT_MS, error))
        return false;
    if (sources_check(&transform->sources, &catalog, error) &&
        streams_check(transform->streams, &catalog, error)) {
        attach(transform, &catalog);
        return true;
    }
    topic_catalog_fini(&catalog);
    return false;
}

static void wait_on(struct transform *transform)
{
    const struct error *error = &transform->work_error;
    bool topics = transform->transaction.started && error->code == 0;
    if (error->kind != ERROR_RETRY)
        transform_die(transform, error);
    daemon_not_ready(transform->daemon, "kafka", topics ? "topic_missing" : "no_broker");
    if (transform_may_complain(transform))
        log_warn("transform.waiting", LOG_STR("for", topics ? "topics" : "brokers"),
                 LOG_ERROR(error));
    transform_retry(transform, RETRY_MS);
}

void transform_start_worked(struct transform *transform)
{
    if (!transform->work_fine) {
        wait_on(transform);
        return;
    }
    rd_kafka_topic_partition_list_t *list = sources_subscription(&transform->sources);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(transform->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code) {
        struct error error;
        error_set(&error, ERROR_FATAL, (int)code, "subscribe: %s", rd_kafka_err2str(code));
        transform_die(transform, &error);
    }
    log_info("transform.subscribed", LOG_STR("group", transform->spec.settings->group),
             LOG_INT("slot", transform->spec.settings->slot));
    daemon_not_ready(transform->daemon, "kafka", "no_assignment");
    transform_set_phase(transform, TRANSFORM_COLLECTING);
    wakeup_again(&transform->wakeup);
}
