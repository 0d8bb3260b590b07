/* SPDX-License-Identifier: Apache-2.0 */
/* A key lives in one partition, so only that one is read for it.
 *
 * Who reads all of a topic reads to its end as somebody sees it who waits for no commit: what lies
 * behind a transaction that a killed writer left open is there, and comes once the broker has
 * settled that. The last stable offset would hide it. */
#include "kafka/log_search.h"

#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/murmur2.h"
#include "kafka/ends.h"
#include "kafka/message.h"
#include "kafka/topic_catalog.h"

enum {
    TIMEOUT_MS = 8000,
    LONGEST_MS = 30000,
    SETTLED_MS = 75000 /* transaction.max.timeout.ms of the brokers, and some */
};

static rd_kafka_t *open_reader(const struct kafka_settings *settings, const char *isolation,
                               struct error *error)
{
    rd_kafka_conf_t *conf = kafka_client_conf(settings, "search", error);
    if (!conf)
        return NULL;
    if (!kafka_client_set(conf, "group.id", "citybrain-search", error) ||
        !kafka_client_set(conf, "isolation.level", isolation, error) ||
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

static bool is_last(const rd_kafka_message_t *message, struct span key, log_search_record_fn *found,
                    void *context)
{
    struct record record;
    if (message->err || !message->payload ||
        !span_equal(span_from(message->key, message->key_len), key))
        return message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    message_to_record(message, 0, &record);
    return found(context, &record);
}

static bool read_all(rd_kafka_t *handle, struct span key, log_search_record_fn *found,
                     void *context, struct error *error)
{
    int64_t until_ms = now_ms() + LONGEST_MS;
    for (bool done = false; !done;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(handle, 100);
        if (message) {
            done = is_last(message, key, found, context);
            rd_kafka_message_destroy(message);
        }
        if (!done && now_ms() > until_ms)
            return error_set(error, ERROR_RETRY, 0, "not read to its end within %d s",
                             LONGEST_MS / 1000);
    }
    return true;
}

bool log_search_records(const struct kafka_settings *settings, const char *topic, struct span key,
                        int64_t from_ms, log_search_record_fn *found, void *context,
                        struct error *error)
{
    struct topic_catalog catalog;
    char name[KAFKA_MAX_NAME];
    rd_kafka_t *handle = open_reader(settings, "read_committed", error);
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

struct of_values {
    log_search_fn *found;
    void *context;
};

static bool found_value(void *context, const struct record *record)
{
    const struct of_values *values = context;
    return values->found(values->context, record->value);
}

bool log_search(const struct kafka_settings *settings, const char *topic, struct span key,
                int64_t from_ms, log_search_fn *found, void *context, struct error *error)
{
    struct of_values values = {found, context};
    return log_search_records(settings, topic, key, from_ms, found_value, &values, error);
}

/* ---- all of them ---- */

struct reading {
    rd_kafka_t *handle, *watermarks; /* the second is read_uncommitted */
    const char *topic;
    int32_t partitions;
    int64_t from_ms; /* 0 = the beginning */
    bool follows;    /* it has no end */
    bool one;        /* the record at this place alone */
    int32_t one_partition;
    int64_t one_offset;
    int64_t *next, *end; /* owned; a partition is done where they meet */
    int64_t done, total;
};

static bool find_ends(struct reading *reading, int64_t *offsets, enum ends_which which,
                      struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(reading->partitions);
    for (int32_t p = 0; p < reading->partitions; p++)
        rd_kafka_topic_partition_list_add(list, reading->topic, p);
    bool good = ends_ask(reading->watermarks, list, which, TIMEOUT_MS, error);
    for (int i = 0; good && i < list->cnt; i++)
        offsets[list->elems[i].partition] = list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return good;
}

/* Where nothing was written since then a partition begins at its end. */
static bool find_begin(struct reading *reading, struct error *error)
{
    if (reading->from_ms <= 0)
        return find_ends(reading, reading->next,
                         reading->from_ms == LOG_SEARCH_NOW ? ENDS_LAST : ENDS_FIRST, error);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(reading->partitions);
    for (int32_t p = 0; p < reading->partitions; p++)
        rd_kafka_topic_partition_list_add(list, reading->topic, p)->offset = reading->from_ms;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(reading->watermarks, list, TIMEOUT_MS);
    for (int i = 0; !code && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];
        code = one->err;
        reading->next[one->partition] =
            one->offset >= 0 ? one->offset : reading->end[one->partition];
    }
    rd_kafka_topic_partition_list_destroy(list);
    return !code || error_set(error, ERROR_RETRY, (int)code, "%s: %s", reading->topic,
                              rd_kafka_err2str(code));
}

static bool assign_all(struct reading *reading, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(reading->partitions);
    for (int32_t p = 0; p < reading->partitions; p++) {
        if (reading->next[p] >= reading->end[p] && !reading->follows)
            continue;
        reading->total += reading->end[p] - reading->next[p];
        rd_kafka_topic_partition_list_add(list, reading->topic, p)->offset = reading->next[p];
    }
    rd_kafka_resp_err_t code = rd_kafka_assign(reading->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    return !code || error_set(error, ERROR_RETRY, (int)code, "%s: %s", reading->topic,
                              rd_kafka_err2str(code));
}

/* Offsets of markers and aborted records pass with the next record, or with the partition's end. */
static void pass(struct reading *reading, int32_t partition, int64_t next)
{
    int64_t to = next < reading->end[partition] ? next : reading->end[partition];
    if (to <= reading->next[partition])
        return;
    reading->done += to - reading->next[partition];
    reading->next[partition] = to;
}

static bool give(struct reading *reading, const rd_kafka_message_t *message, log_search_each *each,
                 void *context)
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        pass(reading, message->partition, message->offset);
        return true;
    }
    if (message->err)
        return true;
    if (message->offset >= reading->end[message->partition]) {
        pass(reading, message->partition, message->offset);
        return true;
    }
    struct record whole;
    pass(reading, message->partition, message->offset + 1);
    message_to_record(message, 0, &whole);
    struct log_search_record record = {.partition = message->partition,
                                       .key = whole.key,
                                       .value = whole.value,
                                       .whole = &whole,
                                       .done = reading->done,
                                       .total = reading->total};
    return each(context, &record);
}

static bool read_to_ends(struct reading *reading, log_search_each *each, void *context,
                         struct error *error)
{
    int64_t heard_ms = now_ms();
    while (reading->done < reading->total) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reading->handle, 200);
        bool good = !message || give(reading, message, each, context);
        if (message && !message->err)
            heard_ms = now_ms();
        if (message)
            rd_kafka_message_destroy(message);
        if (!good)
            return false;
        if (now_ms() > heard_ms + SETTLED_MS)
            return error_set(error, ERROR_RETRY, 0, "%s: no record for %d s, %lld of %lld read",
                             reading->topic, SETTLED_MS / 1000, (long long)reading->done,
                             (long long)reading->total);
    }
    return true;
}

