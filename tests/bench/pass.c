/* SPDX-License-Identifier: Apache-2.0 */
/* The plainest copy there is: one thread, read, produce, no transaction and no group. What Kafka
 * itself costs a client of this library.
 *
 * usage: pass BROKERS IN OUT [CODEC]     full names; from the beginning of IN to its end, then it
 * ends and prints {"records":n} */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/murmur2.h"
#include "base/span.h"

enum { METADATA_MS = 10000, FLUSH_MS = 60000 };

static _Noreturn void leave(const char *what, const char *why)
{
    fprintf(stderr, "pass: %s: %s\n", what, why);
    exit(69);
}

static rd_kafka_t *handle_of(rd_kafka_type_t type, const char *const (*settings)[2], size_t count,
                             const char *brokers)
{
    char reason[300];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, reason, sizeof reason))
        leave("bootstrap.servers", reason);
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], reason, sizeof reason))
            leave(settings[i][0], reason);
    rd_kafka_t *handle = rd_kafka_new(type, conf, reason, sizeof reason);
    if (!handle)
        leave("rd_kafka_new", reason);
    return handle;
}

static int32_t partitions_of(rd_kafka_t *handle, rd_kafka_topic_t *topic)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(handle, 0, topic, &metadata, METADATA_MS);
    if (code)
        leave("metadata", rd_kafka_err2str(code));
    int32_t partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    if (partitions == 0)
        leave(rd_kafka_topic_name(topic), "no such topic");
    return partitions;
}

static void copy(rd_kafka_t *producer, rd_kafka_topic_t *out, int32_t partitions,
                 const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    struct span key = {message->key, message->key_len};
    int32_t partition = message->key ? murmur2_partition(key, partitions) : message->partition;
    (void)rd_kafka_message_headers(message, &headers);
    for (;;) {
        rd_kafka_resp_err_t code = rd_kafka_producev(
            producer, RD_KAFKA_V_RKT(out), RD_KAFKA_V_PARTITION(partition),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(message->key, message->key_len),
            RD_KAFKA_V_VALUE(message->payload, message->len),
            RD_KAFKA_V_HEADERS(headers ? rd_kafka_headers_copy(headers) : NULL), RD_KAFKA_V_END);
        if (!code)
            return;
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            leave("produce", rd_kafka_err2str(code));
        rd_kafka_poll(producer, 10);
    }
}

static long run(rd_kafka_t *consumer, int32_t sources, rd_kafka_t *producer, rd_kafka_topic_t *out)
{
    int32_t partitions = partitions_of(producer, out), open = sources;
    long records = 0;
    while (open > 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
        rd_kafka_poll(producer, 0);
        if (!message)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            open--;
        else if (message->err)
            leave("consume", rd_kafka_message_errstr(message));
        else
            copy(producer, out, partitions, message);
        records += !message->err;
        rd_kafka_message_destroy(message);
    }
    if (rd_kafka_flush(producer, FLUSH_MS))
        leave("flush", "not everything was delivered");
    return records;
}

int main(int argc, char **argv)
{
    static const char *const consuming[][2] = {{"group.id", "pass"},
                                               {"enable.auto.commit", "false"},
                                               {"enable.partition.eof", "true"},
                                               {"isolation.level", "read_committed"},
                                               {"check.crcs", "true"},
                                               {"auto.offset.reset", "error"}};
    const char *const producing[][2] = {{"enable.idempotence", "true"},
                                        {"acks", "all"},
                                        {"compression.type", argc > 4 ? argv[4] : "lz4"},
                                        {"linger.ms", "5"}};
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: pass BROKERS IN OUT [CODEC]\n");
        return 64;
    }
    rd_kafka_t *consumer =
        handle_of(RD_KAFKA_CONSUMER, consuming, ARRAY_LENGTH(consuming), argv[1]);
    rd_kafka_t *producer =
        handle_of(RD_KAFKA_PRODUCER, producing, ARRAY_LENGTH(producing), argv[1]);
    rd_kafka_topic_t *in = rd_kafka_topic_new(consumer, argv[2], NULL);
    rd_kafka_topic_t *out = rd_kafka_topic_new(producer, argv[3], NULL);
    int32_t sources = partitions_of(consumer, in);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(sources);
    rd_kafka_poll_set_consumer(consumer);
    for (int32_t i = 0; i < sources; i++)
        rd_kafka_topic_partition_list_add(list, argv[2], i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer, list);
    printf("{\"records\":%ld}\n", run(consumer, sources, producer, out));
    fflush(stdout);
    _Exit(0); /* taking the handles down would be counted as work */
}
