/* SPDX-License-Identifier: Apache-2.0 */
/* What topics hold, whatever the order: a count and the sum of a hash of each record's key, value,
 * content type and, on a dead letter, reason. Topics with the same sum hold the same records as
 * often; what was written n times has n times the sum. Ticks, pages of the ledger and sums of
 * what was refused are not looked at: they are no record's outcome.
 *
 * usage: multiset [-n] BROKERS TOPIC...
 *   -n   nothing is looked at, only read: what a consumer needs for it
 * Prints {"records":n,"bytes":n,"sum":n,"ms":n}; ms from the first partition given to the last
 * one's end. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

#include "base/base.h"
#include "base/span.h"

enum { METADATA_MS = 10000 };

static _Noreturn void leave(const char *what, const char *why)
{
    fprintf(stderr, "multiset: %s: %s\n", what, why);
    exit(69);
}

static rd_kafka_t *open_consumer(const char *brokers)
{
    const char *const settings[][2] = {
        {"bootstrap.servers", brokers},        {"group.id", "multiset"},
        {"enable.auto.commit", "false"},       {"enable.partition.eof", "true"},
        {"isolation.level", "read_committed"}, {"auto.offset.reset", "error"}};
    char reason[300];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], reason, sizeof reason))
            leave(settings[i][0], reason);
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (!consumer)
        leave("rd_kafka_new", reason);
    rd_kafka_poll_set_consumer(consumer);
    return consumer;
}

static void add_all(rd_kafka_t *consumer, const char *name, rd_kafka_topic_partition_list_t *list)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(consumer, name, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(consumer, 0, topic, &metadata, METADATA_MS);
    if (code)
        leave("metadata", rd_kafka_err2str(code));
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
        rd_kafka_topic_partition_list_add(list, name, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_metadata_destroy(metadata);
}

static int assign_all(rd_kafka_t *consumer, char **names, int count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int i = 0; i < count; i++)
        add_all(consumer, names[i], list);
    int partitions = list->cnt;
    rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return partitions;
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* One field more: its length is part of it. */
static uint64_t with(uint64_t hash, struct span field)
{
    return XXH3_64bits_withSeed(field.len ? field.at : "", field.len, hash + field.len + 1);
}

/* "reason":"…" of a dead letter's header. */
static struct span reason_of(struct span header)
{
    static const char mark[] = "\"reason\":\"";
    const char *at = memmem(header.at, header.len, mark, sizeof mark - 1);
    if (!at)
        return SPAN_NONE;
    struct span rest = span_from(at + sizeof mark - 1, 0);
    rest.len = (size_t)(header.at + header.len - rest.at);
    return span_cut(&rest, '"');
}

static uint64_t hash_of(const rd_kafka_message_t *message)
{
    static const char *const names[] = {"content-type", "cb"};
    rd_kafka_headers_t *headers = NULL;
    uint64_t hash = with(0, span_from(message->key, message->key_len));
    hash = with(hash, span_from(message->payload, message->len));
    (void)rd_kafka_message_headers(message, &headers);
    for (size_t i = 0; headers && i < ARRAY_LENGTH(names); i++) {
        const void *value;
        size_t size;
        if (rd_kafka_header_get_last(headers, names[i], &value, &size))
            continue;
        struct span text = span_from(value, size);
        hash = with(hash, i == 0 ? text : reason_of(text));
    }
    return hash;
}

static bool is_outcome(const rd_kafka_message_t *message)
{
    struct span key = span_from(message->key, message->key_len);
    return message->key && !span_starts(key, SPAN("ledger:")) &&
           !span_starts(key, SPAN("refused:"));
}

struct found {
    uint64_t records, bytes, sum;
};

static void look_at(struct found *found, const rd_kafka_message_t *message, bool looks)
{
    if (looks && !is_outcome(message))
        return;
    found->records++;
    found->bytes += message->len + message->key_len;
    found->sum += looks ? hash_of(message) : 0;
}

int main(int argc, char **argv)
{
    struct found found = {0};
    bool looks = argc < 2 || strcmp(argv[1], "-n") != 0;
    int first = looks ? 1 : 2;
    if (argc < first + 2) {
        fprintf(stderr, "usage: multiset [-n] BROKERS TOPIC...\n");
        return 64;
    }
    rd_kafka_t *consumer = open_consumer(argv[first]);
    int open = assign_all(consumer, argv + first + 1, argc - first - 1);
    double began = now_ms();
    while (open > 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
        if (!message)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            open--;
        else if (message->err)
            leave("consume", rd_kafka_message_errstr(message));
        else
            look_at(&found, message, looks);
        rd_kafka_message_destroy(message);
    }
    printf("{\"records\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"sum\":%" PRIu64 ",\"ms\":%.0f}\n",
           found.records, found.bytes, found.sum, now_ms() - began);
    fflush(stdout);
    _Exit(0);
}
