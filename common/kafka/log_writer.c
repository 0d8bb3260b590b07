/* SPDX-License-Identifier: Apache-2.0 */
/* Partition counts are read once: whoever runs a command does not wait for topics to come. */
#include "kafka/log_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/message.h"
#include "kafka/topic_catalog.h"

#define MOST_UNDER_WAY "10000"

enum { METADATA_MS = 8000, PATIENCE_MS = 30000, ROOM_MS = 100 };

struct topic_handle {
    char *name; /* owned */
    rd_kafka_topic_t *topic;
    int32_t partitions;
    struct topic_handle *next;
};

struct log_writer {
    rd_kafka_t *handle;
    struct topic_catalog catalog;
    struct topic_handle *topics; /* in order of first use */
    int64_t written;
    rd_kafka_resp_err_t refused; /* of the first record that was */
};

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    struct log_writer *writer = opaque;
    writer->written += !message->err;
    if (message->err && !writer->refused)
        writer->refused = message->err;
}

static rd_kafka_conf_t *configure(struct log_writer *writer, const struct kafka_settings *settings,
                                  const char *role, struct error *error)
{
    rd_kafka_conf_t *conf = kafka_client_conf(settings, role, error);
    if (!conf)
        return NULL;
    rd_kafka_conf_set_opaque(conf, writer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    if (kafka_client_set(conf, "enable.idempotence", "true", error) &&
        kafka_client_set(conf, "acks", "all", error) &&
        kafka_client_set_int(conf, "message.timeout.ms", PATIENCE_MS, error) &&
        kafka_client_tune(conf, settings, "linger.ms", "5", error) &&
        kafka_client_tune(conf, settings, "compression.type", "zstd", error) &&
        kafka_client_tune(conf, settings, "message.max.bytes", KAFKA_MAX_RECORD_TEXT, error) &&
        kafka_client_tune(conf, settings, "queue.buffering.max.messages", MOST_UNDER_WAY, error))
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

struct log_writer *log_writer_open(const struct kafka_settings *settings, const char *role,
                                   struct error *error)
{
    struct log_writer *writer = xcalloc(1, sizeof *writer);
    rd_kafka_conf_t *conf = configure(writer, settings, role, error);
    writer->handle = conf ? kafka_client_new(RD_KAFKA_PRODUCER, conf, error) : NULL;
    if (writer->handle &&
        topic_catalog_read(&writer->catalog, writer->handle, settings->prefix, METADATA_MS, error))
        return writer;
    log_writer_close(writer);
    return NULL;
}

static struct topic_handle *find_topic(struct log_writer *writer, const char *name)
{
    struct topic_handle **at = &writer->topics;
    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    int32_t partitions = topic_catalog_partitions(&writer->catalog, name);
    if (partitions == 0)
        return NULL;
    struct topic_handle *topic = xcalloc(1, sizeof *topic);
    topic->name = xstrdup(name);
    topic->partitions = partitions;
    topic->topic = rd_kafka_topic_new(writer->handle, name, NULL);
    return *at = topic;
}

static bool refuse(const struct log_writer *writer, struct error *error)
{
    return error_set(error, ERROR_RETRY, (int)writer->refused, "the brokers refuse it: %s",
                     rd_kafka_err2str(writer->refused));
}

bool log_writer_add(struct log_writer *writer, const char *topic, const struct output *output,
                    struct error *error)
{
    struct topic_handle *found = find_topic(writer, topic);
    int32_t partition = found ? message_partition(output, found->partitions) : -1;
    if (partition < 0)
        return error_set(error, ERROR_REFUSED, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                         "no topic %s, or it has no such partition; fix: citybrain topics apply",
                         topic);
    for (;;) {
        rd_kafka_poll(writer->handle, 0);
        if (writer->refused)
            return refuse(writer, error);
        rd_kafka_error_t *cause =
            message_produce(writer->handle, found->topic, partition, output, NULL);
        if (!cause)
            return true;
        if (rd_kafka_error_code(cause) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return kafka_client_error(error, ERROR_REFUSED, topic, cause);
        rd_kafka_error_destroy(cause);
        rd_kafka_poll(writer->handle, ROOM_MS); /* each record ends within its own patience */
    }
}

bool log_writer_flush(struct log_writer *writer, struct error *error)
{
    rd_kafka_resp_err_t code = rd_kafka_flush(writer->handle, PATIENCE_MS + 1000);
    if (writer->refused)
        return refuse(writer, error);
    return !code || error_set(error, ERROR_RETRY, (int)code, "the brokers do not answer: %s",
                              rd_kafka_err2str(code));
}

int64_t log_writer_written(const struct log_writer *writer)
{
    return writer->written;
}

void log_writer_close(struct log_writer *writer)
{
    for (struct topic_handle *topic = writer->topics, *next; topic; topic = next) {
        next = topic->next;
        rd_kafka_topic_destroy(topic->topic);
        free(topic->name);
        free(topic);
    }
    topic_catalog_fini(&writer->catalog);
    if (writer->handle) {
        rd_kafka_purge(writer->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_destroy(writer->handle);
    }
    free(writer);
}
