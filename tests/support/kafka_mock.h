/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's mock cluster in the test's own process: brokers, topics by name, plain clients on
 * them. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h> /* needs the one above */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

struct kafka_mock {
    rd_kafka_t *host;
    rd_kafka_mock_cluster_t *cluster;
};

static inline void kafka_mock_start_brokers(struct kafka_mock *mock, int brokers)
{
    char reason[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", reason, sizeof(reason));
    mock->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    mock->cluster = rd_kafka_mock_cluster_new(mock->host, brokers);
}

static inline void kafka_mock_start(struct kafka_mock *mock)
{
    kafka_mock_start_brokers(mock, 1);
}

static inline void kafka_mock_stop(struct kafka_mock *mock)
{
    rd_kafka_mock_cluster_destroy(mock->cluster);
    rd_kafka_destroy(mock->host);
}

static inline const char *kafka_mock_brokers(const struct kafka_mock *mock)
{
    return rd_kafka_mock_cluster_bootstraps(mock->cluster);
}

static inline rd_kafka_t *kafka_mock_client(const struct kafka_mock *mock, rd_kafka_type_t type)
{
    char reason[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", kafka_mock_brokers(mock), reason, sizeof(reason));
    rd_kafka_conf_set(conf, "log_level", "3", reason, sizeof(reason));
    if (type == RD_KAFKA_CONSUMER) {
        rd_kafka_conf_set(conf, "group.id", "reader", reason, sizeof(reason));
        rd_kafka_conf_set(conf, "enable.partition.eof", "true", reason, sizeof(reason));
    }
    return rd_kafka_new(type, conf, reason, sizeof(reason));
}

/* Numbers first … first+count-1 as keys and values, number modulo partitions. */
static inline void kafka_mock_feed(const struct kafka_mock *mock, const char *name, int partitions,
                                   int first, int count)
{
    rd_kafka_t *producer = kafka_mock_client(mock, RD_KAFKA_PRODUCER);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, name, NULL);
    for (int i = first; i < first + count; i++) {
        char value[16];
        size_t len = (size_t)snprintf(value, sizeof(value), "%d", i);
        if (rd_kafka_produce(topic, i % partitions, RD_KAFKA_MSG_F_COPY, value, len, value, len,
                             NULL))
            abort();
    }
    if (rd_kafka_flush(producer, 10000))
        abort();
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
}

/* Reads a topic to its ends: how often each number below `numbers` was there; returns the other
 * records. */
static inline int64_t kafka_mock_read(const struct kafka_mock *mock, const char *name,
                                      int partitions, int *times, int numbers)
{
    rd_kafka_t *consumer = kafka_mock_client(mock, RD_KAFKA_CONSUMER);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    int64_t others = 0;
    for (int p = 0; p < partitions; p++)
        rd_kafka_topic_partition_list_add(list, name, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    memset(times, 0, (size_t)numbers * sizeof(times[0]));
    while (partitions > 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 10000);
        int64_t number;
        if (!message)
            abort();
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            partitions--;
        else if (!message->err &&
                 span_to_int64(span_from(message->payload, message->len), &number) &&
                 number < numbers)
            times[number]++;
        else
            others++;
        rd_kafka_message_destroy(message);
    }
    rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return others;
}
