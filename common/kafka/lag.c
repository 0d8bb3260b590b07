/* SPDX-License-Identifier: Apache-2.0 */
/* Ends are last stable offsets, so an open transaction is no backlog. What lies between position
 * and end may be transaction markers alone: only reading tells, so the first unread record is
 * fetched, and a partition that says "end" instead has nothing unread. */
#include "kafka/lag.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "kafka/ends.h"
#include "kafka/topic_catalog.h"

enum { TIMEOUT_MS = 8000 };

struct lag {
    const char *prefix;
    rd_kafka_t *handle; /* owned */
    rd_kafka_topic_partition_list_t *list;
    int64_t *low;         /* owned: first offset there is */
    struct lag_row *rows; /* owned; rows[i] is list's i; topics borrowed from it */
    size_t count;
};

static bool configure(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                      struct error *error)
{
    char group[KAFKA_MAX_NAME];
    kafka_client_name(settings, settings->group, group, sizeof(group));
    return kafka_client_set(conf, "group.id", group, error) &&
           kafka_client_set(conf, "isolation.level", "read_committed", error) &&
           kafka_client_set(conf, "enable.auto.commit", "false", error) &&
           kafka_client_set(conf, "enable.partition.eof", "true", error) &&
           kafka_client_set(conf, "auto.offset.reset", "earliest", error) &&
           kafka_client_set(conf, "allow.auto.create.topics", "false", error) &&
           kafka_client_tune(conf, settings, "fetch.wait.max.ms", "50", error) &&
           kafka_client_tune(conf, settings, "fetch.message.max.bytes", "65536", error);
}

struct lag *lag_open(const struct kafka_settings *settings, struct error *error)
{
    rd_kafka_conf_t *conf = kafka_client_conf(settings, "lag", error);
    if (!conf)
        return NULL;
    if (!configure(conf, settings, error)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_t *handle = kafka_client_new(RD_KAFKA_CONSUMER, conf, error);
    if (!handle)
        return NULL;
    struct lag *lag = xcalloc(1, sizeof(*lag));
    lag->prefix = settings->prefix;
    lag->handle = handle;
    lag->list = rd_kafka_topic_partition_list_new(16);
    rd_kafka_poll_set_consumer(handle);
    return lag;
}

void lag_close(struct lag *lag)
{
    if (!lag)
        return;
    rd_kafka_topic_partition_list_destroy(lag->list);
    rd_kafka_destroy_flags(lag->handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(lag->low);
    free(lag->rows);
    free(lag);
}

static bool is_wanted(const struct lag *lag, const char *name, const char *const *topics,
                      size_t count)
{
    const char *rest = name + strlen(lag->prefix);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(topics[i]);
        bool family = len > 0 && topics[i][len - 1] == '*';
        if (family ? strncmp(rest, topics[i], len - 1) == 0 : strcmp(rest, topics[i]) == 0)
            return true;
    }
    return false;
}

bool lag_list(struct lag *lag, const char *const *topics, size_t count, struct error *error)
{
    struct topic_catalog catalog;
    if (!topic_catalog_read(&catalog, lag->handle, lag->prefix, TIMEOUT_MS, error))
        return false;
    for (size_t i = 0; i < catalog.count; i++)
        for (int32_t p = 0; p < catalog.entries[i].partitions &&
                            is_wanted(lag, catalog.entries[i].name, topics, count);
             p++)
            rd_kafka_topic_partition_list_add(lag->list, catalog.entries[i].name, p);
    topic_catalog_fini(&catalog);
    lag->count = (size_t)lag->list->cnt;
    if (lag->count == 0)
        return error_set(error, ERROR_REFUSED, 0, "no topic %s%s; fix: citybrain topics apply",
                         lag->prefix, topics[0]);
    lag->low = xcalloc(lag->count, sizeof(lag->low[0]));
    lag->rows = xcalloc(lag->count, sizeof(lag->rows[0]));
    if (!ends_ask(lag->handle, lag->list, ENDS_FIRST, TIMEOUT_MS, error))
        return false;
    for (size_t i = 0; i < lag->count; i++)
        lag->low[i] = lag->list->elems[i].offset;
    if (!ends_ask(lag->handle, lag->list, ENDS_LAST, TIMEOUT_MS, error))
        return false;
    for (size_t i = 0; i < lag->count; i++) {
        const rd_kafka_topic_partition_t *partition = &lag->list->elems[i];
        lag->rows[i] = (struct lag_row){.topic = partition->topic,
                                        .partition = partition->partition,
                                        .position = -1,
                                        .end = partition->offset,
                                        .oldest_ms = -1};
    }
    return true;
}

bool lag_ask_committed(struct lag *lag, struct error *error)
{
    rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_copy(lag->list);
    rd_kafka_resp_err_t code = rd_kafka_committed(lag->handle, asked, TIMEOUT_MS);
    for (size_t i = 0; !code && i < lag->count; i++) {
        code = asked->elems[i].err;
        lag->rows[i].position = asked->elems[i].offset >= 0 ? asked->elems[i].offset : -1;
    }
    rd_kafka_topic_partition_list_destroy(asked);
    return !code ||
           error_set(error, ERROR_RETRY, (int)code, "committed: %s", rd_kafka_err2str(code));
}

static struct lag_row *row_of(struct lag *lag, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < lag->count; i++)
        if (lag->rows[i].partition == partition && strcmp(lag->rows[i].topic, topic) == 0)
            return &lag->rows[i];
    return NULL;
}

