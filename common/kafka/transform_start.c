/* SPDX-License-Identifier: Apache-2.0 */
/* Step 6 of the contract: before its first assignment a process waits for brokers and topics
 * without limit, is not ready and says why, and ends only for what waiting cannot mend (a wrong
 * partition count, a setting). */
#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
#include "kafka/group_consumer.h"
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

rd_kafka_t *transform_start_consumer(struct transform *transform, struct error *error)
{
    return group_consumer_open(
        transform->spec.settings, "consumer", transform->spec.assignor,
        &(struct group_consumer_callbacks){transform, transform_rebalance_note, on_error}, error);
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
