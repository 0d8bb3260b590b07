/* SPDX-License-Identifier: Apache-2.0 */
/* The reader is assigned by hand and joins no group; the positions are committed for one of the
 * copy's name all the same, by the producer, with the records, and say what was asked for as their
 * metadata. Two copies of one name fence each other by the transactional id. */
#include "kafka/log_copy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "kafka/ends.h"
#include "kafka/message.h"
#include "kafka/topic_catalog.h"
#include "kafka/transaction.h"

enum {
    TIMEOUT_MS = 8000,
    SILENCE_MS = 30000,
    COMMIT_MS = 200, /* who reads the target waits that long behind us */
    COMMIT_RECORDS = 2000,
    COMMIT_BYTES = 4 << 20,
    START_MS = 60000, /* what a predecessor left open is settled by then */
};

struct log_copy {
    struct kafka_settings settings; /* group: the copy's name */
    char topic[KAFKA_MAX_NAME], target[KAFKA_MAX_NAME];
    rd_kafka_t *reader;
    struct log_copy_part *parts; /* owned; a part's index is its partition */
    size_t count;

    bool writes;
    char asked[LOG_COPY_WORDS + 1];
    struct transaction transaction;
    struct span member;
    rd_kafka_topic_t *to;
    int32_t to_partitions;
    int64_t began_ms, opened_ms, written; /* of the run; of the open transaction; records */
    struct error *error;                  /* of the run */
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(int64_t ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static bool configure(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                      struct error *error)
{
    char group[KAFKA_MAX_NAME];
    kafka_client_name(settings, settings->group, group, sizeof group);
    return kafka_client_set(conf, "group.id", group, error) &&
           kafka_client_set(conf, "isolation.level", "read_committed", error) &&
           kafka_client_set(conf, "enable.auto.commit", "false", error) &&
           kafka_client_set(conf, "enable.partition.eof", "true", error) &&
           kafka_client_set(conf, "allow.auto.create.topics", "false", error) &&
           kafka_client_set(conf, "auto.offset.reset", "earliest", error);
}

static rd_kafka_t *open_reader(const struct kafka_settings *settings, struct error *error)
{
    rd_kafka_conf_t *conf = kafka_client_conf(settings, "copy", error);
    if (!conf)
        return NULL;
    if (!configure(conf, settings, error)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_t *reader = kafka_client_new(RD_KAFKA_CONSUMER, conf, error);
    if (reader)
        rd_kafka_poll_set_consumer(reader);
    return reader;
}

static int32_t partitions_of(rd_kafka_t *reader, const char *name, struct error *error)
{
    struct topic_catalog catalog;
    if (!topic_catalog_read(&catalog, reader, name, TIMEOUT_MS, error))
        return 0;
    int32_t partitions = topic_catalog_partitions(&catalog, name);
    topic_catalog_fini(&catalog);
    if (partitions == 0)
        error_set(error, ERROR_REFUSED, 0, "no topic %s; fix: citybrain topics apply", name);
    return partitions;
}

static rd_kafka_topic_partition_list_t *list_of(const struct log_copy *copy)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)copy->count);
    for (size_t i = 0; i < copy->count; i++)
        rd_kafka_topic_partition_list_add(list, copy->topic, copy->parts[i].partition)->offset =
            copy->parts[i].next;
    return list;
}

static bool ask_ends(struct log_copy *copy, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = list_of(copy);
    bool good = ends_ask(copy->reader, list, ENDS_FIRST, TIMEOUT_MS, error);
    for (size_t i = 0; good && i < copy->count; i++)
        copy->parts[i].from = copy->parts[i].next = list->elems[i].offset;
    good = good && ends_ask(copy->reader, list, ENDS_LAST, TIMEOUT_MS, error);
    for (size_t i = 0; good && i < copy->count; i++)
        copy->parts[i].to = list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return good;
}

struct log_copy *log_copy_open(const struct kafka_settings *settings, const char *topic,
                               struct error *error)
{
    struct log_copy *copy = xcalloc(1, sizeof *copy);
    copy->settings = *settings;
    kafka_client_name(settings, topic, copy->topic, sizeof copy->topic);
    copy->reader = open_reader(settings, error);
    int32_t partitions = copy->reader ? partitions_of(copy->reader, copy->topic, error) : 0;
    if (partitions > 0) {
        copy->count = (size_t)partitions;
        copy->parts = xcalloc(copy->count, sizeof *copy->parts);
        for (size_t i = 0; i < copy->count; i++)
            copy->parts[i].partition = (int32_t)i;
    }
    if (partitions > 0 && ask_ends(copy, error))
        return copy;
    log_copy_close(copy);
    return NULL;
}