/* All partitions but one are done, and that one has one record left. */
static bool keep_one(struct reading *reading, struct error *error)
{
    int32_t partition = reading->one_partition;
    if (partition >= reading->partitions)
        return error_set(error, ERROR_REFUSED, 0, "%s has %d partitions", reading->topic,
                         (int)reading->partitions);
    bool there = reading->one_offset >= reading->next[partition] &&
                 reading->one_offset < reading->end[partition];
    for (int32_t p = 0; p < reading->partitions; p++)
        reading->next[p] = reading->end[p];
    if (there) {
        reading->next[partition] = reading->one_offset;
        reading->end[partition] = reading->one_offset + 1;
    }
    return true;
}

static bool read_on(struct reading *reading, log_search_each *each, void *context)
{
    for (int32_t p = 0; p < reading->partitions; p++)
        reading->end[p] = INT64_MAX;
    for (bool more = true; more;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reading->handle, 200);
        more = message ? give(reading, message, each, context) : each(context, NULL);
        if (message)
            rd_kafka_message_destroy(message);
    }
    return true;
}

static bool read_topic(struct reading *reading, log_search_each *each, void *context,
                       struct error *error)
{
    size_t count = (size_t)reading->partitions;
    reading->next = xcalloc(count, sizeof *reading->next);
    reading->end = xcalloc(count, sizeof *reading->end);
    bool good = find_ends(reading, reading->end, ENDS_LAST, error) && find_begin(reading, error) &&
                (!reading->one || keep_one(reading, error)) && assign_all(reading, error) &&
                (reading->follows ? read_on(reading, each, context)
                                  : read_to_ends(reading, each, context, error));
    free(reading->next);
    free(reading->end);
    return good;
}

static bool find_topic(struct reading *reading, struct error *error)
{
    struct topic_catalog catalog;
    if (!topic_catalog_read(&catalog, reading->handle, reading->topic, TIMEOUT_MS, error))
        return false;
    reading->partitions = topic_catalog_partitions(&catalog, reading->topic);
    topic_catalog_fini(&catalog);
    return reading->partitions > 0 ||
           error_set(error, ERROR_REFUSED, 0, "no topic %s", reading->topic);
}

static bool read_named(const struct kafka_settings *settings, const char *topic,
                       struct reading reading, log_search_each *each, void *context,
                       struct error *error)
{
    char name[KAFKA_MAX_NAME];
    kafka_client_name(settings, topic, name, sizeof(name));
    reading.topic = name;
    reading.handle = open_reader(settings, "read_committed", error);
    reading.watermarks = reading.handle ? open_reader(settings, "read_uncommitted", error) : NULL;
    bool good = reading.watermarks && find_topic(&reading, error) &&
                read_topic(&reading, each, context, error);
    if (reading.watermarks)
        rd_kafka_destroy_flags(reading.watermarks, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    if (reading.handle)
        rd_kafka_destroy_flags(reading.handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return good;
}

bool log_search_since(const struct kafka_settings *settings, const char *topic, int64_t from_ms,
                      log_search_each *each, void *context, struct error *error)
{
    return read_named(settings, topic, (struct reading){.from_ms = from_ms}, each, context, error);
}

bool log_search_at(const struct kafka_settings *settings, const char *topic, int32_t partition,
                   int64_t offset, log_search_each *each, void *context, struct error *error)
{
    const struct reading reading = {.one = true, .one_partition = partition, .one_offset = offset};
    return read_named(settings, topic, reading, each, context, error);
}

bool log_search_all(const struct kafka_settings *settings, const char *topic, log_search_each *each,
                    void *context, struct error *error)
{
    return log_search_since(settings, topic, 0, each, context, error);
}

bool log_search_follow(const struct kafka_settings *settings, const char *topic, int64_t from_ms,
                       log_search_each *each, void *context, struct error *error)
{
    return read_named(settings, topic, (struct reading){.from_ms = from_ms, .follows = true}, each,
                      context, error);
}