void lag_set_position(struct lag *lag, const char *topic, int32_t partition, int64_t position)
{
    struct lag_row *row = row_of(lag, topic, partition);
    if (row)
        row->position = position;
}

/* True when this message settles its partition. */
static bool take(struct lag *lag, const rd_kafka_message_t *message)
{
    if (!message->rkt)
        return false; /* of no partition: the handle's own troubles */
    struct lag_row *row = row_of(lag, rd_kafka_topic_name(message->rkt), message->partition);
    rd_kafka_timestamp_type_t type;
    if (!row || row->oldest_ms >= 0 || row->records == 0)
        return false;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        row->records = 0;
        return true;
    }
    if (message->err)
        return false;
    if (message->offset >= row->end) { /* written since the end was asked for */
        row->records = 0;
        return true;
    }
    row->records = row->end - message->offset;
    row->oldest_ms = rd_kafka_message_timestamp(message, &type);
    return true;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void read_first(struct lag *lag, size_t waiting)
{
    int64_t until_ms = now_ms() + TIMEOUT_MS;
    while (waiting > 0 && now_ms() < until_ms) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(lag->handle, 100);
        if (!message)
            continue;
        waiting -= take(lag, message);
        rd_kafka_message_destroy(message);
    }
}

bool lag_measure(struct lag *lag, struct error *error)
{
    rd_kafka_topic_partition_list_t *unread =
        rd_kafka_topic_partition_list_new((int)lag->count + 1);
    for (size_t i = 0; i < lag->count; i++) {
        struct lag_row *row = &lag->rows[i];
        int64_t from = row->position > lag->low[i] ? row->position : lag->low[i];
        row->records = row->end > from ? row->end - from : 0;
        if (row->records > 0)
            rd_kafka_topic_partition_list_add(unread, row->topic, row->partition)->offset = from;
    }
    size_t waiting = (size_t)unread->cnt;
    rd_kafka_resp_err_t code =
        waiting > 0 ? rd_kafka_assign(lag->handle, unread) : RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_topic_partition_list_destroy(unread);
    if (code)
        return error_set(error, ERROR_RETRY, (int)code, "assign: %s", rd_kafka_err2str(code));
    read_first(lag, waiting);
    return true;
}

const struct lag_row *lag_rows(const struct lag *lag, size_t *count)
{
    *count = lag->count;
    return lag->rows;
}