void log_copy_close(struct log_copy *copy)
{
    if (!copy)
        return;
    if (copy->writes) {
        transaction_abandon(&copy->transaction);
        transaction_free_member(&copy->member);
    }
    if (copy->to)
        rd_kafka_topic_destroy(copy->to);
    if (copy->transaction.producer)
        rd_kafka_destroy(copy->transaction.producer);
    if (copy->reader)
        rd_kafka_destroy_flags(copy->reader, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(copy->parts);
    free(copy);
}

struct log_copy_part *log_copy_parts(struct log_copy *copy, size_t *count)
{
    *count = copy->count;
    return copy->parts;
}

/* What a killed predecessor left open is aborted first, so that its positions are not among them.
 */
static bool start(struct log_copy *copy, struct error *error)
{
    int64_t until_ms = now_ms() + START_MS;
    while (!transaction_start(&copy->transaction, error)) {
        if (error->kind != ERROR_RETRY || now_ms() > until_ms)
            return false;
        sleep_ms(100);
    }
    return true;
}

/* A position that was never left has no offset. */
static bool is_of_same(const struct log_copy *copy, const rd_kafka_topic_partition_t *position,
                       bool in_name, struct error *error)
{
    struct span said = span_from(position->metadata, position->metadata_size);
    if (position->offset < 0 || span_equal(said, span_of(copy->asked)) || (!said.len && in_name))
        return true;
    if (!said.len)
        return error_set(error, ERROR_REFUSED, 0,
                         "nothing is done: the name %s was used before, and what for is not kept "
                         "with its positions; fix: another name",
                         copy->settings.group);
    return error_set(error, ERROR_REFUSED, 0,
                     "nothing is done: the name %s was used for something else; fix: another name, "
                     "or those words: %.*s",
                     copy->settings.group, SPAN_ARG(said));
}

static bool are_of_same(const struct log_copy *copy, const rd_kafka_topic_partition_list_t *list,
                        bool in_name, struct error *error)
{
    for (size_t i = 0; i < copy->count; i++)
        if (!is_of_same(copy, &list->elems[i], in_name, error))
            return false;
    return true;
}

/* The positions of the name, which are of the same words; NULL with the reason. */
static rd_kafka_topic_partition_list_t *ask_committed(const struct log_copy *copy, bool in_name,
                                                      struct error *error)
{
    rd_kafka_topic_partition_list_t *list = list_of(copy);
    rd_kafka_resp_err_t code = rd_kafka_committed(copy->reader, list, TIMEOUT_MS);
    for (size_t i = 0; !code && i < copy->count; i++)
        code = list->elems[i].err;
    if (code)
        error_set(error, ERROR_RETRY, (int)code, "positions of %s: %s", copy->settings.group,
                  rd_kafka_err2str(code));
    if (!code && are_of_same(copy, list, in_name, error))
        return list;
    rd_kafka_topic_partition_list_destroy(list);
    return NULL;
}

static bool go_on(struct log_copy *copy, bool in_name, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = ask_committed(copy, in_name, error);
    for (size_t i = 0; list && i < copy->count; i++)
        if (list->elems[i].offset > copy->parts[i].next)
            copy->parts[i].next = list->elems[i].offset;
    if (list)
        rd_kafka_topic_partition_list_destroy(list);
    return list != NULL;
}

bool log_copy_check(struct log_copy *copy, const struct log_copy_asked *asked, struct error *error)
{
    snprintf(copy->asked, sizeof copy->asked, "%s", asked->words);
    rd_kafka_topic_partition_list_t *list = ask_committed(copy, asked->in_name, error);
    if (!list && error->kind != ERROR_RETRY)
        return false;
    if (list)
        rd_kafka_topic_partition_list_destroy(list);
    else
        *error = (struct error){0};
    return true;
}

/* Asked before anything of that name is fenced, and once more behind it. */
bool log_copy_into(struct log_copy *copy, const char *topic, const struct log_copy_asked *asked,
                   struct error *error)
{
    kafka_client_name(&copy->settings, topic, copy->target, sizeof copy->target);
    copy->to_partitions = partitions_of(copy->reader, copy->target, error);
    if (copy->to_partitions == 0 || !log_copy_check(copy, asked, error) ||
        !transaction_init(&copy->transaction, &copy->settings, error) || !start(copy, error) ||
        !go_on(copy, asked->in_name, error) ||
        !transaction_member(copy->reader, &copy->member, error))
        return false;
    copy->writes = true;
    copy->to = rd_kafka_topic_new(copy->transaction.producer, copy->target, NULL);
    return copy->to || error_set(error, ERROR_FATAL, 0, "no handle for %s", copy->target);
}

int64_t log_copy_total(const struct log_copy *copy)
{
    int64_t total = 0;
    for (size_t i = 0; i < copy->count; i++)
        total += copy->parts[i].to - copy->parts[i].from;
    return total;
}

static int64_t done_of(const struct log_copy_part *part)
{
    int64_t next = part->next < part->to ? part->next : part->to;
    return next > part->from ? next - part->from : 0;
}

int64_t log_copy_done(const struct log_copy *copy)
{
    int64_t done = 0;
    for (size_t i = 0; i < copy->count; i++)
        done += done_of(&copy->parts[i]);
    return done;
}

/* ---- the run ---- */

static bool assign(struct log_copy *copy, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)copy->count);
    for (size_t i = 0; i < copy->count; i++) {
        struct log_copy_part *part = &copy->parts[i];
        if (part->next < part->from)
            part->next = part->from;
        if (part->next < part->to)
            rd_kafka_topic_partition_list_add(list, copy->topic, part->partition)->offset =
                part->next;
    }
    rd_kafka_resp_err_t code = rd_kafka_assign(copy->reader, list);
    rd_kafka_topic_partition_list_destroy(list);
    return !code ||
           error_set(error, ERROR_RETRY, (int)code, "%s: %s", copy->topic, rd_kafka_err2str(code));
}

