/* SPDX-License-Identifier: Apache-2.0 */
/* A key lives in one partition, so only that one is read. */
#include "kafka/log_search.h"

#include <time.h>

#include "base/murmur2.h"
#include "kafka/topic_catalog.h"

enum { TIMEOUT_MS = 8000, LONGEST_MS = 30000 };

static rd_kafka_t *open_reader(const struct kafka_settings *settings, struct error *error)
{
    rd_kafka_conf_t *conf = kafka_client_conf(settings, "search", error);
    if (!conf)
        return NULL;
    if (!kafka_client_set(conf, "group.id", "citybrain-search", error) ||
        !kafka_client_set(conf, "isolation.level", "read_committed", error) ||
        !kafka_client_set(conf, "enable.auto.commit", "false", error) ||
        !kafka_client_set(conf, "enable.partition.eof", "true", error) ||
        !kafka_client_set(conf, "allow.auto.create.topics", "false", error) ||
        !kafka_client_set(conf, "auto.offset.reset", "earliest", error)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_t *handle = kafka_client_new(RD_KAFKA_CONSUMER, conf, error);
    if (handle)
        rd_kafka_poll_set_consumer(handle);
    return handle;
}

static bool assign(rd_kafka_t *handle, const char *topic, int32_t partition, int64_t from_ms,
                   struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, topic, partition);
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    one->offset = from_ms > 0 ? from_ms : RD_KAFKA_OFFSET_BEGINNING;
    if (from_ms > 0)
        code = rd_kafka_offsets_for_times(handle, list, TIMEOUT_MS);
    code = code ? code : rd_kafka_assign(handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    return !code || error_set(error, ERROR_RETRY, (int)code, "%s/%d: %s", topic, (int)partition,
                              rd_kafka_err2str(code));
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool read_all(rd_kafka_t *handle, struct span key, log_search_fn *found, void *context,
                     struct error *error)
{
    int64_t until_ms = now_ms() + LONGEST_MS;
    for (bool done = false; !done;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(handle, 100);
        if (message) {
            done = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
                   (!message->err && message->payload &&
                    span_equal(span_from(message->key, message->key_len), key) &&
                    found(context, span_from(message->payload, message->len)));
            rd_kafka_message_destroy(message);
        }
        if (!done && now_ms() > until_ms)
            return error_set(error, ERROR_RETRY, 0, "not read to its end within %d s",
                             LONGEST_MS / 1000);
    }
    return true;
}

bool log_search(const struct kafka_settings *settings, const char *topic, struct span key,
                int64_t from_ms, log_search_fn *found, void *context, struct error *error)
{
    struct topic_catalog catalog;
    char name[KAFKA_MAX_NAME];
    rd_kafka_t *handle = open_reader(settings, error);
    if (!handle)
        return false;
    kafka_client_name(settings, topic, name, sizeof(name));
    bool good = topic_catalog_read(&catalog, handle, name, TIMEOUT_MS, error);
    if (good) {
        int32_t partitions = topic_catalog_partitions(&catalog, name);
        topic_catalog_fini(&catalog);
        good = partitions > 0 || error_set(error, ERROR_REFUSED, 0, "no topic %s", name);
        good = good && assign(handle, name, murmur2_partition(key, partitions), from_ms, error) &&
               read_all(handle, key, found, context, error);
    }
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return good;
}
