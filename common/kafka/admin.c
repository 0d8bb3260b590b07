/* SPDX-License-Identifier: Apache-2.0 */
/* CreateTopics and metadata for the command line; every call blocks, bounded by a timeout. It
 * creates what is missing and says what is wrong, and never changes or deletes what is there. */
#include "kafka/admin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "kafka/admin_internal.h"
#include "kafka/topic_catalog.h"

enum {
    TIMEOUT_MS = 30000,
    ASK_MS = 5000, /* only to look */
    TOPICS_A_REQUEST = 50,
    VISIBLE_TRIES = 150, /* of 200 ms: a created topic is usable once metadata shows it */
};

struct admin *admin_open(const struct kafka_settings *settings, struct error *error)
{
    rd_kafka_conf_t *conf = kafka_client_conf(settings, "admin", error);
    rd_kafka_t *handle = conf ? kafka_client_new(RD_KAFKA_PRODUCER, conf, error) : NULL;
    if (!handle)
        return NULL;
    struct admin *admin = xcalloc(1, sizeof(*admin));
    admin->handle = handle;
    admin->queue = rd_kafka_queue_new(handle);
    admin->prefix = settings->prefix;
    return admin;
}

void admin_close(struct admin *admin)
{
    rd_kafka_queue_destroy(admin->queue);
    rd_kafka_destroy(admin->handle);
    free(admin);
}

int32_t admin_broker_count(struct admin *admin, struct error *error)
{
    struct topic_catalog catalog;
    if (!topic_catalog_read(&catalog, admin->handle, admin->prefix, TIMEOUT_MS, error))
        return -1;
    int32_t brokers = catalog.brokers;
    topic_catalog_fini(&catalog);
    return brokers;
}

static rd_kafka_NewTopic_t *describe(const struct admin_topic *topic, struct error *error)
{
    char reason[200];
    int replication = topic->replication > 0 ? topic->replication : -1;
    rd_kafka_NewTopic_t *created =
        rd_kafka_NewTopic_new(topic->name, topic->partitions, replication, reason, sizeof(reason));
    if (!created) {
        error_set(error, ERROR_CONFIG, 0, "topic %s: %s", topic->name, reason);
        return NULL;
    }
    for (size_t i = 0; i < topic->config_count; i++)
        rd_kafka_NewTopic_set_config(created, topic->config[i].name, topic->config[i].value);
    return created;
}

/* `index[i]` is the place of created[i] in the caller's arrays. */
struct creation {
    rd_kafka_NewTopic_t *created[TOPICS_A_REQUEST];
    size_t index[TOPICS_A_REQUEST];
    size_t count;
};

static bool read_results(rd_kafka_event_t *event, const struct creation *creation,
                         enum admin_outcome *outcomes, struct error *error)
{
    if (rd_kafka_event_error(event))
        return error_set(error, ERROR_RETRY, (int)rd_kafka_event_error(event), "create topics: %s",
                         rd_kafka_event_error_string(event));
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    bool fine = true;
    for (size_t i = 0; i < count && i < creation->count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        enum admin_outcome *outcome = &outcomes[creation->index[i]];
        *outcome = code == RD_KAFKA_RESP_ERR_NO_ERROR               ? ADMIN_CREATED
                   : code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS ? ADMIN_EXISTS
                                                                    : ADMIN_FAILED;
        if (*outcome != ADMIN_FAILED || !fine)
            continue;
        const char *text = rd_kafka_topic_result_error_string(results[i]);
        fine =
            error_set(error, ERROR_REFUSED, (int)code, "topic %s: %s",
                      rd_kafka_topic_result_name(results[i]), text ? text : rd_kafka_err2str(code));
    }
    return fine;
}

/* Sends what was gathered and empties it. */
static bool create(struct admin *admin, struct creation *creation, enum admin_outcome *outcomes,
                   struct error *error)
{
    if (creation->count == 0)
        return true;
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(admin->handle, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    char reason[200];
    rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, reason, sizeof(reason));
    rd_kafka_AdminOptions_set_operation_timeout(options, TIMEOUT_MS / 2, reason, sizeof(reason));
    rd_kafka_CreateTopics(admin->handle, creation->created, creation->count, options, admin->queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, TIMEOUT_MS + 5000);
    bool fine = event ? read_results(event, creation, outcomes, error)
                      : error_set(error, ERROR_RETRY, 0, "create topics: no answer in time");
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy_array(creation->created, creation->count);
    creation->count = 0;
    return fine;
}

static bool create_missing(struct admin *admin, const struct admin_topic *topics, size_t count,
                           enum admin_outcome *outcomes, const struct topic_catalog *catalog,
                           struct error *error)
{
    struct creation creation = {.count = 0};
    bool fine = true;
    for (size_t i = 0; i < count; i++) {
        int32_t partitions = topic_catalog_partitions(catalog, topics[i].name);
        outcomes[i] = partitions == 0                      ? ADMIN_FAILED /* until created */
                      : partitions == topics[i].partitions ? ADMIN_EXISTS
                                                           : ADMIN_WRONG_PARTITIONS;
        if (partitions != 0 || !fine)
            continue;
        rd_kafka_NewTopic_t *created = describe(&topics[i], error);
        fine = created != NULL;
        if (!fine)
            continue;
        creation.index[creation.count] = i;
        creation.created[creation.count++] = created;
        if (creation.count == TOPICS_A_REQUEST)
            fine = create(admin, &creation, outcomes, error);
    }
    if (!fine) {
        rd_kafka_NewTopic_destroy_array(creation.created, creation.count);
        return false;
    }
    return create(admin, &creation, outcomes, error);
}

static bool all_visible(const struct topic_catalog *catalog, const struct admin_topic *topics,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (topic_catalog_partitions(catalog, topics[i].name) == 0)
            return false;
    return true;
}

static bool wait_until_visible(struct admin *admin, const struct admin_topic *topics, size_t count,
                               struct error *error)
{
    for (int i = 0; i < VISIBLE_TRIES; i++) {
        struct topic_catalog catalog;
        if (!topic_catalog_read(&catalog, admin->handle, admin->prefix, TIMEOUT_MS, error))
            return false;
        bool visible = all_visible(&catalog, topics, count);
        topic_catalog_fini(&catalog);
        if (visible)
            return true;
        usleep(200 * 1000);
    }
    return error_set(error, ERROR_RETRY, 0, "created topics do not show up in metadata");
}

bool admin_apply(struct admin *admin, const struct admin_topic *topics, size_t count,
                 enum admin_outcome *outcomes, struct error *error)
{
    struct topic_catalog catalog;
    if (!topic_catalog_read(&catalog, admin->handle, "", TIMEOUT_MS, error))
        return false;
    bool fine = create_missing(admin, topics, count, outcomes, &catalog, error);
    topic_catalog_fini(&catalog);
    return fine && wait_until_visible(admin, topics, count, error);
}

bool admin_list(struct admin *admin, const char *prefix,
                void (*show)(void *context, const char *name, int32_t partitions), void *context,
                struct error *error)
{
    struct topic_catalog catalog;
    if (!topic_catalog_read(&catalog, admin->handle, prefix, ASK_MS, error))
        return false;
    for (size_t i = 0; i < catalog.count; i++)
        show(context, catalog.entries[i].name, catalog.entries[i].partitions);
    topic_catalog_fini(&catalog);
    return true;
}