static void write_output(void *carrier, const struct output *output)
{
    struct log_copy *copy = carrier;
    if (!copy->writes || copy->error->kind != ERROR_NONE)
        return;
    int32_t partition = message_partition(output, copy->to_partitions);
    rd_kafka_error_t *cause =
        message_produce(copy->transaction.producer, copy->to, partition, output, NULL);
    if (cause)
        kafka_client_error(copy->error, ERROR_FATAL, copy->target, cause);
    copy->transaction.outputs++;
    copy->transaction.bytes += (int64_t)message_size(output);
    copy->written++;
}

static bool begin(struct log_copy *copy, struct error *error)
{
    if (!copy->writes || copy->transaction.open)
        return true;
    copy->opened_ms = now_ms();
    return transaction_begin(&copy->transaction, error);
}

/* The list owns its metadata. */
static void say_asked(const struct log_copy *copy, rd_kafka_topic_partition_list_t *positions)
{
    for (int i = 0; i < positions->cnt; i++) {
        positions->elems[i].metadata = xstrdup(copy->asked);
        positions->elems[i].metadata_size = strlen(copy->asked);
    }
}

static bool commit(struct log_copy *copy, struct error *error)
{
    if (!copy->transaction.open)
        return true;
    rd_kafka_topic_partition_list_t *positions = list_of(copy);
    say_asked(copy, positions);
    bool good =
        transaction_commit(&copy->transaction, copy->reader, &copy->member, positions, error);
    rd_kafka_topic_partition_list_destroy(positions);
    return good;
}

static bool is_full(const struct log_copy *copy)
{
    const struct transaction *open = &copy->transaction;
    return open->open && (open->outputs >= COMMIT_RECORDS || open->bytes >= COMMIT_BYTES ||
                          now_ms() >= copy->opened_ms + COMMIT_MS);
}

/* Not faster than asked, over the whole run; what is written so far is committed first. */
static bool keep_rate(struct log_copy *copy, int64_t rate, struct error *error)
{
    for (;;) {
        int64_t early_ms = copy->began_ms + copy->written * 1000 / rate - now_ms();
        if (early_ms <= 20)
            return true;
        if (is_full(copy) && !commit(copy, error))
            return false;
        sleep_ms(early_ms < 100 ? early_ms : 100);
    }
}

/* Offsets of markers and aborted records pass with the next record, or with the partition's end. */
static bool take(struct log_copy *copy, const rd_kafka_message_t *message, log_copy_each *each,
                 void *context)
{
    struct log_copy_part *part = &copy->parts[message->partition];
    struct outputs outputs = {write_output, copy};
    struct record record;
    bool marks_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if ((message->err && !marks_end) || message->offset < part->next)
        return true;
    if (message->offset >= part->to) {
        part->next = part->to;
        return begin(copy, copy->error);
    }
    if (marks_end)
        return true;
    if (!begin(copy, copy->error))
        return false;
    message_to_record(message, 0, &record);
    if (!each(context, &record, &outputs) || copy->error->kind != ERROR_NONE)
        return false;
    part->next = message->offset + 1;
    return true;
}

static bool is_over(const struct log_copy *copy)
{
    for (size_t i = 0; i < copy->count; i++)
        if (copy->parts[i].next < copy->parts[i].to)
            return false;
    return true;
}

static bool step(struct log_copy *copy, log_copy_each *each, void *context, int64_t rate,
                 int64_t *heard_ms)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(copy->reader, 100);
    bool good = !message || take(copy, message, each, context);
    if (message && (!message->err || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF))
        *heard_ms = now_ms();
    if (message)
        rd_kafka_message_destroy(message);
    if (good && is_full(copy))
        good = commit(copy, copy->error);
    if (good && rate > 0) { /* what was waited by ourselves is no silence */
        int64_t before_ms = now_ms();
        good = keep_rate(copy, rate, copy->error);
        *heard_ms += now_ms() - before_ms;
    }
    if (good && now_ms() > *heard_ms + SILENCE_MS)
        return error_set(copy->error, ERROR_RETRY, 0,
                         "%s: no record for %d s, %lld of %lld read; fix: run it again, it goes on "
                         "from there",
                         copy->topic, SILENCE_MS / 1000, (long long)log_copy_done(copy),
                         (long long)log_copy_total(copy));
    return good;
}

bool log_copy_run(struct log_copy *copy, log_copy_each *each, void *context, int64_t rate,
                  struct error *error)
{
    int64_t heard_ms = now_ms();
    copy->error = error;
    copy->began_ms = now_ms();
    copy->written = 0;
    bool good = assign(copy, error);
    while (good && !is_over(copy))
        good = step(copy, each, context, rate, &heard_ms);
    return good && commit(copy, error);
}
